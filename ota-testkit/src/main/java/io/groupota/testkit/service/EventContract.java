package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeployRequest;
import io.groupota.DeviceReport;
import io.groupota.GroupOtaService;
import io.groupota.OtaException;
import io.groupota.OtaUpdate;
import io.groupota.Retention;
import io.groupota.StorageException;
import io.groupota.UpdateCode;
import io.groupota.UpdateId;
import io.groupota.event.Deployed;
import io.groupota.event.DeviceChanged;
import io.groupota.event.DeviceFellBack;
import io.groupota.event.DeviceProgressed;
import io.groupota.event.DeviceUpdated;
import io.groupota.event.GroupEvent;
import io.groupota.event.OtaEvent;
import io.groupota.event.Triggered;
import io.groupota.event.UpdatesRemoved;
import io.groupota.event.Work;
import io.groupota.event.WorkFailed;
import io.groupota.event.WorkRecovered;
import io.groupota.event.WorkRetried;
import io.groupota.firmware.FirmwareSource;
import io.groupota.spi.Addressing;
import io.groupota.spi.TriggerQueue.Reason;
import io.groupota.spi.UpdateNotifier;
import io.groupota.testkit.Race;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Which events listeners get, and that each change makes one, on the storages of an implementer.
 */
public abstract class EventContract extends ServiceContract {
  private final List<OtaEvent> events = new CopyOnWriteArrayList<>();

  /** For subclasses. */
  protected EventContract() {}

  @BeforeEach
  final void listen() {
    service = build(builder().listener(events::add));
  }

  @Test
  void aDeployAndARedeployAreTold() {
    OtaUpdate first = deploy("1.0.0");
    clock.advance(Duration.ofDays(1));
    OtaUpdate second = deploy("1.1.0");
    OtaUpdate again = service.redeploy(OWNER, GROUP, first.id());

    assertThat(events)
        .containsExactly(
            new Deployed(first, Optional.empty(), Optional.of(OWNER)),
            new Deployed(second, Optional.of(first), Optional.of(OWNER)),
            new Deployed(again, Optional.of(second), Optional.of(OWNER)));
    assertThat(events).allSatisfy(event -> assertThat(event.actor()).contains(OWNER));
    assertThat(events)
        .allSatisfy(event -> assertThat(((GroupEvent) event).group()).isEqualTo(GROUP));
    assertThat(events.get(0).at()).isEqualTo(clock.instant().minus(Duration.ofDays(1)));
    assertThat(events.get(1).at()).isEqualTo(clock.instant());
  }

  @Test
  void whatFailsIsNotTold() {
    OtaUpdate served = deploy("1.0.0");
    events.clear();
    FirmwareSource source = FirmwareSource.bytes(firmware("0.9.0"));
    GroupOtaService failing =
        build(
            builder()
                .listener(events::add)
                .repository(
                    intercepting(
                        "record",
                        (method, args) -> {
                          throw new StorageException("the database is gone", null);
                        })));
    List<Runnable> failures =
        List.of(
            () -> service.deploy(request("0.9.0").refusingDowngrade()),
            () -> service.deploy(DeployRequest.of(STRANGER, GROUP.value(), TOKEN, "2.0.0", source)),
            () -> service.deploy(DeployRequest.of(OWNER, GROUP.value(), "wrong", "2.0.0", source)),
            () ->
                service.deploy(
                    DeployRequest.of(
                        OWNER, GROUP.value(), TOKEN, "2.0.0", FirmwareSource.bytes(new byte[0]))),
            () -> service.redeploy(OWNER, GROUP, new UpdateId("0".repeat(24))),
            () -> failing.deploy(request("2.0.0")),
            () -> failing.redeploy(OWNER, GROUP, served.id()));
    for (Runnable failure : failures) {
      assertThatThrownBy(failure::run).isInstanceOf(OtaException.class);
    }
    assertThat(events).isEmpty();
  }

  @Test
  void aCommitWhoseAnswerWasLostIsToldOnce() {
    OtaUpdate before = deploy("1.0.0");
    events.clear();
    GroupOtaService unlucky =
        build(
            builder()
                .listener(events::add)
                .repository(
                    intercepting(
                        "record",
                        (method, args) -> {
                          method.call();
                          throw new StorageException("connection reset", null);
                        })));
    OtaUpdate update = unlucky.deploy(request("2.0.0"));
    assertThat(events)
        .containsExactly(new Deployed(update, Optional.of(before), Optional.of(OWNER)));
  }

