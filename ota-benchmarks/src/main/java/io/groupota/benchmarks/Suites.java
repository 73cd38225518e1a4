package io.groupota.benchmarks;

import java.util.List;

/** All suites, in the order of the table. A new one is added here. */
final class Suites {
  static final List<Suite> ALL =
      List.of(
          new CheckSuite(),
          new PageSuite(),
          new DiffSuite(),
          new DeploySuite(),
          new DownloadSuite(),
          new ReportSuite(),
          new TriggerSuite(),
          new RolloutSuite(),
          new EmbeddedSuite());

  private Suites() {}
}
