package io.groupota.storage.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.spi.OtaRepository;
import io.groupota.testkit.contract.OtaRepositoryContract;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** The contracts of the repository, on every database and with either kind of pool. */
class JdbcOtaRepositoryTest {
  @TempDir static Path folder;

  @Nested
  class InMemory extends OnDatabase {
    InMemory() {
      super(TestDatabase.h2Memory(), true);
    }
  }

  @Nested
  class InAFileWithoutAutocommit extends OnDatabase {
    InAFileWithoutAutocommit() {
      super(TestDatabase.h2File(folder), false);
    }
  }

  @Nested
  @Tag("postgresql")
  class OnPostgreSql extends OnDatabase {
    OnPostgreSql() {
      super(TestDatabase.postgres(), true);
    }
  }

  @Nested
  @Tag("postgresql")
  class OnPostgreSqlWithoutAutocommit extends OnDatabase {
    OnPostgreSqlWithoutAutocommit() {
      super(TestDatabase.postgres(), false);
    }
  }

  @TestInstance(Lifecycle.PER_CLASS)
  abstract static class OnDatabase implements OtaRepositoryContract {
    private final HikariDataSource dataSource;

    OnDatabase(HikariConfig config, boolean autocommit) {
      config.setAutoCommit(autocommit);
      dataSource = new HikariDataSource(config);
      // Once per database; every node migrates in SchemaTest.
      JdbcOtaRepository.using(dataSource);
    }

    @AfterAll
    void close() {
      dataSource.close();
    }

    @Override
    public OtaRepository repository(Clock clock) {
      TestDatabase.empty(dataSource);
      return node(clock);
    }

    @Override
    public OtaRepository anotherNode(OtaRepository repository, Clock clock) {
      return node(clock);
    }

    private OtaRepository node(Clock clock) {
      return JdbcOtaRepository.builder(dataSource).clock(clock).migrate(false).build();
    }
  }
}
