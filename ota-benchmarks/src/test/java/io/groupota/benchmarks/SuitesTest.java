package io.groupota.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A small run of each suite: that it works, not how fast. */
class SuitesTest {
  private static Postgres postgres;

  @BeforeAll
  static void start() throws Exception {
    postgres = Postgres.open(Optional.empty());
  }

  @AfterAll
  static void stop() throws Exception {
    postgres.close();
  }

  static Stream<String> suites() {
    return Suites.ALL.stream().map(Suite::name);
  }

  @ParameterizedTest
  @MethodSource("suites")
  void measuresAndLeavesNothing(String suite) throws Exception {
    Options options = Options.parse(new String[] {suite, "--quick", "--db", postgres.url()});

    List<Row> rows =
        SuiteProcess.run(
            options, new Progress(new PrintStream(OutputStream.nullOutputStream()), false));

    assertThat(rows).isNotEmpty().allMatch(row -> row.name().startsWith(suite + "."));
    assertThat(rows).extracting(Row::name).doesNotHaveDuplicates();
    assertThat(rows).allMatch(row -> row.value() >= 0 && Double.isFinite(row.value()));
    assertThat(rows).anyMatch(row -> row.limit().orElse(0) > 0 && row.ratio().orElse(0) > 0);
    assertThat(rows).anyMatch(row -> row.target().isPresent() && row.pass().isPresent());
    assertThat(schemasLeft()).isZero();
  }

  private static long schemasLeft() throws Exception {
    return Long.parseLong(
        ask("SELECT COUNT(*) FROM pg_namespace WHERE nspname LIKE 'ota_bench_%'"));
  }

  private static String ask(String query) throws Exception {
    try (Connection connection = DriverManager.getConnection(postgres.url());
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      row.next();
      return row.getString(1);
    }
  }

  @Test
  void theDatabaseIsAsDurableAsInProduction() throws Exception {
    for (String setting : List.of("fsync", "synchronous_commit", "full_page_writes")) {
      assertThat(ask("SHOW " + setting)).as(setting).isEqualTo("on");
    }
  }

  @Test
  void everyPublishedModuleIsMeasured() throws Exception {
    String bom = Files.readString(Path.of("..", "ota-bom", "pom.xml"));
    List<String> published =
        Pattern.compile("<artifactId>([^<]+)</artifactId>")
            .matcher(bom.substring(bom.indexOf("<dependencyManagement>")))
            .results()
            .map(match -> match.group(1))
            .toList();

    assertThat(published).contains("ota-core");
    assertThat(Modules.all()).extracting(Modules.Module::name).containsExactlyElementsOf(published);
  }

  @Test
  void theListsOfDependenciesAreThoseOfTheBuild() throws Exception {
    assertThat(Modules.dependencies("ota-core"))
        .extracting(line -> line.split(":", -1)[1])
        .containsExactlyInAnyOrder("java-semver", "slf4j-api", "jspecify");
    assertThat(Modules.dependencies("ota-http"))
        .extracting(line -> line.split(":", -1)[1])
        .contains("ota-core", "jackson-core")
        .doesNotContain("jakarta.servlet-api", "junit-jupiter");
    assertThat(Modules.all()).allMatch(module -> module.kilobytes() > 10);
  }
}
