package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.GroupMembers;
import io.groupota.spi.GroupRegistry;
import io.groupota.testkit.Race;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/**
 * What every {@link GroupRegistry} must do, beside being a directory. Implement it in a test class:
 *
 * <pre>{@code
 * class MyRegistryTest implements GroupRegistryContract {
 *   @Override
 *   public GroupRegistry registry() {
 *     return new MyRegistry(emptyDatabase());
 *   }
 * }
 * }</pre>
 */
public interface GroupRegistryContract extends GroupDirectoryContract {
  /**
   * Supplies the registry. Called once per test.
   *
   * @return a registry that knows nothing
   */
  GroupRegistry registry();

  @Override
  default GroupDirectory directory(Collection<Group> groups, Collection<Device> devices) {
    GroupRegistry registry = registry();
    registry.saveGroups(groups);
    registry.saveDevices(devices);
    return registry;
  }

  @Test
  default void aGroupThatIsSavedAgainIsUpdated() {
    GroupRegistry registry = registry();
    Group kept = Fleet.group(1);
    Group before = Fleet.group(2);
    Group after =
        new Group(before.id(), new OwnerId("heir"), Token.of("another-token"), "another name");
    registry.saveGroups(List.of(kept, before));
    registry.saveDevices(List.of(Fleet.device(1, before.id())));
    registry.saveGroups(List.of(after));
    registry.saveGroups(List.of(after));
    registry.saveGroups(List.of());
    assertThat(registry.group(before.id())).contains(after);
    assertThat(registry.group(kept.id())).contains(kept);
    assertThat(registry.members(before.id()).devices()).isEqualTo(1);
  }

  @Test
  default void aDeviceThatIsSavedAgainIsUpdated() {
    GroupRegistry registry = registry();
    Group group = Fleet.group(1);
    Group other = Fleet.group(2);
    Device device = Fleet.device(1, group.id());
    registry.saveGroups(List.of(group, other));
    List<Device> lives =
        List.of(
            device,
            Fleet.connectedAs("other", device),
            Fleet.addressedByItself(device),
            Fleet.in(other, device),
            Fleet.withToken("another-token", device),
            Fleet.withAttributes(Map.of("hardware", "rev-b"), device),
            Fleet.withAttributes(
                Map.of("hardware", "", "it's \"%_\\,:", "\u00e4\n\ud83d\ude80".repeat(50)), device),
            Fleet.inNoGroup(Fleet.withAttributes(Map.of("site", "Nord"), device)),
            Fleet.addressedByItself(Fleet.in(other, device)));
    for (Device life : lives) {
      registry.saveDevices(List.of(life));
      registry.saveDevices(List.of(life));
      registry.saveDevices(List.of());
      assertThat(registry.devices(List.of(device.id()))).isEqualTo(Map.of(device.id(), life));
      for (Group each : List.of(group, other)) {
        boolean member = life.group().filter(each.id()::equals).isPresent();
        assertThat(registry.devices(each.id(), null, null, 10))
            .isEqualTo(member ? List.of(life) : List.of());
        assertThat(registry.members(each.id()).devices()).isEqualTo(member ? 1 : 0);
      }
    }
    assertThat(registry.members(other.id())).isEqualTo(new GroupMembers(Map.of(), 1));
  }

  @Test
  default void devicesOfARemovedGroupKeepTheirAttributes() {
    GroupRegistry registry = registry();
    Group group = Fleet.group(1);
    Map<String, String> attributes = new HashMap<>();
    for (int i = 0; i < 32; i++) {
      attributes.put("n".repeat(62) + (10 + i), "v".repeat(256));
    }
    Device device = Fleet.withAttributes(attributes, Fleet.device(1, group.id()));
    registry.saveGroups(List.of(group));
    registry.saveDevices(List.of(device));
    registry.removeGroup(group.id());
    assertThat(registry.devices(List.of(device.id())))
        .isEqualTo(Map.of(device.id(), Fleet.inNoGroup(device)));
  }

  @Test
  default void aDeviceMayBeSavedBeforeItsGroup() {
    GroupRegistry registry = registry();
    Group group = Fleet.group(1);
    Device device = Fleet.device(1, group.id());
    registry.saveDevices(List.of(device));
    assertThat(registry.devices(List.of(device.id()))).isEqualTo(Map.of(device.id(), device));
    assertThat(registry.group(group.id())).isEmpty();
    assertThat(registry.members(group.id())).isEqualTo(new GroupMembers(Map.of(), 0));
    registry.saveGroups(List.of(group));
    assertThat(registry.members(group.id())).isEqualTo(new GroupMembers(Map.of(Fleet.USER, 1L), 0));
    assertThat(registry.devices(group.id(), null, null, 10)).containsExactly(device);
  }

