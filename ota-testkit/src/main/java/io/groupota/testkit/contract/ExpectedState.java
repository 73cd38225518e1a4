package io.groupota.testkit.contract;

import io.groupota.DeviceState;
import io.groupota.UpdateCode;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;

/** The state that a test expects of a device, code by code. */
record ExpectedState(DeviceState state) {
  ExpectedState with(UpdateCode code, Instant time) {
    Map<UpdateCode, Instant> codes = new EnumMap<>(UpdateCode.class);
    codes.putAll(state.codes());
    codes.put(code, time);
    return new ExpectedState(
        new DeviceState(
            state.device(),
            state.group(),
            state.reportedVersion(),
            state.versionSince(),
            state.coreVersion(),
            state.lastSeen(),
            codes,
            state.freeSpace()));
  }
}
