package io.groupota.storage.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.testkit.service.DeployContract;
import io.groupota.testkit.service.EventContract;
import io.groupota.testkit.service.ReportContract;
import io.groupota.testkit.service.ServiceContract.Backend;
import io.groupota.testkit.service.SweepContract;
import io.groupota.testkit.service.TriggerContract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The contracts of the whole service, on real databases and a real folder. */
class ServiceOnDatabasesTest {
  @TempDir static Path folder;

  private static final HikariDataSource H2 = new HikariDataSource(TestDatabase.h2Memory());
  private static final HikariDataSource POSTGRESQL = new HikariDataSource(TestDatabase.postgres());

  @AfterAll
  static void close() {
    H2.close();
    POSTGRESQL.close();
  }

  private static Backend backend(HikariDataSource database, Clock clock) {
    JdbcOtaRepository repository = JdbcOtaRepository.builder(database).clock(clock).build();
    TestDatabase.empty(database);
    try {
      return new Backend(
          repository,
          FileSystemBlobStore.in(Files.createTempDirectory(folder, "blobs")),
          JdbcGroupRegistry.using(database));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Nested
  class DeployOnH2 extends DeployContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class TriggerOnH2 extends TriggerContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class ReportOnH2 extends ReportContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class EventsOnH2 extends EventContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class DeployOnPostgreSql extends DeployContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class TriggerOnPostgreSql extends TriggerContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class EventsOnPostgreSql extends EventContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class ReportOnPostgreSql extends ReportContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class SweepOnH2 extends SweepContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class SweepOnPostgreSql extends SweepContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }
}
