package io.groupota;

import java.util.Objects;
import java.util.OptionalInt;

/**
 * Which of an owner's last updates to return. Immutable; its builder is not thread-safe.
 *
 * @param search keep records whose path contains this text, letter for letter; empty keeps all
 * @param offset records to skip
 * @param limit records to return at the most; empty for the configured default, and never more than
 *     the configured maximum
 * @param order the order of {@link LatestUpdate#lastUpdated()}, ties by {@link LatestUpdate#id()}
 *     in the same direction
 */
public record OtaQuery(String search, long offset, OptionalInt limit, Order order) {
  /** The direction of an order. */
  public enum Order {
    /** Oldest first. */
    ASC,
    /** Newest first. */
    DESC
  }

  /** The longest search text, in characters. */
  public static final int MAX_SEARCH_LENGTH = 256;

  /**
   * Checks the values.
   *
   * @throws InvalidRequestException if the offset or the limit is negative or the search text too
   *     long
   */
  public OtaQuery {
    Objects.requireNonNull(order, "order");
    check(search, offset, limit);
  }

  /**
   * Checks what every query for a page has.
   *
   * @param search the text
   * @param offset records to skip
   * @param limit records to return at the most
   * @throws InvalidRequestException if the offset or the limit is negative or the search text too
   *     long
   */
  public static void check(String search, long offset, OptionalInt limit) {
    Objects.requireNonNull(search, "search");
    Objects.requireNonNull(limit, "limit");
    if (search.length() > MAX_SEARCH_LENGTH) {
      throw new InvalidRequestException(
          "search", "search is too long (at most " + MAX_SEARCH_LENGTH + " characters)");
    }
    if (offset < 0) {
      throw new InvalidRequestException("offset", "offset must not be negative");
    }
    if (limit.orElse(0) < 0) {
      throw new InvalidRequestException("limit", "limit must not be negative");
    }
  }

  /**
   * A query for the first page of all records, oldest first.
   *
   * @return a builder to narrow it
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a query. Not thread-safe. */
  public static final class Builder {
    private String search = "";
    private long offset;
    private OptionalInt limit = OptionalInt.empty();
    private Order order = Order.ASC;

    private Builder() {}

    /**
     * Keeps records whose path contains a text; no character is a wildcard. Default: all records.
     *
     * @param search the text
     * @return this builder
     */
    public Builder search(String search) {
      this.search = Objects.requireNonNull(search, "search");
      return this;
    }

    /**
     * Skips records. Default: 0.
     *
     * @param offset how many
     * @return this builder
     */
    public Builder offset(long offset) {
      this.offset = offset;
      return this;
    }

    /**
     * Limits the page. Default: the service's configured page size.
     *
     * @param limit how many records at the most
     * @return this builder
     */
    public Builder limit(int limit) {
      this.limit = OptionalInt.of(limit);
      return this;
    }

    /**
     * Sets the direction. Default: oldest first.
     *
     * @param order the direction
     * @return this builder
     */
    public Builder order(Order order) {
      this.order = Objects.requireNonNull(order, "order");
      return this;
    }

    /**
     * Builds the query.
     *
     * @return the query
     * @throws InvalidRequestException if a value is out of range
     */
    public OtaQuery build() {
      return new OtaQuery(search, offset, limit, order);
    }
  }
}
