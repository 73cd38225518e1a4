package io.groupota.http;

import io.groupota.InvalidRequestException;
import io.groupota.OtaQuery;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The query parameters of the list. Read from the query string itself: the container's parameters
 * would include those of a body. Unknown parameters are ignored; an empty value is none.
 *
 * @param query which records
 * @param draw what to echo, empty if it was not given
 */
record ListQuery(OtaQuery query, Optional<String> draw) {
  private static final Set<String> NAMES =
      Set.of("search_value", "offset", "limit", "draw", "order_dir");
  private static final int MAX_DRAW_LENGTH = 256;

  /** Room for the many parameters that a grid sends beside those of the protocol. */
  private static final int MAX_LENGTH = 16_384;

  private static final Pattern NUMBER = Pattern.compile("[0-9]+");

  static ListQuery parse(@Nullable String queryString) {
    Map<String, String> parameters = parameters(bounded(queryString == null ? "" : queryString));
    OtaQuery.Builder query = OtaQuery.builder();
    text(parameters, "search_value", OtaQuery.MAX_SEARCH_LENGTH).ifPresent(query::search);
    number(parameters, "offset", Long.MAX_VALUE).ifPresent(query::offset);
    number(parameters, "limit", Integer.MAX_VALUE).ifPresent(l -> query.limit(l.intValue()));
    Optional.ofNullable(parameters.get("order_dir")).map(ListQuery::order).ifPresent(query::order);
    return new ListQuery(query.build(), text(parameters, "draw", MAX_DRAW_LENGTH));
  }

  private static String bounded(String queryString) {
    if (queryString.length() > MAX_LENGTH) {
      throw new InvalidRequestException(
          "query", "The query string is too long (at most " + MAX_LENGTH + " characters)");
    }
    return queryString;
  }

  private static Map<String, String> parameters(String queryString) {
    Map<String, String> parameters = new HashMap<>();
    Map<String, String> seen = new HashMap<>();
    for (String pair : queryString.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals));
      if (!NAMES.contains(name)) {
        continue;
      }
      String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
      if (seen.putIfAbsent(name, value) != null) {
        throw new InvalidRequestException(name, name + " is given more than once");
      }
      if (!value.isEmpty()) {
        parameters.put(name, value);
      }
    }
    return parameters;
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException("query", "The query string is not properly encoded");
    }
  }

  private static Optional<String> text(Map<String, String> parameters, String name, int max) {
    String value = parameters.get(name);
    if (value != null && value.length() > max) {
      throw new InvalidRequestException(
          name, name + " is too long (at most " + max + " characters)");
    }
    return Optional.ofNullable(value);
  }

  private static Optional<Long> number(Map<String, String> parameters, String name, long max) {
    String value = parameters.get(name);
    if (value == null) {
      return Optional.empty();
    }
    if (NUMBER.matcher(value).matches()) {
      try {
        long number = Long.parseLong(value);
        if (number <= max) {
          return Optional.of(number);
        }
      } catch (NumberFormatException e) {
        // More digits than a long holds: out of range like the others.
      }
    }
    throw new InvalidRequestException(name, name + " must be an integer from 0 to " + max);
  }

  private static OtaQuery.Order order(String value) {
    return switch (value) {
      case "asc" -> OtaQuery.Order.ASC;
      case "desc" -> OtaQuery.Order.DESC;
      default -> throw new InvalidRequestException("order_dir", "order_dir must be asc or desc");
    };
  }
}
