package io.groupota;

import java.time.Duration;

/**
 * Which updates of a group's history are kept: the last ones, and everything younger than an age.
 * The served update, the one before it in the history and those not served yet always stay (a
 * rollout has its entry even if it never reached the group), and so do those that devices must pass
 * through ({@link OtaUpdate#mustPassThrough()}). While a rollout holds the group, so does
 * everything since the update that the group served before it. The firmware file of an update goes
 * with it, unless another update that is kept has the same one (a redeploy). Immutable.
 *
 * <p>A group is looked at about once a day, or once per {@code age} if that is shorter, so an
 * update can stay that much longer. The age is the time since {@link OtaUpdate#createdAt()}.
 *
 * @param updates how many of the last updates stay whatever their age, at least 1; since the served
 *     one and the one before always stay, 1 means 2
 * @param age how young an update stays however many there are, at least an hour
 */
public record Retention(int updates, Duration age) {
  private static final Duration LEAST = Duration.ofHours(1);
  private static final Duration DAY = Duration.ofDays(1);

  /** Ten updates and everything younger than 30 days. */
  public static final Retention DEFAULT = new Retention(10, Duration.ofDays(30));

  /** Nothing is ever removed. */
  public static final Retention EVERYTHING =
      new Retention(Integer.MAX_VALUE, Duration.ofSeconds(Long.MAX_VALUE));

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is less than it may be
   */
  public Retention {
    if (updates < 1) {
      throw new IllegalArgumentException("updates must be at least 1, but is " + updates);
    }
    if (age.compareTo(LEAST) < 0) {
      throw new IllegalArgumentException("age must be at least an hour, but is " + age);
    }
  }

  /**
   * How long a group need not be looked at again.
   *
   * @return a day, or the age if that is shorter
   */
  public Duration interval() {
    return age.compareTo(DAY) < 0 ? age : DAY;
  }
}
