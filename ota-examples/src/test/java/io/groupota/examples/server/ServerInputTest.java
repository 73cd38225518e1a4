package io.groupota.examples.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.examples.cli.UsageException;
import io.groupota.examples.stack.External;
import io.groupota.examples.stack.Fleet;
import io.groupota.spi.Addressing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user can get wrong: the options and the fleet file. */
class ServerInputTest {
  private static final String VALID =
      "--http 127.0.0.1:8080 --mqtt [::1]:1883 --data data --fleet fleet.json";

  @TempDir Path folder;

  @Test
  void theCommandsOfTheReadmeForTwoNodesAreUnderstood() throws IOException {
    List<String> commands =
        Files.readAllLines(Path.of("..", "README.md")).stream()
            .filter(line -> line.startsWith("java -jar ") && line.contains("--db "))
            .toList();
    assertThat(commands).hasSize(2);
    for (String command : commands) {
      // The variables of the command are not set here.
      String[] words = command.replaceAll(".*ota-server.jar ", "").replace("env:", "").split(" ");
      ServerOptions options = ServerOptions.parse(words).orElseThrow();
      External external = options.settings().external();
      assertThat(external.database().orElseThrow().url()).startsWith("jdbc:postgresql:");
      assertThat(external.objectStore().orElseThrow().bucket()).isEqualTo("firmware");
      assertThat(external.broker().orElseThrow().url()).hasScheme("mqtt");
      assertThat(options.toString()).doesNotContain("DB_PASSWORD", "S3_SECRET");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--db-user u",
        "--db jdbc:h2:mem:x --db-user u",
        "--db jdbc:postgresql://h/d",
        "--s3 http://h:9000 --s3-bucket b --s3-access-key k",
        "--s3 ftp://h --s3-bucket b --s3-access-key k --s3-secret-key s",
        "--s3 http://k:s@h --s3-bucket b --s3-access-key k --s3-secret-key s",
        "--s3-redirect 1m",
        "--s3 http://h --s3-bucket b --s3-access-key k --s3-secret-key s --s3-redirect 500ms",
        "--s3 http://h --s3-bucket b --s3-access-key k --s3-secret-key s --s3-redirect 168h",
        "--broker h:1883",
        "--broker mqtt://h",
        "--broker-user u",
        "--broker mqtt://h:1 --broker-password env:THERE_IS_NO_SUCH_VARIABLE"
      })
  void incompleteOrMalformedExternalPartsAreRefused(String more) {
    String all = "--http 127.0.0.1:0 --mqtt 127.0.0.1:0 --data data --fleet fleet.json " + more;
    assertThatThrownBy(() -> ServerOptions.parse(all.split(" ")))
        .isInstanceOf(UsageException.class);
  }

  @Test
  void nobodyIsRedirectedUnlessItIsAskedFor() {
    String s3 = VALID + " --s3 http://h --s3-bucket b --s3-access-key k --s3-secret-key s";
    assertThat(redirect(s3)).isEmpty();
    assertThat(redirect(s3 + " --s3-redirect 2m")).contains(Duration.ofMinutes(2));
  }

  private static Optional<Duration> redirect(String line) {
    return parse(line).settings().external().objectStore().orElseThrow().redirect();
  }

