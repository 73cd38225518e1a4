package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The role of an {@link OtaRepository} that keeps what devices report, in batches. */
public interface DeviceStates {
  /**
   * A text that a device reported.
   *
   * @param text the text
   * @param age how long ago it last did, not negative
   */
  record Heard(String text, Duration age) {
    /**
     * Checks the age.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Heard {
      requireAge(age);
    }
  }

  /**
   * How much space a device said that it has.
   *
   * @param bytes how many bytes a firmware may have to fit onto it
   * @param age how long ago it last did, not negative
   */
  record Space(long bytes, Duration age) {
    /**
     * Checks the age.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Space {
      requireAge(age);
    }
  }

  /**
   * What is new of a device. Devices' messages carry no time and the clocks of nodes differ, so a
   * sighting says how long ago something was heard, counted until {@link #save} is called, and the
   * repository works out when that was by its own clock.
   *
   * @param device the device, as the group directory knows it; is in a group
   * @param version the version that it reports, empty if it reported none this time
   * @param versionBegan how long ago it was first heard with that version, if that is news to the
   *     node that heard it; empty if the node knew that the device runs it
   * @param coreVersion the version of its operating system, empty if it reported none
   * @param codes the update codes that it sent, and how long ago each
   * @param freeSpace how much space it has, empty if it said nothing of that
   * @param age how long ago it was last heard of
   */
  record Sighting(
      Device device,
      Optional<Heard> version,
      Optional<Duration> versionBegan,
      Optional<Heard> coreVersion,
      Map<UpdateCode, Duration> codes,
      Optional<Space> freeSpace,
      Duration age) {
    /**
     * Copies the map and checks the ages.
     *
     * @throws IllegalArgumentException if one is negative, or the version began without a version
     *     or after it was last heard
     */
    public Sighting {
      codes = Map.copyOf(codes);
      codes.values().forEach(DeviceStates::requireAge);
      requireAge(age);
      if (versionBegan.isPresent()
          && (version.isEmpty() || versionBegan.get().compareTo(version.get().age()) < 0)) {
        throw new IllegalArgumentException(
            "Device " + device.id() + " began with a version after it was last heard with it");
      }
    }
  }

  /**
   * A device whose reported version a save has changed.
   *
   * @param device the device
   * @param group the group that it is in
   * @param previous the version that was saved before, empty if there was none
   * @param version the version that is saved now
   * @param since {@link DeviceState#versionSince()} of it
   */
  record NewVersion(
      DeviceId device,
      GroupId group,
      Optional<String> previous,
      String version,
      Optional<Instant> since) {}

  /**
   * An update code that a save has recorded: its time is later than the one that was saved before.
   *
   * @param device the device
   * @param group the group that it is in
   * @param code the code
   * @param at when the device sent it, by the repository's clock
   */
  record NewCode(DeviceId device, GroupId group, UpdateCode code, Instant at) {}

  /**
   * A device that has another amount of space than was saved before.
   *
   * @param device the device
   * @param group the group that it is in
   * @param bytes how many bytes a firmware may have to fit onto it
   */
  record NewSpace(DeviceId device, GroupId group, long bytes) {}

  /**
   * What a save has changed. Immutable.
   *
   * @param versions the devices whose reported version is another one now
   * @param codes the codes that are new
   * @param spaces the devices whose free space is another one now
   * @param overtaken the devices whose sighting was saved too late for its version, core version or
   *     free space to count, since something later was saved already; with what is saved now
   */
  record Saved(
      List<NewVersion> versions,
      List<NewCode> codes,
      List<NewSpace> spaces,
      Map<DeviceId, DeviceState> overtaken) {
    /** Nothing. */
    public static final Saved NOTHING = new Saved(List.of(), List.of(), List.of(), Map.of());

    /** Copies the collections. */
    public Saved {
      spaces = List.copyOf(spaces);
      versions = List.copyOf(versions);
      codes = List.copyOf(codes);
      overtaken = Map.copyOf(overtaken);
    }
  }

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
   * Saves what is new of devices, all or nothing, and says what that changed. What a sighting
   * leaves out stays as it was.
   *
   * <p>Nodes save in any order, late and repeatedly; what is saved in the end is the same. The
   * version, the core version, the free space and each code are those that were heard last, and the
   * group, the user and the addressing those of the sighting that was heard last; of those that
   * were heard at the same time the greatest wins. {@link DeviceState#versionSince()} is the latest
   * of two kinds of times: when a node noticed that the device began with the version that won
   * ({@link Sighting#versionBegan()}), and when the device reported another one. It never goes
   * back. {@link SightingMerge} is that rule.
   *
   * <p>Calls that save the same device happen one after the other, so that each change of a version
   * is returned by exactly one call, and one's {@link NewVersion#previous()} is the {@link
   * NewVersion#version()} of the one before. A call that throws may have saved nonetheless (the
   * answer of a commit was lost, for example); what it changed is then returned to nobody.
   *
   * @param sightings at most one per device, at most 1,000
   * @return what changed
   */
  Saved save(Collection<Sighting> sightings);

  /**
   * Looks up devices, many at once.
   *
   * @param devices the devices, at most 1,000
   * @return those that ever reported, by id
   */
  Map<DeviceId, DeviceState> states(Collection<DeviceId> devices);

  /**
   * Counts the devices that last reported as members of groups, by distinct version and address.
   * Never reads a device per row into memory.
   *
   * @param groups the groups, at most 2,000
   * @return the counts of those groups of which a device ever reported
   */
  Map<GroupId, List<VersionCount>> versionCounts(Collection<GroupId> groups);

  /**
   * Counts the devices that last reported as members of one group.
   *
   * @param group the group
   * @return the counts
   */
  default List<VersionCount> versionCounts(GroupId group) {
    return versionCounts(List.of(group)).getOrDefault(group, List.of());
  }

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

  private static void requireAge(Duration age) {
    if (age.isNegative()) {
      throw new IllegalArgumentException("An age must not be negative, but is " + age);
    }
  }
}
