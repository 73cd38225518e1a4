package io.groupota;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GroupOtaTest {
  private static final Duration LONGEST = Duration.ofDays(36_500);
  private static final OwnerId OWNER = new OwnerId("acme");
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final DeviceId DEVICE = new DeviceId("5e1b5774afd4e404d68aebd6");

  private static final Map<String, BiConsumer<GroupOta.Builder, Duration>> DURATIONS =
      Map.of(
          "retriggerInterval", GroupOta.Builder::retriggerInterval,
          "triggerTimeout", GroupOta.Builder::triggerTimeout,
          "triggerLease", GroupOta.Builder::triggerLease,
          "pollInterval", GroupOta.Builder::pollInterval,
          "flushInterval", GroupOta.Builder::flushInterval,
          "lastSeenInterval", GroupOta.Builder::lastSeenInterval,
          "cacheTtl", GroupOta.Builder::cacheTtl,
          "deployGrace", GroupOta.Builder::deployGrace);

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 36_500L * 86_400 + 1, Long.MAX_VALUE})
  void aDurationThatIsNoneOrTooLongIsRefusedByName(long seconds) {
    DURATIONS.forEach(
        (name, setter) ->
            assertThatThrownBy(() -> setter.accept(GroupOta.builder(), Duration.ofSeconds(seconds)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(name + " must be "));
  }

  @Test
  void theLongestDurationsWork() {
    InMemoryGroupRegistry groups = new InMemoryGroupRegistry();
    groups.saveGroups(List.of(new Group(GROUP, OWNER, Token.of("secret"), "")));
    groups.saveDevices(
        List.of(new Device(DEVICE, Token.of("t"), Optional.of(GROUP), "u", Addressing.DEVICE)));
    GroupOta.Builder builder =
        GroupOta.builder()
            .repository(new InMemoryOtaRepository(Clock.systemUTC()))
            .blobStore(new InMemoryBlobStore())
            .groups(groups)
            .retention(Retention.EVERYTHING);
    DURATIONS.values().forEach(setter -> setter.accept(builder, LONGEST));
    try (GroupOtaService service = builder.build()) {
      service.start();
      service.deploy(
          DeployRequest.of(
              OWNER, GROUP.value(), "secret", "2.0.0", FirmwareSource.bytes(new byte[] {1})));
      service.report(DeviceReport.version(DEVICE, "1.0.0"));
      service.runOnce();
      assertThat(service.diff(OWNER, GROUP, "2.0.0").count(VersionChange.Direction.UPGRADE))
          .isEqualTo(1);
      assertThat(service.served(DEVICE).map(OtaUpdate::version)).contains("2.0.0");
    }
  }
}