  @Test
  void theOptionsAreRead() {
    ServerOptions options = parse(VALID + " --retrigger 5s --max-upload 2MB");
    assertThat(options.settings().http().port()).isEqualTo(8080);
    assertThat(options.settings().mqtt().port()).isEqualTo(1883);
    assertThat(options.settings().retrigger()).isEqualTo(Duration.ofSeconds(5));
    assertThat(options.settings().maxUpload()).isEqualTo(2L << 20);
    assertThat(options.fleet()).isEqualTo(Path.of("fleet.json"));
    assertThat(parse(VALID).settings().retrigger()).isEqualTo(Duration.ofMinutes(10));
    assertThat(ServerOptions.parse(new String[] {"--help"})).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "--http 127.0.0.1:8080 --mqtt 127.0.0.1:1883 --data data",
        VALID + " --retrigger 5",
        VALID + " --retrigger 0s",
        VALID + " --retrigger -5s",
        VALID + " --retrigger soon",
        VALID + " --max-upload 0MB",
        VALID + " --max-upload 64",
        VALID + " --max-upload lots",
        VALID + " --max-upload",
        VALID + " --http 127.0.0.1:8081",
        VALID + " --verbose",
        VALID + " stray",
        "--http 8080 --mqtt 127.0.0.1:1883 --data data --fleet fleet.json",
        "--http 127.0.0.1:65536 --mqtt 127.0.0.1:1883 --data data --fleet fleet.json",
        "--http 127.0.0.1:x --mqtt 127.0.0.1:1883 --data data --fleet fleet.json",
        "--http 127.0.0.1:80 --mqtt 127.0.0.1:80 --data data --fleet fleet.json",
        "--http 127.0.0.1:80 --mqtt 127.0.0.1:81 --data pom.xml --fleet fleet.json",
        "--http 127.0.0.1:80 --mqtt 127.0.0.1:81 --data a;b --fleet fleet.json"
      })
  void aMalformedOptionIsRefusedInOneLine(String line) {
    assertThatThrownBy(() -> parse(line))
        .isInstanceOf(UsageException.class)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  @Test
  void theFleetFileIsRead() throws IOException {
    Fleet fleet =
        read(
            """
            {"owners":[{"id":"me","bearer":"b","groupOta":false}],
             "groups":[{"id":"5e1b76bc4315b70eb242567a","token":"t","name":"n","owner":"me"}],
             "devices":[{"id":"5e1b5774afd4e404d68aebd6","token":"t","mqttUser":"u"},
                        {"id":"5e1b5774afd4e404d68aebd7","token":"t","mqttUser":"u",
                         "group":"5e1b76bc4315b70eb242567a","addressing":"device"}]}
            """);
    assertThat(fleet.owners().get(0).groupOta()).isFalse();
    assertThat(fleet.groups().get(0).name()).isEqualTo("n");
    assertThat(fleet.devices().get(0).group()).isEmpty();
    assertThat(fleet.devices().get(0).addressing()).isEqualTo(Addressing.GROUP);
    assertThat(fleet.devices().get(1).addressing()).isEqualTo(Addressing.DEVICE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          [] | object
          {"owners":{}} | owners
          {"owner":[{}]} | unknown field owner
          {"owner":[]} | unknown field owner
          {"owners":[],"owners":[]} | owners
          {"owners":[{"id":"me","bearer":"top","plan":null}]} | unknown field owners[0].plan
          {"owners":[{"id":"me","bearer":"top","a\\nb":1}]} | owners[0].a b
          {"owners":[{"id":"me","bearer":"top","bearer":"top"}]} | bearer
          {"owners":[{"id":null,"bearer":"top"}]} | owners[0].id is missing
          {"owners":[{"id":"me","bearer":top}]} | line 1
          {"owners":[{"id":"me"}]} | bearer
          {"owners":[{"id":"me","bearer":"top","groupOta":"yes"}]} | groupOta
          {"owners":[{"id":"me","bearer":"top","plan":1}]} | plan
          {"owners":[{"id":"me","bearer":"top"},{"id":"you","bearer":"top"}]} | bearer
          {"groups":[{"id":"5e1b","token":"t","owner":"me"}]} | id
          {"groups":[{"id":"5e1b76bc4315b70eb242567a","token":"a/b","owner":"me"}]} | token
          {"devices":[{"id":"5e1b5774afd4e404d68aebd6","token":"t","mqttUser":"a/b"}]} | mqttUser
          {"devices":[{"id":"5e1b5774afd4e404d68aebd6","token":"t","mqttUser":"u","group":"x"}]} | group
          {"devices":[{"id":"5e1b5774afd4e404d68aebd6","token":"t","mqttUser":"u","addressing":"x"}]} | addressing
          {"devices":[{"id":7,"token":"t","mqttUser":"u"}]} | id
          {"owners":[ | JSON
          {} x | JSON
          """)
  void aMalformedFleetFileIsRefusedWithItsPlace(String json, String named) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(named)
        .hasMessageNotContaining("top")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          `# a comment` | , line 1, column 1: not valid JSON
          {"owners":[{"id":"me","bearer":top}]} | , line 1, column 32: not valid JSON
          {"owners":[{"id":"me","bearer":"top | , line 1, column 36: not valid JSON
          {"owners":[ | , line 1, column 12: not valid JSON
          {"owners":[],"owners":[]} | , line 1, column 22: not valid JSON: Duplicate field 'owners'
          """)
  void whatIsNoJsonIsRefusedWithItsPlaceAlone(String json, String said) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(UsageException.class)
        .hasMessage("--fleet " + folder.resolve("fleet.json") + said);
  }

  @Test
  void aNameThatIsTooLongForTheParserIsRefused() {
    assertThatThrownBy(() -> read("{\"" + "n".repeat(60_000) + "\":1}"))
        .isInstanceOf(UsageException.class)
        .hasMessageEndingWith(
            "json: it is nested too deeply, or a name, a text or a number is too long");
  }

  @Test
  void aMissingFleetFileIsSaid() {
    assertThatThrownBy(() -> FleetFile.read(folder.resolve("none.json")))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("no such file");
  }

  private static ServerOptions parse(String line) {
    return ServerOptions.parse(line.isEmpty() ? new String[0] : line.split(" ")).orElseThrow();
  }

  private Fleet read(String json) throws IOException {
    return FleetFile.read(Files.writeString(folder.resolve("fleet.json"), json));
  }
}
