package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.Token;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.GroupDirectory;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MemberLookupsTest {
  private static final int DEVICES = 5_000;
  private static final GroupId GROUP = new GroupId("aaaaaaaaaaaaaaaaaaaaaaaa");
  private static final List<DeviceId> ALL =
      IntStream.range(0, DEVICES).mapToObj(MemberLookupsTest::device).toList();

  /** What the directory fails for, and how many devices it was asked for at a time. */
  private final Set<DeviceId> failing = new HashSet<>();

  private final List<Integer> asked = new ArrayList<>();

  private final MemberLookups lookups =
      new MemberLookups(
          (GroupDirectory)
              Proxy.newProxyInstance(
                  GroupDirectory.class.getClassLoader(),
                  new Class<?>[] {GroupDirectory.class},
                  (proxy, method, args) -> answer((Collection<?>) args[0])));

  private static DeviceId device(int number) {
    return new DeviceId(String.format("%024x", number));
  }

  private Object answer(Collection<?> ids) {
    asked.add(ids.size());
    if (ids.stream().anyMatch(failing::contains)) {
      throw new IllegalStateException("not found out");
    }
    return ids.stream()
        .map(DeviceId.class::cast)
        .collect(Collectors.toMap(Function.identity(), MemberLookupsTest::known));
  }

  private static Device known(DeviceId id) {
    return new Device(id, Token.of("token"), Optional.of(GROUP), "user", Addressing.DEVICE);
  }

  private MemberLookups.Found lookUp() {
    return lookups.lookUp(ALL, () -> false);
  }

  @Test
  void nothingIsAskedTwiceIfNothingFails() {
    MemberLookups.Found found = lookUp();
    assertThat(found.devices()).hasSize(DEVICES);
    assertThat(found.failure()).isNull();
    assertThat(asked).containsExactly(1_000, 1_000, 1_000, 1_000, 1_000);
  }

  @Test
  void whereverTheDeviceIsThatFailsAllOthersAreFound() {
    for (int number : new int[] {0, 1_234, 3_999, DEVICES - 1}) {
      failing.clear();
      asked.clear();
      failing.add(device(number));
      MemberLookups.Found found = lookUp();
      assertThat(found.devices()).hasSize(DEVICES - 1);
      assertThat(found.failed()).isEqualTo(failing);
      assertThat(found.left()).isEmpty();
      assertThat(found.away()).isFalse();
      assertThat(asked).hasSizeLessThan(40);
    }
  }

  @Test
  void devicesThatFailHereAndThereAreFoundOut() {
    IntStream.range(0, DEVICES / 100).forEach(i -> failing.add(device(i * 100 + i % 97)));
    MemberLookups.Found found = lookUp();
    assertThat(found.devices()).hasSize(DEVICES - failing.size());
    assertThat(found.failed()).isEqualTo(failing);
  }

  @Test
  void devicesThatFailSideBySideHideNoOthers() {
    IntStream.range(0, 300).forEach(i -> failing.add(device(i)));
    MemberLookups.Found found = lookUp();
    assertThat(found.devices()).hasSizeGreaterThanOrEqualTo(DEVICES - 1_000);
    assertThat(found.failed()).isNotEmpty().isSubsetOf(failing);
    assertThat(found.away()).isFalse();
  }

  @Test
  void aDirectoryThatIsAwayIsAskedFewTimes() {
    failing.addAll(ALL);
    MemberLookups.Found found = lookUp();
    assertThat(asked).hasSize(6);
    assertThat(found.away()).isTrue();
    assertThat(found.failure()).hasMessage("not found out");
    assertThat(found.left().size() + found.failed().size()).isEqualTo(DEVICES);
  }

  @Test
  void afterAFailureItIsNotGoneOnForTooLong() {
    failing.addAll(ALL);
    lookups.lookUp(ALL, () -> true);
    assertThat(asked).hasSize(1);
  }

  @Test
  void oneDeviceThatIsAskedForAloneAndFailsIsNoDirectoryThatIsAway() {
    failing.addAll(ALL);
    MemberLookups.Found found = lookups.lookUp(ALL.subList(0, 1), () -> false);
    assertThat(found.failed()).containsExactly(device(0));
    assertThat(found.away()).isFalse();
  }
}