  @Test
  void deploysThatRaceTellWhatEachOfThemReplaced() throws Exception {
    int deploys = 6;
    OtaUpdate before = deploy("1.0.0");
    events.clear();
    CyclicBarrier together = new CyclicBarrier(deploys);
    Set<Thread> arrived = ConcurrentHashMap.newKeySet();
    GroupOtaService racing =
        build(
            builder()
                .listener(events::add)
                .repository(
                    intercepting(
                        "record",
                        (method, args) -> {
                          if (arrived.add(Thread.currentThread())) {
                            together.await();
                          }
                          return method.call();
                        })));
    AtomicInteger minor = new AtomicInteger();
    List<OtaUpdate> updates =
        Race.of(deploys, () -> racing.deploy(request("1." + minor.incrementAndGet() + ".0")));

    clock.advance(Duration.ofSeconds(1));
    Set<OtaUpdate> replaced = new HashSet<>(updates);
    replaced.remove(service.served(GROUP).orElseThrow());
    replaced.add(before);
    assertThat(events)
        .extracting(event -> ((Deployed) event).previous().orElseThrow())
        .containsExactlyInAnyOrderElementsOf(replaced);
  }

  @Test
  void triggersAreToldWithTheirReasonAndTheNumberOfMessages() {
    addDevice(1, "alice", Addressing.GROUP);
    addDevice(2, "bob", Addressing.DEVICE);
    OtaUpdate update = deploy("1.0.0");
    assertThat(toldByOneRun()).containsExactly(triggered(update, Reason.DEPLOYED, 2));
    assertThat(toldByOneRun()).isEmpty();

    clock.advance(INTERVAL);
    report(1, "0.9.0");
    assertThat(toldByOneRun())
        .containsExactly(
            new DeviceChanged(
                clock.instant(), device(1), GROUP, Optional.empty(), "0.9.0", Optional.of(update)),
            triggered(update, Reason.BEHIND, 1));
  }

  @Test
  void aTriggerThatNobodyNeedsIsToldToo() {
    addDevice(1, "alice", Addressing.GROUP);
    report(1, "1.0.0");
    service.runOnce();
    OtaUpdate update = deploy("1.0.0");
    assertThat(toldByOneRun()).containsExactly(triggered(update, Reason.DEPLOYED, 0));
  }

  @Test
  void aTriggerThatFailsIsToldAsOneThatIsRetried() {
    addDevice(1, "alice", Addressing.GROUP);
    AtomicInteger failures = new AtomicInteger(2);
    UpdateNotifier failing =
        trigger ->
            failures.getAndDecrement() > 0
                ? CompletableFuture.failedFuture(new IllegalStateException("no broker"))
                : recorder.trigger(trigger);
    service = build(builder().listener(events::add).notifier(failing));
    OtaUpdate update = deploy("1.0.0");
    for (int attempt = 1; attempt <= 2; attempt++) {
      List<OtaEvent> told = toldByOneRun();
      assertThat(told).hasSize(1);
      Duration delay = ((WorkRetried) told.get(0)).delay();
      assertThat(delay).isBetween(Duration.ofMillis(1), Duration.ofSeconds(10));
      assertThat(told)
          .containsExactly(
              new WorkRetried(
                  clock.instant(),
                  Work.TRIGGERS,
                  GROUP,
                  update.id(),
                  "1.0.0",
                  attempt,
                  delay,
                  "java.lang.IllegalStateException: no broker"));
      assertThat(toldByOneRun()).isEmpty();
      clock.advance(delay);
    }
    assertThat(toldByOneRun()).containsExactly(triggered(update, Reason.DEPLOYED, 1));
  }

  @Test
  void aTriggerThatAnotherNodeHasTakenOverIsToldByThatOneAlone() {
    addDevice(1, "alice", Addressing.GROUP);
    deploy("1.0.0");
    events.clear();
    for (String end : List.of("complete", "retry")) {
      UpdateNotifier notifier =
          end.equals("complete")
              ? recorder
              : trigger -> CompletableFuture.failedFuture(new IllegalStateException("no broker"));
      build(
              builder()
                  .listener(events::add)
                  .notifier(notifier)
                  .triggerLease(Duration.ofSeconds(1))
                  .repository(
                      intercepting(
                          end, (method, args) -> end.equals("complete") ? Set.of() : false)))
          .runOnce();
      clock.advance(Duration.ofSeconds(2));
    }
    assertThat(events).isEmpty();
  }

