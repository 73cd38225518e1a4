package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.OtaUpdate;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/**
 * What devices of rollouts were told when they checked for an update, so that the download that
 * follows gives just that. On another node, or once it is forgotten, the state of the device has to
 * do ({@link RolloutAssignments#offered}).
 */
final class ToldVersions {
  /** Devices download within seconds of a check. */
  static final Duration GRACE = Duration.ofMinutes(2);

  private static final int CAPACITY = 200_000;

  private record Told(OtaUpdate update, long at) {}

  private final BoundedCache<DeviceId, Told> told = new BoundedCache<>(CAPACITY);
  private final Clock clock;

  ToldVersions(Clock clock) {
    this.clock = clock;
  }

  void remember(DeviceId device, Optional<OtaUpdate> update) {
    update.ifPresentOrElse(
        present -> told.put(device, new Told(present, clock.millis())), () -> forget(device));
  }

  void forget(DeviceId device) {
    told.remove(device);
  }

  /** What the device was told a moment ago. */
  Optional<OtaUpdate> lately(DeviceId device) {
    return Optional.ofNullable(told.get(device)).filter(this::isFresh).map(Told::update);
  }

  /** A clock that was set back must not keep it for ever. */
  private boolean isFresh(Told answer) {
    long age = clock.millis() - answer.at();
    return age >= 0 && age < GRACE.toMillis();
  }
}
