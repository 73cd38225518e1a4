package io.groupota.examples.stack;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;

/**
 * Lets the pool give up connections to an H2 database that has closed itself, which it does when
 * the disk is full. Otherwise a pool that is never idle goes on using them. Thread-safe.
 */
public final class ClosedDatabase implements SQLExceptionOverride {
  /** H2's code for a database that is closed. */
  private static final String CLOSED = "90098";

  /** Made by the pool or by hand. */
  public ClosedDatabase() {}

  /**
   * Decides what becomes of a connection that failed.
   *
   * @param failure what it threw
   * @return eviction for a closed H2, what the pool thinks best for the rest
   */
  @java.lang.Override
  public Override adjudicate(SQLException failure) {
    return CLOSED.equals(failure.getSQLState()) ? Override.MUST_EVICT : Override.CONTINUE_EVICT;
  }
}
