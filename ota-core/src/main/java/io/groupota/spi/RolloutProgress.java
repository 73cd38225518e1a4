package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.rollout.Pace;
import io.groupota.rollout.RolloutReason;
import io.groupota.rollout.RolloutState;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What changes of a rollout as it goes on. Immutable.
 *
 * @param state what it does
 * @param reason why
 * @param stage the present stage, from 0
 * @param stageSince since when
 * @param gateMetSince since when the gate of the stage is met without interruption
 * @param despiteGuards whether groups are deployed to although a guard keeps out one of their
 *     devices
 * @param accepted how many failures somebody accepted by resuming, less those that have recovered
 *     since
 * @param pace the present pace
 * @param tokens how many devices the pace lets through at {@code tokensAt}; below zero when a whole
 *     group went ahead of it
 * @param tokensAt when that was counted
 * @param enrolment how far the taking in of devices is
 * @param startedAt when it first ran
 * @param endedAt when it was over
 * @param due when to look at it again; empty for when something happens to its devices
 */
public record RolloutProgress(
    RolloutState state,
    Optional<RolloutReason> reason,
    int stage,
    Instant stageSince,
    Optional<Instant> gateMetSince,
    boolean despiteGuards,
    long accepted,
    Pace pace,
    double tokens,
    Instant tokensAt,
    Enrolment enrolment,
    Optional<Instant> startedAt,
    Optional<Instant> endedAt,
    Optional<Instant> due) {

  /**
   * How far the taking in of devices is: groups in order, the devices of each in the order of their
   * ids, then the exact places at which stages end. Immutable.
   *
   * @param group the index of the group that is read; the number of groups when all are read
   * @param after the last device of it that is taken in, empty to start
   * @param places the highest place of each stage that is settled, in order; a device with a higher
   *     place belongs to a later stage. Stages that name devices or groups have -1
   * @param complete whether all is done
   */
  public record Enrolment(
      int group, Optional<DeviceId> after, List<Long> places, boolean complete) {
    /** Nothing is taken in yet. */
    public static final Enrolment START = new Enrolment(0, Optional.empty(), List.of(), false);

    /** Copies the list. */
    public Enrolment {
      places = List.copyOf(places);
    }
  }

  /**
   * The progress of a rollout that was just opened.
   *
   * @param pace its pace
   * @param now the repository's time
   * @return scheduled, nothing taken in, due at once
   */
  public static RolloutProgress opened(Pace pace, Instant now) {
    return new RolloutProgress(
        RolloutState.SCHEDULED,
        Optional.empty(),
        0,
        now,
        Optional.empty(),
        false,
        0,
        pace,
        1,
        now,
        Enrolment.START,
        Optional.empty(),
        Optional.empty(),
        Optional.of(now));
  }

  /**
   * The same progress, to be changed.
   *
   * @return a builder with all values of this one
   */
  public Builder but() {
    return new Builder(this);
  }

  /** Changes some values of a progress. Not thread-safe. */
  public static final class Builder {
    private RolloutState state;
    private Optional<RolloutReason> reason;
    private int stage;
    private Instant stageSince;
    private Optional<Instant> gateMetSince;
    private boolean despiteGuards;
    private long accepted;
    private Pace pace;
    private double tokens;
    private Instant tokensAt;
    private Enrolment enrolment;
    private Optional<Instant> startedAt;
    private Optional<Instant> endedAt;
    private Optional<Instant> due;

    private Builder(RolloutProgress from) {
      state = from.state;
      reason = from.reason;
      stage = from.stage;
      stageSince = from.stageSince;
      gateMetSince = from.gateMetSince;
      despiteGuards = from.despiteGuards;
      accepted = from.accepted;
      pace = from.pace;
      tokens = from.tokens;
      tokensAt = from.tokensAt;
      enrolment = from.enrolment;
      startedAt = from.startedAt;
      endedAt = from.endedAt;
      due = from.due;
    }

    /**
     * What it does, and why.
     *
     * @param newState the state
     * @param why the reason, empty if the state says all
     * @return this builder
     */
    public Builder state(RolloutState newState, Optional<RolloutReason> why) {
      state = newState;
      reason = why;
      return this;
    }

    /**
     * Begins a stage.
     *
     * @param newStage the stage, from 0
     * @param now since when
     * @return this builder
     */
    public Builder stage(int newStage, Instant now) {
      stage = newStage;
      stageSince = now;
      gateMetSince = Optional.empty();
      return this;
    }

    /**
     * Since when the gate is met.
     *
     * @param since the time, empty if it is not
     * @return this builder
     */
    public Builder gateMetSince(Optional<Instant> since) {
      gateMetSince = since;
      return this;
    }

    /**
     * Whether guards block no group.
     *
     * @param value whether
     * @return this builder
     */
    public Builder despiteGuards(boolean value) {
      despiteGuards = value;
      return this;
    }

    /**
     * How many failures are accepted.
     *
     * @param failures the number
     * @return this builder
     */
    public Builder accepted(long failures) {
      accepted = failures;
      return this;
    }

    /**
     * The pace.
     *
     * @param value the pace
     * @return this builder
     */
    public Builder pace(Pace value) {
      pace = value;
      return this;
    }

    /**
     * How many devices the pace lets through.
     *
     * @param value the number
     * @param at when that was counted
     * @return this builder
     */
    public Builder tokens(double value, Instant at) {
      tokens = value;
      tokensAt = at;
      return this;
    }

    /**
     * How far the taking in of devices is.
     *
     * @param value the enrolment
     * @return this builder
     */
    public Builder enrolment(Enrolment value) {
      enrolment = value;
      return this;
    }

    /**
     * When it first ran.
     *
     * @param time the time
     * @return this builder
     */
    public Builder startedAt(Instant time) {
      startedAt = Optional.of(time);
      return this;
    }

    /**
     * When it was over.
     *
     * @param time the time
     * @return this builder
     */
    public Builder endedAt(Instant time) {
      endedAt = Optional.of(time);
      return this;
    }

    /**
     * When to look at it again.
     *
     * @param time the time, empty for when something happens
     * @return this builder
     */
    public Builder due(Optional<Instant> time) {
      due = time;
      return this;
    }

    /**
     * Builds the progress.
     *
     * @return the progress
     */
    public RolloutProgress build() {
      return new RolloutProgress(
          state,
          reason,
          stage,
          stageSince,
          gateMetSince,
          despiteGuards,
          accepted,
          pace,
          tokens,
          tokensAt,
          enrolment,
          startedAt,
          endedAt,
          due);
    }
  }
}
