package io.groupota.testkit.device;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** Answers on plain sockets with whatever bytes a test wants, and keeps the requests. */
final class ScriptedServer implements AutoCloseable {
  private final ServerSocket socket;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(task -> new Thread(task, "scripted-server"));
  private final List<String> requests = new CopyOnWriteArrayList<>();
  volatile Function<String, byte[]> latest = request -> head("404 Not Found", "");
  volatile Function<String, byte[]> download = request -> head("404 Not Found", "");

  ScriptedServer() throws IOException {
    socket = new ServerSocket(0, 2_000, InetAddress.getLoopbackAddress());
    threads.execute(this::acceptAll);
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + socket.getLocalPort());
  }

  /** Offers a version with its image, as the real server does. */
  void offer(String version, byte[] image) {
    latest = request -> json("{\"ver\":\"" + version + "\"}");
    byte[] reply = firmware(image, "x-MD5: " + md5(image) + "\r\n");
    download = request -> reply;
  }

  /** The heads of all requests for a version, or of all requests for a firmware. */
  List<String> requests(String kind) {
    return requests.stream().filter(request -> request.contains("/" + kind + "/")).toList();
  }

  static byte[] json(String body) {
    return join(
        head("200 OK", "Content-Length: " + body.length() + "\r\n"),
        body.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] firmware(byte[] image, String headers) {
    return join(head("200 OK", "Content-Length: " + image.length + "\r\n" + headers), image);
  }

  static byte[] head(String status, String headers) {
    return ("HTTP/1.1 " + status + "\r\n" + headers + "\r\n").getBytes(StandardCharsets.UTF_8);
  }

  static byte[] join(byte[] first, byte[] second) {
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(first);
    both.writeBytes(second);
    return both.toByteArray();
  }

  static String md5(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private void acceptAll() {
    try {
      while (!socket.isClosed()) {
        Socket accepted = socket.accept();
        threads.execute(() -> answer(accepted));
      }
    } catch (IOException e) {
      if (!socket.isClosed()) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void answer(Socket accepted) {
    try (accepted;
        InputStream in = new BufferedInputStream(accepted.getInputStream());
        OutputStream out = accepted.getOutputStream()) {
      StringBuilder head = new StringBuilder();
      while (!head.toString().endsWith("\r\n\r\n")) {
        int next = in.read();
        if (next < 0) {
          return;
        }
        head.append((char) next);
      }
      String request = head.toString();
      requests.add(request);
      out.write((request.contains("/latest/") ? latest : download).apply(request));
    } catch (IOException e) {
      // The device broke off: that is for the device to tell.
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
    threads.shutdown();
  }
}
