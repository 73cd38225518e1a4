package io.groupota.internal;

import io.groupota.DeviceState;
import io.groupota.UpdateCode;
import io.groupota.rollout.DeviceLimits;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import io.groupota.spi.RolloutQueue.DueMember;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutQueue.Move;
import io.groupota.spi.RolloutStep;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where a device of a rollout goes: a function of where it is, of what it last reported, and of the
 * time. Deadlines follow from when it came into its state, so looking early does no harm.
 */
final class MemberRules {
  /**
   * Where a device goes.
   *
   * @param move the change
   * @param trigger whether its trigger is to be sent first
   * @param late where it goes instead if that cannot be handed over, empty if it stays where it is
   *     and is tried again
   */
  record Fate(Move move, boolean trigger, Optional<Move> late) {}

  private final MemberContext context;
  private final Member member;
  private final Optional<DeviceState> reported;
  private final Optional<String> version;
  private final Instant now;
  private final DeviceLimits limits;

  MemberRules(MemberContext context, DueMember due) {
    this.context = context;
    this.member = due.member();
    this.reported = due.reported().filter(state -> state.group().equals(member.group()));
    this.version = reported.flatMap(DeviceState::reportedVersion);
    this.now = due.now();
    this.limits = context.rollout().plan().devices();
  }

  /** Where the device goes; the same state again if it stays. */
  Fate fate() {
    Move next = next();
    boolean begins =
        next.state() == RolloutDeviceState.TRIGGERED
            && member.state() == RolloutDeviceState.ADMITTED;
    boolean missed =
        next.state() == RolloutDeviceState.TRIGGERED
            && member.state() == RolloutDeviceState.TRIGGERED
            && hasMissedItsTrigger();
    return new Fate(next, begins || missed, begins ? late() : Optional.empty());
  }

  /**
   * A device that cannot be told has as much time as one that was told has to react: it must not
   * hold its slot for ever. One that was told before has its deadline.
   */
  private Optional<Move> late() {
    boolean early =
        now.isBefore(member.since().plus(limits.reactWithin()))
            || now.isBefore(turn().plus(limits.reactWithin()));
    return early ? Optional.empty() : Optional.of(failed(RolloutDeviceState.TIMED_OUT));
  }

  private Move next() {
    if (context.status() == RolloutGroup.Status.RELEASED) {
      return member.state().isOpen() || member.state() == RolloutDeviceState.EXCLUDED
          ? end(RolloutDeviceState.CANCELED)
          : end(member.state());
    }
    if (version.filter(context.rollout().version()::equals).isPresent()) {
      return end(RolloutDeviceState.UPDATED);
    }
    return switch (member.state()) {
      case UPDATED -> end(RolloutDeviceState.FELL_BACK);
      case QUEUED, EXCLUDED, RETRYING -> waiting();
      case ADMITTED, TRIGGERED, DOWNLOADING -> inFlight();
      case FAILED, TIMED_OUT, REJECTED, FELL_BACK, CANCELED -> end(member.state());
    };
  }

  private Move waiting() {
    RolloutState state = context.rollout().state();
    if (state.isOver()) {
      // Taken in while it was completed: like those that came after, it is given the target.
      boolean late = state == RolloutState.COMPLETED && member.state() == RolloutDeviceState.QUEUED;
      return end(late ? RolloutDeviceState.QUEUED : RolloutDeviceState.CANCELED);
    }
    if (!isLetIn()) {
      return end(RolloutDeviceState.EXCLUDED);
    }
    if (context.isTooLargeFor(reported)) {
      return end(RolloutDeviceState.REJECTED);
    }
    if (member.state() == RolloutDeviceState.RETRYING) {
      Instant end = member.since().plus(limits.backoff(Math.max(1, member.attempts())));
      return now.isBefore(end) ? stay(end) : afterBackoff();
    }
    return followsItsGroup() ? attempt() : queued();
  }

  /**
   * Waits for its turn. A device that follows its group, and was kept out, is looked at once more:
   * if the group was reached since, that did not find it.
   */
  private Move queued() {
    boolean again =
        member.addressing() == Addressing.GROUP && member.state() == RolloutDeviceState.EXCLUDED;
    return move(
        RolloutDeviceState.QUEUED,
        again ? Optional.of(RolloutEnrolment.SECOND_LOOK) : Optional.empty());
  }

  private Move afterBackoff() {
    return followsItsGroup() ? attempt() : end(RolloutDeviceState.QUEUED);
  }

  /** A device that cannot be held back goes on at once. */
  private boolean followsItsGroup() {
    return member.addressing() == Addressing.GROUP
        && context.status() == RolloutGroup.Status.REACHED;
  }

  private Move attempt() {
    return new Move(
        member,
        RolloutDeviceState.ADMITTED,
        member.attempts() + 1,
        Optional.of(now),
        Optional.of(Duration.ZERO));
  }

  private Move inFlight() {
    if (context.isTooLargeFor(reported)) {
      return end(RolloutDeviceState.REJECTED);
    }
    if (hasPassed()) {
      // On to the next version, in the same attempt.
      return new Move(
          member,
          RolloutDeviceState.ADMITTED,
          member.attempts(),
          Optional.of(now),
          Optional.of(Duration.ZERO));
    }
    Optional<Instant> failed = sent(UpdateCode.FAILED);
    Optional<Instant> started = sent(UpdateCode.DOWNLOAD_STARTED);
    if (failed.isPresent() && started.filter(failed.get()::isBefore).isEmpty()) {
      return failed(RolloutDeviceState.FAILED);
    }
    if (member.state() == RolloutDeviceState.ADMITTED && started.isEmpty()) {
      return admitted();
    }
    if (started.isPresent() && member.state() != RolloutDeviceState.DOWNLOADING) {
      return move(
          RolloutDeviceState.DOWNLOADING,
          Optional.of(left(started.get().plus(limits.finishWithin()))));
    }
    boolean downloads = member.state() == RolloutDeviceState.DOWNLOADING;
    Instant begun = started.map(sent -> earlier(sent, member.since())).orElse(member.since());
    Instant deadline =
        downloads ? begun.plus(limits.finishWithin()) : begun.plus(limits.reactWithin());
    if (!now.isBefore(deadline)) {
      return failed(RolloutDeviceState.TIMED_OUT);
    }
    return stay(downloads ? deadline : earlier(deadline, nextLook()));
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }

