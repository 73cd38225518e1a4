package io.groupota.benchmarks;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A connection of {@link HttpLoad}: sends a request, reads the answer, and again. */
final class HttpExchange implements AutoCloseable {
  private static final int MAX_HEAD = 8 << 10;
  private static final long IN_HEAD = -1;

  private final InetSocketAddress server;
  private final boolean keepAlive;
  private final Supplier<byte[]> requests;
  private final byte[] head = new byte[MAX_HEAD];
  private int headLength;
  private long bodyLeft;
  private @Nullable SocketChannel channel;
  private ByteBuffer request = ByteBuffer.allocate(0);
  private long responses;
  private long bytes;
  private boolean last;
  private boolean over;

  HttpExchange(InetSocketAddress server, boolean keepAlive, Supplier<byte[]> requests) {
    this.server = server;
    this.keepAlive = keepAlive;
    this.requests = requests;
  }

  long responses() {
    return responses;
  }

  long bytes() {
    return bytes;
  }

  /** No request follows the one that is under way. */
  void beLast() {
    last = true;
  }

  /** Whether the last answer is here. */
  boolean isOver() {
    return over;
  }

  /** Connects, and sends the first request. Connecting to this machine does not wait. */
  void begin(Selector selector) throws IOException {
    SocketChannel opened = SocketChannel.open();
    channel = opened;
    opened.setOption(StandardSocketOptions.TCP_NODELAY, true);
    opened.connect(server);
    opened.configureBlocking(false);
    opened.register(selector, SelectionKey.OP_READ, this);
    send(opened);
  }

  private void send(SocketChannel to) throws IOException {
    headLength = 0;
    bodyLeft = IN_HEAD;
    request = ByteBuffer.wrap(requests.get());
    while (request.hasRemaining()) {
      to.write(request);
    }
  }

  /** Reads what there is. */
  void ready(Selector selector, ByteBuffer buffer) throws IOException {
    SocketChannel from = channel;
    if (from == null) {
      throw new IllegalStateException("Not connected");
    }
    buffer.clear();
    if (from.read(buffer) < 0) {
      throw new IOException(
          "The server closed the connection in the middle of an answer: "
              + new String(head, 0, headLength, StandardCharsets.ISO_8859_1).lines().findFirst());
    }
    buffer.flip();
    if (bodyLeft == IN_HEAD && !readHead(buffer)) {
      return;
    }
    bytes += buffer.remaining();
    bodyLeft -= buffer.remaining();
    if (bodyLeft == 0) {
      responses++;
      next(selector, from);
    } else if (bodyLeft < 0) {
      throw new IOException("The server sent more than it had announced");
    }
  }

  private void next(Selector selector, SocketChannel from) throws IOException {
    if (last) {
      over = true;
      from.close();
    } else if (keepAlive) {
      send(from);
    } else {
      from.close();
      begin(selector);
    }
  }

  /** Whether the head is complete now; the buffer is at the body then. */
  private boolean readHead(ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      byte b = buffer.get();
      if (headLength == MAX_HEAD) {
        throw new IOException("The head of an answer is too long");
      }
      head[headLength++] = b;
      if (b == '\n' && headLength >= 4 && head[headLength - 3] == '\n') {
        bodyLeft = contentLength();
        return true;
      }
    }
    return false;
  }

  private long contentLength() throws IOException {
    String text = new String(head, 0, headLength, StandardCharsets.ISO_8859_1);
    if (!text.startsWith(" 200", 8)) {
      throw new IOException("The server answered " + text.lines().findFirst().orElse(""));
    }
    String lower = text.toLowerCase(Locale.ROOT);
    int at = lower.indexOf("\ncontent-length:");
    if (at < 0) {
      throw new IOException("The server did not say how long its answer is");
    }
    int from = at + "\ncontent-length:".length();
    return Long.parseLong(lower.substring(from, lower.indexOf('\r', from)).strip());
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
  }
}
