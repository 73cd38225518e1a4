package io.groupota.testkit.device;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Many simulated devices that share a few threads: two for timers, two for MQTT, and as many as
 * downloads may run at a time. Thread-safe.
 */
public final class SimulatedFleet implements AutoCloseable {
  private final DeviceThreads threads;
  private final List<SimulatedDevice> devices = new CopyOnWriteArrayList<>();
  private final Object changes = new Object();
  private boolean closed;

  private SimulatedFleet(DeviceThreads threads) {
    this.threads = threads;
  }

  /**
   * Begins with a fleet that has threads of its own and 8 downloads at a time.
   *
   * @return a builder, not thread-safe
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Adds devices. They share the threads of the fleet and stay switched off. Adding many at once is
   * cheaper than one by one.
   *
   * @param wanted their configurations, complete
   * @return the devices, in the same order
   * @throws IllegalStateException if a configuration is incomplete or the fleet is closed
   */
  public List<SimulatedDevice> add(List<SimulatedDeviceBuilder> wanted) {
    List<SimulatedDevice> added = new ArrayList<>();
    for (SimulatedDeviceBuilder builder : wanted) {
      added.add(new SimulatedDevice(new DeviceSettings(builder), threads, false, this::signal));
    }
    synchronized (changes) {
      if (closed) {
        throw new IllegalStateException("The fleet is closed");
      }
      devices.addAll(added);
    }
    return List.copyOf(added);
  }

  /**
   * Adds a device. It shares the threads of the fleet and stays switched off.
   *
   * @param wanted its configuration, complete
   * @return the device
   * @throws IllegalStateException if the configuration is incomplete or the fleet is closed
   */
  public SimulatedDevice add(SimulatedDeviceBuilder wanted) {
    return add(List.of(wanted)).get(0);
  }

  /**
   * Switches all devices on, evenly spread over a while, as devices in the field do not report in
   * step. Returns at once.
   *
   * @param over the while; zero for all at once. From about a hundred devices on, a second for
   *     every thousand spares the broker
   */
  public void start(Duration over) {
    List<SimulatedDevice> all = devices();
    for (int i = 0; i < all.size(); i++) {
      SimulatedDevice device = all.get(i);
      Future<?> unused =
          threads
              .timer()
              .schedule(device::switchOn, over.toNanos() / all.size() * i, TimeUnit.NANOSECONDS);
    }
  }

  /**
   * The devices.
   *
   * @return those that were added so far
   */
  public List<SimulatedDevice> devices() {
    return List.copyOf(devices);
  }

  /**
   * Waits until something is true of every device at the same time.
   *
   * @param condition what is to be true; depends on the {@linkplain SimulatedDevice#progress()
   *     progress} of the device: it is asked again when a progress changes
   * @param timeout how long to wait at most
   * @return whether it became true in time
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public boolean await(Predicate<SimulatedDevice> condition, Duration timeout)
      throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    synchronized (changes) {
      SimulatedDevice missing = firstWithout(condition);
      while (missing != null) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(changes, left);
        // Most changes are of others: look at all only when the one that is missing is ready.
        if (condition.test(missing)) {
          missing = firstWithout(condition);
        }
      }
      return true;
    }
  }

  /**
   * Switches all devices off and ends the threads; a timer that was handed over stays open.
   * Idempotent. Not to be called by a listener.
   */
  @Override
  public void close() {
    synchronized (changes) {
      closed = true;
    }
    CompletableFuture<?>[] ends =
        devices.stream().map(SimulatedDevice::end).toArray(CompletableFuture<?>[]::new);
    SimulatedDevice.join(CompletableFuture.allOf(ends));
    threads.close();
  }

  private @Nullable SimulatedDevice firstWithout(Predicate<SimulatedDevice> condition) {
    for (SimulatedDevice device : devices) {
      if (!condition.test(device)) {
        return device;
      }
    }
    return null;
  }

  private void signal() {
    synchronized (changes) {
      changes.notifyAll();
    }
  }

  /** Collects how a fleet runs. Not thread-safe. */
  public static final class Builder {
    private @Nullable ScheduledExecutorService timer;
    private int downloads = 8;

    private Builder() {}

    /**
     * A timer of the host, which stays open. It moves the devices, so that its threads must not be
     * busy with long work. Default: one of the fleet's own.
     *
     * @param timer the timer
     * @return this
     */
    public Builder timer(ScheduledExecutorService timer) {
      this.timer = timer;
      return this;
    }

    /**
     * How many devices send a request or download at a time, each in a thread; the others wait for
     * their turn. Default: 8.
     *
     * @param downloads the number, at least 1
     * @return this
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder downloads(int downloads) {
      if (downloads < 1) {
        throw new IllegalArgumentException("downloads must be at least 1, not " + downloads);
      }
      this.downloads = downloads;
      return this;
    }

    /**
     * Makes the fleet. No thread is started.
     *
     * @return a fleet without devices
     */
    public SimulatedFleet build() {
      return new SimulatedFleet(new DeviceThreads(timer, downloads));
    }
  }
}
