package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.GroupMembers;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What every {@link GroupDirectory} must do. Implement it in a test class, and fill the host's own
 * tables with what the contract asks for:
 *
 * <pre>{@code
 * class MyDirectoryTest implements GroupDirectoryContract {
 *   @Override
 *   public GroupDirectory directory(Collection<Group> groups, Collection<Device> devices) {
 *     insertIntoMyTables(groups, devices);
 *     return new MyDirectory(dataSource);
 *   }
 * }
 * }</pre>
 *
 * <p>A directory that can be written has more to prove: {@link GroupRegistryContract}.
 */
public interface GroupDirectoryContract {
  /**
   * Supplies the directory. Called once per test.
   *
   * @param groups the groups that it knows, each once
   * @param devices the devices that it knows, each once; their groups are among the groups
   * @return a directory that knows these and nothing else
   */
  GroupDirectory directory(Collection<Group> groups, Collection<Device> devices);

  @Test
  default void anEmptyDirectoryKnowsNothing() {
    GroupDirectory directory = directory(List.of(), List.of());
    GroupId group = Fleet.groupId(1);
    assertThat(directory.group(group)).isEmpty();
    assertThat(directory.devices(List.of(Fleet.deviceId(1)))).isEmpty();
    assertThat(directory.devices(List.of())).isEmpty();
    assertThat(directory.members(group)).isEqualTo(new GroupMembers(Map.of(), 0));
    assertThat(directory.devices(group, null, null, 10)).isEmpty();
  }

  @Test
  default void aGroupIsFoundAsItIs() {
    Group plain = Fleet.group(1);
    Group decorated =
        new Group(
            Fleet.groupId(2),
            new OwnerId("o".repeat(128)),
            Token.of("aZ09-_".repeat(10) + "aaaa"),
            "it's 100% \"cool\"_\\ 🚀" + "n".repeat(100));
    Group unnamed = new Group(Fleet.groupId(3), new OwnerId("~"), Token.of("-"), "");
    List<Group> groups = List.of(plain, decorated, unnamed);
    GroupDirectory directory = directory(groups, List.of());
    for (Group group : groups) {
      assertThat(directory.group(group.id())).contains(group);
    }
    assertThat(directory.group(Fleet.groupId(4))).isEmpty();
    assertThat(directory.groups(List.of(plain.id(), Fleet.groupId(4), unnamed.id())))
        .containsOnly(Map.entry(plain.id(), plain), Map.entry(unnamed.id(), unnamed));
    assertThat(directory.groups(List.of())).isEmpty();
  }

  @Test
  default void devicesAreFoundAsTheyAre() {
    Group group = Fleet.group(1);
    List<Device> devices =
        List.of(
            Fleet.device(1, group.id()),
            Fleet.connectedAs("it's 100%_\\ $me", Fleet.device(2, group.id())),
            Fleet.connectedAs("🚀".repeat(64), Fleet.device(3, group.id())),
            Fleet.addressedByItself(Fleet.device(4, group.id())),
            Fleet.inNoGroup(Fleet.device(5, group.id())),
            Fleet.addressedByItself(Fleet.inNoGroup(Fleet.device(6, group.id()))),
            Fleet.withToken("aZ09-_".repeat(10) + "aaaa", Fleet.device(7, group.id())));
    GroupDirectory directory = directory(List.of(group), devices);
    for (Device device : devices) {
      assertThat(directory.devices(List.of(device.id()))).isEqualTo(Map.of(device.id(), device));
    }
    List<DeviceId> asked =
        List.of(Fleet.deviceId(4), Fleet.deviceId(99), Fleet.deviceId(2), Fleet.deviceId(4));
    assertThat(directory.devices(asked))
        .isEqualTo(Map.of(Fleet.deviceId(2), devices.get(1), Fleet.deviceId(4), devices.get(3)));
    assertThat(directory.devices(List.of())).isEmpty();
  }

