package io.groupota.testkit.service;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.DeviceState;
import io.groupota.FirmwareDownload;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.spi.Addressing;
import io.groupota.spi.BlobStore;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupRegistry;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import io.groupota.testkit.SettableClock;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What the contracts of the service share: an owner with a group, a service that is driven by hand,
 * and the triggers that it sent. Each test gets fresh storages.
 */
public abstract class ServiceContract {
  static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  static final OwnerId STRANGER = new OwnerId("5e10fc5e77ba18070312e172");
  static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  static final String TOKEN = "AATluvfLURijoH9d";
  static final Duration INTERVAL = Duration.ofMinutes(10);

  final SettableClock clock = SettableClock.at(Instant.parse("2026-01-01T00:00:00Z"));
  final List<UpdateTrigger> triggers = new CopyOnWriteArrayList<>();
  final UpdateNotifier recorder =
      trigger -> {
        triggers.add(trigger);
        return CompletableFuture.completedFuture(null);
      };
  private final List<GroupOtaService> opened = new ArrayList<>();

  OtaRepository repository;
  BlobStore blobs;
  GroupRegistry registry;
  GroupOtaService service;

  /** For subclasses. */
  @SuppressWarnings("NullAway.Init")
  protected ServiceContract() {}

  /**
   * The storages of one test, empty.
   *
   * @param repository the repository, on the clock of the test
   * @param blobs the blob store
   * @param registry the group directory, written by the test
   */
  public record Backend(OtaRepository repository, BlobStore blobs, GroupRegistry registry) {}

  /**
   * Makes the storages of a test.
   *
   * @param clock decides what is due in the repository
   * @return fresh, empty storages
   */
  protected abstract Backend backend(Clock clock);

  @BeforeEach
  final void open() {
    Backend backend = backend(clock);
    repository = backend.repository();
    blobs = backend.blobs();
    registry = backend.registry();
    registry.saveGroups(List.of(new Group(GROUP, OWNER, Token.of(TOKEN), "cooling")));
    service = build(builder());
  }

  @AfterEach
  final void close() {
    opened.forEach(GroupOtaService::close);
  }

  GroupOta.Builder builder() {
    return GroupOta.builder()
        .repository(repository)
        .blobStore(blobs)
        .groups(registry)
        .notifier(recorder)
        .clock(clock)
        .retriggerInterval(INTERVAL)
        .maxFirmwareSize(1 << 20);
  }

  GroupOtaService build(GroupOta.Builder builder) {
    GroupOtaService built = builder.build();
    opened.add(built);
    return built;
  }

  OtaUpdate deploy(String version) {
    return service.deploy(request(version));
  }

  static DeployRequest request(String version) {
    return DeployRequest.of(
        OWNER, GROUP.value(), TOKEN, version, FirmwareSource.bytes(firmware(version)));
  }

  static byte[] firmware(String version) {
    return ("firmware " + version).repeat(500).getBytes(StandardCharsets.US_ASCII);
  }

  static DeviceId device(int number) {
    return new DeviceId(String.format("%024x", number));
  }

  void addDevice(int number, String mqttUser, Addressing addressing) {
    Token token = Token.of("token" + number);
    registry.saveDevices(
        List.of(new Device(device(number), token, Optional.of(GROUP), mqttUser, addressing)));
  }

  void report(int number, String version) {
    service.report(DeviceReport.version(device(number), version));
  }

  DeviceState state(int number) {
    return service.deviceState(OWNER, device(number)).orElseThrow();
  }

  /**
   * Lets the service do what is due, and returns the triggers that it sent, as {@code user} or
   * {@code user/device}.
   */
  List<String> triggersOfOneRun() {
    triggers.clear();
    service.runOnce();
    return triggers.stream()
        .map(
            trigger ->
                trigger.mqttUser()
                    + trigger.device().map(id -> "/" + Long.parseLong(id.value(), 16)).orElse(""))
        .sorted()
        .toList();
  }

  /** Listens to, or fails, each save of the repository. */
  @FunctionalInterface
  interface SaveListener {
    void onSave(int sightings);
  }

  OtaRepository onSave(SaveListener listener) {
    return (OtaRepository)
        Proxy.newProxyInstance(
            OtaRepository.class.getClassLoader(),
            new Class<?>[] {OtaRepository.class},
            (proxy, method, args) -> {
              if (method.getName().equals("save")) {
                listener.onSave(((Collection<?>) args[0]).size());
              }
              try {
                return method.invoke(repository, args);
              } catch (InvocationTargetException e) {
                throw Optional.ofNullable(e.getCause()).orElse(e);
              }
            });
  }

  /** The repository, but for one method that fails while it is down. */
  OtaRepository failing(String name, BooleanSupplier down) {
    return intercepting(
        name,
        (method, args) -> {
          if (down.getAsBoolean()) {
            throw new StorageException(name + " fails", null);
          }
          return method.call();
        });
  }

  static byte[] read(FirmwareDownload download) {
    return read(download, 0, download.update().firmware().size());
  }

  static byte[] read(FirmwareDownload download, long offset, long length) {
    try (InputStream in = download.open(offset, length)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] servedBytes() {
    return read(service.download(GROUP, Token.of(TOKEN)).orElseThrow());
  }

  static boolean same(byte[] left, byte[] right) {
    return Arrays.equals(left, right);
  }

  /** Stands in for one call of the repository. */
  @FunctionalInterface
  interface Interceptor {
    Object call(Callable<Object> method, Object[] args) throws Exception;
  }

  /** The repository of the test, but for one method. */
  OtaRepository intercepting(String name, Interceptor interceptor) {
    return intercepting(repository, name, interceptor);
  }

  /** Another repository, but for one method. */
  static OtaRepository intercepting(OtaRepository other, String name, Interceptor interceptor) {
    return (OtaRepository)
        Proxy.newProxyInstance(
            OtaRepository.class.getClassLoader(),
            new Class<?>[] {OtaRepository.class},
            (proxy, method, args) -> {
              Callable<Object> real =
                  () -> {
                    try {
                      return method.invoke(other, args);
                    } catch (InvocationTargetException e) {
                      throw (Exception) e.getCause();
                    }
                  };
              return method.getName().equals(name) ? interceptor.call(real, args) : real.call();
            });
  }
}
