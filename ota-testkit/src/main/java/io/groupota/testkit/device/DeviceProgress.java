package io.groupota.testkit.device;

/**
 * What a simulated device is doing. Immutable.
 *
 * @param step the step of its update
 * @param received bytes of the firmware received, 0 before a download and after an update
 * @param total length of the firmware in bytes, 0 where {@code received} is 0 for lack of a
 *     download
 * @param detail the version for {@link Step#UPDATED}, the reason for {@link Step#FAILED}, else
 *     empty; never holds a token
 */
public record DeviceProgress(Step step, long received, long total, String detail) {
  /** The steps of an update. */
  public enum Step {
    /** Switched off: not started, {@link SimulatedDevice#switchOff() switched off} or closed. */
    OFF,
    /** Nothing to do. */
    IDLE,
    /** It received a trigger and waits before it checks. */
    TRIGGERED,
    /** It asks for the version that it should run. */
    CHECKING,
    /** It downloads; repeated while bytes arrive. */
    DOWNLOADING,
    /** It boots the downloaded image. */
    REBOOTING,
    /** It runs the new version. Idle until the next trigger or check. */
    UPDATED,
    /** Its update failed. Idle until the next trigger or check. */
    FAILED
  }

  static DeviceProgress of(Step step) {
    return of(step, "");
  }

  static DeviceProgress of(Step step, String detail) {
    return new DeviceProgress(step, 0, 0, detail);
  }

  /** Whether a trigger would start an update. */
  boolean isIdle() {
    return step == Step.IDLE || step == Step.UPDATED || step == Step.FAILED;
  }
}
