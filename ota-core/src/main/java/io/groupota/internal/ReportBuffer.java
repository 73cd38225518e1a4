package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.ReportCounts;
import io.groupota.internal.ReportSaver.Verdict;
import io.groupota.spi.Device;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Takes the reports of devices without waiting for a storage and hands them to {@link ReportSaver}
 * in batches: one entry per device, the later word winning. Bounded, what is being saved included.
 * Under overload what would only refresh the time of the last report goes first, whether it comes
 * or waits already; the last places are for devices that are known to run another version.
 */
final class ReportBuffer {
  private final ReportSaver saver;
  private final ReportTally tally;
  private final int capacity;
  private final ElapsedTime time;
  private final SaveBatches batches = new SaveBatches();
  private final ConcurrentMap<DeviceId, WaitingReports> pending = new ConcurrentHashMap<>();

  /** What left {@link #pending} and is not yet remembered as saved: memory does not tell yet. */
  private final ConcurrentMap<DeviceId, WaitingReports> saving = new ConcurrentHashMap<>();

  /** Places taken: entries of both maps, and those about to be added. */
  private final AtomicInteger size = new AtomicInteger();

  /** Guards the search for refreshes to drop. */
  private final Object dropping = new Object();

  private volatile boolean refreshesWait;

  ReportBuffer(ReportSaver saver, ReportTally tally, int capacity, Clock clock) {
    this.saver = saver;
    this.tally = tally;
    this.capacity = capacity;
    this.time = new ElapsedTime(clock);
  }

  /** Returns false if the report had to be refused. */
  boolean add(DeviceReport report) {
    // In the order in which an entry moves, memory last: so none is missed on its way.
    boolean waits = pending.containsKey(report.device());
    WaitingReports inFlight = waits ? null : saving.get(report.device());
    Verdict verdict = saver.judge(report);
    if (verdict == Verdict.IGNORED) {
      tally.ignored.increment();
      return true;
    }
    boolean repeated =
        inFlight == null ? !waits && verdict == Verdict.NOTHING_NEW : inFlight.says(report);
    if (repeated) {
      tally.repeated.increment();
      return true;
    }
    if (join(report, verdict) || insert(report, verdict)) {
      tally.taken.increment();
      return true;
    }
    (verdict == Verdict.REFRESH ? tally.droppedRefreshes : tally.refusedChanges).increment();
    return false;
  }

  /** Joins a report with one of the same device that waits. */
  private boolean join(DeviceReport report, Verdict verdict) {
    boolean refresh = verdict == Verdict.REFRESH || verdict == Verdict.NOTHING_NEW;
    return pending.computeIfPresent(
            report.device(),
            (id, earlier) -> earlier.with(PendingReport.of(report, time.now(), refresh)))
        != null;
  }

  private boolean insert(DeviceReport report, Verdict verdict) {
    if (!reserve(verdict)) {
      return false;
    }
    boolean refresh = verdict == Verdict.REFRESH;
    pending.compute(
        report.device(),
        (id, earlier) -> {
          PendingReport added = PendingReport.of(report, time.now(), refresh);
          if (earlier == null) {
            return WaitingReports.of(added);
          }
          size.decrementAndGet();
          return earlier.with(added);
        });
    if (refresh) {
      refreshesWait = true;
    }
    return true;
  }

  /** Takes a place, at the cost of refreshes that wait if need be. */
  private boolean reserve(Verdict verdict) {
    int limit =
        switch (verdict) {
          case REFRESH -> capacity - capacity / 4;
          case NEWS -> capacity - capacity / 8;
          default -> capacity;
        };
    while (true) {
      int taken = size.get();
      if (taken < limit) {
        if (size.compareAndSet(taken, taken + 1)) {
          return true;
        }
      } else if (verdict == Verdict.REFRESH || !dropRefreshes(limit)) {
        return false;
      }
    }
  }

  /**
   * Drops an eighth of the capacity, so that the next search is not soon; and none is in vain
   * twice, since no refresh is taken while the places are taken. Returns whether there is room
   * again.
   */
  private boolean dropRefreshes(int limit) {
    synchronized (dropping) {
      int wanted = size.get() - limit + Math.max(1, capacity / 8);
      if (size.get() >= limit && refreshesWait) {
        refreshesWait = false;
        for (WaitingReports entry : pending.values()) {
          if (entry.refresh() && pending.remove(entry.device(), entry)) {
            size.decrementAndGet();
            tally.droppedRefreshes.increment();
            if (--wanted == 0) {
              refreshesWait = true;
              break;
            }
          }
        }
      }
      return size.get() < limit;
    }
  }

  /**
   * Saves what was taken before this call. What fails stays for the next call and holds up nothing
   * else, see {@link SaveBatches}; what is saved is saved once, whatever fails after it.
   */
  synchronized void flush() {
    batches.begin(pending.keySet());
    List<RuntimeException> failures = new ArrayList<>();
    boolean looks = true;
    for (List<DeviceId> batch = batches.next(); !batch.isEmpty(); batch = batches.next()) {
      Map<Device, String> saved = save(batch, failures);
      looks = looks && look(saved, failures);
    }
    batches.end();
    throwFirst(failures);
  }

  private static void throwFirst(List<RuntimeException> failures) {
    if (failures.isEmpty()) {
      return;
    }
    RuntimeException first = failures.get(0);
    failures.stream().filter(other -> other != first).forEach(first::addSuppressed);
    throw first;
  }

  /** What {@link #look} is for, nothing if it fails. */
  private Map<Device, String> save(List<DeviceId> batch, List<RuntimeException> failures) {
    take(batch);
    if (saving.isEmpty()) {
      return Map.of();
    }
    try {
      Map<Device, String> saved = saver.save(new ArrayList<>(saving.values()));
      size.addAndGet(-saving.size());
      batches.saved();
      return saved;
    } catch (RuntimeException | Error e) {
      saving.values().forEach(this::putBack);
      if (e instanceof Error) {
        throw e;
      }
      batches.failed(batch);
      failures.add((RuntimeException) e);
      return Map.of();
    } finally {
      saving.clear();
    }
  }

  private boolean look(Map<Device, String> saved, List<RuntimeException> failures) {
    try {
      saver.look(saved);
      return true;
    } catch (RuntimeException e) {
      failures.add(e);
      return false;
    }
  }

  private void take(List<DeviceId> batch) {
    for (DeviceId device : batch) {
      pending.computeIfPresent(
          device,
          (id, report) -> {
            saving.put(id, report);
            return null;
          });
    }
  }

  private void putBack(WaitingReports earlier) {
    pending.compute(
        earlier.device(),
        (id, newer) -> {
          if (newer != null) {
            size.decrementAndGet();
            return newer.after(earlier);
          }
          return earlier;
        });
    if (earlier.refresh()) {
      refreshesWait = true;
    }
  }

  ReportCounts counts() {
    return new ReportCounts(
        tally.taken.sum(),
        tally.repeated.sum(),
        tally.ignored.sum(),
        tally.droppedRefreshes.sum(),
        tally.refusedChanges.sum(),
        tally.saved.sum(),
        tally.versionChanges.sum(),
        size.get(),
        capacity);
  }
}
