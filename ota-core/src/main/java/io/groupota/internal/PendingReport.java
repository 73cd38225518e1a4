package io.groupota.internal;

import io.groupota.DeviceReport;
import io.groupota.UpdateCode;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a device reported since the last save, the later word winning. Immutable.
 *
 * @param latest the latest report, with what earlier ones said and it does not
 * @param codes when each update code was last sent
 * @param seenAt when the latest report came
 */
record PendingReport(DeviceReport latest, Map<UpdateCode, Instant> codes, Instant seenAt) {
  static PendingReport of(DeviceReport report, Instant now) {
    return new PendingReport(
        report,
        report.code().<Map<UpdateCode, Instant>>map(code -> Map.of(code, now)).orElse(Map.of()),
        now);
  }

  /** This report, coming after another one of the same device and MQTT user. */
  PendingReport after(PendingReport earlier) {
    if (!latest.mqttUser().equals(earlier.latest.mqttUser())) {
      return this;
    }
    Map<UpdateCode, Instant> allCodes = new EnumMap<>(UpdateCode.class);
    allCodes.putAll(earlier.codes);
    allCodes.putAll(codes);
    DeviceReport merged =
        new DeviceReport(
            latest.device(),
            latest.mqttUser(),
            later(earlier.latest.version(), latest.version()),
            later(earlier.latest.coreVersion(), latest.coreVersion()),
            later(earlier.latest.code(), latest.code()));
    return new PendingReport(merged, allCodes, seenAt);
  }

  private static <T> Optional<T> later(Optional<T> earlier, Optional<T> later) {
    return later.isPresent() ? later : earlier;
  }
}
