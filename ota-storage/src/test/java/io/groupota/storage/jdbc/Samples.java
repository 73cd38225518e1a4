package io.groupota.storage.jdbc;

import io.groupota.BlobKey;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.UpdateId;
import io.groupota.firmware.Firmware;
import io.groupota.rollout.Gate;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.Heard;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutLog.Opening;
import io.groupota.spi.RolloutLog.Target;
import io.groupota.spi.UpdateLog;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Values for tests. */
final class Samples {
  static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  static final String TOKEN = "AATluvfLURijoH9d";
  static final Instant NOON = Instant.parse("2026-07-01T12:00:00.123Z");

  private Samples() {}

  static String id(long number) {
    return String.format("%024x", number);
  }

  static OtaUpdate update(long number, String version) {
    return new OtaUpdate(
        new UpdateId(id(number)),
        GROUP,
        OWNER,
        version,
        new Firmware(1_000_000, "0a".repeat(16), "0b".repeat(32), Optional.empty()),
        new BlobKey(GROUP + "/" + id(number)),
        Optional.empty(),
        false,
        NOON.plusSeconds(number));
  }

  static UpdateLog.Entry entry(long number, String version) {
    return new UpdateLog.Entry(
        update(number, version),
        id(1_000 + number),
        "ota/group/" + GROUP + TOKEN + "/firmware.bin",
        Optional.empty());
  }

  static UpdateLog.Outcome deploy(OtaRepository repository, long number, String version) {
    repository.reserve(update(number, version).blob());
    return repository.record(entry(number, version)).outcome();
  }

  static Opening opening(long number, String version) {
    return new Opening(
        new RolloutId(id(number)),
        OWNER,
        version,
        RolloutPlan.builder()
            .stage(Stage.percent(10, Gate.ALL_PROVEN))
            .stage(Stage.everyone())
            .build(),
        List.of(
            new Target(
                update(number, version),
                id(1_000 + number),
                "ota/group/" + GROUP + TOKEN + "/firmware.bin",
                1)),
        NOON);
  }

  static RolloutId open(OtaRepository repository, long number, String version) {
    Opening opening = opening(number, version);
    repository.reserve(opening.groups().get(0).update().blob());
    if (repository.open(opening) != UpdateLog.Outcome.RECORDED) {
      throw new IllegalStateException();
    }
    return opening.id();
  }

  static Device device(long number, Addressing addressing) {
    return new Device(
        new DeviceId(id(number)),
        Token.of("device-token-" + number),
        Optional.of(GROUP),
        "Hcixd1Fx",
        addressing);
  }

  /** A group-addressed device that began to report a version just now. */
  static Sighting sighting(long number, String version) {
    return new Sighting(
        device(number, Addressing.GROUP),
        Optional.of(new Heard(version, Duration.ZERO)),
        Optional.of(Duration.ZERO),
        Optional.of(new Heard("5.0.0", Duration.ZERO)),
        Map.of(),
        Optional.empty(),
        Duration.ZERO);
  }

  /** The same device, seen again. */
  static Sighting refresh(long number) {
    return new Sighting(
        device(number, Addressing.GROUP),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Duration.ZERO);
  }
}
