package io.groupota.testkit.device;

import io.groupota.UpdateCode;
import io.groupota.testkit.device.DeviceProgress.Step;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a device does, step by step. All private methods run in its serial executor. */
final class DeviceLoop implements DeviceLink.Events {
  private static final Logger log = LoggerFactory.getLogger(DeviceLoop.class);

  /** The progress of a download is told in so many parts. */
  private static final int PARTS = 20;

  private static final long FIRST_SKETCH_SIZE = 1_229_168;

  private final DeviceSettings settings;
  private final DeviceThreads threads;
  private final SerialExecutor serial;
  private final DeviceLink link;
  private final DeviceHttp http;
  private final Consumer<DeviceProgress> listener;
  private final Map<Fault, Integer> faults = new EnumMap<>(Fault.class);

  final AtomicInteger triggers = new AtomicInteger();
  final AtomicInteger checks = new AtomicInteger();
  final AtomicInteger downloads = new AtomicInteger();
  private volatile String version;
  private volatile DeviceProgress progress = DeviceProgress.of(Step.OFF);
  private volatile boolean connected;

  private boolean ended;

  /** Counts the times it was switched: what was begun in an earlier life has no effect. */
  private final AtomicInteger life = new AtomicInteger();

  private long bootedAt;
  private String sketchSha256;
  private long sketchSize = FIRST_SKETCH_SIZE;
  private @Nullable Future<?> statusTimer;
  private @Nullable Future<?> checkTimer;

  DeviceLoop(DeviceSettings settings, DeviceThreads threads, Consumer<DeviceProgress> listener) {
    this.settings = settings;
    this.threads = threads;
    this.listener = listener;
    version = settings.version;
    sketchSha256 = settings.sketchSha256;
    serial = new SerialExecutor(threads.timer());
    link = new DeviceLink(settings, threads, serial, this);
    http = new DeviceHttp(settings);
  }

  String version() {
    return version;
  }

  DeviceProgress progress() {
    return progress;
  }

  boolean isConnected() {
    return connected;
  }

  void inject(Fault fault, int times) {
    synchronized (faults) {
      faults.put(fault, times);
    }
  }

  void switchOn() {
    serial.execute(
        () -> {
          if (!ended && progress.step() == Step.OFF) {
            bootAnew();
            set(DeviceProgress.of(Step.IDLE));
            link.connect(() -> {});
          }
        });
  }

  void switchOff() {
    serial.execute(() -> goDark(() -> {}));
  }

  /** Switches it off for ever, and says when its connection is closed. */
  void end(Runnable whenDone) {
    http.abort();
    serial.execute(
        () -> {
          ended = true;
          goDark(whenDone);
        });
  }

  void checkNow() {
    serial.execute(this::checkIfIdle);
  }

  @Override
  public void up() {
    connected = true;
    publishStatus();
    statusTimer = every(settings.statusInterval, this::publishStatus);
  }

  @Override
  public void down() {
    connected = false;
    cancel(statusTimer);
  }

  @Override
  public void message() {
    triggers.incrementAndGet();
    if (!progress.isIdle() || strikes(Fault.SILENCE)) {
      return;
    }
    if (strikes(Fault.CONNECTION_LOST)) {
      link.disconnect(() -> later(settings.reconnect, this::reconnectIfIdle));
      return;
    }
    set(DeviceProgress.of(Step.TRIGGERED));
    respond(UpdateCode.TRIGGER_RECEIVED);
    later(settings.pace, this::check);
  }

  private void bootAnew() {
    life.incrementAndGet();
    bootedAt = System.nanoTime();
    cancel(checkTimer);
    checkTimer = every(settings.checkInterval, this::checkIfIdle);
  }

  private void goDark(Runnable whenDone) {
    life.incrementAndGet();
    cancel(checkTimer);
    http.abort();
    if (progress.step() != Step.OFF) {
      set(DeviceProgress.of(Step.OFF));
    }
    link.disconnect(whenDone);
  }

  private void reconnectIfIdle() {
    // A check that began meanwhile connects by itself when it is done.
    if (progress.isIdle()) {
      link.connect(() -> {});
    }
  }

  private void checkIfIdle() {
    if (progress.isIdle()) {
      check();
    }
  }

  private void check() {
    checks.incrementAndGet();
    set(DeviceProgress.of(Step.CHECKING));
    link.disconnect(() -> inBackground(http::latest, this::checked, this::checkFailed));
  }

  private void checked(Optional<String> latest) {
    if (latest.isEmpty()) {
      link.connect(() -> set(DeviceProgress.of(Step.IDLE)));
    } else if (latest.get().equals(version)) {
      link.connect(this::upToDate);
    } else {
      link.connect(
          () -> {
            respond(UpdateCode.DOWNLOAD_STARTED);
            link.disconnect(() -> download(latest.get()));
          });
    }
  }

  /** No code is sent for this: the device logs it and tries again at its next check. */
  private void checkFailed(String reason) {
    link.connect(() -> set(DeviceProgress.of(Step.FAILED, reason)));
  }

  private void upToDate() {
    respond(UpdateCode.UP_TO_DATE);
    set(DeviceProgress.of(Step.IDLE));
  }

