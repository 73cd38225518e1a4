package io.groupota;

import static io.groupota.VersionChange.Direction.UPGRADE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.OtaQuery.Order;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GroupOtaTest {
  private static final Duration LONGEST = Duration.ofDays(36_500);
  private static final OwnerId OWNER = new OwnerId("acme");
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final String HEX = GROUP.value();
  private static final RolloutPlan PLAN = RolloutPlan.builder().stage(Stage.everyone()).build();
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

  private static final DeployRequest REQUEST =
      DeployRequest.of(OWNER, GROUP.value(), "secret", "1.0.0", FirmwareSource.bytes(new byte[1]));

  /** What is missing, and a call without it. */
  static Stream<Arguments> callsWithoutSomething() {
    Token token = Token.of("secret");
    OtaQuery query = OtaQuery.builder().build();
    RolloutId rollout = new RolloutId(GROUP.value());
    return Stream.of(
        without("order", service -> OtaQuery.builder().order(null)),
        without("order", service -> new OtaQuery("", 0, OptionalInt.empty(), null)),
        without("search", service -> OtaQuery.builder().search(null)),
        without("search", service -> new OtaQuery(null, 0, OptionalInt.empty(), Order.ASC)),
        without("limit", service -> new OtaQuery("", 0, null, Order.ASC)),
        without("owner", service -> request(null, GROUP, token, REQUEST.firmware())),
        without("group", service -> request(OWNER, null, token, REQUEST.firmware())),
        without("token", service -> request(OWNER, GROUP, null, REQUEST.firmware())),
        without("firmware", service -> request(OWNER, GROUP, token, null)),
        without("version", service -> DeployRequest.of(OWNER, HEX, "t", null, () -> null)),
        without("file", service -> FirmwareSource.file(null)),
        without("bytes", service -> FirmwareSource.bytes(null)),
        without("device", service -> DeviceReport.version(null, "1.0.0")),
        without("request", service -> service.deploy(null)),
        without("owner", service -> service.redeploy(null, GROUP, new UpdateId(HEX))),
        without("group", service -> service.redeploy(OWNER, null, new UpdateId(HEX))),
        without("update", service -> service.redeploy(OWNER, GROUP, null)),
        without("owner", service -> service.diff(null, GROUP, "1.0.0")),
        without("group", service -> service.diff(OWNER, null, "1.0.0")),
        without("version", service -> service.diff(OWNER, GROUP, null)),
        without("owner", service -> service.diffDevices(null, GROUP, "1.0.0", UPGRADE, null, 1)),
        without("group", service -> service.diffDevices(OWNER, null, "1.0.0", UPGRADE, null, 1)),
        without("version", service -> service.diffDevices(OWNER, GROUP, null, UPGRADE, null, 1)),
        without("direction", service -> service.diffDevices(OWNER, GROUP, "1.0.0", null, null, 1)),
        without("owner", service -> service.latestUpdates(null, query)),
        without("query", service -> service.latestUpdates(OWNER, null)),
        without("owner", service -> service.history(null, GROUP, 0, OptionalInt.empty())),
        without("group", service -> service.history(OWNER, null, 0, OptionalInt.empty())),
        without("limit", service -> service.history(OWNER, GROUP, 0, null)),
        without("group", service -> service.served((GroupId) null)),
        without("device", service -> service.served((DeviceId) null)),
        without("group", service -> service.download((GroupId) null, token)),
        without("token", service -> service.download(GROUP, null)),
        without("device", service -> service.download((DeviceId) null, token)),
        without("token", service -> service.download(DEVICE, null)),
        without("report", service -> service.report(null)),
        without("owner", service -> service.deviceState(null, DEVICE)),
        without("device", service -> service.deviceState(OWNER, null)),
        without("devices", service -> service.forget(null)),
        without("request", service -> service.rollouts().deploy(null, Map.of(), PLAN)),
        without("others", service -> service.rollouts().deploy(REQUEST, null, PLAN)),
        without(
            "others",
            service ->
                service.rollouts().deploy(REQUEST, Collections.singletonMap(GROUP, null), PLAN)),
        without("plan", service -> service.rollouts().deploy(REQUEST, Map.of(), null)),
        without("owner", service -> service.rollouts().get(null, rollout)),
        without("id", service -> service.rollouts().get(OWNER, null)),
        without("owner", service -> service.rollouts().list(null, RolloutQuery.all())),
        without("query", service -> service.rollouts().list(OWNER, null)),
        without("query", service -> service.rollouts().devices(OWNER, rollout, null)),
        without("id", service -> service.rollouts().pause(OWNER, null)),
        without("pace", service -> service.rollouts().changePace(OWNER, rollout, null)));
  }

  private static DeployRequest request(
      OwnerId owner, GroupId group, Token token, FirmwareSource firmware) {
    return new DeployRequest(owner, group, token, "1.0.0", firmware, false, false, false);
  }

  private static Arguments without(String name, Consumer<GroupOtaService> call) {
    return Arguments.of(name, call);
  }

  @ParameterizedTest
  @MethodSource("callsWithoutSomething")
  void whatIsMissingIsNamedAtOnce(String name, Consumer<GroupOtaService> call) {
    InMemoryGroupRegistry groups = new InMemoryGroupRegistry();
    groups.saveGroups(List.of(new Group(GROUP, OWNER, Token.of("secret"), "")));
    try (GroupOtaService service =
        GroupOta.builder()
            .repository(new InMemoryOtaRepository(Clock.systemUTC()))
            .blobStore(new InMemoryBlobStore())
            .groups(groups)
            .build()) {
      assertThatThrownBy(() -> call.accept(service))
          .isInstanceOf(NullPointerException.class)
          .hasMessage(name);
    }
  }
}
