package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.TriggerQueue.Claim;
import io.groupota.spi.TriggerQueue.Reason;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Triggers of a release that had them in {@code ota_latest}, by its statements. */
class OlderTriggersTest {
  private static final Duration LEASE = Duration.ofMinutes(1);

  private static final String FIRST_DEPLOY =
      "INSERT INTO ota_latest (group_id, record_id, update_id, owner, version, path, last_updated,"
          + " trigger_due, trigger_reason, last_triggered) VALUES ('%s', '%s', '%s', 'owner',"
          + " '1.2.7', 'path', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, '%s', CURRENT_TIMESTAMP)";

  @ParameterizedTest
  @EnumSource
  void whatIsDueStaysDue(TestDatabase.Kind kind) throws Exception {
    try (HikariDataSource pool = kind.pool(4)) {
      JdbcOtaRepository.Builder builder = JdbcOtaRepository.builder(pool).migrate(false);
      String all = TestDatabase.schema(builder);
      TestDatabase.execute(pool, all.substring(0, all.indexOf("-- V9__")));
      TestDatabase.execute(pool, firstDeploy("BEHIND"));
      TestDatabase.execute(pool, TestDatabase.schema(builder));
      OtaRepository node = builder.build();
      Claim claim = only(node);
      assertThat(claim.reason()).isEqualTo(Reason.BEHIND);
      assertThat(claim.version()).isEqualTo("1.2.7");
      assertThat(node.complete(claim)).isTrue();
      node.markBehind(List.of(Samples.GROUP), Duration.ofHours(1));
      assertThat(node.claimDue(LEASE, 10)).isEmpty();
    }
  }

  /** An older node on the same database, which may be gone before it has sent anything. */
  @Nested
  class WithAnOlderNode {
    private static final String DEPLOY =
        "UPDATE ota_latest SET version = '1.3.0', trigger_due = CURRENT_TIMESTAMP,"
            + " trigger_reason = 'DEPLOYED', trigger_attempts = 0";

    private static final String MARK_BEHIND =
        "UPDATE ota_latest SET trigger_due = CURRENT_TIMESTAMP, trigger_reason = 'BEHIND',"
            + " trigger_attempts = 0 WHERE trigger_due IS NULL";

    private static final String COMPLETE =
        "UPDATE ota_latest SET trigger_due = NULL, trigger_reason = NULL, trigger_attempts = 0";

    private HikariDataSource database;
    private OtaRepository node;

    @BeforeEach
    void open() {
      database = new HikariDataSource(TestDatabase.postgres());
      node = JdbcOtaRepository.using(database);
    }

    @AfterEach
    void close() {
      database.close();
    }

    @Test
    void itsFirstDeployToAGroupIsTriggeredHereToo() throws Exception {
      TestDatabase.execute(database, firstDeploy("DEPLOYED"));
      Claim claim = only(node);
      assertThat(claim.reason()).isEqualTo(Reason.DEPLOYED);
      assertThat(claim.version()).isEqualTo("1.2.7");
      assertThat(node.complete(claim)).isTrue();
      assertThat(node.claimDue(LEASE, 10)).isEmpty();
    }

    @Test
    void itsNextDeployIsTriggeredHereToo() throws Exception {
      Samples.deploy(node, 1, "1.2.7");
      node.complete(only(node));
      TestDatabase.execute(database, DEPLOY);
      assertThat(only(node).version()).isEqualTo("1.3.0");
    }

    @Test
    void itsDeploySupersedesWhatIsBeingSentHere() throws Exception {
      Samples.deploy(node, 1, "1.2.7");
      Claim old = only(node);
      TestDatabase.execute(database, DEPLOY);
      assertThat(node.complete(old)).isTrue();
      assertThat(only(node).version()).isEqualTo("1.3.0");
    }

    @Test
    void aDeviceThatIsBehindMakesNoDeployLessUrgent() throws Exception {
      Samples.deploy(node, 1, "1.2.7");
      TestDatabase.execute(database, MARK_BEHIND);
      assertThat(only(node).reason()).isEqualTo(Reason.DEPLOYED);
    }

    @Test
    void aDeviceThatIsBehindIsToldFromHereToo() throws Exception {
      Samples.deploy(node, 1, "1.2.7");
      node.complete(only(node));
      TestDatabase.execute(database, MARK_BEHIND);
      assertThat(only(node).reason()).isEqualTo(Reason.BEHIND);
    }

    @Test
    void whatItHasSentIsNotMadeDueAgain() throws Exception {
      TestDatabase.execute(database, firstDeploy("DEPLOYED"));
      node.complete(only(node));
      TestDatabase.execute(database, COMPLETE);
      assertThat(node.claimDue(LEASE, 10)).isEmpty();
    }
  }

  private static Claim only(OtaRepository node) {
    List<Claim> claims = node.claimDue(LEASE, 10);
    assertThat(claims).hasSize(1);
    return claims.get(0);
  }

  private static String firstDeploy(String reason) {
    return FIRST_DEPLOY.formatted(Samples.GROUP.value(), Samples.id(9), Samples.id(5), reason);
  }
}
