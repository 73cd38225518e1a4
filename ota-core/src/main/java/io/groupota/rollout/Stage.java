package io.groupota.rollout;

import java.util.Objects;

/**
 * One stage of a plan. It contains the stages before it. Immutable.
 *
 * @param selector which devices it takes
 * @param gate what must be true before the next stage begins; that of the last stage has no effect
 */
public record Stage(Selector selector, Gate gate) {
  /** Checks that neither is missing. */
  public Stage {
    Objects.requireNonNull(selector, "selector");
    Objects.requireNonNull(gate, "gate");
  }

  /**
   * A stage with a share of all devices.
   *
   * @param percent above 0, at most 100
   * @param gate the gate to the next stage
   * @return the stage
   * @throws IllegalArgumentException if the share is out of range
   */
  public static Stage percent(double percent, Gate gate) {
    return new Stage(new Selector.Percent(percent), gate);
  }

  /**
   * The last stage of most plans: whoever is left.
   *
   * @return the stage
   */
  public static Stage everyone() {
    return percent(100, Gate.ALL_PROVEN);
  }
}
