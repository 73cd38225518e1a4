package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.rollout.RolloutPlan;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The optional fields of a deploy. */
@Timeout(120)
class PlanFieldTest {
  private static final String STAGES = "\"stages\":[{\"percent\":100}]";
  private static final String PLAN = "{" + STAGES + "}";
  private static final String OTHER =
      "{\"group\":\"" + Fleet.SECOND_GROUP + "\",\"token\":\"" + Fleet.SECOND_TOKEN + "\"}";
  private static final String TOO_LONG =
      "plan is nested too deeply, or has a name, a text or a number that is too long";

  @TempDir Path spool;

  private RolloutFleet fleet;

  @BeforeEach
  void start() throws Exception {
    fleet = new RolloutFleet(spool);
  }

  @AfterEach
  void stop() throws Exception {
    fleet.close();
  }

  static Stream<Arguments> badPlans() {
    return Stream.of(
        bad("empty", "", "plan is empty; leave it out to deploy to all devices at once"),
        bad("no JSON", "percent=5", "plan is not valid JSON (line 1, column "),
        bad("cut short", "{\n\"stages\":[", "plan is not valid JSON (line 2, column "),
        bad("no object", "[" + PLAN + "]", "plan must be a JSON object (line 1, column 2)"),
        bad("null", "null", "plan must be a JSON object (line 1, column "),
        bad("two objects", PLAN + PLAN, "plan goes on after its end (line 1, column "),
        bad("a comment", "/**/" + PLAN, "plan is not valid JSON (line 1, column "),
        bad("NaN", "{\"stages\":[{\"percent\":NaN}]}", "plan is not valid JSON (line 1, column "),
        bad("a member twice", "{" + STAGES + "," + STAGES + "}", "plan has a member twice ("),
        bad("a null in a list", "{\"stages\":[null]}", "plan has a null in a list ("),
        bad("deep", "{\"stages\":" + "[".repeat(1_000) + "]".repeat(1_000) + "}", TOO_LONG),
        bad("a long number", "{\"stages\":[{\"percent\":" + "1".repeat(65) + "}]}", TOO_LONG),
        bad("a long text", "{\"start\":\"" + "x".repeat(1_025) + "\"}", TOO_LONG),
        bad("a long name", "{\"" + "x".repeat(257) + "\":1}", TOO_LONG),
        bad("nothing", "{}", "plan: stages must name at least one stage"),
        bad("an unknown field", "{" + STAGES + ",\"stage\":1}", "plan.stage is not known"),
        bad(
            "a misspelt field",
            "{\"stages\":[{\"percent\":100,\"gates\":{}}]}",
            "plan.stages[0].gates is not known"),
        bad(
            "out of range",
            "{\"stages\":[{\"percent\":101}]}",
            "plan.stages[0]: percent must be above 0 and at most 100"),
        bad(
            "of another type",
            "{\"stages\":[{\"percent\":\"5\"}]}",
            "plan.stages[0].percent must be a number"),
        bad(
            "a malformed time",
            "{" + STAGES + ",\"deadline\":\"tomorrow\"}",
            "plan.deadline is malformed: "),
        bad(
            "devices left out",
            "{\"stages\":[{\"percent\":50}]}",
            "plan: the stages leave out devices of group " + Fleet.GROUP),
        bad("groups no list", withGroups("{}"), "plan.groups must be a list"),
        bad("a group no object", groups("1"), "plan.groups[0] must be an object"),
        bad("no id", groups("{\"token\":\"t\"}"), "plan.groups[0].group is missing"),
        bad("no token", groups("{\"group\":\"g\"}"), "plan.groups[0].token is missing"),
        bad(
            "an id of another type",
            groups("{\"group\":1,\"token\":\"t\"}"),
            "plan.groups[0].group must be a text"),
        bad(
            "a token of another type",
            groups("{\"group\":\"g\",\"token\":[\"secret\"]}"),
            "plan.groups[0].token must be a text"),
        bad(
            "a malformed id",
            groups(OTHER + ",{\"group\":\"g\",\"token\":\"secret\"}"),
            "plan.groups[1]: Group ID is not valid"),
        bad(
            "an empty token",
            groups("{\"group\":\"" + Fleet.SECOND_GROUP + "\",\"token\":\"\"}"),
            "plan.groups[0]: token is a mandatory field"),
        bad(
            "another member",
            groups(OTHER.replace("}", ",\"secret\":1}")),
            "plan.groups[0] has other members than group and token"),
        bad(
            "a group twice",
            groups(OTHER + "," + OTHER),
            "plan.groups[1].group is given more than once"),
        bad(
            "the first group again",
            groups("{\"group\":\"" + Fleet.GROUP + "\",\"token\":\"" + Fleet.GROUP_TOKEN + "\"}"),
            "plan.groups names the group of the field group again"));
  }

