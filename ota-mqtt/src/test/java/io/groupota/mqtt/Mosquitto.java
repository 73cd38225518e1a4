package io.groupota.mqtt;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The real Mosquitto, as a process. */
final class Mosquitto implements GuardedBroker {
  private final Path program;
  private final Path folder;
  private final Certificates certificates;
  private final Ports ports = Ports.free();
  private @Nullable Process process;

  Mosquitto(Path program, Path folder, Certificates certificates) throws IOException {
    this.program = program;
    this.folder = folder;
    this.certificates = certificates;
  }

  @Override
  public Ports ports() {
    return ports;
  }

  @Override
  public void start() {
    if (process != null) {
      return;
    }
    try {
      Path configuration = configuration();
      Process made =
          new ProcessBuilder(program.toString(), "-c", configuration.toString())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("mosquitto.log").toFile())
              .start();
      process = made;
      Stream.of(ports.open(), ports.password(), ports.tls(), ports.webSocket())
          .forEach(port -> Eventually.await("Mosquitto listens", () -> listens(made, port)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean listens(Process made, int port) {
    if (!made.isAlive()) {
      throw new AssertionError("Mosquitto ended: " + log());
    }
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private String log() {
    try {
      return Files.readString(folder.resolve("mosquitto.log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path configuration() throws IOException {
    Path passwords = folder.resolve("passwords");
    if (Files.notExists(passwords)) {
      Files.createFile(passwords);
      run("mosquitto_passwd", "-b", passwords.toString(), USER, PASSWORD);
    }
    Path configuration = folder.resolve("mosquitto.conf");
    // As root it would become a user who may not read the keys.
    Files.writeString(
        configuration,
        """
        user root
        per_listener_settings true
        listener %d 127.0.0.1
        allow_anonymous true
        listener %d 127.0.0.1
        allow_anonymous false
        password_file %s
        listener %d 127.0.0.1
        allow_anonymous false
        password_file %s
        cafile %s
        certfile %s
        keyfile %s
        require_certificate true
        listener %d 127.0.0.1
        protocol websockets
        allow_anonymous false
        password_file %s
        """
            .formatted(
                ports.open(),
                ports.password(),
                passwords,
                ports.tls(),
                passwords,
                certificates.pem("ca"),
                certificates.pem("server"),
                certificates.key("server"),
                ports.webSocket(),
                passwords));
    return configuration;
  }

  private static void run(String... command) throws IOException {
    Process run = new ProcessBuilder(command).inheritIO().start();
    int exit = run.onExit().join().exitValue();
    if (exit != 0) {
      throw new AssertionError(command[0] + " ended with " + exit);
    }
  }

  @Override
  public void stop() {
    Process running = process;
    if (running != null) {
      process = null;
      running.destroyForcibly().onExit().join();
    }
  }

  @Override
  public void close() {
    stop();
  }
}