  private void download(String offered) {
    downloads.incrementAndGet();
    DeviceHttp.Order order =
        new DeviceHttp.Order(
            sketchSha256, sketchSize, strikes(Fault.DOWNLOAD_CUT), strikes(Fault.DOWNLOAD_DAMAGED));
    set(DeviceProgress.of(Step.DOWNLOADING));
    int born = life.get();
    inBackground(
        () -> http.download(order, meter(born)),
        image -> downloaded(offered, image),
        this::downloadFailed);
  }

  /** Tells of a part at a time, not of every packet. */
  private DeviceHttp.Meter meter(int born) {
    AtomicLong told = new AtomicLong();
    return (bytes, total) -> {
      if (bytes == total || bytes >= told.get() + Math.max(1, total / PARTS)) {
        told.set(bytes);
        DeviceProgress next = new DeviceProgress(Step.DOWNLOADING, bytes, total, "");
        serial.execute(() -> ifAlive(born, () -> set(next)));
      }
    };
  }

  private void downloaded(String offered, Optional<DeviceHttp.Image> image) {
    if (image.isEmpty()) {
      link.connect(this::upToDate);
      return;
    }
    set(DeviceProgress.of(Step.REBOOTING));
    later(settings.reboot, () -> boot(offered, image.get()));
  }

  private void downloadFailed(String reason) {
    link.connect(
        () -> {
          respond(UpdateCode.FAILED);
          set(DeviceProgress.of(Step.FAILED, reason));
        });
  }

  private void boot(String offered, DeviceHttp.Image image) {
    bootedAt = System.nanoTime();
    if (strikes(Fault.FALL_BACK)) {
      link.connect(() -> set(fellBack()));
      return;
    }
    String before = version;
    String shaBefore = sketchSha256;
    long sizeBefore = sketchSize;
    version = offered;
    sketchSha256 = image.sha256();
    sketchSize = image.size();
    link.connect(
        () -> {
          set(DeviceProgress.of(Step.UPDATED, offered));
          if (strikes(Fault.LATE_FALL_BACK)) {
            later(settings.reboot, () -> fallBack(before, shaBefore, sizeBefore));
          }
        });
  }

  private void fallBack(String before, String sha256, long size) {
    bootAnew();
    version = before;
    sketchSha256 = sha256;
    sketchSize = size;
    link.disconnect(() -> link.connect(() -> set(fellBack())));
  }

  private DeviceProgress fellBack() {
    return DeviceProgress.of(Step.FAILED, "fell back to " + version);
  }

  private void respond(UpdateCode code) {
    link.publish(settings.responseTopic(), "{\"code\":" + code.code() + "}");
  }

  private void publishStatus() {
    long uptime = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - bootedAt);
    link.publish(
        settings.statusTopic(),
        "{\"battery\":100,\"uptime\":"
            + uptime
            + ",\"core_version\":"
            + quoted(settings.coreVersion)
            + ",\"fw_version\":"
            + quoted(version)
            + "}");
  }

  /** As a JSON string. A version may be any text. */
  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char character = text.charAt(i);
      if (character == '"' || character == '\\') {
        json.append('\\').append(character);
      } else if (character < ' ') {
        json.append(String.format("\\u%04x", (int) character));
      } else {
        json.append(character);
      }
    }
    return json.append('"').toString();
  }

  private boolean strikes(Fault fault) {
    synchronized (faults) {
      int left = faults.getOrDefault(fault, 0);
      if (left > 0 && left < Integer.MAX_VALUE) {
        faults.put(fault, left - 1);
      }
      return left > 0;
    }
  }

  private void set(DeviceProgress next) {
    progress = next;
    try {
      listener.accept(next);
    } catch (RuntimeException e) {
      log.warn("The listener of simulated device {} failed", settings.id, e);
    }
  }

  /** A request of the device. */
  @FunctionalInterface
  private interface Request<T> {
    T send() throws IOException;
  }

  private <T> void inBackground(Request<T> request, Consumer<T> done, Consumer<String> failed) {
    int born = life.get();
    try {
      threads
          .downloads()
          .execute(
              () -> {
                if (born != life.get()) {
                  return;
                }
                Runnable next;
                try {
                  T answer = request.send();
                  next = () -> done.accept(answer);
                } catch (IOException | RuntimeException e) {
                  log.debug("A request of simulated device {} failed", settings.id, e);
                  String reason = Optional.ofNullable(e.getMessage()).orElse(e.toString());
                  next = () -> failed.accept(reason);
                }
                Runnable outcome = next;
                serial.execute(() -> ifAlive(born, outcome));
              });
    } catch (RejectedExecutionException e) {
      log.debug("Simulated device {} was closed before its request", settings.id);
    }
  }

  private void later(Duration delay, Runnable task) {
    int born = life.get();
    Runnable inTurn = () -> serial.execute(() -> ifAlive(born, task));
    try {
      Future<?> unused = threads.timer().schedule(inTurn, delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      log.debug("Simulated device {} was closed before its time had come", settings.id);
    }
  }

  private Future<?> every(Duration interval, Runnable task) {
    int born = life.get();
    Runnable inTurn = () -> serial.execute(() -> ifAlive(born, task));
    long nanos = interval.toNanos();
    return threads.timer().scheduleAtFixedRate(inTurn, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  private void ifAlive(int born, Runnable task) {
    if (born == life.get()) {
      task.run();
    }
  }

  private static void cancel(@Nullable Future<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