  private static Arguments bad(String name, String plan, String message) {
    return Arguments.of(name, plan, message);
  }

  private static String groups(String elements) {
    return withGroups("[" + elements + "]");
  }

  private static String withGroups(String json) {
    return "{\"groups\":" + json + "," + STAGES + "}";
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badPlans")
  void aBadPlanIsRefusedByItsFieldAndChangesNothing(String name, String plan, String message)
      throws Exception {
    RawHttp.Answer answer = fleet.deploy(RolloutFleet.form("2.0.0").field("plan", plan));

    assertThat(answer.text())
        .startsWith("{\"message\":\"" + message)
        .doesNotContain("secret", Fleet.SECOND_TOKEN, Fleet.GROUP_TOKEN);
    assertThat(answer.status()).isEqualTo(400);
    assertNothingChanged();
  }

  @ParameterizedTest
  @CsvSource({
    Fleet.FOREIGN_GROUP + "," + Fleet.FOREIGN_TOKEN,
    "5e1b76bc4315b70eb2425600," + Fleet.FOREIGN_TOKEN,
    Fleet.SECOND_GROUP + ",wrong",
    Fleet.SECOND_GROUP + ",a-wrong-one-of-more-than-sixty-four-characters-that-no-group-can-have",
  })
  void aFurtherGroupThatIsNotTheOwnersOrWhoseTokenIsWrongIsNotFound(String group, String token)
      throws Exception {
    String plan = groups("{\"group\":\"" + group + "\",\"token\":\"" + token + "\"}");

    RawHttp.Answer answer = fleet.deploy(RolloutFleet.form("2.0.0").field("plan", plan));

    assertThat(answer.text()).isEqualTo("{\"message\":\"No such group\"}");
    assertThat(answer.status()).isEqualTo(404);
    assertNothingChanged();
  }

  @Test
  void thePlanComesBeforeOrAfterTheFileAsAFieldOrAsAFile() throws Exception {
    byte[] json = PLAN.getBytes(StandardCharsets.UTF_8);
    List<Form> forms =
        List.of(
            RolloutFleet.form("2.0.0").field("plan", PLAN),
            withoutFile(new Form().field("plan", PLAN)).file("firmware", "f.bin", RolloutFleet.NEW),
            withoutFile(new Form().file("firmware", "f.bin", RolloutFleet.NEW)).field("plan", PLAN),
            RolloutFleet.form("2.0.0").file("plan", "plan.json", json),
            RolloutFleet.form("2.0.0").file("plan", "", json));
    for (Form form : forms) {
      RawHttp.Answer answer = fleet.deploy(form);
      assertThat(answer.statusLine()).isEqualTo("HTTP/1.1 201 Created");
      assertThat(answer.text())
          .matches(
              "\\{\"message\":\"Firmware successfully deployed\",\"rollout\":\"[0-9a-f]{24}\"\\}");
    }
    assertThat(fleet.get("/rollouts?limit=0").text()).contains("\"recordsTotal\":5,");
    Await.until("the spool is empty", () -> fleet.server.spooled().isEmpty());
  }

  private static Form withoutFile(Form form) {
    return form.field("version", "2.0.0")
        .field("token", Fleet.GROUP_TOKEN)
        .field("group", Fleet.GROUP);
  }

  @ParameterizedTest
  @ValueSource(strings = {"plan", "must_pass_through"})
  void anOptionalFieldComesOnce(String field) throws Exception {
    String value = field.equals("plan") ? PLAN : "true";
    for (Form form :
        List.of(
            RolloutFleet.form("2.0.0").field(field, value).field(field, value),
            RolloutFleet.form("2.0.0").field(field, value).file(field, "x", new byte[1]))) {
      RawHttp.Answer answer = fleet.deploy(form);
      assertThat(answer.text())
          .isEqualTo("{\"message\":\"" + field + " is given more than once\"}");
      assertThat(answer.status()).isEqualTo(400);
    }
    assertNothingChanged();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "yes", "True", "1", "true "})
  void whetherToPassThroughIsTrueOrFalse(String value) throws Exception {
    for (Form form :
        List.of(
            RolloutFleet.form("2.0.0").field("must_pass_through", value),
            RolloutFleet.form("2.0.0").field("plan", PLAN).field("must_pass_through", value))) {
      RawHttp.Answer answer = fleet.deploy(form);
      assertThat(answer.text())
          .isEqualTo("{\"message\":\"must_pass_through must be true or false\"}");
      assertThat(answer.status()).isEqualTo(400);
    }
    assertNothingChanged();
  }

  @Test
  void aVeryLongFlagIsNoFlag() throws Exception {
    Form form = RolloutFleet.form("2.0.0").field("must_pass_through", "x".repeat(5_000));
    assertThat(fleet.deploy(form).status()).isEqualTo(400);
    assertNothingChanged();
  }

