package io.groupota.http;

import io.groupota.rollout.RolloutQuery;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a list of rollouts, or of the devices of one, is asked for.
 *
 * @param query which ones
 * @param draw what to echo, empty if it was not given
 * @param <S> the states that can be asked for
 */
record RolloutListQuery<S extends Enum<S>>(RolloutQuery<S> query, Optional<String> draw) {
  private static final Set<String> NAMES =
      Set.of("search_value", "offset", "limit", "draw", "order_dir", "state");

  static <S extends Enum<S>> RolloutListQuery<S> parse(
      @Nullable String queryString, Class<S> states) {
    QueryParameters given = QueryParameters.of(queryString, NAMES);
    RolloutQuery<S> query =
        new RolloutQuery<>(
            given.search().orElse(""),
            given.state(states),
            given.offset(),
            given.limit(),
            given.order());
    return new RolloutListQuery<>(query, given.draw());
  }
}