  @Test
  void aDeviceIsToldFromItsFirstReportToItsFallBack() {
    addDevice(1, "alice", Addressing.GROUP);
    report(1, "1.0.0");
    assertThat(toldByOneRun())
        .containsExactly(
            new DeviceChanged(
                clock.instant(), device(1), GROUP, Optional.empty(), "1.0.0", Optional.empty()));
    OtaUpdate update = deploy("2.0.0");
    service.runOnce();
    events.clear();

    Instant begin = clock.instant();
    code(UpdateCode.TRIGGER_RECEIVED);
    code(UpdateCode.DOWNLOAD_STARTED);
    report(1, "2.0.0");
    assertThat(toldByOneRun())
        .containsExactly(
            new DeviceProgressed(begin, device(1), GROUP, UpdateCode.TRIGGER_RECEIVED),
            new DeviceProgressed(
                begin.plusSeconds(1), device(1), GROUP, UpdateCode.DOWNLOAD_STARTED),
            new DeviceUpdated(clock.instant(), device(1), Optional.of("1.0.0"), update));
    clock.advance(Duration.ofMinutes(2));
    report(1, "2.0.0");
    assertThat(toldByOneRun()).isEmpty();
    clock.advance(Duration.ofSeconds(1));
    report(1, "1.0.0");
    assertThat(toldByOneRun())
        .contains(new DeviceFellBack(clock.instant(), device(1), "1.0.0", update))
        .noneMatch(event -> event instanceof DeviceChanged);
    clock.advance(Duration.ofSeconds(1));
    report(1, "1.5.0");
    assertThat(toldByOneRun())
        .containsExactly(
            new DeviceChanged(
                clock.instant(),
                device(1),
                GROUP,
                Optional.of("1.0.0"),
                "1.5.0",
                Optional.of(update)));
  }

  @Test
  void whatANodeSaysIsMeasuredByTheLatestDeployOfAnyNode() {
    addDevice(1, "alice", Addressing.GROUP);
    GroupOtaService other = build(builder());
    deploy("1.0.0");
    report(1, "1.0.0");
    service.runOnce();
    OtaUpdate update = other.deploy(request("2.0.0"));
    events.clear();
    report(1, "2.0.0");
    assertThat(toldByOneRun())
        .contains(new DeviceUpdated(clock.instant(), device(1), Optional.of("1.0.0"), update))
        .noneMatch(event -> event instanceof DeviceFellBack);
  }

  @Test
  void reportsAreToldWhenTheyAreSavedAndNotBefore() {
    addDevice(1, "alice", Addressing.GROUP);
    OtaUpdate update = deploy("1.0.0");
    service.runOnce();
    AtomicBoolean down = new AtomicBoolean(true);
    service =
        build(
            builder()
                .listener(events::add)
                .repository(
                    intercepting(
                        "save",
                        (method, args) -> {
                          if (down.get()) {
                            throw new StorageException("down", null);
                          }
                          return method.call();
                        })));
    events.clear();
    Instant reported = clock.instant();
    report(1, "1.0.0");
    for (int failures = 1; failures <= 2; failures++) {
      assertThatThrownBy(service::runOnce).isInstanceOf(StorageException.class);
      clock.advance(Duration.ofSeconds(1));
    }
    down.set(false);
    service.runOnce();
    String cause = "io.groupota.StorageException: down";
    assertThat(events)
        .containsExactly(
            new WorkFailed(reported, Work.REPORTS, 1, cause),
            new WorkFailed(reported.plusSeconds(1), Work.REPORTS, 2, cause),
            new DeviceUpdated(reported, device(1), Optional.empty(), update),
            new WorkRecovered(reported.plusSeconds(2), Work.REPORTS, 2));
  }

