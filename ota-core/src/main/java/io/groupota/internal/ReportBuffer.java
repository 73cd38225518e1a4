package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Takes the reports of devices without blocking and hands them to {@link ReportSaver} in batches:
 * one entry per device, the later word winning. Bounded: when it is nearly full, reports that would
 * only refresh the time of the last one are refused first.
 */
final class ReportBuffer {
  private static final int BATCH = 1_000;

  private final ReportSaver saver;
  private final int capacity;
  private final Clock clock;
  private final ConcurrentMap<DeviceId, PendingReport> pending = new ConcurrentHashMap<>();
  private final AtomicInteger size = new AtomicInteger();

  ReportBuffer(ReportSaver saver, int capacity, Clock clock) {
    this.saver = saver;
    this.capacity = capacity;
    this.clock = clock;
  }

  /** Returns false if the report had to be refused. */
  boolean add(DeviceReport report) {
    return switch (saver.judge(report)) {
      case NOTHING_NEW -> true;
      case REFRESH -> add(report, capacity - capacity / 4);
      case CHANGE -> add(report, capacity);
    };
  }

  private boolean add(DeviceReport report, int limit) {
    PendingReport added = PendingReport.of(report, clock.instant());
    return pending.compute(
            report.device(),
            (id, earlier) -> {
              if (earlier != null) {
                return added.after(earlier);
              }
              if (size.get() >= limit) {
                return null;
              }
              size.incrementAndGet();
              return added;
            })
        != null;
  }

  /** Saves what was taken before this call. Batches that fail stay for the next call. */
  synchronized void flush() {
    int left = pending.size();
    Iterator<PendingReport> entries = pending.values().iterator();
    while (left > 0 && entries.hasNext()) {
      List<PendingReport> batch = take(entries, Math.min(left, BATCH));
      left -= batch.size();
      try {
        saver.save(batch);
      } catch (RuntimeException | Error e) {
        batch.forEach(this::putBack);
        throw e;
      }
    }
  }

  private List<PendingReport> take(Iterator<PendingReport> entries, int count) {
    List<PendingReport> batch = new ArrayList<>(count);
    while (batch.size() < count && entries.hasNext()) {
      PendingReport taken = pending.remove(entries.next().latest().device());
      if (taken != null) {
        size.decrementAndGet();
        batch.add(taken);
      }
    }
    return batch;
  }

  private void putBack(PendingReport earlier) {
    pending.compute(
        earlier.latest().device(),
        (id, newer) -> {
          if (newer != null) {
            return newer.after(earlier);
          }
          size.incrementAndGet();
          return earlier;
        });
  }
}
