package io.groupota.examples.quickstart;

import io.groupota.examples.cli.UsageException;
import io.groupota.examples.stack.StartupException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;

/** The quickstart, a program. */
public final class Quickstart {
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  private Quickstart() {}

  /**
   * Deploys a firmware to simulated devices and ends.
   *
   * @param args see {@code --help}
   * @throws IOException if the temporary folder cannot be written
   * @throws InterruptedException never
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    // Ends the threads of the embedded servers too.
    System.exit(run(args, System.out, System.err));
  }

  private static int run(String[] args, PrintStream out, PrintStream err)
      throws IOException, InterruptedException {
    try {
      Optional<QuickstartOptions> options = QuickstartOptions.parse(args);
      if (options.isEmpty()) {
        out.print(QuickstartOptions.HELP);
        return 0;
      }
      return run(options.get(), out) ? 0 : FAILED;
    } catch (UsageException e) {
      err.println("ota-quickstart: " + e.getMessage());
      return MISUSED;
    } catch (StartupException e) {
      err.println("ota-quickstart: " + e.getMessage());
      return FAILED;
    }
  }

  private static boolean run(QuickstartOptions options, PrintStream out)
      throws IOException, InterruptedException {
    try (WorkFolder folder = WorkFolder.create()) {
      // Before the first logger: what the libraries have to say goes to a file.
      System.setProperty("quickstart.log", folder.log().toString());
      System.setProperty(
          "logback.configurationFile", "io/groupota/examples/quickstart/logback.xml");
      return new GuidedTour(options, folder, new Screen(out)).run();
    }
  }
}
