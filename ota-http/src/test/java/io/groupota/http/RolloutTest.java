package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.GroupId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rollouts from the deploy to their end, over HTTP, and what devices see meanwhile. */
@Timeout(120)
class RolloutTest {
  private static final String TWO_STAGES =
      "{\"stages\":[{\"percent\":20,\"gate\":{\"approval\":true}},{\"percent\":100}]}";

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

  @Test
  void aRolloutGoesFromItsDeployToItsCompletion() throws Exception {
    String id = fleet.begin("2.0.0", TWO_STAGES);
    assertThat(fleet.get("/rollouts/" + id).text()).contains("\"state\":\"running\",\"stage\":0");
    List<String> first = fleet.in(id, "triggered");
    List<String> rest = fleet.in(id, "queued");
    assertThat(first).hasSize(2);
    assertThat(rest).hasSize(8);
    assertTold(first, "2.0.0");
    assertTold(rest, "1.0.0");

    fleet.report(first, "2.0.0");
    assertState(fleet.get("/rollouts/" + id), "awaiting_approval");
    assertTold(rest, "1.0.0");
    RawHttp.Answer approved = fleet.post("/rollouts/" + id + "/approve");
    assertState(approved, "running");
    assertThat(approved.text()).contains("\"stage\":1,\"stages\":2");
    fleet.run();
    assertThat(fleet.in(id, "triggered")).isEqualTo(rest);
    assertTold(rest, "2.0.0");

    fleet.report(rest, "2.0.0");
    String completed = fleet.get("/rollouts/" + id).text();
    assertThat(completed)
        .contains("\"state\":\"completed\"")
        .contains("\"ended_at\":\"2026-01-05T08:00:0")
        .contains("\"devices\":10,\"counts\":{\"queued\":0,")
        .contains("\"updated\":10,\"failed\":0,");
    assertThat(fleet.get("/group").text()).contains("\"version\":\"2.0.0\"");
    assertThat(fleet.post("/rollouts/" + id + "/cancel").status()).isEqualTo(409);
  }

  @Test
  void aRolloutIsShownToTheLastByte() throws Exception {
    String before = fleet.service.served(new GroupId(Fleet.GROUP)).get().id().value();
    String id = fleet.begin("2.0.0", TWO_STAGES);

    RawHttp.Answer answer = fleet.get("/rollouts/" + id);

    String counts =
        ",\"admitted\":0,\"triggered\":%d,\"downloading\":0,\"retrying\":0,\"updated\":0,"
            + "\"failed\":0,\"timed_out\":0,\"rejected\":0,\"fell_back\":0,\"excluded\":0,"
            + "\"canceled\":0}";
    assertThat(answer.text().replaceFirst("\"update\":\"[0-9a-f]{24}\"", "\"update\":\"NEW\""))
        .isEqualTo(
            "{\"_id\":\""
                + id
                + "\",\"owner\":\"5e10fc5e77ba18070312e171\",\"version\":\"2.0.0\","
                + "\"state\":\"running\",\"stage\":0,\"stages\":2,\"enrolled\":true,"
                + "\"created_at\":\"2026-01-05T08:00:01.000Z\","
                + "\"started_at\":\"2026-01-05T08:00:02.000Z\",\"devices\":10,\"counts\":{\"queued\":8"
                + counts.formatted(2)
                + ",\"groups\":[{\"group\":\"5e1b76bc4315b70eb242567a\",\"update\":\"NEW\","
                + ("\"base\":\"" + before + "\",\"status\":\"waiting\",\"blocked\":false}],")
                + "\"stage_counts\":[{\"queued\":0"
                + counts.formatted(2)
                + ",{\"queued\":8"
                + counts.formatted(0)
                + "],\"plan\":{\"stages\":[{\"percent\":20.0,\"gate\":{\"proven_percent\":100.0,"
                + "\"soak\":\"PT0S\",\"approval\":true}},{\"percent\":100.0,\"gate\":{"
                + "\"proven_percent\":100.0,\"soak\":\"PT0S\",\"approval\":false}}],\"stop\":[],"
                + "\"pace\":{\"growth\":1.0,\"grow_every\":1},\"windows\":[],\"device\":{"
                + "\"react_within\":\"PT15M\",\"finish_within\":\"PT15M\",\"retries\":2,"
                + "\"backoff\":\"PT5M\",\"max_backoff\":\"PT6H\",\"jitter\":\"PT0S\"},"
                + "\"guards\":{\"allow_downgrade\":false}}}");
    assertThat(answer.header("Content-Type")).isEqualTo("application/json;charset=utf-8");
    assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
  }

