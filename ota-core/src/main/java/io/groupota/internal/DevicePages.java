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
  private @Nullable Next next;

  DevicePages(GroupDirectory directory, DeviceStates reports) {
    this.directory = directory;
    this.reports = reports;
  }

  /** A device, and what it reported if it ever did. */
  record Reported(Device device, Optional<DeviceState> state) {}

  /** Where a page begins. */
  private record Begin(GroupId group, Optional<DeviceId> after) {}

  /** The page that is read meanwhile. */
  private record Next(Begin begin, Ahead<List<Reported>> page) {}

  /** The devices of a group that follow one in the order of their ids, or the first ones. */
  List<Reported> page(GroupId group, Optional<DeviceId> after) {
    Begin begin = new Begin(group, after);
    if (next != null && !next.begin().equals(begin)) {
      close();
    }
    Next read = next;
    next = null;
    List<Reported> page = read == null ? read(begin) : read.page().result();
    if (page.size() == SIZE) {
      Begin following = new Begin(group, Optional.of(page.get(SIZE - 1).device().id()));
      next = new Next(following, Ahead.begin("ota-devices", () -> read(following)));
    }
    return page;
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

  /** Waits for the page that is being read, which nobody wants any more. */
  @Override
  public void close() {
    Next read = next;
    next = null;
    if (read != null) {
      try {
        read.page().result();
      } catch (RuntimeException e) {
        // Whoever needs the page reads it again, and meets what failed.
        LOG.debug("A page of devices could not be read", e);
      }
    }
  }
}
