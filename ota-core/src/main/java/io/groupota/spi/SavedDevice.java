package io.groupota.spi;

import io.groupota.DeviceState;
import java.time.Instant;
import java.util.Optional;

/**
 * All that a repository keeps of a device; {@link SightingMerge} works out the next one. Immutable.
 *
 * @param state what is known of the device
 * @param addressing how it was addressed when it was last seen
 * @param mqttUser its MQTT user name when it was last seen
 * @param versionSeen when it last reported its version, empty if it never did
 * @param coreVersionSeen when it last reported the version of its operating system, empty if it
 *     never did or that is not known
 * @param freeSpaceSeen when it last said how much space it has, empty if it never did
 */
public record SavedDevice(
    DeviceState state,
    Addressing addressing,
    String mqttUser,
    Optional<Instant> versionSeen,
    Optional<Instant> coreVersionSeen,
    Optional<Instant> freeSpaceSeen) {}
