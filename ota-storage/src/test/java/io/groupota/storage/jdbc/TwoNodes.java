package io.groupota.storage.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.spi.OtaRepository;
import java.time.Clock;
import java.util.List;

/**
 * The repositories of two nodes on one storage, for properties: as there are many tries, the
 * databases are never emptied, so each try has groups and devices of its own.
 */
@FunctionalInterface
interface TwoNodes {
  TwoNodes IN_MEMORY =
      clock -> {
        OtaRepository shared = new InMemoryOtaRepository(clock);
        return List.of(shared, shared);
      };

  List<OtaRepository> open(Clock clock);

  static TwoNodes onH2() {
    return on(H2.POOL);
  }

  static TwoNodes onPostgreSql() {
    return on(PostgreSql.POOL);
  }

  private static TwoNodes on(HikariDataSource pool) {
    return clock -> List.of(node(pool, clock), node(pool, clock));
  }

  private static OtaRepository node(HikariDataSource pool, Clock clock) {
    return JdbcOtaRepository.builder(pool).clock(clock).migrate(false).build();
  }

  private static HikariDataSource migrated(TestDatabase.Kind kind) {
    HikariDataSource pool = kind.pool(4);
    JdbcOtaRepository.using(pool);
    return pool;
  }

  /** Ends with the JVM, like the server of the other. */
  final class H2 {
    private static final HikariDataSource POOL = migrated(TestDatabase.Kind.H2);

    private H2() {}
  }

  /** Ends with the JVM, like its server. */
  final class PostgreSql {
    private static final HikariDataSource POOL = migrated(TestDatabase.Kind.POSTGRESQL);

    private PostgreSql() {}
  }
}
