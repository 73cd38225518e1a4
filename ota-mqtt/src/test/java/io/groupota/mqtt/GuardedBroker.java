package io.groupota.mqtt;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A broker as production has it: one listener for everybody, and three that ask for a user and a
 * password, over TCP, over TLS with a client certificate, and over web sockets. Mosquitto where it
 * is installed, else the one in this JVM.
 */
interface GuardedBroker extends AutoCloseable {
  String USER = "ota";
  String PASSWORD = "ota-password-of-the-test";

  /** Where it listens. */
  record Ports(int open, int password, int tls, int webSocket) {
    static Ports free() throws IOException {
      return new Ports(freePort(), freePort(), freePort(), freePort());
    }

    private static int freePort() throws IOException {
      try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      }
    }
  }

  static GuardedBroker make(Path folder, Certificates certificates) throws IOException {
    Optional<Path> mosquitto =
        Stream.of("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto")
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst();
    return mosquitto.isPresent()
        ? new Mosquitto(mosquitto.get(), folder, certificates)
        : EmbeddedBroker.guarded(folder, certificates, Ports.free());
  }

  Ports ports();

  /** Starts it unless it runs; returns when it takes connections. */
  void start();

  /** Kills it; clients lose their connections without a word. */
  void stop();

  @Override
  void close();
}
