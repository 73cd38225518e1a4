package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.UpdateCode;
import io.groupota.spi.DeviceStates.Heard;
import io.groupota.spi.DeviceStates.NewCode;
import io.groupota.spi.DeviceStates.NewVersion;
import io.groupota.spi.DeviceStates.Saved;
import io.groupota.spi.DeviceStates.Sighting;
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

  private static final Comparator<Text> BY_TIME =
      Comparator.comparing(Text::seen).thenComparing(Text::text);

  private static final Comparator<SavedDevice> BY_ADDRESS =
      Comparator.<SavedDevice, GroupId>comparing(saved -> saved.state().group())
          .thenComparing(SavedDevice::mqttUser)
          .thenComparing(SavedDevice::addressing);

  private final Instant now;
  private final List<NewVersion> versions = new ArrayList<>();
  private final List<NewCode> codes = new ArrayList<>();
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
    return new Saved(versions, codes, overtaken);
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
            times),
        device.addressing(),
        device.mqttUser(),
        sighting.version().map(heard -> ago(heard.age())),
        sighting.coreVersion().map(heard -> ago(heard.age())));
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
    Optional<Text> version = joined(version(before), version(seen));
    Optional<Text> core = joined(coreVersion(before), coreVersion(seen));
    return new SavedDevice(
        new DeviceState(
            was.device(),
            address.state().group(),
            version.map(Text::text),
            version.flatMap(Text::since),
            core.map(Text::text),
            order > 0 ? is.lastSeen() : lastSeen,
            joined(was.codes(), is.codes())),
        address.addressing(),
        address.mqttUser(),
        version.map(Text::seen),
        core.map(Text::seen));
  }

  /** A text that was reported, last when, and since when. */
  private record Text(String text, Instant seen, Optional<Instant> since) {
    Text since(Optional<Instant> time) {
      return new Text(text, seen, time);
    }
  }

  private static Optional<Text> version(SavedDevice saved) {
    return text(saved.state().reportedVersion(), saved.versionSeen(), saved.state().versionSince());
  }

  private static Optional<Text> coreVersion(SavedDevice saved) {
    return text(saved.state().coreVersion(), saved.coreVersionSeen(), Optional.empty());
  }

  /** A time that is not known is before all others. */
  private static Optional<Text> text(
      Optional<String> text, Optional<Instant> seen, Optional<Instant> since) {
    return text.map(some -> new Text(some, seen.orElse(Instant.EPOCH), since));
  }

  private Optional<Text> joined(Optional<Text> saved, Optional<Text> heard) {
    if (saved.isEmpty() || heard.isEmpty()) {
      return saved.or(() -> heard);
    }
    Text is = heard.get();
    Text was =
        new Text(
            saved.get().text(),
            settled(saved.get().seen(), is.seen()),
            saved.get().since().map(since -> settled(since, is.seen())));
    boolean wins = BY_TIME.compare(is, was) > 0;
    Text winner = wins ? is : was;
    Text loser = wins ? was : is;
    return Optional.of(
        winner.since(
            later(
                winner.since(),
                winner.text().equals(loser.text()) ? loser.since() : Optional.of(loser.seen()))));
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
    if (differs(sighting.version(), after.reportedVersion())
        || differs(sighting.coreVersion(), after.coreVersion())) {
      overtaken.put(after.device(), after);
    }
  }

  private static boolean differs(Optional<Heard> heard, Optional<String> saved) {
    return heard.isPresent() && !heard.map(Heard::text).equals(saved);
  }
}
