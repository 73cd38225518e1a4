package io.groupota.testkit.device;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two requests of a device, over a plain socket and as narrow-minded as the device. Failures
 * are {@link IOException}s whose messages hold no token. Used by one thread at a time.
 */
final class DeviceHttp {
  private static final Logger log = LoggerFactory.getLogger(DeviceHttp.class);
  private static final int BUFFER = 8_192;

  /** The document that the device parses a reply into has 128 bytes. */
  private static final int MAX_DOCUMENT = 128;

  private static final Pattern VERSION = Pattern.compile("\"ver\"\\s*:\\s*\"([^\"\\\\]*)\"");

  private final DeviceSettings settings;
  private volatile @Nullable Socket open;

  DeviceHttp(DeviceSettings settings) {
    this.settings = settings;
  }

  /**
   * What a device knows when it downloads.
   *
   * @param sketchSha256 the digest of the running image, lower-case hexadecimal
   * @param sketchSize its length in bytes
   * @param cut whether to break off midway
   * @param damage whether to damage a bit midway
   */
  record Order(String sketchSha256, long sketchSize, boolean cut, boolean damage) {}

  /**
   * A downloaded image.
   *
   * @param size its length in bytes
   * @param sha256 the digest by which it is known
   */
  record Image(long size, String sha256) {}

  /** Hears how a download goes on. */
  @FunctionalInterface
  interface Meter {
    void received(long bytes, long total);
  }

  /** The version to run, empty if there is no firmware. */
  Optional<String> latest() throws IOException {
    String request =
        head("GET " + settings.latestPath() + " HTTP/1.1")
            + "User-Agent: ESP32HTTPClient\r\n"
            + "Accept-Encoding: identity;q=1,chunked;q=0.1,*;q=0\r\n\r\n";
    try (Socket socket = send(request);
        InputStream in = new BufferedInputStream(socket.getInputStream(), BUFFER)) {
      HttpReply reply = HttpReply.read(in);
      if (reply.status() == 404) {
        return Optional.empty();
      }
      long length = reply.contentLength();
      if (reply.status() != 200 || length < 0) {
        throw new IOException(
            reply.status() == 200
                ? "the reply with the version has no Content-Length"
                : "asked for the version, the server answered " + reply.status());
      }
      if (length >= MAX_DOCUMENT) {
        throw new IOException("the reply with the version has " + length + " bytes, too many");
      }
      byte[] body = in.readNBytes((int) length);
      Matcher version = VERSION.matcher(new String(body, StandardCharsets.UTF_8));
      if (body.length < length || !version.find()) {
        throw new IOException("the reply names no version");
      }
      return Optional.of(version.group(1));
    } finally {
      open = null;
    }
  }

  /** The new image, empty if the server says that there is no update. */
  Optional<Image> download(Order order, Meter meter) throws IOException {
    try (Socket socket = send(downloadRequest(order));
        InputStream in = new BufferedInputStream(socket.getInputStream(), BUFFER)) {
      HttpReply reply = HttpReply.read(in);
      if (reply.status() == 304) {
        return Optional.empty();
      }
      if (reply.status() != 200) {
        throw new IOException("asked for the firmware, the server answered " + reply.status());
      }
      long length = reply.contentLength();
      if (length <= 0) {
        throw new IOException("the reply with the firmware has no Content-Length");
      }
      if (length > settings.freeSpace) {
        throw new IOException(
            "the firmware has " + length + " bytes, there is room for " + settings.freeSpace);
      }
      ReceivedImage image = new ReceivedImage(settings.verifyImage);
      receive(in, image, length, order, meter);
      return Optional.of(new Image(length, image.finish(reply.header("x-md5"))));
    } finally {
      open = null;
    }
  }

  private void receive(InputStream in, ReceivedImage image, long length, Order order, Meter meter)
      throws IOException {
    byte[] buffer = new byte[BUFFER];
    long middle = length / 2;
    meter.received(0, length);
    while (image.received() < length) {
      long before = image.received();
      int count = in.read(buffer, 0, (int) Math.min(buffer.length, length - before));
      if (count < 0) {
        throw new IOException("the download ended after " + before + " of " + length + " bytes");
      }
      boolean crossesMiddle = before <= middle && middle < before + count;
      if (crossesMiddle && order.cut()) {
        throw new IOException("the download broke off after " + before + " bytes");
      }
      if (crossesMiddle && order.damage()) {
        buffer[(int) (middle - before)] ^= 1;
      }
      image.accept(buffer, count);
      meter.received(image.received(), length);
    }
  }

  /** Breaks off the request that is under way, if one is. From any thread. */
  void abort() {
    Socket socket = open;
    if (socket != null) {
      try {
        socket.close();
      } catch (IOException e) {
        log.debug("Simulated device {} could not close a socket", settings.id, e);
      }
    }
  }

  private Socket send(String request) throws IOException {
    Socket socket = new Socket();
    open = socket;
    try {
      int timeout = (int) settings.timeout.toMillis();
      socket.setSoTimeout(timeout);
      socket.connect(
          new InetSocketAddress(settings.server.getHost(), settings.serverPort()), timeout);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private String head(String requestLine) {
    return requestLine
        + "\r\nHost: "
        + settings.server.getHost()
        + ":"
        + settings.serverPort()
        + "\r\nConnection: close\r\n";
  }

  private String downloadRequest(Order order) {
    return head("GET " + settings.downloadPath() + " HTTP/1.0")
        + "Cache-Control: no-cache\r\n"
        + "User-Agent: ESP32-http-Update\r\n"
        + ("x-ESP32-STA-MAC: " + settings.mac(0) + "\r\n")
        + ("x-ESP32-AP-MAC: " + settings.mac(1) + "\r\n")
        + ("x-ESP32-free-space: " + settings.freeSpace + "\r\n")
        + ("x-ESP32-sketch-size: " + order.sketchSize() + "\r\n")
        + ("x-ESP32-sketch-sha256: " + order.sketchSha256().toUpperCase(Locale.ROOT) + "\r\n")
        + "x-ESP32-chip-size: 4194304\r\n"
        + "x-ESP32-sdk-version: v4.4.4\r\n"
        + "x-ESP32-mode: sketch\r\n\r\n";
  }
}
