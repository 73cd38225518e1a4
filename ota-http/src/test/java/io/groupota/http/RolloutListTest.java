package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The list of rollouts and the list of the devices of one. */
@Timeout(120)
class RolloutListTest {
  private static final String HALF = "{\"stages\":[{\"percent\":50},{\"percent\":100}]}";

  @TempDir Path spool;

  private RolloutFleet fleet;
  private String first;
  private String second;
  private String third;

  @BeforeEach
  void start() throws Exception {
    fleet = new RolloutFleet(spool);
    first = fleet.begin("2.0.0", HALF);
    second = fleet.begin("3.0.0", HALF);
    third =
        fleet.begin(
            "2.0.0", "{\"stages\":[{\"percent\":50},{\"percent\":100}],\"start\":\"manual\"}");
    fleet.run();
  }

  @AfterEach
  void stop() throws Exception {
    fleet.close();
  }

  private List<String> rollouts(String query) throws Exception {
    return ids("_id", "/rollouts" + query);
  }

  private List<String> devices(String query) throws Exception {
    return ids("device", "/rollouts/" + third + "/devices" + query);
  }

  private List<String> ids(String member, String path) throws Exception {
    RawHttp.Answer answer = fleet.get(path);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return RolloutFleet.all(member, answer.text());
  }

  @Test
  void rolloutsArePagedSearchedAndOrderedByTheTimeOfTheirMaking() throws Exception {
    assertThat(rollouts("")).containsExactly(first, second, third);
    assertThat(rollouts("?order_dir=asc")).containsExactly(first, second, third);
    assertThat(rollouts("?order_dir=desc")).containsExactly(third, second, first);
    assertThat(rollouts("?order_dir=desc&limit=1")).containsExactly(third);
    assertThat(rollouts("?offset=1&limit=1")).containsExactly(second);
    assertThat(rollouts("?offset=9223372036854775807")).isEmpty();
    assertThat(rollouts("?limit=2147483648")).containsExactly(first, second, third);
    assertThat(rollouts("?search_value=" + second)).containsExactly(second);
    assertThat(rollouts("?search_value=2.0.0")).containsExactly(first, third);
    assertThat(rollouts("?search_value=2%250")).isEmpty();
    assertThat(rollouts("?search_value=" + Fleet.GROUP.substring(3))).hasSize(3);
    assertThat(rollouts("?search_value=" + Fleet.SECOND_GROUP)).isEmpty();
    assertThat(rollouts("?state=superseded")).containsExactly(first, second);
    assertThat(rollouts("?state=scheduled&search_value=2.0.0")).containsExactly(third);
    assertThat(rollouts("?search_value=&offset=&limit=&draw=&order_dir=&state=")).hasSize(3);
    assertThat(fleet.get("/rollouts?state=superseded&limit=1&draw=warp").text())
        .startsWith("{\"rollouts\":[{\"_id\":\"" + first + "\",")
        .endsWith("}],\"recordsTotal\":3,\"recordsFiltered\":2,\"draw\":\"warp\"}");
    assertThat(fleet.get("/rollouts?limit=0").text())
        .isEqualTo("{\"rollouts\":[],\"recordsTotal\":3,\"recordsFiltered\":3}");
  }

  @Test
  void aListLeavesOutWhatCanBeLong() throws Exception {
    String one = fleet.get("/rollouts?search_value=" + third).text();
    assertThat(one)
        .startsWith(
            "{\"rollouts\":[{\"_id\":\""
                + third
                + "\",\"owner\":\"5e10fc5e77ba18070312e171\",\"version\":\"2.0.0\","
                + "\"state\":\"scheduled\",\"stage\":0,\"stages\":2,\"enrolled\":true,"
                + "\"created_at\":\"2026-01-05T08:00:03.000Z\",\"devices\":10,"
                + "\"counts\":{\"queued\":10,")
        .doesNotContain("\"plan\"", "\"groups\"", "\"stage_counts\"");
  }

