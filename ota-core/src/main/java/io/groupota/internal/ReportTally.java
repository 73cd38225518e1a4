package io.groupota.internal;

import java.util.concurrent.atomic.LongAdder;

/** Counts what becomes of reports; see {@link io.groupota.ReportCounts}. Thread-safe. */
final class ReportTally {
  final LongAdder taken = new LongAdder();
  final LongAdder repeated = new LongAdder();
  final LongAdder ignored = new LongAdder();
  final LongAdder droppedRefreshes = new LongAdder();
  final LongAdder refusedChanges = new LongAdder();
  final LongAdder saved = new LongAdder();
  final LongAdder versionChanges = new LongAdder();
}
