package io.groupota.rollout;

import java.util.Optional;

/** The ways in which a device can fail to be updated, as stop rules tell them apart. */
public enum Failure {
  /** {@link RolloutDeviceState#FAILED}. */
  FAILED(RolloutDeviceState.FAILED),
  /** {@link RolloutDeviceState#TIMED_OUT}. */
  TIMED_OUT(RolloutDeviceState.TIMED_OUT),
  /** {@link RolloutDeviceState#REJECTED}. */
  REJECTED(RolloutDeviceState.REJECTED),
  /** {@link RolloutDeviceState#FELL_BACK}. */
  FELL_BACK(RolloutDeviceState.FELL_BACK);

  private final RolloutDeviceState state;

  Failure(RolloutDeviceState state) {
    this.state = state;
  }

  /**
   * The state of a device that failed like this.
   *
   * @return the state
   */
  public RolloutDeviceState state() {
    return state;
  }

  static Optional<Failure> of(RolloutDeviceState state) {
    for (Failure failure : values()) {
      if (failure.state == state) {
        return Optional.of(failure);
      }
    }
    return Optional.empty();
  }
}
