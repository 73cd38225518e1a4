package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates;
import io.groupota.spi.GroupDirectory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the devices of groups with what they reported, page by page. While its caller is busy with
 * a page, the next one is read in a thread of its own, which ends with {@link #close}. Keeps two
 * pages at most. Used by one thread.
 */
final class DevicePages implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DevicePages.class);

  /** How many devices a page has that is not the last one of its group. */
  static final int SIZE = 10_000;

  private static final int STATES = 1_000;

  private final GroupDirectory directory;
  private final DeviceStates reports;
  private @Nullable Ahead ahead;

  DevicePages(GroupDirectory directory, DeviceStates reports) {
    this.directory = directory;
    this.reports = reports;
  }

  /** A device, and what it reported if it ever did. */
  record Reported(Device device, Optional<DeviceState> state) {}

  /** Where a page begins. */
  private record Begin(GroupId group, Optional<DeviceId> after) {}

  /** The page that is read meanwhile. */
  private record Ahead(Begin begin, FutureTask<List<Reported>> page) {}

  /** The devices of a group that follow one in the order of their ids, or the first ones. */
  List<Reported> page(GroupId group, Optional<DeviceId> after) {
    Begin begin = new Begin(group, after);
    Ahead read = ahead;
    ahead = null;
    List<Reported> page =
        read != null && read.begin().equals(begin) ? result(read.page()) : read(begin);
    if (page.size() == SIZE) {
      readAhead(new Begin(group, Optional.of(page.get(SIZE - 1).device().id())));
    }
    return page;
  }

  private void readAhead(Begin begin) {
    FutureTask<List<Reported>> page = new FutureTask<>(() -> read(begin));
    Thread thread = new Thread(page, "ota-devices");
    thread.setDaemon(true);
    thread.start();
    ahead = new Ahead(begin, page);
  }

  private List<Reported> read(Begin begin) {
    return reported(
        reports, directory.devices(begin.group(), null, begin.after().orElse(null), SIZE));
  }

  /** What devices reported. */
  static List<Reported> reported(DeviceStates reports, List<Device> devices) {
    List<Reported> reported = new ArrayList<>(devices.size());
    for (int from = 0; from < devices.size(); from += STATES) {
      List<Device> some = devices.subList(from, Math.min(from + STATES, devices.size()));
      Map<DeviceId, DeviceState> states = reports.states(some.stream().map(Device::id).toList());
      some.forEach(
          device ->
              reported.add(new Reported(device, Optional.ofNullable(states.get(device.id())))));
    }
    return reported;
  }

  private static List<Reported> result(FutureTask<List<Reported>> page) {
    try {
      return await(page);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw new IllegalStateException("A page of devices could not be read", e);
    }
  }

  /** An interrupt can wait: the thread must not outlive its caller. */
  private static List<Reported> await(FutureTask<List<Reported>> page) throws ExecutionException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return page.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Waits for the page that is being read. */
  @Override
  public void close() {
    Ahead read = ahead;
    ahead = null;
    if (read != null) {
      try {
        await(read.page());
      } catch (ExecutionException e) {
        // Whoever needs the page reads it again, and meets what failed.
        LOG.debug("A page of devices could not be read", e.getCause());
      }
    }
  }
}
