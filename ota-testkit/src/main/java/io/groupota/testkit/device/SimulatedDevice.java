package io.groupota.testkit.device;

import io.groupota.DeviceId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device that runs IoTaaP OS 5.x, seen from the broker and from the server.
 *
 * <p>It connects over MQTT 3.1.1 with a clean session, subscribes with QoS 0 to its trigger topic,
 * ignores packets of more than 1,024 bytes and publishes its status. On a trigger, and every six
 * hours, it checks: it answers 200 to the trigger, waits, drops the MQTT connection, asks for the
 * version, connects again, and answers 202 if the version is its own as a string. Else it answers
 * 201, drops the connection again, downloads over HTTP/1.0, verifies length, first byte, {@code
 * x-MD5} and image, reboots, connects and reports the version that it was told: the firmware of
 * that version would. A download that fails is answered with 203, a check that fails with nothing.
 * A trigger that comes while it is busy is lost. It follows no redirect.
 *
 * <p>Thread-safe. A device of its own has a few threads, those of a {@link SimulatedFleet} share
 * them. Downloads take constant memory.
 */
public final class SimulatedDevice implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SimulatedDevice.class);
  private static final int CLOSE_SECONDS = 10;

  private final DeviceSettings settings;
  private final DeviceThreads threads;
  private final boolean ownThreads;
  private final DeviceLoop loop;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final AtomicBoolean ending = new AtomicBoolean();

  SimulatedDevice(
      DeviceSettings settings, DeviceThreads threads, boolean ownThreads, Runnable afterChange) {
    this.settings = settings;
    this.threads = threads;
    this.ownThreads = ownThreads;
    this.loop =
        new DeviceLoop(
            settings,
            threads,
            progress -> {
              try {
                settings.listener.changed(this, progress);
              } finally {
                afterChange.run();
              }
            });
  }

  /**
   * Begins with a device.
   *
   * @param id its identifier
   * @return a builder, not thread-safe
   */
  public static SimulatedDeviceBuilder builder(DeviceId id) {
    return new SimulatedDeviceBuilder(id);
  }

  /**
   * Its identifier.
   *
   * @return the identifier
   */
  public DeviceId id() {
    return settings.id;
  }

  /**
   * The version that it runs.
   *
   * @return the version, as it reports it
   */
  public String version() {
    return loop.version();
  }

  /**
   * What it is doing.
   *
   * @return the step of its update
   */
  public DeviceProgress progress() {
    return loop.progress();
  }

  /**
   * Whether it is connected to the broker and has subscribed.
   *
   * @return whether
   */
  public boolean isConnected() {
    return loop.isConnected();
  }

  /**
   * How many triggers it received, those it ignored included.
   *
   * @return the number since it was built
   */
  public int triggers() {
    return loop.triggers.get();
  }

  /**
   * How many times it asked for the version.
   *
   * @return the number since it was built
   */
  public int checks() {
    return loop.checks.get();
  }

  /**
   * How many times it began to download.
   *
   * @return the number since it was built
   */
  public int downloads() {
    return loop.downloads.get();
  }

  /** Switches it on; it connects. Returns at once. Idempotent; no effect after closing. */
  public void switchOn() {
    loop.switchOn();
  }

  /**
   * Switches it off at once, also in the middle of an update. What it misses is lost; it keeps its
   * version, its faults and its counts. Returns at once. Idempotent.
   */
  public void switchOff() {
    loop.switchOff();
  }

  /** Checks for an update, as when six hours have passed. No effect unless it is idle. */
  public void check() {
    loop.checkNow();
  }

  /**
   * Makes something go wrong the next times that it can.
   *
   * @param fault what
   * @param times how often; {@link Integer#MAX_VALUE} for ever, 0 not any more
   * @throws IllegalArgumentException if the number is negative
   */
  public void inject(Fault fault, int times) {
    if (times < 0) {
      throw new IllegalArgumentException("times must not be negative, but is " + times);
    }
    loop.inject(fault, times);
  }

  /**
   * Switches it off for ever and waits until its connections are closed; ends its threads if it
   * does not share them. Idempotent. Not to be called by a listener.
   */
  @Override
  public void close() {
    join(end());
    if (ownThreads) {
      threads.close();
    }
  }

  CompletableFuture<Void> end() {
    if (ending.compareAndSet(false, true)) {
      loop.end(() -> ended.complete(null));
    }
    return ended;
  }

  static void join(CompletableFuture<Void> end) {
    try {
      end.get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      log.warn("A simulated device did not close its connection in time", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
