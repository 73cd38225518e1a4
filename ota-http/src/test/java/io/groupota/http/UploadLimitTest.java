package io.groupota.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.groupota.DeployRequest;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.HttpURLConnection;
import java.net.SocketException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Uploads that are too large, that stop in the middle, and what is left of them on the disk. */
class UploadLimitTest {
  private static final String TOO_LARGE =
      "{\"message\":\"Firmware is larger than the limit of 262144 bytes\"}";
  private static final byte[] FIRMWARE = Fleet.firmware(200_000, 1);

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
  void aLengthOverTheLimitIsRefusedBeforeTheBody() throws Exception {
    try (RawHttp http = server.raw()) {
      RawHttp.Answer answer = http.send(Form.head("Content-Length: 1000000000")).readToEnd();
      assertThat(answer.status()).isEqualTo(413);
      assertThat(answer.text()).isEqualTo(TOO_LARGE);
    }
  }

  @Test
  void aClientThatAsksFirstSendsNothing() throws Exception {
    try (RawHttp http = server.raw()) {
      http.send(Form.head("Content-Length: 1000000000\r\nExpect: 100-continue"));
      assertThat(http.readHead().statusLine()).startsWith("HTTP/1.1 413 ");
    }
  }

  @Test
  void theRestOfAnEndlessBodyIsNeitherReadNorKept() throws Exception {
    for (boolean chunked : new boolean[] {false, true}) {
      try (RawHttp http = server.raw()) {
        http.send(Form.head(chunked ? "Transfer-Encoding: chunked" : "Content-Length: 1000000000"));
        byte[] start = new Form().file("firmware", "firmware.bin", FIRMWARE).unfinished();
        long sent = sendUntilCut(http, chunked, Arrays.copyOf(start, start.length - 2));
        assertThat(sent)
            .as("bytes that the server took, chunked %s", chunked)
            .isLessThan(64L << 20);
        RawHttp.Answer answer = http.readToEnd();
        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.text()).isEqualTo(TOO_LARGE);
      }
      Await.until("the spool is empty", () -> server.spooled().isEmpty());
    }
  }

  @Test
  void anUploadGoesToTheDiskAndNotToTheHeap() throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    FaultyService watching =
        new FaultyService() {
          @Override
          OtaUpdate deploy(DeployRequest request) {
            seen.add("spooled " + spooledBytes());
            try (InputStream in = request.firmware().open()) {
              long before = threads.getCurrentThreadAllocatedBytes();
              in.transferTo(OutputStream.nullOutputStream());
              long allocated = threads.getCurrentThreadAllocatedBytes() - before;
              seen.add(allocated < FIRMWARE.length ? "constant memory" : "took " + allocated);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
            return fleet.deploy(request.version(), FIRMWARE);
          }
        };
    try (HttpServer spooling = new HttpServer(watching.service(), spool);
        RawHttp http = spooling.raw()) {
      http.send(
          Form.request(Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", FIRMWARE).bytes()));
      assertThat(http.read().status()).isEqualTo(201);
      int fields = (Fleet.GROUP + Fleet.GROUP_TOKEN + "1.2.7").length();
      assertThat(seen).containsExactly("spooled " + (FIRMWARE.length + fields), "constant memory");
      assertThat(spooling.spooled()).isEmpty();
    }
  }

  @Test
  void aClientThatGoesAwayInTheMiddleLeavesNothingBehind() throws Exception {
    byte[] body = Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", FIRMWARE).bytes();
    try (LogCapture log = new LogCapture()) {
      for (boolean reset : new boolean[] {false, true}) {
        try (RawHttp http = server.raw()) {
          http.send(Form.head("Content-Length: " + body.length));
          http.send(Arrays.copyOf(body, body.length / 2));
          Await.until("the upload is on the disk", () -> !server.spooled().isEmpty());
          if (reset) {
            http.reset();
          } else {
            http.endOutput();
            assertThat(http.readToEnd().status()).isEqualTo(400);
          }
          Await.until("the spool is empty", () -> server.spooled().isEmpty());
        }
      }
      assertThat(fleet.service.served(new GroupId(Fleet.GROUP))).isEmpty();
      assertThat(log.alarmed()).as(log.text()).isFalse();
    }
  }

  @Test
  void nothingIsLeftOfThePartsBehindAFileThatIsTooLarge() throws Exception {
    for (int size : new int[] {(int) HttpServer.MAX_UPLOAD + 1, 2_000_000}) {
      byte[] body =
          new Form()
              .field("group", Fleet.GROUP)
              .file("firmware", "firmware.bin", new byte[size])
              .field("token", Fleet.GROUP_TOKEN)
              .field("version", "1.2.7")
              .file("plan", "plan.json", new byte[1_000])
              .bytes();
      try (RawHttp http = server.raw()) {
        http.send(Form.head("Transfer-Encoding: chunked"));
        http.send(Integer.toHexString(body.length) + "\r\n");
        try {
          http.send(body).send("\r\n0\r\n\r\n");
        } catch (SocketException e) {
          // The server does not listen to the end, but it has answered.
        }
        assertThat(http.read().status()).isEqualTo(413);
      }
      Await.until("the spool is empty", () -> server.spooled().isEmpty());
    }
  }

  /** Jetty takes 200,000 bytes of a field that is no file. */
  @Test
  void aFieldOverTheLimitOfTheContainerIsRefusedToo() throws Exception {
    byte[] body = new Form().field("group", "x".repeat(300_000)).bytes();
    try (RawHttp http = server.raw()) {
      RawHttp.Answer answer = http.send(Form.request(body)).read();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.text()).contains("The fields of the form are too long for this server");
      Await.until("the spool is empty", () -> server.spooled().isEmpty());
    }
  }

  @Test
  void aSpoolThatCannotBeWrittenIsAnErrorOfTheServer() throws Exception {
    Path file = Files.createFile(spool.resolve("a-file"));
    byte[] body = Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", FIRMWARE).bytes();
    try (LogCapture log = new LogCapture();
        HttpServer broken = new HttpServer(fleet.service, file);
        RawHttp http = broken.raw()) {
      RawHttp.Answer answer = http.send(Form.request(body)).read();
      assertThat(answer.text())
          .isEqualTo(
              "{\"message\":\"Error when uploading firmware file\","
                  + "\"error\":\"The upload could not be spooled to disk\"}");
      assertThat(answer.status()).isEqualTo(500);
      assertThat(log.text()).contains("FileAlreadyExists").doesNotContain(spool.toString());
    }
  }

  @Test
  void anOrdinaryClientThatOverrunsTheLimitGetsItsAnswer() throws Exception {
    byte[] body =
        Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.7", Fleet.firmware(4 << 20, 1)).bytes();
    for (int i = 0; i < 10; i++) {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + server.port() + "/v1/ota/group")
                  .toURL()
                  .openConnection();
      connection.setReadTimeout(20_000);
      connection.setDoOutput(true);
      connection.setFixedLengthStreamingMode(body.length);
      connection.setRequestProperty("Authorization", "Bearer " + HttpServer.BEARER);
      connection.setRequestProperty(
          "Content-Type", "multipart/form-data; boundary=" + Form.BOUNDARY);
      try (OutputStream out = connection.getOutputStream()) {
        out.write(body);
      } catch (IOException e) {
        // The server does not listen to the end, but it has answered.
      }
      assertThat(connection.getResponseCode()).isEqualTo(413);
    }
  }

  private long spooledBytes() {
    return server.spooled().stream().mapToLong(file -> file.toFile().length()).sum();
  }

  /** Sends up to 1 GB and returns how much went out before the server cut the connection. */
  private static long sendUntilCut(RawHttp http, boolean chunked, byte[] start) throws IOException {
    byte[] block = new byte[1 << 20];
    Arrays.fill(block, (byte) 'x');
    long sent = 0;
    try {
      sent += send(http, chunked, start);
      while (sent < 1_000_000_000L) {
        sent += send(http, chunked, block);
      }
    } catch (SocketException e) {
      // Cut, as it should be.
    }
    return sent;
  }

  private static long send(RawHttp http, boolean chunked, byte[] bytes) throws IOException {
    if (chunked) {
      http.send((Integer.toHexString(bytes.length) + "\r\n").getBytes(ISO_8859_1));
    }
    http.send(bytes);
    if (chunked) {
      http.send("\r\n");
    }
    return bytes.length;
  }
}
