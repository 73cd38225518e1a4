package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeployRequest;
import io.groupota.OwnerId;
import io.groupota.firmware.FirmwareSource;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManagementListTest {
  @TempDir Path spool;

  private Fleet fleet;
  private HttpServer server;

  @BeforeEach
  void start() throws Exception {
    fleet = new Fleet();
    server = new HttpServer(fleet.service, spool);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    fleet.close();
  }

  @Test
  void theAnswerIsTheSampleOfTheProtocolByteForByte() throws Exception {
    fleet.deploy("1.2.7", Fleet.firmware(100, 1));

    RawHttp.Answer answer = get("?draw=warp");

    assertThat(answer.statusLine()).isEqualTo("HTTP/1.1 200 OK");
    assertThat(answer.text().replaceFirst("\"_id\":\"[0-9a-f]{24}\"", "\"_id\":\"ID\""))
        .isEqualTo(
            "{\"otas\":[{\"_id\":\"ID\",\"group\":\"5e1b76bc4315b70eb242567a\",\"__v\":0,"
                + "\"last_updated\":\"2020-01-17T17:38:59.980Z\","
                + "\"owner\":\"5e10fc5e77ba18070312e171\","
                + "\"path\":\"ota/group/5e1b76bc4315b70eb242567aAATluvfLURijoH9d/firmware.bin\","
                + "\"version\":\"1.2.7\"}],\"recordsTotal\":1,\"recordsFiltered\":1,\"draw\":\"warp\"}");
    assertThat(answer.header("Content-Type"))
        // Jetty takes the optional space out.
        .isEqualTo("application/json;charset=utf-8");
    assertThat(answer.header("Content-Length")).isEqualTo("" + answer.body().length);
    assertThat(answer.header("Transfer-Encoding")).isNull();
    assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
    assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
  }

  @Test
  void withoutFirmwareTheListIsEmptyAndDrawIsLeftOut() throws Exception {
    assertThat(get("").text()).isEqualTo("{\"otas\":[],\"recordsTotal\":0,\"recordsFiltered\":0}");
  }

  @Test
  void oneRecordPerGroupWithTheLatestVersionAndItsFirstId() throws Exception {
    fleet.deploy("1.2.6", Fleet.firmware(100, 1));
    String first = get("").text();
    fleet.deploy("1.2.7", Fleet.firmware(100, 2));

    assertThat(get("").text()).isEqualTo(first.replace("1.2.6", "1.2.7"));
  }

  @Test
  void otherOwnersGroupsAreNotListed() throws Exception {
    fleet.service.deploy(
        DeployRequest.of(
            new OwnerId("somebody-else"),
            Fleet.FOREIGN_GROUP,
            Fleet.FOREIGN_TOKEN,
            "1.0.0",
            FirmwareSource.bytes(Fleet.firmware(100, 1))));

    assertThat(get("").text()).startsWith("{\"otas\":[],\"recordsTotal\":0,");
  }

  @Test
  void pagesFiltersAndOrders() throws Exception {
    fleet.deploy("1.2.7", Fleet.firmware(100, 1));
    fleet.deploy(Fleet.SECOND_GROUP, Fleet.SECOND_TOKEN, "2.0.0", Fleet.firmware(100, 2));

    assertThat(versions(get("?order_dir=asc"))).containsExactly("1.2.7", "2.0.0");
    assertThat(versions(get("?order_dir=desc"))).containsExactly("2.0.0", "1.2.7");
    assertThat(versions(get("?order_dir=desc&limit=1"))).containsExactly("2.0.0");
    assertThat(versions(get("?offset=1"))).containsExactly("2.0.0");
    assertThat(versions(get("?offset=9223372036854775807"))).isEmpty();
    for (String limit : List.of("2147483647", "2147483648", "9".repeat(30), "0".repeat(30) + "2")) {
      assertThat(versions(get("?limit=" + limit))).containsExactly("1.2.7", "2.0.0");
    }
    assertThat(versions(get("?search_value=&offset=&limit=&order_dir=&draw=")))
        .containsExactly("1.2.7", "2.0.0");
    assertThat(get("?search_value=zuCbB5tL").text())
        .contains("\"version\":\"2.0.0\"")
        .endsWith("],\"recordsTotal\":2,\"recordsFiltered\":1}");
    assertThat(get("?limit=0").text())
        .isEqualTo("{\"otas\":[],\"recordsTotal\":2,\"recordsFiltered\":2}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"%25", "_", ".*", "*", "GROUP/", "5e1b.6bc"})
  void searchTextHasNoWildcards(String text) throws Exception {
    fleet.deploy("1.2.7", Fleet.firmware(100, 1));

    assertThat(get("?search_value=" + text).text())
        .isEqualTo("{\"otas\":[],\"recordsTotal\":1,\"recordsFiltered\":0}");
  }

  @Test
  void drawIsEchoedAsAnEscapedString() throws Exception {
    assertThat(get("?draw=7").text()).endsWith(",\"draw\":\"7\"}");
    assertThat(get("?draw=a%22b%5Cc%00%0A%3C%C3%A9%F0%9F%98%80+d").text())
        .endsWith(",\"draw\":\"a\\\"b\\\\c\\u0000\\n<é😀 d\"}");
    assertThat(get("?draw=" + "x".repeat(256)).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "offset=-1, offset must be an integer from 0 to 9223372036854775807",
    "offset=1.5, offset must be an integer from 0 to 9223372036854775807",
    "offset=9223372036854775808, offset must be an integer from 0 to 9223372036854775807",
    "offset=%2B1, offset must be an integer from 0 to 9223372036854775807",
    "offset=%D9%A1, offset must be an integer from 0 to 9223372036854775807",
    "limit=abc, limit must be an integer from 0",
    "limit=-5, limit must be an integer from 0",
    "limit=2147483648x, limit must be an integer from 0",
    "limit=1%20, limit must be an integer from 0",
    "order_dir=up, order_dir must be asc or desc",
    "order_dir=ASC, order_dir must be asc or desc",
    "offset=1&offset=1, offset is given more than once",
    "limit=1&x=y&limit=2, limit is given more than once",
    "draw=a&draw=, draw is given more than once",
    "search_value=a&search_value=a, search_value is given more than once",
    "order_dir=asc&order%5Fdir=asc, order_dir is given more than once",
    "draw=%zz, The query string is not properly encoded",
  })
  void aBadParameterIsNamed(String query, String message) throws Exception {
    RawHttp.Answer answer = get("?" + query);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text()).isEqualTo("{\"message\":\"" + message + "\"}");
    assertThat(answer.header("Content-Type"))
        // Jetty takes the optional space out.
        .isEqualTo("application/json;charset=utf-8");
  }

  @ParameterizedTest
  @ValueSource(strings = {"search_value", "draw"})
  void anOverLongTextIsRefused(String parameter) throws Exception {
    RawHttp.Answer answer = get("?" + parameter + "=" + "x".repeat(257));

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text())
        .isEqualTo("{\"message\":\"" + parameter + " is too long (at most 256 characters)\"}");
  }

  @Test
  void headHasTheHeadersOfGetAndNoBody() throws Exception {
    int length = get("").body().length;
    try (RawHttp http = server.raw()) {
      RawHttp.Answer head = http.send(request("HEAD", "")).readNoBody();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("Content-Length")).isEqualTo("" + length);
      assertThat(http.send(request("GET", "")).read().status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT", "DELETE", "PATCH", "OPTIONS", "BREW"})
  void otherMethodsAreRefusedWithTheAllowedOnes(String method) throws Exception {
    try (RawHttp http = server.raw()) {
      RawHttp.Answer answer = http.send(request(method, "")).read();
      assertThat(answer.status()).isEqualTo(405);
      assertThat(answer.header("Allow")).isEqualTo("GET, HEAD, POST");
      assertThat(answer.text()).isEqualTo("{\"message\":\"Method not allowed\"}");
    }
  }

  private static List<String> versions(RawHttp.Answer answer) {
    assertThat(answer.status()).isEqualTo(200);
    return Pattern.compile("\"version\":\"([^\"]*)\"")
        .matcher(answer.text())
        .results()
        .map(result -> result.group(1))
        .toList();
  }

  private RawHttp.Answer get(String query) throws Exception {
    try (RawHttp http = server.raw()) {
      return http.send(request("GET", query)).read();
    }
  }

  private static String request(String method, String query) {
    return method
        + " /v1/ota/group"
        + query
        + " HTTP/1.1\r\nHost: ota\r\nAuthorization: Bearer "
        + HttpServer.BEARER
        + "\r\n\r\n";
  }
}
