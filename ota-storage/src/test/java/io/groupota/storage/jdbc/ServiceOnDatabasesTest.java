package io.groupota.storage.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.testkit.service.DeployContract;
import io.groupota.testkit.service.EventContract;
import io.groupota.testkit.service.OverloadContract;
import io.groupota.testkit.service.ReportContract;
import io.groupota.testkit.service.RolloutAgreementContract;
import io.groupota.testkit.service.RolloutContract;
import io.groupota.testkit.service.RolloutControlContract;
import io.groupota.testkit.service.RolloutEventContract;
import io.groupota.testkit.service.RolloutGateContract;
import io.groupota.testkit.service.RolloutLateContract;
import io.groupota.testkit.service.RolloutLossContract;
import io.groupota.testkit.service.RolloutMemberContract;
import io.groupota.testkit.service.RolloutPaceContract;
import io.groupota.testkit.service.RolloutRetryContract;
import io.groupota.testkit.service.RolloutStopContract;
import io.groupota.testkit.service.RolloutWindowContract;
import io.groupota.testkit.service.ServiceContract.Backend;
import io.groupota.testkit.service.SweepContract;
import io.groupota.testkit.service.TriggerContract;
import io.groupota.testkit.service.TwoNodesContract;
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
  class EventOnH2 extends EventContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class OverloadOnH2 extends OverloadContract {
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
  class RolloutOnH2 extends RolloutContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class RolloutAgreementOnH2 extends RolloutAgreementContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class RolloutControlOnH2 extends RolloutControlContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class RolloutEventOnH2 extends RolloutEventContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class RolloutGateOnH2 extends RolloutGateContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class RolloutLateOnH2 extends RolloutLateContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class RolloutLossOnH2 extends RolloutLossContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class RolloutMemberOnH2 extends RolloutMemberContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class RolloutPaceOnH2 extends RolloutPaceContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class RolloutRetryOnH2 extends RolloutRetryContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class RolloutStopOnH2 extends RolloutStopContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class RolloutWindowOnH2 extends RolloutWindowContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
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
  class TriggerOnH2 extends TriggerContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(H2, clock);
    }
  }

  @Nested
  class TwoNodesOnH2 extends TwoNodesContract {
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
  class EventOnPostgreSql extends EventContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class OverloadOnPostgreSql extends OverloadContract {
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
  class RolloutOnPostgreSql extends RolloutContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class RolloutAgreementOnPostgreSql extends RolloutAgreementContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class RolloutControlOnPostgreSql extends RolloutControlContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class RolloutEventOnPostgreSql extends RolloutEventContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class RolloutGateOnPostgreSql extends RolloutGateContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class RolloutLateOnPostgreSql extends RolloutLateContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class RolloutLossOnPostgreSql extends RolloutLossContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class RolloutMemberOnPostgreSql extends RolloutMemberContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class RolloutPaceOnPostgreSql extends RolloutPaceContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class RolloutRetryOnPostgreSql extends RolloutRetryContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class RolloutStopOnPostgreSql extends RolloutStopContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class RolloutWindowOnPostgreSql extends RolloutWindowContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }

  @Nested
  class SweepOnPostgreSql extends SweepContract {
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
  class TwoNodesOnPostgreSql extends TwoNodesContract {
    @Override
    protected Backend backend(Clock clock) {
      return ServiceOnDatabasesTest.backend(POSTGRESQL, clock);
    }
  }
}
