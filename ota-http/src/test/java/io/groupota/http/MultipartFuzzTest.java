package io.groupota.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.groupota.FirmwareDownload;
import io.groupota.GroupId;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.Token;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutQuery;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import net.jqwik.api.statistics.Statistics;
import net.jqwik.api.statistics.StatisticsReport;
import org.slf4j.LoggerFactory;

/**
 * Deploys of every form, over sockets to a real Jetty: each is answered as documented, changes what
 * it was answered to have changed, and leaves nothing on the disk. How many: {@code
 * jqwik.tries.default}, which the build sets from {@code -Dota.fuzz}.
 */
class MultipartFuzzTest {
  private static final Set<Integer> REFUSED = Set.of(400, 404, 413);
  private static final Pattern BEGUN =
      Pattern.compile(
          "\\{\"message\":\"Firmware successfully deployed\",\"rollout\":\"([0-9a-f]{24})\"}");
  private static final String LATEST =
      "GET /v1/ota/group/latest/" + Fleet.GROUP + " HTTP/1.1\r\nHost: ota\r\n\r\n";

  private static final Logger ROOT =
      (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private static final ListAppender<ILoggingEvent> ALARMS = new ListAppender<>();
  private static final WatchedBlobs BLOBS = new WatchedBlobs();

  private static Path spool;
  private static Fleet fleet;
  private static HttpServer server;
  private static RawHttp devices;

  @BeforeContainer
  static void start() throws Exception {
    for (Logger logger : List.of(ROOT, (Logger) LoggerFactory.getLogger("io.groupota"))) {
      logger.setLevel(Level.WARN);
    }
    ALARMS.start();
    ROOT.addAppender(ALARMS);
    spool = Files.createTempDirectory("spool");
    fleet = new Fleet(BLOBS);
    fleet.deploy("1.0.0", Fleet.firmware(100, 1));
    fleet.deployForeign("3.0.0", Fleet.firmware(100, 2));
    server = new HttpServer(fleet.service, spool);
    devices = server.raw();
  }

  @AfterContainer
  static void stop() throws Exception {
    devices.close();
    server.close();
    fleet.close();
    ROOT.detachAppender(ALARMS);
    Files.deleteIfExists(spool);
  }

  @Property
  @StatisticsReport(StatisticsReport.StatisticsReportMode.OFF)
  void everyFormIsAnsweredAndLeavesNothingBehind(@ForAll("forms") FuzzedForm form)
      throws Exception {
    List<Object> before = others();
    String served = served().id().value();
    long rollouts = rollouts();
    long writes = BLOBS.writes();

    RawHttp.Answer answer = send(form);

    Matcher begun = BEGUN.matcher(answer.text());
    if (begun.matches()) {
      assertThat(answer.status()).isEqualTo(201);
      assertBegun(form, new RolloutId(begun.group(1)));
    } else if (answer.status() == 201) {
      assertDeployed(form, served);
    } else {
      assertThat(answer.status()).isIn(REFUSED);
      assertThat(answer.text()).matches("\\{\"message\":\"[ -~]{1,300}\"}");
      assertThat(answer.text())
          .doesNotContain(Fleet.GROUP_TOKEN, Fleet.FOREIGN_TOKEN, spool.toString(), "Exception");
      assertThat(served().id().value()).isEqualTo(served);
    }
    assertThat(rollouts()).isEqualTo(rollouts + (begun.matches() ? 1 : 0));
    assertThat(BLOBS.writes()).isEqualTo(writes + (answer.status() == 201 ? 1 : 0));
    assertThat(others()).isEqualTo(before);
    Await.until("the spool is empty", () -> server.spooled().isEmpty());
    assertThat(devices.send(LATEST).read().text())
        .isEqualTo("{\"ver\":\"" + served().version() + "\"}");
    assertThat(ALARMS.list).isEmpty();
    // Else it would say little.
    Statistics.collect(begun.matches() ? 0 : answer.status());
    Statistics.coverage(
        statuses -> {
          statuses.check(201).percentage(share -> share > 5);
          statuses.check(400).percentage(share -> share > 20);
          statuses.check(0).count(count -> count > 0);
          statuses.check(404).count(count -> count > 0);
          statuses.check(413).count(count -> count > 0);
        });
  }

  @Provide
  Arbitrary<FuzzedForm> forms() {
    return Arbitraries.randomValue(FuzzedForm::of);
  }

  private static RawHttp.Answer send(FuzzedForm form) throws IOException {
    try (RawHttp http = server.raw()) {
      try {
        http.send(form.request()).endOutput();
      } catch (SocketException e) {
        // The server does not listen to the end of what is too large, but it has answered.
      }
      RawHttp.Answer answer = http.readToEnd();
      assertThat(answer.header("Content-Length")).isEqualTo("" + answer.body().length);
      // No connection of a hundred thousand is to linger.
      http.reset();
      return answer;
    }
  }

  /** What is served now was all in the form. */
  private static void assertDeployed(FuzzedForm form, String before) throws IOException {
    OtaUpdate update = served();
    assertThat(update.id().value()).isNotEqualTo(before);
    String body = new String(form.body(), ISO_8859_1);
    assertThat(body).contains(update.version(), Fleet.GROUP_TOKEN);
    Optional<FirmwareDownload> download =
        fleet.service.download(new GroupId(Fleet.GROUP), Token.of(Fleet.GROUP_TOKEN));
    try (InputStream firmware = download.orElseThrow().open(0, update.firmware().size())) {
      assertThat(body).contains(new String(firmware.readAllBytes(), ISO_8859_1));
    }
  }

  /** A rollout of what was in the form; it is ended, so that the next one finds none. */
  private static void assertBegun(FuzzedForm form, RolloutId id) {
    Rollout rollout = fleet.service.rollouts().get(HttpServer.OWNER, id);
    assertThat(rollout.groups()).hasSize(1);
    assertThat(new String(form.body(), ISO_8859_1)).contains(rollout.version(), "plan");
    fleet.service.rollouts().cancel(HttpServer.OWNER, id);
  }

  private static long rollouts() {
    return fleet.service.rollouts().list(HttpServer.OWNER, RolloutQuery.all()).total();
  }

  private static OtaUpdate served() {
    return fleet.service.served(new GroupId(Fleet.GROUP)).orElseThrow();
  }

  /** What no form may change. */
  private static List<Object> others() {
    List<Object> others = new ArrayList<>();
    for (String group : List.of(Fleet.SECOND_GROUP, Fleet.FOREIGN_GROUP, Fleet.FREE_GROUP)) {
      others.add(fleet.service.served(new GroupId(group)));
    }
    others.add(fleet.service.latestUpdates(Fleet.FOREIGN_OWNER, OtaQuery.builder().build()));
    return others;
  }
}