  @Test
  void whatIsShownAsThePlanCanBeDeployedAgain() throws Exception {
    String id = fleet.begin("2.0.0", TWO_STAGES);
    String shown = fleet.get("/rollouts/" + id).text();
    String plan = shown.substring(shown.indexOf(",\"plan\":") + 8, shown.length() - 1);

    String again = fleet.begin("3.0.0", plan);

    assertThat(fleet.get("/rollouts/" + again).text()).endsWith(",\"plan\":" + plan + "}");
  }

  @Test
  void latestAndDownloadAgreeWhateverMovesBetweenThem() throws Exception {
    String id = fleet.begin("2.0.0", "{\"stages\":[{\"percent\":20},{\"percent\":100}]}");
    List<String> first = fleet.in(id, "triggered");
    List<String> rest = fleet.in(id, "queued");

    assertState(fleet.post("/rollouts/" + id + "/pause"), "paused");
    assertThat(fleet.get("/rollouts/" + id).text()).contains("\"reason\":\"owner\"");
    fleet.run();
    assertTold(first, "2.0.0");
    assertTold(rest, "1.0.0");
    fleet.report(first, "2.0.0");
    assertTold(rest, "1.0.0");

    assertState(fleet.post("/rollouts/" + id + "/resume"), "running");
    assertTold(rest, "1.0.0");
    fleet.run();
    assertTold(rest, "2.0.0");

    fleet.report(rest.subList(0, 3), "2.0.0");
    assertState(fleet.post("/rollouts/" + id + "/cancel"), "canceled");
    fleet.run();
    assertTold(first, "2.0.0");
    assertTold(rest, "2.0.0");

    RawHttp.Answer back = fleet.post("/rollouts/" + id + "/rollback");
    assertState(back, "rolled_back");
    fleet.run();
    assertTold(first, "1.0.0");
    assertTold(rest, "1.0.0");
  }

  @Test
  void aCanceledRolloutLeavesTheDevicesThatWaitAlone() throws Exception {
    String id = fleet.begin("2.0.0", TWO_STAGES);
    List<String> first = fleet.in(id, "triggered");
    List<String> rest = fleet.in(id, "queued");

    assertState(fleet.post("/rollouts/" + id + "/cancel"), "canceled");
    fleet.run();

    assertThat(fleet.in(id, "canceled")).isEqualTo(rest);
    assertTold(first, "2.0.0");
    assertTold(rest, "1.0.0");
  }

  @Test
  void aRollbackCanNameAnUpdate() throws Exception {
    String first = fleet.service.served(new GroupId(Fleet.GROUP)).get().id().value();
    String one = fleet.begin("2.0.0", "{\"stages\":[{\"percent\":100}]}");
    fleet.report(fleet.in(one, "triggered"), "2.0.0");
    String two = fleet.begin("3.0.0", TWO_STAGES);

    assertState(
        fleet.post("/rollouts/" + two + "/rollback", "{\"update\":\"" + first + "\"}"),
        "rolled_back");

    fleet.run();
    assertTold(List.of(RolloutFleet.id(1), RolloutFleet.id(10)), "1.0.0");
  }

  @Test
  void aRolloutThatIsStartedByHandWaitsForIt() throws Exception {
    String id = fleet.begin("2.0.0", "{\"stages\":[{\"percent\":100}],\"start\":\"manual\"}");
    assertState(fleet.get("/rollouts/" + id), "scheduled");
    assertThat(fleet.get("/rollouts/" + id).text()).doesNotContain("started_at", "ended_at");
    assertTold(List.of(RolloutFleet.id(1)), "1.0.0");

    assertState(fleet.post("/rollouts/" + id + "/start"), "running");
    fleet.run();

    assertTold(List.of(RolloutFleet.id(1)), "2.0.0");
    assertThat(fleet.post("/rollouts/" + id + "/start").status()).isEqualTo(409);
  }