  @Test
  void devicesArePagedSearchedAndOrderedById() throws Exception {
    List<String> all = new ArrayList<>();
    for (int i = 1; i <= RolloutFleet.DEVICES; i++) {
      all.add(RolloutFleet.id(i));
    }
    assertThat(devices("")).isEqualTo(all);
    assertThat(devices("?limit=3&offset=4")).isEqualTo(all.subList(4, 7));
    assertThat(devices("?search_value=000a")).containsExactly(RolloutFleet.id(10));
    assertThat(devices("?search_value=_a")).isEmpty();
    assertThat(devices("?state=queued")).isEqualTo(all);
    assertThat(devices("?state=updated")).isEmpty();
    Collections.reverse(all);
    assertThat(devices("?order_dir=desc")).isEqualTo(all);
    assertThat(devices("?order_dir=desc&limit=2")).isEqualTo(all.subList(0, 2));
    assertThat(fleet.get("/rollouts/" + third + "/devices?limit=1&search_value=a&draw=7").text())
        .matches(
            "\\{\"devices\":\\[\\{\"device\":\"00000000000000000000000a\","
                + "\"group\":\"5e1b76bc4315b70eb242567a\",\"addressing\":\"device\","
                + "\"stage\":[01],\"state\":\"queued\",\"attempts\":0,"
                + "\"since\":\"2026-01-05T08:00:0\\d\\.000Z\"\\}\\],"
                + "\"recordsTotal\":10,\"recordsFiltered\":1,\"draw\":\"7\"\\}");
    assertThat(fleet.get("/rollouts/" + third + "/devices?state=failed&limit=0").text())
        .isEqualTo("{\"devices\":[],\"recordsTotal\":10,\"recordsFiltered\":0}");
  }

  @Test
  void anUpperCaseIdIsTheSameRollout() throws Exception {
    assertThat(fleet.get("/rollouts/" + third.toUpperCase(Locale.ROOT)).text())
        .isEqualTo(fleet.get("/rollouts/" + third).text());
  }

  @ParameterizedTest
  @CsvSource({
    "offset=-1, offset must be an integer from 0 to 9223372036854775807",
    "limit=abc, limit must be an integer from 0",
    "order_dir=up, order_dir must be asc or desc",
    "state=a&state=b, state is given more than once",
    "draw=a&draw=b, draw is given more than once",
    "search_value=%zz, The query string is not properly encoded",
  })
  void aBadParameterIsNamed(String query, String message) throws Exception {
    for (String path : List.of("/rollouts?", "/rollouts/" + third + "/devices?")) {
      RawHttp.Answer answer = fleet.get(path + query);
      assertThat(answer.text()).isEqualTo("{\"message\":\"" + message + "\"}");
      assertThat(answer.status()).isEqualTo(400);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"QUEUED", "Running", "over", "queued ", "running%00"})
  void anUnknownStateIsRefusedWithTheKnownOnes(String state) throws Exception {
    RawHttp.Answer rollouts = fleet.get("/rollouts?state=" + state.replace(" ", "%20"));
    assertThat(rollouts.status()).isEqualTo(400);
    assertThat(rollouts.text())
        .isEqualTo(
            "{\"message\":\"state must be one of scheduled, running, paused, awaiting_approval,"
                + " completed, canceled, rolled_back, expired, superseded\"}");
    RawHttp.Answer devices =
        fleet.get("/rollouts/" + third + "/devices?state=" + state.replace(" ", "%20"));
    assertThat(devices.status()).isEqualTo(400);
    assertThat(devices.text())
        .isEqualTo(
            "{\"message\":\"state must be one of queued, admitted, triggered, downloading,"
                + " retrying, updated, failed, timed_out, rejected, fell_back, excluded,"
                + " canceled\"}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "5e1b76bc4315b70eb242567", "5e1b76bc4315b70eb242567g", "%23", "a b"})
  void anIdThatIsNoneIsRefused(String id) throws Exception {
    String segment = id.replace(" ", "%20");
    for (String path : List.of("/rollouts/" + segment, "/rollouts/" + segment + "/devices")) {
      RawHttp.Answer answer = fleet.get(path);
      assertThat(answer.text()).isEqualTo("{\"message\":\"Rollout ID is not valid\"}");
      assertThat(answer.status()).isEqualTo(400);
    }
    RawHttp.Answer answer = fleet.post("/rollouts/" + segment + "/pause");
    assertThat(answer.text()).isEqualTo("{\"message\":\"Rollout ID is not valid\"}");
    assertThat(answer.status()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/rollouts/",
        "/rollouts/%s/",
        "/rollouts/%s/x",
        "/rollouts/%s/devices/x",
        "/Rollouts"
      })
  void otherPathsAreNotFound(String path) throws Exception {
    RawHttp.Answer answer = fleet.get(path.formatted(third));
    assertThat(answer.text()).isEqualTo("{\"message\":\"Not found\"}");
    assertThat(answer.status()).isEqualTo(404);
  }

  @Test
  void headHasTheHeadersOfGetAndNoBody() throws Exception {
    for (String path : List.of("/rollouts", "/rollouts/" + third)) {
      int length = fleet.get(path).body().length;
      try (RawHttp http = fleet.server.raw()) {
        http.send(
            "HEAD /v1/ota"
                + path
                + " HTTP/1.1\r\nHost: ota\r\nAuthorization: Bearer "
                + HttpServer.BEARER
                + "\r\n\r\n");
        RawHttp.Answer head = http.readNoBody();
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.header("Content-Length")).isEqualTo("" + length);
      }
    }
  }
}
