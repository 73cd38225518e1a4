package io.groupota.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Asks an HTTP server as fast as it answers: one thread, a number of connections with one request
 * each under way. It costs a fraction of what a server costs; {@link Result#driverBusy()} says how
 * much, since both share the machine.
 */
final class HttpLoad {
  private static final int BUFFER = 256 << 10;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final InetSocketAddress server;
  private final int connections;
  private final boolean keepAlive;

  /** Without keep-alive every request has a connection of its own, as HTTP/1.0 has it. */
  HttpLoad(InetSocketAddress server, int connections, boolean keepAlive) {
    this.server = server;
    this.connections = connections;
    this.keepAlive = keepAlive;
  }

  /**
   * What came back.
   *
   * @param responses the number of whole responses
   * @param bytes of their bodies, and of what was under way at the end
   * @param seconds how long it took
   * @param driverBusy the share of the time in which the thread of the driver was at work
   */
  record Result(long responses, long bytes, double seconds, double driverBusy) {
    double perSecond() {
      return responses / seconds;
    }

    double megabytesPerSecond() {
      return bytes / seconds / 1e6;
    }
  }

  /** A GET as a small client sends it. */
  static byte[] get(String path, String version) {
    return ("GET " + path + " HTTP/" + version + "\r\nHost: localhost\r\n\r\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  Result run(Supplier<byte[]> requests, Duration time) throws IOException {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    List<HttpExchange> exchanges = new ArrayList<>();
    try (Selector selector = Selector.open()) {
      long begin = System.nanoTime();
      long busy = threads.getCurrentThreadCpuTime();
      for (int i = 0; i < connections; i++) {
        HttpExchange exchange = new HttpExchange(server, keepAlive, requests);
        exchanges.add(exchange);
        exchange.begin(selector);
      }
      long deadline = begin + time.toNanos();
      // A rate needs an answer, also on a machine that has no time for one.
      while (System.nanoTime() < deadline || responses(exchanges) == 0) {
        read(selector, buffer);
      }
      double seconds = (System.nanoTime() - begin) / 1e9;
      double busySeconds = (threads.getCurrentThreadCpuTime() - busy) / 1e9;
      Result result =
          new Result(
              responses(exchanges),
              exchanges.stream().mapToLong(HttpExchange::bytes).sum(),
              seconds,
              busySeconds / seconds);
      finish(exchanges, selector, buffer);
      return result;
    } finally {
      for (HttpExchange exchange : exchanges) {
        exchange.close();
      }
    }
  }

  private static long responses(List<HttpExchange> exchanges) {
    return exchanges.stream().mapToLong(HttpExchange::responses).sum();
  }

  private static void read(Selector selector, ByteBuffer buffer) throws IOException {
    selector.select(100);
    for (SelectionKey key : selector.selectedKeys()) {
      ((HttpExchange) key.attachment()).ready(selector, buffer);
    }
    selector.selectedKeys().clear();
  }

  /** What is under way must not go on while something else is measured. */
  private static void finish(List<HttpExchange> exchanges, Selector selector, ByteBuffer buffer)
      throws IOException {
    exchanges.forEach(HttpExchange::beLast);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!exchanges.stream().allMatch(HttpExchange::isOver)) {
      if (System.nanoTime() > deadline) {
        throw new IOException("The server does not finish its last answers");
      }
      read(selector, buffer);
    }
  }
}
