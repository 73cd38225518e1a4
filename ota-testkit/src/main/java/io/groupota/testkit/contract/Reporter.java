package io.groupota.testkit.contract;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.Token;
import io.groupota.UpdateCode;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.Sighting;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** A device in a group, and what it reports. */
record Reporter(DeviceId id, GroupId group, String mqttUser, Addressing addressing) {
  /** A group-addressed device. */
  static Reporter in(GroupId group, DeviceId id) {
    return new Reporter(id, group, "Hcixd1Fx", Addressing.GROUP);
  }

  Reporter movedTo(GroupId other) {
    return new Reporter(id, other, mqttUser, addressing);
  }

  Reporter connectedAs(String user) {
    return new Reporter(id, group, user, addressing);
  }

  Reporter addressedByItself() {
    return new Reporter(id, group, mqttUser, Addressing.DEVICE);
  }

  Sighting reports(String version, Instant at) {
    return sighting(Optional.of(version), Optional.empty(), Map.of(), at);
  }

  Sighting sends(UpdateCode code, Instant at) {
    return sighting(Optional.empty(), Optional.empty(), Map.of(code, at), at);
  }

  Sighting sighting(
      Optional<String> version,
      Optional<String> coreVersion,
      Map<UpdateCode, Instant> codes,
      Instant at) {
    Device device =
        new Device(id, Token.of("iIP2C3D4B07O"), Optional.of(group), mqttUser, addressing);
    return new Sighting(device, version, coreVersion, codes, at);
  }
}
