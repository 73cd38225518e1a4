package io.groupota.storage.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.spi.GroupRegistry;
import io.groupota.testkit.contract.GroupRegistryContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** The contract of the registry, on every database and with either kind of pool. */
class JdbcGroupRegistryTest {
  @Nested
  class InMemory extends OnDatabase {
    InMemory() {
      super(TestDatabase.h2Memory(), false);
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
  abstract static class OnDatabase implements GroupRegistryContract {
    private final HikariDataSource dataSource;
    private final GroupRegistry registry;

    OnDatabase(HikariConfig config, boolean autocommit) {
      config.setAutoCommit(autocommit);
      dataSource = new HikariDataSource(config);
      registry = JdbcGroupRegistry.using(dataSource);
    }

    @AfterAll
    void close() {
      dataSource.close();
    }

    @Override
    public GroupRegistry registry() {
      TestDatabase.empty(dataSource);
      return registry;
    }
  }
}