  @Test
  default void aThousandDevicesAreFoundAtOnce() {
    Group group = Fleet.group(1);
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      devices.add(Fleet.device(i, group.id()));
    }
    GroupDirectory directory = directory(List.of(group), devices);
    assertThat(directory.devices(devices.stream().map(Device::id).toList()).values())
        .containsExactlyInAnyOrderElementsOf(devices);
  }

  @Test
  default void theDevicesOfAGroupAreCountedByTheWayTheyAreReached() {
    Group group = Fleet.group(1);
    Group other = Fleet.group(2);
    Group empty = Fleet.group(3);
    List<Device> devices =
        List.of(
            Fleet.device(1, group.id()),
            Fleet.device(2, group.id()),
            Fleet.connectedAs("other", Fleet.device(3, group.id())),
            Fleet.addressedByItself(Fleet.device(4, group.id())),
            Fleet.addressedByItself(Fleet.connectedAs("alone", Fleet.device(5, group.id()))),
            Fleet.inNoGroup(Fleet.device(6, group.id())),
            Fleet.addressedByItself(Fleet.device(7, other.id())));
    GroupDirectory directory = directory(List.of(group, other, empty), devices);
    assertThat(directory.members(group.id()))
        .isEqualTo(new GroupMembers(Map.of(Fleet.USER, 2L, "other", 1L), 2));
    assertThat(directory.members(other.id())).isEqualTo(new GroupMembers(Map.of(), 1));
    assertThat(directory.members(empty.id())).isEqualTo(new GroupMembers(Map.of(), 0));
    assertThat(directory.members(Fleet.groupId(4))).isEqualTo(new GroupMembers(Map.of(), 0));
    List<GroupId> ids = List.of(group.id(), other.id(), empty.id(), Fleet.groupId(4));
    assertThat(directory.members(ids))
        .containsOnlyKeys(ids)
        .allSatisfy((id, members) -> assertThat(members).isEqualTo(directory.members(id)));
    assertThat(directory.members(List.of())).isEmpty();
  }

  @Test
  default void theDevicesOfAGroupAreListedByAddressing() {
    Group group = Fleet.group(1);
    Group other = Fleet.group(2);
    Device one = Fleet.device(1, group.id());
    Device alone = Fleet.addressedByItself(Fleet.device(2, group.id()));
    List<Device> devices =
        List.of(
            one, alone, Fleet.device(3, other.id()), Fleet.inNoGroup(Fleet.device(4, group.id())));
    GroupDirectory directory = directory(List.of(group, other), devices);
    assertThat(directory.devices(group.id(), null, null, 10)).containsExactlyInAnyOrder(one, alone);
    assertThat(directory.devices(group.id(), Addressing.GROUP, null, 10)).containsExactly(one);
    assertThat(directory.devices(group.id(), Addressing.DEVICE, null, 10)).containsExactly(alone);
    assertThat(directory.devices(other.id(), Addressing.DEVICE, null, 10)).isEmpty();
    assertThat(directory.devices(Fleet.groupId(3), null, null, 10)).isEmpty();
  }

  @Test
  default void theDevicesOfAGroupAreListedInTheOrderOfTheirIdsPageByPage() {
    Group group = Fleet.group(1);
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Device device = Fleet.device(i, group.id());
      devices.add(i % 3 == 0 ? Fleet.addressedByItself(device) : device);
    }
    GroupDirectory directory = directory(List.of(group), devices);
    for (Addressing addressing : new @Nullable Addressing[] {null, Addressing.GROUP}) {
      List<DeviceId> expected =
          devices.stream()
              .filter(device -> addressing == null || device.addressing() == addressing)
              .map(Device::id)
              .sorted()
              .toList();
      for (int limit : new int[] {1, 7, 10, 20, 30, 31}) {
        assertThat(joinedPages(directory, group.id(), addressing, limit))
            .containsExactlyElementsOf(expected);
      }
    }
    // A page may begin after a device that is gone.
    assertThat(directory.devices(group.id(), null, new DeviceId("0".repeat(24)), 1)).hasSize(1);
    assertThat(directory.devices(group.id(), null, new DeviceId("f".repeat(24)), 1)).isEmpty();
  }

  private static List<DeviceId> joinedPages(
      GroupDirectory directory, GroupId group, @Nullable Addressing addressing, int limit) {
    List<DeviceId> joined = new ArrayList<>();
    Optional<DeviceId> after = Optional.empty();
    List<Device> page;
    do {
      page = directory.devices(group, addressing, after.orElse(null), limit);
      assertThat(page).hasSizeLessThanOrEqualTo(limit);
      page.forEach(device -> joined.add(device.id()));
      after = joined.isEmpty() ? after : Optional.of(joined.get(joined.size() - 1));
    } while (page.size() == limit);
    return joined;
  }
}
