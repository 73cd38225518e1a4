package io.groupota.examples.rollouts;

import io.groupota.DeviceId;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A {@link RolloutNode} in a process of its own. */
final class NodeProcess {
  private final Process process;
  private final BufferedWriter in;
  private final CountDownLatch ready = new CountDownLatch(1);

  private NodeProcess(Process process) {
    this.process = process;
    this.in = process.outputWriter(StandardCharsets.US_ASCII);
  }

  /** Returns when it runs. */
  static NodeProcess start(Path folder, String url, Consumer<DeviceId> onTrigger)
      throws IOException, InterruptedException {
    Path log = Files.createTempFile(folder, "node", ".log");
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-Xmx192m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    RolloutNode.class.getName(),
                    url,
                    folder.resolve("firmware").toString()))
            .redirectError(log.toFile())
            .start();
    NodeProcess node = new NodeProcess(process);
    Thread reader = new Thread(() -> node.read(onTrigger), "node-output");
    reader.setDaemon(true);
    reader.start();
    if (!node.ready.await(120, TimeUnit.SECONDS)) {
      node.kill();
      throw new AssertionError("The node did not start: " + Files.readString(log));
    }
    return node;
  }

  private void read(Consumer<DeviceId> onTrigger) {
    try (BufferedReader out = process.inputReader(StandardCharsets.US_ASCII)) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.equals("ready")) {
          ready.countDown();
        } else if (line.startsWith("trigger ")) {
          onTrigger.accept(new DeviceId(line.substring("trigger ".length())));
        }
      }
    } catch (IOException e) {
      // It was killed; what it printed before is read.
    }
  }

  /** Returns false if it is dead. */
  synchronized boolean send(String line) {
    try {
      in.write(line);
      in.newLine();
      in.flush();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** SIGKILL; returns when it is dead. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }
}
