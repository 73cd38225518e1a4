package io.groupota.examples.nodes;

import io.groupota.examples.stack.Address;
import io.groupota.examples.stack.EmbeddedBroker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The broker of all nodes: Mosquitto where it is installed, else one in this process. */
public final class SharedBroker implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 30;

  private final Runnable stop;
  private final int port;

  private SharedBroker(Runnable stop, int port) {
    this.stop = stop;
    this.port = port;
  }

  public static SharedBroker start(Path folder) throws Exception {
    Path mosquitto =
        Stream.of("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto")
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst()
            .orElse(null);
    if (mosquitto == null) {
      EmbeddedBroker broker = EmbeddedBroker.start(Address.loopback(), folder.resolve("broker"));
      return new SharedBroker(broker::close, broker.address().port());
    }
    return mosquitto(mosquitto, folder);
  }

  private static SharedBroker mosquitto(Path program, Path folder) throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Path config = folder.resolve("mosquitto.conf");
    Files.writeString(config, "listener " + port + " 127.0.0.1\nallow_anonymous true\n");
    Process process =
        new ProcessBuilder(program.toString(), "-c", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("mosquitto.log").toFile())
            .start();
    awaitListening(process, port);
    return new SharedBroker(process::destroy, port);
  }

  private static void awaitListening(Process process, int port) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (System.nanoTime() < deadline) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return;
      } catch (IOException e) {
        if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
          throw new AssertionError("Mosquitto ended with " + process.exitValue());
        }
      }
    }
    throw new AssertionError("Mosquitto does not listen");
  }

  public int port() {
    return port;
  }

  @Override
  public void close() {
    stop.run();
  }
}
