package io.groupota.examples.simulator;

import java.util.Arrays;

/**
 * What devices will do and when, the earliest first: a binary heap of numbers, eight bytes each.
 * Not thread-safe.
 */
final class ActionQueue {
  /** What a device does. */
  enum Action {
    /** It gets its trigger. */
    HEAR(0),
    /** It asks what it is to run, two seconds after its trigger. */
    CHECK(1),
    /** It asks by itself. */
    POLL(2),
    /** It has downloaded, flashed and booted. */
    FINISH(3),
    /** It goes back to its old version. */
    FALL_BACK(4),
    /** It comes online and says what it runs. */
    COME_ONLINE(5);

    /** Its place in {@link #ACTIONS}. */
    private final long code;

    Action(long code) {
      this.code = code;
    }
  }

  static final int MOST_DEVICES = 1 << 24;

  private static final Action[] ACTIONS = Action.values();
  private static final int ACTION_BITS = 3;
  private static final int TIME_SHIFT = 24 + ACTION_BITS;

  private long[] heap = new long[1 << 10];
  private int size;

  /**
   * Adds an action.
   *
   * @param time when, in milliseconds from the start, up to two years
   * @param device whose, below {@link #MOST_DEVICES}
   */
  void add(long time, int device, Action action) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, size + (size >> 1));
    }
    long added = time << TIME_SHIFT | (long) device << ACTION_BITS | action.code;
    int at = size++;
    while (at > 0 && heap[(at - 1) >> 1] > added) {
      heap[at] = heap[(at - 1) >> 1];
      at = (at - 1) >> 1;
    }
    heap[at] = added;
  }

  /** When the next action takes place, far away if there is none. */
  long nextTime() {
    return size == 0 ? Long.MAX_VALUE : heap[0] >> TIME_SHIFT;
  }

  /** Takes the next action; {@link #device} and {@link #action} tell what it says. */
  long take() {
    long first = heap[0];
    long last = heap[--size];
    int at = 0;
    int child;
    while ((child = 2 * at + 1) < size) {
      if (child + 1 < size && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= last) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }

  static int device(long taken) {
    return (int) (taken >> ACTION_BITS) & (MOST_DEVICES - 1);
  }

  static Action action(long taken) {
    return ACTIONS[(int) taken & ((1 << ACTION_BITS) - 1)];
  }
}
