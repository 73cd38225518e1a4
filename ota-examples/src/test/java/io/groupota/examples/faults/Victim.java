package io.groupota.examples.faults;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A {@link KilledServer} in a process of its own. */
final class Victim {
  private final Process process;
  private final URI address;

  private Victim(Process process, URI address) {
    this.process = process;
    this.address = address;
  }

  /** Returns when it serves. */
  static Victim start(Path folder, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Starts sooner; it does not live long.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(KilledServer.class.getName());
    command.addAll(arguments);
    Path log = folder.resolve("victim.log");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    CompletableFuture<URI> address = new CompletableFuture<>();
    Thread reader = new Thread(() -> read(process, address, log), "victim-output");
    reader.setDaemon(true);
    reader.start();
    try {
      return new Victim(process, address.join());
    } catch (CompletionException e) {
      throw new AssertionError("The server did not start: " + Files.readString(log), e);
    }
  }

  /** To the end: a process whose output nobody reads stands still one day. */
  private static void read(Process process, CompletableFuture<URI> address, Path log) {
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        Writer copy = Files.newBufferedWriter(log, CREATE, APPEND)) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.startsWith("port ")) {
          address.complete(URI.create("http://127.0.0.1:" + line.substring(5)));
        }
        copy.write(line + '\n');
        copy.flush();
      }
    } catch (IOException e) {
      // It was killed.
    } finally {
      address.completeExceptionally(new IllegalStateException("It ended"));
    }
  }

  URI address() {
    return address;
  }

  /** SIGKILL; returns when it is dead. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }
}