  @Test
  void thePaceIsChangedWhileItRuns() throws Exception {
    String id = fleet.begin("2.0.0", "{\"stages\":[{\"percent\":100}],\"pace\":{\"in_flight\":1}}");
    assertThat(fleet.in(id, "triggered")).hasSize(1);

    RawHttp.Answer answer =
        fleet.post("/rollouts/" + id + "/pace", "{\"per_minute\":6000,\"in_flight\":4}");

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.text())
        .contains(
            "\"pace\":{\"per_minute\":6000.0,\"growth\":1.0,\"grow_every\":1,\"in_flight\":4}");
    fleet.run();
    fleet.run();
    assertThat(fleet.in(id, "triggered")).hasSize(4);
    assertThat(fleet.post("/rollouts/" + id + "/pace", "{}").text())
        .contains("\"pace\":{\"growth\":1.0,\"grow_every\":1}");
    fleet.run();
    assertThat(fleet.in(id, "triggered")).hasSize(10);
  }

  @Test
  void furtherGroupsFollowAsAWhole() throws Exception {
    String plan =
        "{\"groups\":[{\"group\":\"%s\",\"token\":\"%s\"}],\"stages\":[{\"groups\":[\"%s\"]},"
            + "{\"percent\":100}]}";
    String id =
        fleet.begin(
            "2.0.0", plan.formatted(Fleet.SECOND_GROUP, Fleet.SECOND_TOKEN, Fleet.SECOND_GROUP));

    String shown = fleet.get("/rollouts/" + id).text();
    assertThat(RolloutFleet.all("group", shown))
        .containsExactlyInAnyOrder(Fleet.GROUP, Fleet.SECOND_GROUP);
    assertThat(shown).contains("\"status\":\"reached\"").doesNotContain(Fleet.SECOND_TOKEN);
    assertThat(fleet.in(id, "triggered"))
        .containsExactly(RolloutFleet.id(101), RolloutFleet.id(102));
    assertThat(fleet.get("/rollouts/" + id + "/devices").text())
        .contains("\"addressing\":\"group\"", "\"addressing\":\"device\"");
    assertThat(group("latest/" + Fleet.SECOND_GROUP).text()).isEqualTo("{\"ver\":\"2.0.0\"}");
    assertThat(group("latest/" + Fleet.GROUP).text()).isEqualTo("{\"ver\":\"1.0.0\"}");
    assertThat(group("download/" + Fleet.SECOND_GROUP + Fleet.SECOND_TOKEN).body())
        .isEqualTo(RolloutFleet.NEW);
    assertThat(group("download/" + Fleet.GROUP + Fleet.GROUP_TOKEN).body())
        .isEqualTo(RolloutFleet.OLD);
  }

  @Test
  void aFirmwareThatMustBePassedThroughComesBeforeANewerOne() throws Exception {
    RawHttp.Answer passage =
        fleet.deploy(RolloutFleet.form("2.0.0").field("must_pass_through", "true"));
    assertThat(passage.text()).isEqualTo("{\"message\":\"Firmware successfully deployed\"}");
    assertThat(
            fleet.deploy(RolloutFleet.form("3.0.0").field("must_pass_through", "false")).status())
        .isEqualTo(201);
    fleet.report(List.of(RolloutFleet.id(1)), "2.0.0");

    assertTold(List.of(RolloutFleet.id(1)), "3.0.0");
    assertTold(List.of(RolloutFleet.id(2)), "2.0.0");
  }

  @Test
  void aDeviceThatIsLateFreesItsPlace() throws Exception {
    String id = fleet.begin("2.0.0", "{\"stages\":[{\"percent\":100}],\"pace\":{\"in_flight\":1}}");
    List<String> first = fleet.in(id, "triggered");

    fleet.clock.advance(Duration.ofMinutes(15));
    fleet.run();
    fleet.run();

    assertThat(fleet.in(id, "retrying")).isEqualTo(first);
    assertThat(fleet.in(id, "triggered")).hasSize(1).isNotEqualTo(first);
    assertThat(fleet.get("/rollouts/" + id + "/devices?search_value=" + first.get(0)).text())
        .contains("\"attempts\":1", "\"due\":\"2026-01-05T08:");
  }

  private RawHttp.Answer group(String path) throws Exception {
    try (RawHttp http = fleet.server.raw()) {
      return http.send("GET /v1/ota/group/" + path + " HTTP/1.1\r\nHost: ota\r\n\r\n").read();
    }
  }

  private void assertTold(List<String> devices, String version) throws Exception {
    for (String device : devices) {
      assertThat(fleet.told(device)).as(device).isEqualTo(version);
    }
  }

  private static void assertState(RawHttp.Answer answer, String state) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    assertThat(answer.text()).contains("\"state\":\"" + state + "\"");
  }
}
