package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server in a JVM of its own, with a heap that is smaller than what passes through it. */
@Timeout(120)
class SmallHeapTest {
  private static final int SIZE = 400_000;
  private static final byte[] FIRMWARE = Fleet.firmware(SIZE, 1);

  @TempDir Path folder;

  private Process server;
  private BufferedReader said;
  private BufferedWriter asks;
  private int port;

  @AfterEach
  void stop() {
    server.destroyForcibly();
  }

  @Test
  void aThousandSlowDownloadsAtOnceFitInto128Megabytes() throws Exception {
    start("-Xmx128m");
    post(FIRMWARE.length);
    List<Socket> clients = new ArrayList<>();
    for (int i = 0; i < SmallHeapServer.DOWNLOADS; i++) {
      Socket client = new Socket();
      // So small that the server waits for the client rather than for nothing.
      client.setReceiveBufferSize(4_096);
      client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      clients.add(client);
      client
          .getOutputStream()
          .write(
              ("GET /v1/ota/group/download/"
                      + Fleet.GROUP
                      + Fleet.GROUP_TOKEN
                      + " HTTP/1.0\r\n\r\n")
                  .getBytes(StandardCharsets.US_ASCII));
    }
    Await.until("all at once", () -> active() == SmallHeapServer.DOWNLOADS);

    ExecutorService readers = Executors.newFixedThreadPool(16);
    try {
      List<Callable<Boolean>> reads = clients.stream().map(SmallHeapTest::read).toList();
      for (Future<Boolean> read : readers.invokeAll(reads)) {
        assertThat(read.get()).isTrue();
      }
    } finally {
      readers.shutdown();
    }
    Await.until("all done", () -> active() == 0);
    assertThat(Files.readString(folder.resolve("err"))).doesNotContain("OutOfMemoryError");
  }

  @Test
  void anUploadLargerThanTheHeapIsTaken() throws Exception {
    start("-Xmx64m");
    long size = 300L << 20;
    post(size);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.filter(file -> file.toString().endsWith(".bin")))
          .singleElement()
          .satisfies(file -> assertThat(Files.size(file)).isEqualTo(size));
    }
    assertThat(Files.readString(folder.resolve("err"))).doesNotContain("OutOfMemoryError");
  }

  private void start(String heap) throws IOException {
    server =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                heap,
                "-XX:+ExitOnOutOfMemoryError",
                "-cp",
                System.getProperty("java.class.path"),
                SmallHeapServer.class.getName(),
                folder.toString())
            .redirectError(folder.resolve("err").toFile())
            .start();
    said = server.inputReader(StandardCharsets.UTF_8);
    asks = server.outputWriter(StandardCharsets.UTF_8);
    String first = said.readLine();
    assertThat(first).as("the port, or why not: %s", folder.resolve("err")).matches("[0-9]+");
    port = Integer.parseInt(first);
  }

  private int active() {
    try {
      asks.write("?\n");
      asks.flush();
      return Integer.parseInt(said.readLine());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void post(long size) throws IOException {
    String head =
        Stream.of("group:" + Fleet.GROUP, "token:" + Fleet.GROUP_TOKEN, "version:1.2.7")
            .map(field -> field.split(":"))
            .map(
                field ->
                    "--b\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n"
                        .formatted(field[0], field[1]))
            .reduce("", String::concat);
    head += "--b\r\nContent-Disposition: form-data; name=\"firmware\"; filename=\"f\"\r\n\r\n";
    String tail = "\r\n--b--\r\n";
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST /v1/ota/group HTTP/1.0\r\nAuthorization: Bearer "
                  + HttpServer.BEARER
                  + "\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: "
                  + (head.length() + size + tail.length())
                  + "\r\n\r\n"
                  + head)
              .getBytes(StandardCharsets.US_ASCII));
      for (long left = size; left > 0; left -= SIZE) {
        out.write(FIRMWARE, 0, (int) Math.min(SIZE, left));
      }
      out.write(tail.getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 201");
    }
  }

  /** Whether the answer is the firmware, byte for byte. */
  private static Callable<Boolean> read(Socket client) {
    return () -> {
      try (client) {
        InputStream in = client.getInputStream();
        byte[] all = in.readAllBytes();
        return all.length > SIZE
            && Arrays.equals(Arrays.copyOfRange(all, all.length - SIZE, all.length), FIRMWARE);
      }
    };
  }
}
