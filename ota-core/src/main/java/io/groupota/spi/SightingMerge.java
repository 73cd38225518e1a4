package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import io.groupota.spi.DeviceStates.Heard;
import io.groupota.spi.DeviceStates.NewCode;
import io.groupota.spi.DeviceStates.NewSpace;
import io.groupota.spi.DeviceStates.NewVersion;
import io.groupota.spi.DeviceStates.Saved;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.DeviceStates.Space;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The rule by which sightings become what is saved of devices ({@link DeviceStates#save}), for
 * repositories to use inside their transaction: one merge per call, while the devices are locked.
 * Whatever the order in which sightings are merged, the result is the same. Not thread-safe.
 */
public final class SightingMerge {
  /**
   * How far a saved time may be ahead of the clock: a transaction waits for another one that began
   * after it. Beyond that the clock was set back, and until it has caught up nothing new would
   * count; so such a time counts as earlier than any sighting.
   */
  private static final Duration AHEAD = Duration.ofMinutes(1);

  private static final Comparator<SavedDevice> BY_ADDRESS =
      Comparator.<SavedDevice, GroupId>comparing(saved -> saved.state().group())
          .thenComparing(SavedDevice::mqttUser)
          .thenComparing(SavedDevice::addressing);

  private final Instant now;
  private final List<NewVersion> versions = new ArrayList<>();
  private final List<NewCode> codes = new ArrayList<>();
  private final List<NewSpace> spaces = new ArrayList<>();
  private final Map<DeviceId, DeviceState> overtaken = new HashMap<>();

  /**
   * A merge of sightings whose ages end at a time.
   *
   * @param now that time, by the repository's clock
   */
  public SightingMerge(Instant now) {
    this.now = now;
  }

  /**
   * Merges a sighting into what is saved of its device.
   *
   * @param before what is saved, null for nothing
   * @param sighting the sighting
   * @return what is to be saved instead
   * @throws IllegalArgumentException if the device is in no group
   */
  public SavedDevice merge(@Nullable SavedDevice before, Sighting sighting) {
    SavedDevice seen = seen(sighting);
    SavedDevice after = before == null ? seen : merged(before, seen);
    note(Optional.ofNullable(before).map(SavedDevice::state), sighting, after.state());
    return after;
  }

  /**
   * What all the merges have changed.
   *
   * @return the changes so far
   */
  public Saved result() {
    return new Saved(versions, codes, spaces, overtaken);
  }

  /** What would be saved if this were the first sighting of the device. */
  private SavedDevice seen(Sighting sighting) {
    Device device = sighting.device();
    GroupId group =
        device
            .group()
            .orElseThrow(
                () -> new IllegalArgumentException("Device " + device.id() + " is in no group"));
    Map<UpdateCode, Instant> times = new EnumMap<>(UpdateCode.class);
    sighting.codes().forEach((code, age) -> times.put(code, ago(age)));
    return new SavedDevice(
        new DeviceState(
            device.id(),
            group,
            sighting.version().map(Heard::text),
            sighting.versionBegan().map(this::ago),
            sighting.coreVersion().map(Heard::text),
            ago(sighting.age()),
            times,
            sighting
                .freeSpace()
                .map(space -> OptionalLong.of(space.bytes()))
                .orElse(OptionalLong.empty())),
        device.addressing(),
        device.mqttUser(),
        sighting.version().map(heard -> ago(heard.age())),
        sighting.coreVersion().map(heard -> ago(heard.age())),
        sighting.freeSpace().map(space -> ago(space.age())));
  }

  /**
   * Cut to what databases keep, so that the same sighting has the same time when it is repeated.
   */
  private Instant ago(Duration age) {
    return now.minus(age).truncatedTo(ChronoUnit.MICROS);
  }

  private SavedDevice merged(SavedDevice before, SavedDevice seen) {
    DeviceState was = before.state();
    DeviceState is = seen.state();
    Instant lastSeen = settled(was.lastSeen(), is.lastSeen());
    int order = is.lastSeen().compareTo(lastSeen);
    SavedDevice address =
        order > 0 || (order == 0 && BY_ADDRESS.compare(seen, before) > 0) ? seen : before;
    Optional<Said<String>> version = joined(version(before), version(seen));
    Optional<Said<String>> core = joined(coreVersion(before), coreVersion(seen));
    Optional<Said<Long>> space = joined(freeSpace(before), freeSpace(seen));
    return new SavedDevice(
        new DeviceState(
            was.device(),
            address.state().group(),
            version.map(Said::what),
            version.flatMap(Said::since),
            core.map(Said::what),
            order > 0 ? is.lastSeen() : lastSeen,
            joined(was.codes(), is.codes()),
            space.map(said -> OptionalLong.of(said.what())).orElse(OptionalLong.empty())),
        address.addressing(),
        address.mqttUser(),
        version.map(Said::seen),
        core.map(Said::seen),
        space.map(Said::seen));
  }

  /** What a device reported, last when, and since when. */
  private record Said<T extends Comparable<T>>(T what, Instant seen, Optional<Instant> since) {
    Said<T> since(Optional<Instant> time) {
      return new Said<>(what, seen, time);
    }

    boolean isAfter(Said<T> other) {
      return Comparator.<Said<T>, Instant>comparing(Said::seen)
              .thenComparing(Said::what)
              .compare(this, other)
          > 0;
    }
  }

  private static Optional<Said<String>> version(SavedDevice saved) {
    return said(saved.state().reportedVersion(), saved.versionSeen(), saved.state().versionSince());
  }

  private static Optional<Said<String>> coreVersion(SavedDevice saved) {
    return said(saved.state().coreVersion(), saved.coreVersionSeen(), Optional.empty());
  }

  private static Optional<Said<Long>> freeSpace(SavedDevice saved) {
    OptionalLong bytes = saved.state().freeSpace();
    return said(
        bytes.isPresent() ? Optional.of(bytes.getAsLong()) : Optional.empty(),
        saved.freeSpaceSeen(),
        Optional.empty());
  }

  /** A time that is not known is before all others. */
  private static <T extends Comparable<T>> Optional<Said<T>> said(
      Optional<T> what, Optional<Instant> seen, Optional<Instant> since) {
    return what.map(some -> new Said<>(some, seen.orElse(Instant.EPOCH), since));
  }

  private <T extends Comparable<T>> Optional<Said<T>> joined(
      Optional<Said<T>> saved, Optional<Said<T>> heard) {
    if (saved.isEmpty() || heard.isEmpty()) {
      return saved.or(() -> heard);
    }
    Said<T> is = heard.get();
    Said<T> was =
        new Said<>(
            saved.get().what(),
            settled(saved.get().seen(), is.seen()),
            saved.get().since().map(since -> settled(since, is.seen())));
    boolean wins = is.isAfter(was);
    Said<T> winner = wins ? is : was;
    Said<T> loser = wins ? was : is;
    return Optional.of(
        winner.since(
            later(
                winner.since(),
                winner.what().equals(loser.what()) ? loser.since() : Optional.of(loser.seen()))));
  }

  private Map<UpdateCode, Instant> joined(
      Map<UpdateCode, Instant> saved, Map<UpdateCode, Instant> heard) {
    Map<UpdateCode, Instant> all = new EnumMap<>(UpdateCode.class);
    all.putAll(saved);
    heard.forEach(
        (code, time) ->
            all.merge(
                code,
                time,
                (was, is) -> {
                  Instant settled = settled(was, is);
                  return is.isAfter(settled) ? is : settled;
                }));
    return all;
  }

  private static Optional<Instant> later(Optional<Instant> one, Optional<Instant> other) {
    return one.isEmpty() || (other.isPresent() && other.get().isAfter(one.get())) ? other : one;
  }

  /** A saved time, or one just before what was heard if a clock that was set back wrote it. */
  private Instant settled(Instant saved, Instant heard) {
    return saved.isAfter(now.plus(AHEAD)) ? heard.minus(1, ChronoUnit.MICROS) : saved;
  }

  private void note(Optional<DeviceState> before, Sighting sighting, DeviceState after) {
    Optional<String> previous = before.flatMap(DeviceState::reportedVersion);
    after
        .reportedVersion()
        .filter(version -> !previous.equals(Optional.of(version)))
        .ifPresent(
            version ->
                versions.add(
                    new NewVersion(
                        after.device(), after.group(), previous, version, after.versionSince())));
    after
        .codes()
        .forEach(
            (code, at) -> {
              if (!Optional.of(at).equals(before.map(state -> state.codes().get(code)))) {
                codes.add(new NewCode(after.device(), after.group(), code, at));
              }
            });
    OptionalLong space = after.freeSpace();
    if (space.isPresent() && !before.map(DeviceState::freeSpace).equals(Optional.of(space))) {
      spaces.add(new NewSpace(after.device(), after.group(), space.getAsLong()));
    }
    if (differs(sighting.version(), after.reportedVersion())
        || differs(sighting.coreVersion(), after.coreVersion())
        || isOther(sighting.freeSpace(), space)) {
      overtaken.put(after.device(), after);
    }
  }

  private static boolean isOther(Optional<Space> heard, OptionalLong saved) {
    return heard.isPresent() && !OptionalLong.of(heard.get().bytes()).equals(saved);
  }

  private static boolean differs(Optional<Heard> heard, Optional<String> saved) {
    return heard.isPresent() && !heard.map(Heard::text).equals(saved);
  }
}
