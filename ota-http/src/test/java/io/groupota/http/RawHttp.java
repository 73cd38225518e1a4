package io.groupota.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;

/** A client that sends bytes as they are and reads answers as they come. */
final class RawHttp implements AutoCloseable {
  private final Socket socket;

  RawHttp(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(20_000);
    socket.setTcpNoDelay(true);
  }

  /** An answer; the body is what arrived, which may be less than announced. */
  static final class Answer {
    private final String statusLine;
    private final List<String> headers;
    private final byte[] body;

    Answer(String statusLine, List<String> headers, byte[] body) {
      this.statusLine = statusLine;
      this.headers = headers;
      this.body = body;
    }

    String statusLine() {
      return statusLine;
    }

    List<String> headers() {
      return headers;
    }

    byte[] body() {
      return body;
    }

    int status() {
      return Integer.parseInt(statusLine.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length()));
    }

    /** The value of a header that occurs once, null if it does not occur. */
    String header(String name) {
      List<String> values =
          headers.stream()
              .filter(h -> h.regionMatches(true, 0, name + ":", 0, name.length() + 1))
              .map(h -> h.substring(name.length() + 1).strip())
              .toList();
      if (values.size() > 1) {
        throw new AssertionError(name + " occurs " + values.size() + " times");
      }
      return values.isEmpty() ? null : values.get(0);
    }

    String text() {
      return new String(body, UTF_8);
    }
  }

  RawHttp send(String text) throws IOException {
    return send(text.getBytes(ISO_8859_1));
  }

  RawHttp send(byte[] bytes) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(bytes);
    out.flush();
    return this;
  }

  RawHttp endOutput() throws IOException {
    socket.shutdownOutput();
    return this;
  }

  /** Cuts the connection with a reset, as a device that loses its power does. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  InputStream in() throws IOException {
    return socket.getInputStream();
  }

  Answer readHead() throws IOException {
    String status = readLine();
    List<String> headers = new ArrayList<>();
    for (String line = readLine(); !line.isEmpty(); line = readLine()) {
      headers.add(line);
    }
    return new Answer(status, headers, new byte[0]);
  }

  /** Reads an answer of a known length and leaves the connection open. */
  Answer read() throws IOException {
    Answer head = readHead();
    String length = head.header("Content-Length");
    byte[] body =
        length == null || head.status() == 304
            ? new byte[0]
            : in().readNBytes(Integer.parseInt(length));
    return new Answer(head.statusLine(), head.headers(), body);
  }

  /** Reads an answer without a body, such as that to HEAD. */
  Answer readNoBody() throws IOException {
    return readHead();
  }

  /** Reads until the server closes the connection, in whichever way. */
  Answer readToEnd() throws IOException {
    Answer head = readHead();
    var body = new ByteArrayOutputStream();
    byte[] buffer = new byte[8192];
    try {
      for (int n = in().read(buffer); n >= 0; n = in().read(buffer)) {
        body.write(buffer, 0, n);
      }
    } catch (SocketException e) {
      // A reset ends the body as well.
    }
    return new Answer(head.statusLine(), head.headers(), body.toByteArray());
  }

  private String readLine() throws IOException {
    var line = new ByteArrayOutputStream();
    for (int b = in().read(); b != '\n'; b = in().read()) {
      if (b < 0) {
        throw new EOFException("The connection ended in: " + line.toString(ISO_8859_1));
      }
      line.write(b);
    }
    String text = line.toString(ISO_8859_1);
    if (!text.endsWith("\r")) {
      throw new IOException("A line without CR: " + text);
    }
    return text.substring(0, text.length() - 1);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
