package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.spi.Device;
import io.groupota.spi.GroupDirectory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks up devices, in smaller and smaller parts where that fails: one that cannot be looked up
 * does not hold up the others.
 */
final class MemberLookups {
  /** How many parts are made of one that failed: three steps down to a single device. */
  private static final int PARTS = 10;

  /**
   * How many lookups in a row may fail before the rest are not tried. The last of them is far from
   * those before: what fails may be many devices side by side, or the directory.
   */
  private static final int PATIENCE = 6;

  private final DirectoryLookups directory;

  MemberLookups(GroupDirectory directory) {
    this.directory = new DirectoryLookups(directory);
  }

  /**
   * What came of it.
   *
   * @param devices the devices that were found
   * @param failed those whose lookup failed though nobody else was asked for
   * @param left those for which nothing was found out
   * @param failure the last failure, null if there was none
   * @param away whether there are such, and no lookup succeeded
   */
  record Found(
      Map<DeviceId, Device> devices,
      Set<DeviceId> failed,
      Set<DeviceId> left,
      @Nullable RuntimeException failure,
      boolean away) {}

  /**
   * Looks up devices.
   *
   * @param ids the devices, those side by side that may fail together
   * @param late whether it is too late to go on after a failure
   */
  Found lookUp(List<DeviceId> ids, BooleanSupplier late) {
    Map<DeviceId, Device> devices = new HashMap<>();
    Set<DeviceId> failed = new HashSet<>();
    Deque<List<DeviceId>> parts = new ArrayDeque<>(inParts(ids, DirectoryLookups.MOST));
    @Nullable RuntimeException failure = null;
    boolean away = true;
    int inARow = 0;
    while (!parts.isEmpty() && inARow < PATIENCE && (inARow == 0 || !late.getAsBoolean())) {
      List<DeviceId> part = inARow < PATIENCE - 1 ? parts.removeFirst() : parts.removeLast();
      try {
        devices.putAll(directory.devices(part));
        away = false;
        inARow = 0;
      } catch (RuntimeException e) {
        failure = e;
        inARow++;
        if (part.size() == 1) {
          failed.addAll(part);
        } else {
          List<List<DeviceId>> smaller = inParts(part, (part.size() + PARTS - 1) / PARTS);
          for (int i = smaller.size() - 1; i >= 0; i--) {
            parts.addFirst(smaller.get(i));
          }
        }
      }
    }
    Set<DeviceId> left = new HashSet<>();
    parts.forEach(left::addAll);
    return new Found(devices, failed, left, failure, away && !left.isEmpty());
  }

  private static List<List<DeviceId>> inParts(List<DeviceId> ids, int size) {
    List<List<DeviceId>> parts = new ArrayList<>();
    for (int from = 0; from < ids.size(); from += size) {
      parts.add(ids.subList(from, Math.min(ids.size(), from + size)));
    }
    return parts;
  }
}
