package io.groupota.http;

import io.groupota.OtaQuery;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the list of groups is asked for.
 *
 * @param query which records
 * @param draw what to echo, empty if it was not given
 */
record ListQuery(OtaQuery query, Optional<String> draw) {
  private static final Set<String> NAMES =
      Set.of("search_value", "offset", "limit", "draw", "order_dir");

  static ListQuery parse(@Nullable String queryString) {
    QueryParameters given = QueryParameters.of(queryString, NAMES);
    String search = given.search().orElse("");
    return new ListQuery(
        new OtaQuery(search, given.offset(), given.limit(), given.order()), given.draw());
  }
}