  @Test
  void ofTwoNodesOneTellsOfAChange() {
    GroupOtaService other = build(builder().listener(events::add));
    for (int number = 1; number <= 3; number++) {
      addDevice(number, "alice", Addressing.DEVICE);
      report(number, "1.0.0");
      other.report(DeviceReport.version(device(number), "1.0.0"));
    }
    service.runOnce();
    other.runOnce();
    OtaUpdate update = deploy("2.0.0");
    other.runOnce();
    service.runOnce();
    assertThat(events)
        .filteredOn(event -> event instanceof Triggered)
        .containsExactly(triggered(update, Reason.DEPLOYED, 3));
    events.clear();
    for (GroupOtaService node : List.of(service, other, service, other)) {
      for (int number = 1; number <= 3; number++) {
        node.report(DeviceReport.version(device(number), "2.0.0"));
      }
      node.runOnce();
      clock.advance(Duration.ofMinutes(1));
    }
    assertThat(events)
        .extracting(event -> ((DeviceUpdated) event).device())
        .containsExactlyInAnyOrder(device(1), device(2), device(3));
  }

  @Test
  void ofNodesThatSaveTheSameReportsAtOnceOneTellsOfEach() throws Exception {
    int devices = 50;
    deploy("1.0.0");
    service.runOnce();
    for (int number = 0; number < devices; number++) {
      addDevice(number, "alice", Addressing.GROUP);
    }
    CyclicBarrier together = new CyclicBarrier(3);
    List<GroupOtaService> nodes = new ArrayList<>();
    for (int node = 0; node < 3; node++) {
      nodes.add(
          build(
              builder()
                  .listener(events::add)
                  .repository(
                      intercepting(
                          "save",
                          (method, args) -> {
                            together.await();
                            return method.call();
                          }))));
    }
    events.clear();
    AtomicInteger next = new AtomicInteger();
    Race.of(
        3,
        () -> {
          GroupOtaService node = nodes.get(next.getAndIncrement());
          for (int number = 0; number < devices; number++) {
            node.report(DeviceReport.version(device(number), "1.0.0"));
          }
          node.runOnce();
          return node;
        });
    assertThat(events)
        .extracting(event -> ((DeviceUpdated) event).device())
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, devices).mapToObj(ServiceContract::device).toList());
  }

  @Test
  void whatRetentionRemovesIsTold() {
    List<OtaUpdate> updates = IntStream.range(0, 4).mapToObj(i -> deploy("1." + i + ".0")).toList();
    clock.advance(Duration.ofDays(2));
    service =
        build(builder().listener(events::add).retention(new Retention(2, Duration.ofDays(1))));
    events.clear();
    service.runOnce();
    assertThat(events)
        .filteredOn(event -> event instanceof UpdatesRemoved)
        .containsExactly(
            new UpdatesRemoved(
                clock.instant(), GROUP, List.of(updates.get(0).id(), updates.get(1).id())));
    assertThat(toldByOneRun()).isEmpty();
  }

  @Test
  void noEventHoldsAToken() {
    addDevice(1, "alice", Addressing.GROUP);
    addDevice(2, "bob", Addressing.DEVICE);
    OtaUpdate first = deploy("1.0.0");
    service.runOnce();
    report(1, "1.0.0");
    report(2, "0.9.0");
    service.report(DeviceReport.code(device(2), UpdateCode.FAILED));
    service.runOnce();
    clock.advance(Duration.ofSeconds(1));
    report(1, "0.9.0");
    service.runOnce();
    deploy("2.0.0");
    service.redeploy(OWNER, GROUP, first.id());
    service.runOnce();
    assertThat(events.stream().map(OtaEvent::getClass).distinct()).hasSizeGreaterThanOrEqualTo(6);
    assertThat(events)
        .allSatisfy(
            event ->
                assertThat(event.toString())
                    .doesNotContain(TOKEN)
                    .doesNotContain("token1")
                    .doesNotContain("token2")
                    .doesNotContain("firmware.bin"));
  }

  private void code(UpdateCode code) {
    service.report(DeviceReport.code(device(1), code));
    clock.advance(Duration.ofSeconds(1));
  }

  private Triggered triggered(OtaUpdate update, Reason reason, long messages) {
    return new Triggered(clock.instant(), GROUP, update.id(), update.version(), reason, messages);
  }

  /** Lets the service do what is due, and returns the events of that. */
  private List<OtaEvent> toldByOneRun() {
    events.clear();
    service.runOnce();
    return List.copyOf(events);
  }
}