  @Test
  void aPlanOfTheLimitIsReadAndALongerOneIsRefused() throws Exception {
    String largest = PLAN + " ".repeat(DeployForm.MAX_PLAN_BYTES - PLAN.length());

    RawHttp.Answer longer = fleet.deploy(withFile(largest + " "));

    assertThat(longer.text())
        .isEqualTo("{\"message\":\"plan is too long (at most 524288 bytes)\"}");
    assertThat(longer.status()).isEqualTo(400);
    assertNothingChanged();
    assertThat(fleet.deploy(withFile(largest)).status()).isEqualTo(201);
  }

  /** Jetty limits all fields of a form that are no files to 200,000 bytes. */
  @Test
  void aFieldThatTheContainerRefusesIsNotTakenForTheFirmware() throws Exception {
    String plan = PLAN + " ".repeat(200_001);

    RawHttp.Answer answer = fleet.deploy(RolloutFleet.form("2.0.0").field("plan", plan));

    assertThat(answer.text())
        .isEqualTo(
            "{\"message\":\"The fields of the form are too long for this server;"
                + " send a long plan as a file\"}");
    assertThat(answer.status()).isEqualTo(400);
    assertNothingChanged();
  }

  private static Form withFile(String plan) {
    byte[] json = plan.getBytes(StandardCharsets.UTF_8);
    return RolloutFleet.form("2.0.0").file("plan", "plan.json", json);
  }

  @Test
  void theLargestFirmwareHasRoomForAPlanBesideIt() throws Exception {
    String largest = PLAN + " ".repeat(DeployForm.MAX_PLAN_BYTES - PLAN.length());
    Form form =
        Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "2.0.0", Fleet.firmware(1 << 20, 5))
            .file("plan", "plan.json", largest.getBytes(StandardCharsets.UTF_8));
    assertThat(fleet.deploy(form).status()).isEqualTo(201);
  }

  @Test
  void aPlanOfTenThousandNamedDevicesFits() throws Exception {
    StringBuilder named = new StringBuilder("\"" + RolloutFleet.id(1) + "\"");
    for (int i = 0; i < 9_999; i++) {
      named.append(",\"").append(String.format("%024x", 1_000_000 + i)).append('"');
    }
    String plan = "{\"stages\":[{\"named\":[" + named + "]},{\"percent\":100}]}";
    RawHttp.Answer answer = fleet.deploy(withFile(plan));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text()).startsWith("{\"message\":\"plan: a stage names device ");
  }

  @Test
  void anOwnerOfTheFreePlanCannotRollOut() throws Exception {
    byte[] request = Form.request(RolloutFleet.form("2.0.0").field("plan", PLAN).bytes());
    String head = new String(request, StandardCharsets.ISO_8859_1);
    byte[] asked =
        head.replace(HttpServer.BEARER, RolloutFleet.FREE).getBytes(StandardCharsets.ISO_8859_1);
    assertThat(fleet.send(asked).status()).isEqualTo(403);
    assertNothingChanged();
  }

  @Test
  void thePlanOfTheReadmeIsOne() throws Exception {
    String readme = Files.readString(Path.of("").toAbsolutePath().resolveSibling("README.md"));
    String section = readme.substring(readme.indexOf("## Staged rollouts"));
    int begin = section.indexOf("```json\n") + 8;
    String json = section.substring(begin, section.indexOf("```", begin));

    RolloutPlan plan = PlanField.of(json.getBytes(StandardCharsets.UTF_8), Scrubber.none()).plan();

    assertThat(RolloutPlan.of(plan.toTree())).isEqualTo(plan);
    assertThat(plan.stages()).hasSize(3);
    assertThat(plan.toTree().keySet())
        .containsExactlyInAnyOrder("stages", "stop", "pace", "windows", "device", "guards");
  }

  @Test
  void noTokenOfAPlanIsLogged() throws Exception {
    try (LogCapture log = new LogCapture()) {
      assertThat(fleet.deploy(RolloutFleet.form("2.0.0").field("plan", groups(OTHER))).status())
          .isEqualTo(201);
      fleet.run();
      assertThat(log.text()).doesNotContain(Fleet.SECOND_TOKEN, Fleet.GROUP_TOKEN);
    }
  }

  private void assertNothingChanged() throws Exception {
    assertThat(fleet.get("/rollouts").text())
        .isEqualTo("{\"rollouts\":[],\"recordsTotal\":0,\"recordsFiltered\":0}");
    assertThat(fleet.told(RolloutFleet.id(1))).isEqualTo("1.0.0");
    Await.until("the spool is empty", () -> fleet.server.spooled().isEmpty());
  }
}
