package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The role of an {@link OtaRepository} that keeps what devices report, in batches. */
public interface DeviceStates {
  /**
   * What is new of a device.
   *
   * @param device the device, as the group directory knows it; is in a group
   * @param version the version that it reports, empty if it reported none this time
   * @param coreVersion the version of its operating system, likewise
   * @param codes the update codes that it sent, with their time
   * @param seenAt when it was last heard of
   */
  record Sighting(
      Device device,
      Optional<String> version,
      Optional<String> coreVersion,
      Map<UpdateCode, Instant> codes,
      Instant seenAt) {}

  /**
   * The devices of a group that are reached in one way and report one version.
   *
   * @param addressing how they are addressed
   * @param mqttUser their MQTT user name
   * @param version the version, empty if they sent codes only
   * @param devices how many they are, at least 1
   */
  record VersionCount(
      Addressing addressing, String mqttUser, Optional<String> version, long devices) {}

  /**
   * Saves what is new of devices, all or nothing. What a sighting leaves out stays as it was;
   * {@link DeviceState#versionSince()} changes only with the version.
   *
   * @param sightings at most one per device, at most 1,000
   */
  void save(Collection<Sighting> sightings);

  /**
   * Looks up devices, many at once.
   *
   * @param devices the devices, at most 1,000
   * @return those that ever reported, by id
   */
  Map<DeviceId, DeviceState> states(Collection<DeviceId> devices);

  /**
   * Counts the devices that last reported as members of a group, by distinct version and address.
   * Never reads a device per row into memory.
   *
   * @param group the group
   * @return the counts
   */
  List<VersionCount> versionCounts(GroupId group);

  /**
   * Lists the devices that last reported as members of a group and report one of some versions, in
   * the order of their ids.
   *
   * @param group the group
   * @param versions the versions
   * @param addressing only devices of this addressing, null for all
   * @param after only devices with a greater id, null to start
   * @param limit how many at the most
   * @return the devices; fewer than the limit only at the end
   */
  List<DeviceState> reporting(
      GroupId group,
      Collection<String> versions,
      @Nullable Addressing addressing,
      @Nullable DeviceId after,
      int limit);

  /**
   * Forgets devices.
   *
   * @param devices the devices; those that never reported are passed over
   */
  void forgetDevices(Collection<DeviceId> devices);
}
