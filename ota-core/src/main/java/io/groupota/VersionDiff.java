package io.groupota;

import java.util.List;
import java.util.Optional;

/**
 * What the devices of a group would do if it served a version, by distinct reported version, as
 * last reported: a device that was moved or removed counts in the group in which it reported last,
 * until it reports in another one or is forgotten ({@link GroupOtaService#forget}). Immutable.
 *
 * @param group the group
 * @param target the version
 * @param lines one line per distinct reported version, the most devices first; the counts of all
 *     lines add up to the devices of the group once those that left it are forgotten
 */
public record VersionDiff(GroupId group, String target, List<Line> lines) {
  /**
   * The devices that report one version.
   *
   * @param reported the version, empty for devices that never reported one
   * @param change what these devices would do
   * @param devices how many they are, at least 1
   */
  public record Line(Optional<String> reported, VersionChange change, long devices) {}

  /** Copies the list. */
  public VersionDiff {
    lines = List.copyOf(lines);
  }

  /**
   * How many devices would go in one direction.
   *
   * @param direction the direction
   * @return the number of devices
   */
  public long count(VersionChange.Direction direction) {
    return lines.stream()
        .filter(line -> line.change().direction() == direction)
        .mapToLong(Line::devices)
        .sum();
  }

  /**
   * How many devices would go in one direction by one kind of change.
   *
   * @param direction the direction
   * @param kind the kind of change
   * @return the number of devices
   */
  public long count(VersionChange.Direction direction, VersionChange.Kind kind) {
    return lines.stream()
        .filter(line -> line.change().equals(new VersionChange(direction, kind)))
        .mapToLong(Line::devices)
        .sum();
  }

  /**
   * How many devices the group has.
   *
   * @return the number of devices
   */
  public long devices() {
    return lines.stream().mapToLong(Line::devices).sum();
  }
}
