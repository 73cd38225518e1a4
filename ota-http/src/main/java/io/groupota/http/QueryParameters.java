package io.groupota.http;

import io.groupota.InvalidRequestException;
import io.groupota.OtaQuery;
import java.math.BigInteger;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a list. Read from the query string itself: the container's parameters would
 * include those of a body. Unknown parameters are ignored; an empty value is none.
 */
final class QueryParameters {
  private static final int MAX_DRAW_LENGTH = 256;

  /** Room for the many parameters that a grid sends beside those of the protocol. */
  private static final int MAX_LENGTH = 16_384;

  private static final Pattern NUMBER = Pattern.compile("[0-9]+");
  private static final BigInteger LARGEST_OFFSET = BigInteger.valueOf(Long.MAX_VALUE);
  private static final String OFFSETS = "an integer from 0 to " + LARGEST_OFFSET;
  private static final BigInteger LARGEST_LIMIT = BigInteger.valueOf(Integer.MAX_VALUE);

  private final Map<String, String> values;

  private QueryParameters(Map<String, String> values) {
    this.values = values;
  }

  /** Reads the parameters that have one of these names. */
  static QueryParameters of(@Nullable String queryString, Set<String> names) {
    Map<String, String> values = new HashMap<>();
    Map<String, String> seen = new HashMap<>();
    for (String pair : bounded(queryString == null ? "" : queryString).split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals));
      if (!names.contains(name)) {
        continue;
      }
      String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
      if (seen.putIfAbsent(name, value) != null) {
        throw new InvalidRequestException(name, name + " is given more than once");
      }
      if (!value.isEmpty()) {
        values.put(name, value);
      }
    }
    return new QueryParameters(values);
  }

  private static String bounded(String queryString) {
    if (queryString.length() > MAX_LENGTH) {
      throw new InvalidRequestException(
          "query", "The query string is too long (at most " + MAX_LENGTH + " characters)");
    }
    return queryString;
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new InvalidRequestException("query", "The query string is not properly encoded");
    }
  }

  Optional<String> search() {
    return text("search_value", OtaQuery.MAX_SEARCH_LENGTH);
  }

  Optional<String> draw() {
    return text("draw", MAX_DRAW_LENGTH);
  }

  private Optional<String> text(String name, int max) {
    String value = values.get(name);
    if (value != null && value.length() > max) {
      throw new InvalidRequestException(
          name, name + " is too long (at most " + max + " characters)");
    }
    return Optional.ofNullable(value);
  }

  long offset() {
    BigInteger offset = number("offset", OFFSETS).orElse(BigInteger.ZERO);
    if (offset.compareTo(LARGEST_OFFSET) > 0) {
      throw outside("offset", OFFSETS);
    }
    return offset.longValue();
  }

  /** However large: the service cuts it to its maximum. */
  OptionalInt limit() {
    return number("limit", "an integer from 0")
        .map(limit -> OptionalInt.of(limit.min(LARGEST_LIMIT).intValue()))
        .orElse(OptionalInt.empty());
  }

  private Optional<BigInteger> number(String name, String range) {
    String value = values.get(name);
    if (value != null && !NUMBER.matcher(value).matches()) {
      throw outside(name, range);
    }
    return Optional.ofNullable(value).map(BigInteger::new);
  }

  private static InvalidRequestException outside(String name, String range) {
    return new InvalidRequestException(name, name + " must be " + range);
  }

  OtaQuery.Order order() {
    return switch (values.getOrDefault("order_dir", "asc")) {
      case "asc" -> OtaQuery.Order.ASC;
      case "desc" -> OtaQuery.Order.DESC;
      default -> throw new InvalidRequestException("order_dir", "order_dir must be asc or desc");
    };
  }

  /** One of the constants of an enum, by its name in lower case. */
  <S extends Enum<S>> Optional<S> state(Class<S> type) {
    String value = values.get("state");
    if (value == null) {
      return Optional.empty();
    }
    S[] states = type.getEnumConstants();
    return Optional.of(
        Stream.of(states)
            .filter(state -> lower(state).equals(value))
            .findFirst()
            .orElseThrow(() -> unknownState(states)));
  }

  private static InvalidRequestException unknownState(Enum<?>[] states) {
    return new InvalidRequestException(
        "state",
        Stream.of(states)
            .map(QueryParameters::lower)
            .collect(Collectors.joining(", ", "state must be one of ", "")));
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
