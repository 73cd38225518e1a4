package io.groupota.storage.jdbc;

import io.groupota.InvalidRequestException;
import io.groupota.StorageException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.SqlStatements;
import org.jdbi.v3.core.statement.TemplateEngine;
import org.jdbi.v3.core.transaction.LocalTransactionHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs work on the host's database, one transaction per call. A transaction that lost a race is
 * rolled back and run again as a whole. Thread-safe.
 */
final class Database {
  private static final Logger LOG = LoggerFactory.getLogger(Database.class);

  /**
   * The present time inside SQL. The database's own clock, unless a clock was given: then it is the
   * bound value, see {@link #now()}.
   */
  static final String NOW = "COALESCE(CAST(:now AS TIMESTAMP WITH TIME ZONE), CURRENT_TIMESTAMP)";

  /** A duration inside SQL, see {@link #seconds}. */
  static final String SECONDS = "CAST(:seconds AS NUMERIC(18, 3)) * INTERVAL '1' SECOND";

  private static final Duration LONGEST = Duration.ofDays(36_500);

  private final DataSource dataSource;

  /**
   * Made by the first call: the hundreds of classes that it loads need nobody wait for at a start.
   */
  private volatile @Nullable Jdbi jdbi;

  private final Dialect dialect;
  private final String part;
  private final @Nullable Clock clock;

  /** What makes a commit durable, empty if the commit does that itself. */
  private final String flush;

  private final ClockOffset offset = new ClockOffset();

  private Database(DataSource dataSource, Dialect dialect, String part, @Nullable Clock clock) {
    this.dataSource = dataSource;
    this.dialect = dialect;
    this.part = part;
    this.clock = clock;
    this.flush = flush(dataSource, dialect, part);
  }

  static Database open(DataSource dataSource, String part, boolean migrate, @Nullable Clock clock) {
    Schema.Found found = look(dataSource, part);
    if (migrate && !found.isCurrent()) {
      Schema.migrate(dataSource, found.dialect());
      found = look(dataSource, part);
      if (found.version() == 0) {
        throw new StorageException(
            "The tables of Group OTA are gone again after they were created: an in-memory H2 needs"
                + " ;DB_CLOSE_DELAY=-1 in its URL",
            null);
      }
    }
    found.require();
    return new Database(dataSource, found.dialect(), part, clock);
  }

  /** Which database this is, and which tables of ours are in it. */
  static Schema.Found look(DataSource dataSource, String part) {
    try (Connection connection = dataSource.getConnection()) {
      try {
        return Schema.find(connection);
      } finally {
        if (!connection.getAutoCommit()) {
          connection.rollback();
        }
      }
    } catch (SQLException e) {
      throw Failures.unavailable("The database of the " + part + " could not be reached", e);
    }
  }

  /**
   * Tries it once, since it needs rights that a host may not have given. Not with Jdbi, whose first
   * statement starts the flight recorder of the JVM: a host need not wait for that here.
   */
  private static String flush(DataSource dataSource, Dialect dialect, String part) {
    if (dialect.flush().isEmpty()) {
      return "";
    }
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(dialect.flush());
      return dialect.flush();
    } catch (SQLException e) {
      if (!Failures.sqlState(e).equals(Dialect.NOT_ADMIN)) {
        throw Failures.unavailable("The database of the " + part + " could not be flushed", e);
      }
      LOG.warn(
          "The user of the {} may not run {}: a crash of this process can lose what was committed"
              + " in the last second. Give it admin rights.",
          part,
          dialect.flush());
      return "";
    }
  }

  Dialect dialect() {
    return dialect;
  }

  /** What to bind to {@code :now} of {@link #NOW}. */
  @Nullable Instant now() {
    return clock == null ? null : clock.instant();
  }

  /** The present time for what is worked out here, of the moment of this call. */
  Present present() {
    return new Present(now(), System.nanoTime(), offset, dialect);
  }

  /**
   * A moment of this node, whose time is asked of the database later, when there is a connection.
   *
   * @param given what the clock that was given showed at the moment, null without one
   * @param nanos the counter of the JVM at the moment
   * @param offset what is known of the database's clock
   * @param dialect how it is asked
   */
  record Present(@Nullable Instant given, long nanos, ClockOffset offset, Dialect dialect) {
    /**
     * The moment by the database's clock, if asked as the first statement of a transaction. Later
     * moments have later times, however long an answer takes, unless the database's clock is set.
     * The transaction does not wait for a lock for ever, see {@link Dialect#present}.
     */
    Instant at(Handle handle) {
      if (given != null) {
        return given;
      }
      long asked = System.nanoTime();
      Instant time =
          handle
              .createQuery(dialect.present())
              .map((row, context) -> Columns.presentInstant(row, "present"))
              .one();
      offset.learn(asked, time, System.nanoTime());
      return offset.timeOf(nanos);
    }
  }

  /** What to bind to {@code :seconds} of {@link #SECONDS}; a hundred years stand for ever. */
  static double seconds(Duration duration) {
    Duration capped = duration.compareTo(LONGEST) > 0 ? LONGEST : duration;
    return capped.toMillis() / 1_000.0;
  }

  /** Runs a single query. */
  <T> T read(Function<Handle, T> query) {
    return run("read", query, false, true);
  }

  /**
   * Runs statements in one transaction. The work may be repeated, so it must have no other effects.
   */
  <T> T write(Function<Handle, T> work) {
    return write(work, false);
  }

  /**
   * Runs a single statement. Where connections commit by themselves that is one way to the database
   * and back, not two. The statement may be repeated.
   */
  <T> T writeSingle(Function<Handle, T> statement) {
    return write(statement, true);
  }

  private <T> T write(Function<Handle, T> work, boolean single) {
    if (!dialect.writesInTurn()) {
      return run("written", work, true, single);
    }
    // The one thing that all who write to this database have in common.
    synchronized (dataSource) {
      return run("written", work, true, single);
    }
  }

  private <T> T run(String done, Function<Handle, T> work, boolean writes, boolean single) {
    for (int attempt = 1; ; attempt++) {
      try (Handle handle = open()) {
        T result =
            single && handle.getConnection().getAutoCommit()
                ? work.apply(handle)
                : handle.inTransaction(work::apply);
        if (writes && !flush.isEmpty()) {
          handle.execute(flush);
        }
        return result;
      } catch (JdbiException | SQLException e) {
        if (!dialect.isLostRace(Failures.sqlState(e)) || !Backoff.again(attempt)) {
          throw Failures.unavailable("The " + part + " could not be " + done, e);
        }
      } catch (InvalidRequestException e) {
        // No caller's mistake: the row was not written by this library.
        throw new StorageException("The " + part + " holds a malformed " + e.field(), e);
      }
    }
  }

  private Jdbi jdbi() {
    Jdbi made = jdbi;
    if (made == null) {
      // Two at once make one each, which are alike.
      made = Jdbi.create(dataSource);
      // "Managed": pools that hand out connections with autocommit off are served too.
      made.setTransactionHandler(LocalTransactionHandler.managed());
      // No templates: "<" is an operator.
      made.getConfig(SqlStatements.class).setTemplateEngine(TemplateEngine.NOP);
      jdbi = made;
    }
    return made;
  }

  private Handle open() {
    try {
      return jdbi().open();
    } catch (RuntimeException e) {
      // Pools throw exceptions of their own when they cannot connect.
      throw Failures.unavailable("The database of the " + part + " could not be reached", e);
    }
  }
}
