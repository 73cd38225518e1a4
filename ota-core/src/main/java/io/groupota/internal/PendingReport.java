package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.UpdateCode;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;

/**
 * What was reported of a device since the last save under one name, the later word winning. Times
 * are those of {@link ElapsedTime}. Immutable.
 *
 * @param device the device
 * @param mqttUser the MQTT user name that it came in with, the last one
 * @param version the version that it reports
 * @param coreVersion the version of its operating system
 * @param codes when each update code was last sent
 * @param freeSpace how much space it has
 * @param heardAt when the latest report came
 * @param refresh whether all this does is refresh the time of what is saved, as far as memory can
 *     tell
 */
record PendingReport(
    DeviceId device,
    Optional<String> mqttUser,
    Optional<Run> version,
    Optional<Run> coreVersion,
    Map<UpdateCode, Long> codes,
    Optional<Space> freeSpace,
    long heardAt,
    boolean refresh) {
  /**
   * Reports of one text, with none of another text in between.
   *
   * @param text the text
   * @param first when the first of them came
   * @param last when the last of them came
   * @param interrupts whether another text was waiting to be saved before it
   */
  record Run(String text, long first, long last, boolean interrupts) {
    Run after(Run earlier) {
      return text.equals(earlier.text)
          ? new Run(text, earlier.first, last, earlier.interrupts)
          : new Run(text, first, last, true);
    }
  }

  /**
   * How much space a device has.
   *
   * @param bytes how many bytes a firmware may have
   * @param at when it said so
   */
  record Space(long bytes, long at) {}

  static PendingReport of(DeviceReport report, long now, boolean refresh) {
    return new PendingReport(
        report.device(),
        report.mqttUser(),
        report.version().map(text -> new Run(text, now, now, false)),
        report.coreVersion().map(text -> new Run(text, now, now, false)),
        report.code().<Map<UpdateCode, Long>>map(code -> Map.of(code, now)).orElse(Map.of()),
        report.freeSpace().isPresent()
            ? Optional.of(new Space(report.freeSpace().getAsLong(), now))
            : Optional.empty(),
        now,
        refresh);
  }

  /** This report, coming after another one of the same device. */
  PendingReport after(PendingReport earlier) {
    Map<UpdateCode, Long> allCodes = new EnumMap<>(UpdateCode.class);
    allCodes.putAll(earlier.codes);
    codes.forEach((code, at) -> allCodes.merge(code, at, PendingReport::later));
    return new PendingReport(
        device,
        mqttUser,
        later(version, earlier.version),
        later(coreVersion, earlier.coreVersion),
        allCodes,
        later(freeSpace, earlier.freeSpace, Space::at),
        later(heardAt, earlier.heardAt),
        refresh && earlier.refresh);
  }

  private static long later(long one, long other) {
    return one - other > 0 ? one : other;
  }

  /** What was said later wins, whatever else was heard after it under the same name. */
  private static Optional<Run> later(Optional<Run> one, Optional<Run> other) {
    Optional<Run> last = later(one, other, Run::last);
    Optional<Run> first = last.equals(one) ? other : one;
    return last.isPresent() && first.isPresent()
        ? Optional.of(last.get().after(first.get()))
        : last;
  }

  private static <T> Optional<T> later(Optional<T> one, Optional<T> other, ToLongFunction<T> time) {
    if (one.isEmpty() || other.isEmpty()) {
      return one.or(() -> other);
    }
    return time.applyAsLong(one.get()) - time.applyAsLong(other.get()) >= 0 ? one : other;
  }

  /** Whether a report says only what this one says. */
  boolean says(DeviceReport report) {
    return report.mqttUser().equals(mqttUser)
        && report.code().isEmpty()
        && report.version().stream().allMatch(text -> isTextOf(version, text))
        && report.coreVersion().stream().allMatch(text -> isTextOf(coreVersion, text))
        && report.freeSpace().stream().allMatch(this::isSpace);
  }

  private boolean isSpace(long bytes) {
    return freeSpace.filter(space -> space.bytes() == bytes).isPresent();
  }

  private static boolean isTextOf(Optional<Run> run, String text) {
    return run.filter(some -> some.text().equals(text)).isPresent();
  }
}