  @Test
  default void theDevicesOfARemovedGroupAreInNoGroup() {
    GroupRegistry registry = registry();
    Group removed = Fleet.group(1);
    Group kept = Fleet.group(2);
    Device device = Fleet.device(1, removed.id());
    Device alone = Fleet.addressedByItself(Fleet.device(2, removed.id()));
    Device other = Fleet.device(3, kept.id());
    registry.saveGroups(List.of(removed, kept));
    registry.saveDevices(List.of(device, alone, other));
    for (int i = 0; i < 2; i++) {
      registry.removeGroup(removed.id());
      assertThat(registry.group(removed.id())).isEmpty();
      assertThat(registry.members(removed.id())).isEqualTo(new GroupMembers(Map.of(), 0));
      assertThat(registry.devices(removed.id(), null, null, 10)).isEmpty();
      assertThat(registry.devices(List.of(device.id(), alone.id(), other.id())))
          .isEqualTo(
              Map.of(
                  device.id(), Fleet.inNoGroup(device),
                  alone.id(), Fleet.inNoGroup(alone),
                  other.id(), other));
    }
    registry.saveGroups(List.of(removed));
    assertThat(registry.members(removed.id()).devices()).isZero();
    assertThat(registry.members(kept.id()).devices()).isEqualTo(1);
  }

  @Test
  default void removedDevicesAreGone() {
    GroupRegistry registry = registry();
    Group group = Fleet.group(1);
    Device removed = Fleet.device(1, group.id());
    Device alone = Fleet.addressedByItself(Fleet.device(2, group.id()));
    Device kept = Fleet.device(3, group.id());
    registry.saveGroups(List.of(group));
    registry.saveDevices(List.of(removed, alone, kept));
    for (int i = 0; i < 2; i++) {
      registry.removeDevices(List.of(removed.id(), Fleet.deviceId(99), alone.id()));
      registry.removeDevices(List.of());
      assertThat(registry.devices(List.of(removed.id(), alone.id(), kept.id())))
          .containsOnlyKeys(kept.id());
      assertThat(registry.members(group.id()))
          .isEqualTo(new GroupMembers(Map.of(Fleet.USER, 1L), 0));
      assertThat(registry.devices(group.id(), null, null, 10)).containsExactly(kept);
    }
    registry.saveDevices(List.of(removed));
    assertThat(registry.members(group.id()).devices()).isEqualTo(2);
  }

  @Test
  default void nobodySeesHalfAChange() throws Exception {
    GroupRegistry registry = registry();
    Group group = Fleet.group(1);
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      devices.add(Fleet.device(i, group.id()));
    }
    List<Device> moved = devices.stream().map(Fleet::inNoGroup).toList();
    List<DeviceId> ids = devices.stream().map(Device::id).toList();
    registry.saveGroups(List.of(group));
    registry.saveDevices(devices);
    AtomicBoolean over = new AtomicBoolean();
    List<Callable<Integer>> racers = new ArrayList<>();
    racers.add(
        () -> {
          try {
            for (int round = 0; round < 30; round++) {
              registry.saveDevices(moved);
              registry.saveDevices(devices);
            }
          } finally {
            over.set(true);
          }
          return 0;
        });
    racers.add(
        () -> {
          int torn = 0;
          boolean last = false;
          while (!last) {
            last = over.get();
            long counted = registry.members(group.id()).devices();
            int listed = registry.devices(group.id(), null, null, 100).size();
            long found =
                registry.devices(ids).values().stream()
                    .filter(device -> device.group().isPresent())
                    .count();
            for (long seen : new long[] {counted, listed, found}) {
              torn += seen == 0 || seen == 10 ? 0 : 1;
            }
          }
          return torn;
        });
    assertThat(Race.of(racers)).containsOnly(0);
  }

  @Test
  default void changesThatOverlapAllHappen() throws Exception {
    GroupRegistry registry = registry();
    Group group = Fleet.group(1);
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      devices.add(Fleet.device(i, group.id()));
    }
    List<Callable<Integer>> racers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      // Each in another order, so that locks are taken in different orders.
      Collections.rotate(devices, 7);
      List<Device> batch = List.copyOf(devices);
      List<DeviceId> some = batch.stream().limit(5).map(Device::id).toList();
      racers.add(
          () -> {
            for (int round = 0; round < 5; round++) {
              registry.saveGroups(List.of(group));
              registry.removeDevices(some);
              registry.saveDevices(batch);
            }
            return 0;
          });
    }
    Race.of(racers);
    registry.saveDevices(devices);
    assertThat(registry.members(group.id()))
        .isEqualTo(new GroupMembers(Map.of(Fleet.USER, 30L), 0));
    assertThat(registry.devices(group.id(), null, null, 100)).hasSize(30);
  }
}