  /**
   * Whether its trigger, or what it did after it, came to nothing, and it is heard of again: a
   * device that was offline never gets a message that was sent meanwhile. Those that follow their
   * group get what is sent to the group again.
   */
  private boolean hasMissedItsTrigger() {
    Instant lastLook = nextLook().minus(context.triggerAgain());
    return member.addressing() == Addressing.DEVICE
        && lastLook.isAfter(reacted())
        && reported
            .map(DeviceState::lastSeen)
            .filter(seen -> seen.isAfter(lastLook.minus(context.triggerAgain())))
            .isPresent();
  }

  /**
   * When it last did anything since its trigger, or its trigger was sent: whatever it answers to a
   * trigger, it does not get the next one for that.
   */
  private Instant reacted() {
    return Stream.of(
            Optional.of(member.since()),
            sent(UpdateCode.TRIGGER_RECEIVED),
            sent(UpdateCode.UP_TO_DATE),
            reported.flatMap(DeviceState::versionSince))
        .flatMap(Optional::stream)
        .max(Comparator.naturalOrder())
        .orElse(now);
  }

  /** The next of the times at which a device that does not react may be triggered again. */
  private Instant nextLook() {
    long interval = context.triggerAgain().toMillis();
    long waited = Math.max(0, Duration.between(reacted(), now).toMillis());
    return reacted().plusMillis((waited / interval + 1) * interval);
  }

  /** Its trigger is not sent yet. */
  private Move admitted() {
    if (context.rollout().state().isOver()) {
      return end(RolloutDeviceState.CANCELED);
    }
    return member.addressing() == Addressing.GROUP ? triggered() : admittedAlone();
  }

  /**
   * Not if a guard keeps the device out by now, if the rollout does not let anybody through now, or
   * before its share of the jitter is over.
   */
  private Move admittedAlone() {
    boolean goesOn = isAtAPassage();
    if (!goesOn && !isLetIn()) {
      return takenBack(RolloutDeviceState.EXCLUDED);
    }
    if (context.rollout().state() == RolloutState.PAUSED || !context.rollout().plan().isOpen(now)) {
      return takenBack(RolloutDeviceState.QUEUED);
    }
    Instant turn = turn();
    return now.isBefore(turn) ? stay(turn) : triggered();
  }

  private Move triggered() {
    boolean soon = context.triggerAgain().compareTo(limits.reactWithin()) < 0;
    return move(
        RolloutDeviceState.TRIGGERED,
        Optional.of(soon ? context.triggerAgain() : limits.reactWithin()));
  }

  /** Its attempt has not begun after all. */
  private Move takenBack(RolloutDeviceState state) {
    return new Move(member, state, member.attempts() - 1, Optional.empty(), Optional.empty());
  }

  /**
   * When its share of the jitter is over, as {@link RolloutStep.Admit} has it; news come earlier.
   * At once for those that have no share.
   */
  private Instant turn() {
    boolean shares = member.addressing() == Addressing.DEVICE && !isAtAPassage();
    if (!shares || limits.jitter().isZero()) {
      // Without the digest that a place costs: each device of a stage comes here.
      return member.since();
    }
    long share = RolloutPlaces.place(member.rollout(), member.device()) % 1_000;
    return member.since().plusMillis(limits.jitter().toMillis() * share / 1_000);
  }

  /** It goes on from there at once, whether guards would let it begin or not. */
  private boolean isAtAPassage() {
    return context.isAtAPassage(version);
  }

  private Move failed(RolloutDeviceState end) {
    boolean again = member.attempts() <= limits.retries() && !context.rollout().state().isOver();
    if (!again) {
      return end(end);
    }
    // A device that a guard keeps out meanwhile waits for no attempt.
    Duration wait = isLetIn() ? limits.backoff(Math.max(1, member.attempts())) : Duration.ZERO;
    return move(RolloutDeviceState.RETRYING, Optional.of(wait));
  }

  /** When a code was sent in the present attempt. */
  private Optional<Instant> sent(UpdateCode code) {
    Instant begin = member.attemptAt().orElse(member.since());
    return reported.map(state -> state.codes().get(code)).filter(time -> !time.isBefore(begin));
  }

  private boolean hasPassed() {
    return member.state() != RolloutDeviceState.ADMITTED
        && isAtAPassage()
        && reported
            .flatMap(DeviceState::versionSince)
            .filter(since -> !since.isBefore(member.attemptAt().orElse(member.since())))
            .isPresent();
  }

  private boolean isLetIn() {
    return context.isLetIn(member.addressing(), version);
  }

  private Duration left(Instant deadline) {
    Duration left = Duration.between(now, deadline);
    return left.isNegative() ? Duration.ZERO : left;
  }

  private Move stay(Instant due) {
    return move(member.state(), Optional.of(left(due)));
  }

  private Move end(RolloutDeviceState state) {
    return move(state, Optional.empty());
  }

  private Move move(RolloutDeviceState state, Optional<Duration> due) {
    return new Move(member, state, member.attempts(), member.attemptAt(), due);
  }
}
