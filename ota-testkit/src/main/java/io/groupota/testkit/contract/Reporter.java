package io.groupota.testkit.contract;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.Heard;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.DeviceStates.Space;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** A device in a group, and what it reports. The times are by the clock, and not after it. */
record Reporter(Clock clock, DeviceId id, GroupId group, String mqttUser, Addressing addressing) {
  Reporter movedTo(GroupId other) {
    return new Reporter(clock, id, other, mqttUser, addressing);
  }

  Reporter connectedAs(String user) {
    return new Reporter(clock, id, group, user, addressing);
  }

  Reporter addressedByItself() {
    return new Reporter(clock, id, group, mqttUser, Addressing.DEVICE);
  }

  /** It runs a version that is news to the node that hears it. */
  Sighting beginsWith(String version, Instant at) {
    return heard(version, Optional.of(at), at);
  }

  /** It runs a version that the node that hears it knows of. */
  Sighting reports(String version, Instant at) {
    return heard(version, Optional.empty(), at);
  }

  /** It runs a version, and began with it when the node heard it first. */
  Sighting heard(String version, Optional<Instant> began, Instant at) {
    return new Sighting(
        device(),
        Optional.of(new Heard(version, ago(at))),
        began.map(this::ago),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        ago(at));
  }

  Sighting sends(UpdateCode code, Instant at) {
    return sighting(Optional.empty(), Optional.empty(), Map.of(code, at), at);
  }

  Sighting sighting(
      Optional<String> version,
      Optional<String> coreVersion,
      Map<UpdateCode, Instant> codes,
      Instant at) {
    Map<UpdateCode, Duration> ages = new EnumMap<>(UpdateCode.class);
    codes.forEach((code, time) -> ages.put(code, ago(time)));
    return new Sighting(
        device(),
        version.map(text -> new Heard(text, ago(at))),
        version.map(text -> ago(at)),
        coreVersion.map(text -> new Heard(text, ago(at))),
        ages,
        Optional.empty(),
        ago(at));
  }

  /** It says how much space it has. */
  Sighting hasSpace(long bytes, Instant at) {
    return new Sighting(
        device(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Optional.of(new Space(bytes, ago(at))),
        ago(at));
  }

  private Duration ago(Instant time) {
    return Duration.between(time, clock.instant());
  }

  Device device() {
    return new Device(id, Token.of("iIP2C3D4B07O"), Optional.of(group), mqttUser, addressing);
  }
}
