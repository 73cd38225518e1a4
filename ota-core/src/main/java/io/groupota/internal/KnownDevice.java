package io.groupota.internal;

import io.groupota.DeviceReport;
import io.groupota.spi.Device;
import java.util.Optional;

/**
 * What this node remembers of a device, so that a report which says nothing new costs no storage.
 *
 * @param device the device, empty if the directory has none of that id or it is in no group
 * @param version the version that is saved
 * @param coreVersion the version of the operating system that is saved
 * @param savedAt when it was last saved, in epoch milliseconds
 * @param checkedAt when the directory was last asked, in epoch milliseconds
 */
record KnownDevice(
    Optional<Device> device,
    Optional<String> version,
    Optional<String> coreVersion,
    long savedAt,
    long checkedAt) {

  /** A device reports as itself if the host vouches for it or it came in with its own MQTT user. */
  boolean speaksFor(DeviceReport report) {
    return device.isPresent()
        && (report.mqttUser().isEmpty() || report.mqttUser().get().equals(device.get().mqttUser()));
  }

  boolean changes(Optional<String> newVersion, Optional<String> newCoreVersion) {
    return (newVersion.isPresent() && !newVersion.equals(version))
        || (newCoreVersion.isPresent() && !newCoreVersion.equals(coreVersion));
  }
}
