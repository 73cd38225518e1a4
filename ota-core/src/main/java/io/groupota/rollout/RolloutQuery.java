package io.groupota.rollout;

import io.groupota.InvalidRequestException;
import io.groupota.OtaQuery;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which rollouts, or which devices of a rollout, to return. Immutable.
 *
 * @param search keep rollouts whose id, version or the id of one of their groups contains this
 *     text, or devices whose id does, letter for letter; empty keeps all
 * @param state keep those in this state only
 * @param offset how many to skip
 * @param limit how many to return at the most; empty for the configured default, and never more
 *     than the configured maximum
 * @param order rollouts by the time of their making, ties by id; devices by id
 * @param <S> {@link RolloutState} for rollouts, {@link RolloutDeviceState} for devices
 */
public record RolloutQuery<S extends Enum<S>>(
    String search, Optional<S> state, long offset, OptionalInt limit, OtaQuery.Order order) {
  /**
   * Checks the values.
   *
   * @throws InvalidRequestException if the offset or the limit is negative or the search text too
   *     long
   */
  public RolloutQuery {
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(order, "order");
    OtaQuery.check(search, offset, limit);
  }

  /**
   * The first page of all, the oldest or lowest first.
   *
   * @param <S> the states that are asked for
   * @return the query
   */
  public static <S extends Enum<S>> RolloutQuery<S> all() {
    return new RolloutQuery<S>("", Optional.empty(), 0, OptionalInt.empty(), OtaQuery.Order.ASC);
  }

  /**
   * The same query for another page.
   *
   * @param newOffset how many to skip
   * @param newLimit how many to return at the most
   * @return the query
   * @throws InvalidRequestException if one of them is negative
   */
  public RolloutQuery<S> page(long newOffset, int newLimit) {
    return new RolloutQuery<>(search, state, newOffset, OptionalInt.of(newLimit), order);
  }

  /**
   * The same query for those in one state only.
   *
   * @param wanted the state
   * @return the query
   */
  public RolloutQuery<S> in(S wanted) {
    Objects.requireNonNull(wanted, "wanted");
    return new RolloutQuery<>(search, Optional.of(wanted), offset, limit, order);
  }
}
