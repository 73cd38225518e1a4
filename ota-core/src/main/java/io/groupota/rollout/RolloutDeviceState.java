package io.groupota.rollout;

import java.util.EnumSet;
import java.util.Set;

/**
 * Where a device is in a rollout. Every device of a rollout has exactly one of these states; a
 * change is a compare-and-set. A device that reports the target version is {@link #UPDATED},
 * whatever its state was and however it got the version; it is not any more once it reports another
 * one.
 *
 * <p>What comes late, twice or out of order changes nothing: states follow from what the device
 * last reported and from when it sent its codes, not from the order in which messages arrive. A
 * code counts for the attempt that runs when it is sent.
 */
public enum RolloutDeviceState {
  /** Waits for its stage, for the pace, or for a free slot. */
  QUEUED,
  /** Let through; its trigger is about to be sent, after its share of the jitter. */
  ADMITTED,
  /** Its trigger is sent; it has not said that it downloads. */
  TRIGGERED,
  /** It downloads, flashes or boots. */
  DOWNLOADING,
  /**
   * It failed, could not be told or was not heard of in time, and waits for its next attempt. Holds
   * no slot.
   */
  RETRYING,
  /** It reports the target version: proven. */
  UPDATED,
  /** It said that the update failed, as often as the plan lets it try. */
  FAILED,
  /** It could not be told or was not heard of in time, as often as the plan lets it try. */
  TIMED_OUT,
  /** The firmware is larger than the space that it says it has; not tried again. */
  REJECTED,
  /** It reported the target version once, and another one since. */
  FELL_BACK,
  /** A guard of the plan keeps it out, as long as it reports what it reports now. */
  EXCLUDED,
  /** The rollout ended, or its group was deployed to in another way, before its turn came. */
  CANCELED;

  /**
   * The states that may follow this one.
   *
   * @return the states
   */
  public Set<RolloutDeviceState> next() {
    return switch (this) {
      case QUEUED -> EnumSet.of(ADMITTED, TRIGGERED, UPDATED, REJECTED, EXCLUDED, CANCELED);
      case ADMITTED ->
          EnumSet.of(
              QUEUED,
              TRIGGERED,
              DOWNLOADING,
              RETRYING,
              UPDATED,
              FAILED,
              TIMED_OUT,
              REJECTED,
              EXCLUDED,
              CANCELED);
      case TRIGGERED ->
          EnumSet.of(
              ADMITTED, DOWNLOADING, RETRYING, UPDATED, FAILED, TIMED_OUT, REJECTED, CANCELED);
      case DOWNLOADING ->
          EnumSet.of(ADMITTED, RETRYING, UPDATED, FAILED, TIMED_OUT, REJECTED, CANCELED);
      case RETRYING -> EnumSet.of(QUEUED, ADMITTED, UPDATED, REJECTED, EXCLUDED, CANCELED);
      case UPDATED -> EnumSet.of(FELL_BACK);
      case EXCLUDED -> EnumSet.of(QUEUED, ADMITTED, UPDATED, REJECTED, CANCELED);
      case FAILED, TIMED_OUT, REJECTED, FELL_BACK, CANCELED -> EnumSet.of(UPDATED);
    };
  }

  /**
   * Whether the device holds one of the slots of {@link Pace#inFlight()}.
   *
   * @return true from its being let through until it is done, has failed or is late
   */
  public boolean isInFlight() {
    return switch (this) {
      case ADMITTED, TRIGGERED, DOWNLOADING -> true;
      default -> false;
    };
  }

  /**
   * Whether the rollout will still do something with the device by itself.
   *
   * @return false if only a report of the device can change the state
   */
  public boolean isOpen() {
    return this == QUEUED || this == RETRYING || isInFlight();
  }

  /**
   * Whether the device has had its chance: what gates and stop rules count as finished.
   *
   * @return true for updated, failed, timed out, rejected and fallen back devices
   */
  public boolean isFinished() {
    return this == UPDATED || Failure.of(this).isPresent();
  }

  /**
   * Whether the device is told to run the target version.
   *
   * @return true if it is in flight or has it
   */
  public boolean isLetThrough() {
    return this == UPDATED || isInFlight();
  }
}
