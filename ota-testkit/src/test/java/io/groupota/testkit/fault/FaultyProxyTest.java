package io.groupota.testkit.fault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.testkit.fault.FaultyProxy.Ending;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class FaultyProxyTest {
  private static final int SILENCE_MILLIS = 150;
  private static final int PATIENCE_MILLIS = 10_000;

  private ServerSocket echo;
  private FaultyProxy proxy;

  @BeforeEach
  void start() throws IOException {
    echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    daemon(
        () -> {
          while (true) {
            Socket socket = echo.accept();
            daemon(() -> socket.getInputStream().transferTo(socket.getOutputStream()));
          }
        });
    proxy =
        FaultyProxy.to(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), echo.getLocalPort()));
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    echo.close();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("faulty-proxy-" + proxy.port()));
    assertThat(proxy.openConnections()).isZero();
  }

  @Test
  void forwardsAndForgetsConnectionsThatEnd() throws Exception {
    try (Socket first = connect();
        Socket second = connect()) {
      assertThat(echoed(first, "one")).isEqualTo("one");
      assertThat(echoed(second, "two")).isEqualTo("two");
      assertThat(proxy.openConnections()).isEqualTo(2);
    }
    await(() -> proxy.openConnections() == 0);
  }

  @Test
  void refusesNewConnectionsOnly() throws Exception {
    try (Socket open = connect()) {
      assertThat(echoed(open, "one")).isEqualTo("one");
      proxy.refuse();
      assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
      assertThat(echoed(open, "two")).isEqualTo("two");

      proxy.restore();
      try (Socket fresh = connect()) {
        assertThat(echoed(fresh, "three")).isEqualTo("three");
      }
    }
  }

  @Test
  void resetsOpenConnectionsOnly() throws Exception {
    try (Socket open = connect()) {
      assertThat(echoed(open, "one")).isEqualTo("one");
      proxy.reset();
      assertThatThrownBy(() -> open.getInputStream().read())
          .isInstanceOf(SocketException.class)
          .hasMessageContaining("reset");
    }
    try (Socket fresh = connect()) {
      assertThat(echoed(fresh, "two")).isEqualTo("two");
    }
  }

  @Test
  void hangsAndForwardsAfterwardsWhatItHeldBack() throws Exception {
    try (Socket open = connect()) {
      assertThat(echoed(open, "one")).isEqualTo("one");
      proxy.hang();
      try (Socket fresh = connect()) {
        assertSilent(fresh, "two");
        assertSilent(open, "three");

        proxy.restore();
        assertThat(read(fresh, 3)).isEqualTo("two");
        assertThat(read(open, 5)).isEqualTo("three");
      }
    }
  }

  @Test
  void closesAndResetsWhileItHangs() throws Exception {
    try (Socket open = connect()) {
      assertThat(echoed(open, "one")).isEqualTo("one");
      proxy.hang();
      try (Socket fresh = connect()) {
        assertSilent(fresh, "two");
        proxy.reset();
        await(() -> proxy.openConnections() == 0);
      }
    }
    try (Socket last = connect()) {
      await(() -> proxy.openConnections() == 1);
      proxy.close();
      assertThat(last.getInputStream().read()).isNegative();
    }
  }

  @Test
  void cutsOneConnectionInTheMiddleOfAReply() throws Exception {
    try (Socket open = connect();
        Socket other = connect()) {
      assertThat(echoed(open, "one")).isEqualTo("one");
      proxy.cutRepliesAfter(5, Ending.CLOSE);
      assertThat(echoed(open, "two")).isEqualTo("two");
      open.getOutputStream().write("three".getBytes(UTF_8));
      assertThat(open.getInputStream().readAllBytes()).hasSize(2);
      assertThat(echoed(other, "four")).as("once").isEqualTo("four");
    }
  }

  @Test
  void losesOnlyTheAnswerWithAReset() throws Exception {
    try (Socket open = connect()) {
      assertThat(echoed(open, "one")).isEqualTo("one");
      proxy.cutRepliesAfter(0, Ending.RESET);
      assertThatThrownBy(() -> echoed(open, "two")).isInstanceOf(SocketException.class);
      await(() -> proxy.openConnections() == 0);
    }
  }

  @Test
  void fallsSilentInTheMiddleOfAReplyUntilTheClientLeaves() throws Exception {
    try (Socket open = connect()) {
      proxy.cutRepliesAfter(2, Ending.HANG);
      assertSilent(open, "one");
      proxy.restore();
      assertThat(proxy.openConnections()).isOne();
      assertSilent(open, "two");
    }
    await(() -> proxy.openConnections() == 0);
  }

  @Test
  void delaysBothDirections() throws Exception {
    try (Socket open = connect()) {
      assertThat(echoed(open, "one")).isEqualTo("one");
      proxy.delay(Duration.ofMillis(100));
      long begin = System.nanoTime();
      assertThat(echoed(open, "two")).isEqualTo("two");
      assertThat(System.nanoTime() - begin).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(200));
    }
  }

  @Test
  void endsAConnectionWhoseTargetIsAway() throws Exception {
    int port = echo.getLocalPort();
    echo.close();
    awaitRefused(port);
    try (Socket open = connect()) {
      assertThat(open.getInputStream().read()).isNegative();
    }
  }

  /** A socket that is closing may still accept one more connection. */
  private static void awaitRefused(int port) {
    boolean refused = false;
    while (!refused) {
      try (Socket late = new Socket(InetAddress.getLoopbackAddress(), port)) {
        assertThat(late.isConnected()).isTrue();
      } catch (IOException e) {
        refused = true;
      }
    }
  }

  @Test
  void refusesSenselessNumbers() {
    assertThatIllegalArgumentException().isThrownBy(() -> proxy.cutRepliesAfter(-1, Ending.RESET));
    assertThatIllegalArgumentException().isThrownBy(() -> proxy.delay(Duration.ofMillis(-1)));
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(proxy.address().getAddress(), proxy.port());
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  /** The answer does not come within a while. */
  private static void assertSilent(Socket socket, String text) throws IOException {
    socket.setSoTimeout(SILENCE_MILLIS);
    assertThatThrownBy(() -> echoed(socket, text)).isInstanceOf(SocketTimeoutException.class);
    socket.setSoTimeout(PATIENCE_MILLIS);
  }

  private static String echoed(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(UTF_8));
    return read(socket, text.length());
  }

  private static String read(Socket socket, int length) throws IOException {
    return new String(socket.getInputStream().readNBytes(length), UTF_8);
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  private static void daemon(FaultyProxy.Task task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } catch (IOException e) {
                // The test is over.
              }
            });
    thread.setDaemon(true);
    thread.start();
  }
}
