package io.groupota.examples.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What killed servers left in their database and their folder, seen after the last one died. */
final class Leftovers implements AutoCloseable {
  private static final int MANY = 1_000;

  private final Path blobs;

  /** How many updates of a group stay at least. */
  private final int kept;

  private final HikariDataSource pool;
  private final GroupOtaService service;

  Leftovers(Path blobs, KillTest.Run run) {
    this.blobs = blobs;
    this.kept = run.forgets() ? Forgetting.RETENTION.updates() : MANY;
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(run.url());
    config.setUsername(run.user());
    config.setMaximumPoolSize(4);
    this.pool = new HikariDataSource(config);
    GroupOta.Builder node =
        GroupOta.builder()
            .repository(JdbcOtaRepository.builder(pool).migrate(false).build())
            .blobStore(FileSystemBlobStore.in(blobs))
            .groups(JdbcGroupRegistry.builder(pool).migrate(false).build())
            .deployGrace(Duration.ofMillis(1));
    if (run.forgets()) {
      Forgetting forgetting = new Forgetting(Instant.ofEpochMilli(run.forgetsSince()));
      forgetting.advance();
      node.repository(forgetting.repository(pool)).retention(Forgetting.RETENTION);
    }
    this.service = node.build();
  }

  /**
   * The updates that were answered are in the history, or the last of them where old ones are
   * removed, and nothing is that was not sent.
   *
   * @return how many updates there are
   */
  int assertHistoryHolds(List<Deploys> all) {
    int recorded = 0;
    for (Deploys deploys : all) {
      List<OtaUpdate> history =
          service.history(KilledServer.OWNER, deploys.group(), 0, OptionalInt.of(MANY)).updates();
      List<String> versions = new ArrayList<>();
      for (OtaUpdate update : history) {
        versions.add(update.version());
        assertThat(update.firmware().sha256()).isEqualTo(deploys.sent().get(update.version()));
      }
      List<String> answered = deploys.answered();
      int notAnswered = answered.containsAll(versions) ? 0 : 1;
      int expected = Math.min(answered.size(), kept - notAnswered);
      assertThat(versions)
          .doesNotHaveDuplicates()
          .containsAll(answered.subList(answered.size() - expected, answered.size()))
          .hasSizeLessThanOrEqualTo(answered.size() + notAnswered);
      recorded += versions.size();
    }
    return recorded;
  }

  /** The firmware files that no update names. */
  Set<String> orphans() throws IOException, SQLException {
    Set<String> orphans = files(".blob");
    orphans.removeAll(texts("SELECT DISTINCT blob_key FROM ota_update"));
    return orphans;
  }

  Set<String> unfinishedUploads() throws IOException {
    return files(".part");
  }

  /** As a running service does, an hour after the uploads died. */
  void sweepAnHourLater() throws IOException {
    FileTime old = FileTime.from(Instant.now().minus(Duration.ofHours(2)));
    for (String upload : unfinishedUploads()) {
      Files.setLastModifiedTime(blobs.resolve(upload + ".part"), old);
    }
    service.runOnce();
  }

  /** Files, ledger and history agree. */
  void assertNothingLeft() throws IOException, SQLException {
    Set<String> named = texts("SELECT DISTINCT blob_key FROM ota_update");
    assertThat(files(".blob")).isEqualTo(named);
    assertThat(unfinishedUploads()).isEmpty();
    assertThat(texts("SELECT blob_key FROM ota_blob")).isEqualTo(named);
    assertThat(texts("SELECT DISTINCT state FROM ota_blob")).containsExactly("RECORDED");
  }

  @Override
  public void close() {
    service.close();
    pool.close();
  }

  private Set<String> files(String suffix) throws IOException {
    try (Stream<Path> files = Files.walk(blobs)) {
      return files
          .map(file -> blobs.relativize(file).toString())
          .filter(name -> name.endsWith(suffix))
          .map(name -> name.substring(0, name.length() - suffix.length()))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private Set<String> texts(String query) throws SQLException {
    Set<String> found = new HashSet<>();
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      while (rows.next()) {
        found.add(rows.getString(1));
      }
    }
    return found;
  }
}
