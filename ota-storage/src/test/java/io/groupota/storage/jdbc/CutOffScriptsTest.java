package io.groupota.storage.jdbc;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.UpdateId;
import io.groupota.spi.OtaRepository;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** H2 commits each statement of a script by itself, so one that is cut off leaves a part of it. */
class CutOffScriptsTest {
  private static final String GROUP_OF_BEFORE =
      "INSERT INTO ota_latest (group_id, record_id, update_id, owner, version, path, last_updated)"
          + " VALUES ('%s', '%s', '%s', 'owner', '1.0.0', 'path', '2020-01-01')"
              .formatted(Samples.id(77), Samples.id(78), Samples.id(79));

  /** The script that copies the trigger of each group that is there. */
  private static final int TRIGGERS = 9;

  private static List<String> clean = List.of();

  /** The schema that nothing cut off. */
  @BeforeAll
  static void look() throws SQLException {
    try (HikariDataSource pool = TestDatabase.Kind.H2.pool(4)) {
      JdbcOtaRepository.using(pool);
      clean = schema(pool);
    }
    assertThat(clean).hasSizeGreaterThan(30);
  }

  static Stream<Path> scripts() throws IOException, URISyntaxException {
    try (Stream<Path> all = Files.list(source())) {
      return all.sorted(Comparator.comparingInt(CutOffScriptsTest::version)).toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("scripts")
  void areRunAgainWhereverTheyWereCutOff(Path script) throws Exception {
    int version = version(script);
    List<String> statements = statements(script);
    for (int done = 0; done <= statements.size(); done++) {
      try (HikariDataSource pool = TestDatabase.Kind.H2.pool(4)) {
        if (version > 1) {
          runBefore(script, pool);
          TestDatabase.execute(pool, GROUP_OF_BEFORE);
        }
        for (String statement : statements.subList(0, done)) {
          TestDatabase.execute(pool, statement);
        }
        assertWhole(pool, version > 1 && version <= TRIGGERS ? 2 : 1);
      }
    }
  }

  @Test
  void aPoolWithoutAutocommitIsUpgraded() throws Exception {
    HikariConfig config = TestDatabase.h2Memory();
    config.setAutoCommit(false);
    try (HikariDataSource pool = new HikariDataSource(config)) {
      JdbcOtaRepository.using(pool);
      assertThat(rows(pool, "SELECT version FROM ota_schema")).containsExactly("10");
    }
  }

  @Test
  void tablesOfBeforeGetTheirNewColumns() throws Exception {
    try (HikariDataSource pool = TestDatabase.Kind.H2.pool(4)) {
      TestDatabase.execute(pool, Files.readString(resource("h2-tables-of-before.sql")));
      TestDatabase.execute(pool, GROUP_OF_BEFORE);
      assertWhole(pool, 2);
    }
  }

  private static void runBefore(Path last, DataSource pool) throws Exception {
    for (Path script : scripts().filter(path -> version(path) < version(last)).toList()) {
      TestDatabase.execute(pool, Files.readString(script));
    }
  }

  private static void assertWhole(DataSource pool, int triggers) throws SQLException {
    for (int start = 1; start <= 2; start++) {
      OtaRepository repository = JdbcOtaRepository.using(pool);
      Samples.deploy(repository, start, "1.2." + start);
      assertThat(repository.served(Samples.GROUP).orElseThrow().id())
          .isEqualTo(new UpdateId(Samples.id(start)));
    }
    assertThat(schema(pool)).containsExactlyElementsOf(clean);
    assertThat(rows(pool, "SELECT version || ' from ' || usable_from FROM ota_schema"))
        .containsExactly("10 from 9");
    assertThat(rows(pool, "SELECT group_id FROM ota_trigger")).hasSize(triggers);
  }

  /**
   * What H2 would write to make the tables again, but for names that it made up, and for the table
   * of turns, which comes with the first start that finds something missing.
   */
  private static List<String> schema(DataSource dataSource) throws SQLException {
    return rows(dataSource, "SCRIPT NODATA NOPASSWORDS NOSETTINGS").stream()
        .filter(line -> !line.startsWith("--") && !line.startsWith("CREATE USER"))
        .filter(line -> !line.contains("OTA_SCHEMA_TURN"))
        .map(line -> line.replaceAll("CONSTRAINT_[0-9A-F_]+", "CONSTRAINT"))
        .map(line -> line.replaceAll("( START| RESTART) WITH [0-9]+", ""))
        .map(CutOffScriptsTest::inOrder)
        .sorted()
        .toList();
  }

  /** Columns in the order of their names: those that a table got later come last. */
  private static String inOrder(String statement) {
    return statement.lines().map(line -> line.replaceAll(",$", "")).sorted().collect(joining("\n"));
  }

  private static List<String> rows(DataSource dataSource, String sql) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Connection connection = dataSource.getConnection();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      while (result.next()) {
        rows.add(result.getString(1));
      }
    }
    return rows;
  }

  private static Path source() throws URISyntaxException {
    return resource("h2");
  }

  private static Path resource(String name) throws URISyntaxException {
    return Path.of(CutOffScriptsTest.class.getResource(name).toURI());
  }

  private static int version(Path script) {
    String name = script.getFileName().toString();
    return Integer.parseInt(name.substring(1, name.indexOf("__")));
  }

  private static List<String> statements(Path script) throws IOException {
    String sql = Files.readString(script).replaceAll("(?m)^--.*$", "");
    return Arrays.stream(sql.split(";")).filter(statement -> !statement.isBlank()).toList();
  }
}
