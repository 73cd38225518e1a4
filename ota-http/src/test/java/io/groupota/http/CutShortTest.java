package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.FirmwareDownload;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.StorageException;
import io.groupota.Token;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Downloads that break off, on containers that end a connection each in its own way. */
class CutShortTest {
  private static final int SIZE = 1_000_000;
  private static final String DOWNLOAD =
      "/v1/ota/group/download/" + Fleet.GROUP + Fleet.GROUP_TOKEN;
  private static final String GET = "GET " + DOWNLOAD + " HTTP/1.1\r\nHost: ota\r\n\r\n";
  private static final String NEXT =
      "GET /v1/ota/group/latest/" + Fleet.GROUP + " HTTP/1.1\r\nHost: ota\r\n\r\n";

  @TempDir Path folder;

  private final FaultyService faulty =
      new FaultyService() {
        @Override
        Optional<OtaUpdate> served(GroupId group) {
          return Optional.of(Downloads.update(Optional.empty(), SIZE));
        }

        @Override
        Optional<FirmwareDownload> download(GroupId group, Token token) {
          return Optional.of(Downloads.download(SIZE, file));
        }
      };

  private volatile Supplier<InputStream> file = () -> new ByteArrayInputStream(new byte[SIZE]);

  private enum Container {
    JETTY,
    JETTY_BY_ANOTHER_NAME,
    TOMCAT
  }

  private enum Fault {
    ENDS_EARLY,
    CANNOT_BE_READ,
    STORE_FAILS,
    MACHINE_FAILS;

    InputStream file() {
      return switch (this) {
        case ENDS_EARLY -> new ByteArrayInputStream(new byte[SIZE / 2]);
        case CANNOT_BE_READ -> Downloads.failingAfter(SIZE / 2, SIZE, new IOException("gone"));
        case STORE_FAILS -> Downloads.failingAfter(SIZE / 2, SIZE, new StorageException("x", null));
        case MACHINE_FAILS -> Downloads.failingAfter(SIZE / 2, SIZE, new NoClassDefFoundError("x"));
      };
    }
  }

  static Stream<Arguments> cuts() {
    return Arrays.stream(Container.values())
        .flatMap(
            container ->
                Arrays.stream(Fault.values()).map(fault -> Arguments.of(container, fault)));
  }

  @ParameterizedTest
  @MethodSource("cuts")
  void theConnectionEndsAndNothingSecretIsLogged(Container container, Fault fault)
      throws Exception {
    file = fault::file;
    try (LogCapture log = new LogCapture()) {
      if (container == Container.TOMCAT) {
        try (TomcatServer server = new TomcatServer(faulty.service(), folder)) {
          assertCutShort(server.port());
        }
      } else {
        try (HttpServer server = new HttpServer(faulty.service(), folder)) {
          if (container == Container.JETTY_BY_ANOTHER_NAME) {
            server.call("ours");
          }
          assertCutShort(server.port());
        }
      }
      assertThat(log.text())
          .contains(fault == Fault.MACHINE_FAILS ? "A request failed" : "A download was cut short")
          .doesNotContain(Fleet.GROUP_TOKEN)
          .doesNotContain("/v1/ota");
      // What Tomcat logs of the servlet is seen here, or the lines above would not say much.
      assertThat(log.text().contains("An answer was cut short"))
          .isEqualTo(container == Container.TOMCAT);
    }
  }

  @Test
  void anErrorPageDoesNotFillUpTheFile() throws Exception {
    int missing = 1000;
    file = () -> new ByteArrayInputStream(new byte[SIZE - missing]);
    HttpServlet page =
        new HttpServlet() {
          @Override
          protected void service(HttpServletRequest request, HttpServletResponse response)
              throws IOException {
            response.getOutputStream().write(new byte[2 * missing]);
          }
        };
    try (LogCapture log = new LogCapture()) {
      try (TomcatServer server = new TomcatServer(faulty.service(), folder, page)) {
        assertCutShort(server.port());
      }
      assertThat(log.text()).doesNotContain(Fleet.GROUP_TOKEN).doesNotContain("/v1/ota");
    }
  }

  @Test
  void aWholeFileLeavesTheConnectionOpen() throws Exception {
    try (LogCapture log = new LogCapture()) {
      try (TomcatServer server = new TomcatServer(faulty.service(), folder);
          RawHttp http = new RawHttp(server.port())) {
        assertThat(http.send(GET).read().body()).hasSize(SIZE);
        assertThat(http.send(NEXT).read().status()).isEqualTo(200);
      }
      assertThat(log.text()).doesNotContain("cut short");
    }
  }

  /** Once for a client that waits, once for one that has asked on. */
  private static void assertCutShort(int port) throws IOException {
    for (String requests : List.of(GET, GET + NEXT)) {
      try (RawHttp http = new RawHttp(port)) {
        RawHttp.Answer answer = http.send(requests).readToEnd();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Length")).isEqualTo(String.valueOf(SIZE));
        assertThat(answer.body()).hasSizeLessThan(SIZE);
        assertThat(new String(answer.body(), StandardCharsets.ISO_8859_1))
            .doesNotContain("HTTP/1.1");
      }
    }
  }
}
