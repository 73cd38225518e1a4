package io.groupota.examples.server;

import io.groupota.examples.cli.UsageException;
import io.groupota.examples.stack.Fleet;
import io.groupota.examples.stack.ServerStack;
import io.groupota.examples.stack.StartupException;
import java.io.PrintStream;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** The example server, a program. */
public final class OtaServer {
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  private OtaServer() {}

  /**
   * Serves until the process is told to end.
   *
   * @param args see {@code --help}
   * @throws InterruptedException never
   */
  public static void main(String[] args) throws InterruptedException {
    // Before the first logger: the broker's jar brings a configuration that talks to stdout.
    System.setProperty("logback.configurationFile", "io/groupota/examples/server/logback.xml");
    int failure = start(args, System.out, System.err);
    if (failure != 0) {
      System.exit(failure);
    }
  }

  private static int start(String[] args, PrintStream out, PrintStream err)
      throws InterruptedException {
    try {
      Optional<ServerOptions> options = ServerOptions.parse(args);
      if (options.isEmpty()) {
        out.print(ServerOptions.HELP);
        return 0;
      }
      serve(options.get(), out);
      return 0;
    } catch (UsageException e) {
      err.println("ota-server: " + e.getMessage());
      return MISUSED;
    } catch (StartupException e) {
      err.println("ota-server: " + e.getMessage());
      return FAILED;
    }
  }

  private static void serve(ServerOptions options, PrintStream out) throws InterruptedException {
    Fleet fleet = FleetFile.read(options.fleet());
    ServerStack stack = ServerStack.start(options.settings(), fleet);
    Runtime.getRuntime().addShutdownHook(new Thread(stack::close, "ota-shutdown"));
    out.println("ready http://" + stack.http() + " " + stack.mqtt());
    out.flush();
    new CountDownLatch(1).await();
  }
}
