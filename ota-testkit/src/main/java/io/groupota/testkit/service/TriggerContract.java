package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeployRequest;
import io.groupota.DeviceReport;
import io.groupota.GroupId;
import io.groupota.GroupOtaService;
import io.groupota.Token;
import io.groupota.TriggerRefusedException;
import io.groupota.event.Triggered;
import io.groupota.firmware.FirmwareSource;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.UpdateNotifier;
import io.groupota.testkit.SettableClock;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Who is triggered, and how often, on the storages of an implementer. */
public abstract class TriggerContract extends ServiceContract {
  /** For subclasses. */
  protected TriggerContract() {}

  @Test
  void aDeployTellsEachUserOfTheGroupOnceAndEachDeviceThatIsAddressedByItself() {
    addDevice(1, "alice", Addressing.GROUP);
    addDevice(2, "alice", Addressing.GROUP);
    addDevice(3, "bob", Addressing.GROUP);
    addDevice(4, "alice", Addressing.DEVICE);
    addDevice(5, "carol", Addressing.DEVICE);
    assertThat(triggersOfOneRun()).isEmpty();

    deploy("1.0.0");

    assertThat(triggersOfOneRun()).containsExactly("alice", "alice/4", "bob", "carol/5");
    assertThat(triggersOfOneRun()).as("once").isEmpty();
  }

  @Test
  void aRoundThatTakesLongerThanItsLeaseIsSentOnce() {
    Duration lease = Duration.ofMillis(150);
    Duration each = Duration.ofMillis(60);
    for (int number = 1; number <= 10; number++) {
      addDevice(number, "alice", Addressing.DEVICE);
    }
    GroupOtaService other = build(builder().triggerLease(lease));
    UpdateNotifier slow =
        trigger -> {
          triggers.add(trigger);
          clock.advance(each);
          other.runOnce();
          return CompletableFuture.runAsync(
              () -> {}, CompletableFuture.delayedExecutor(each.toMillis(), TimeUnit.MILLISECONDS));
        };
    deploy("1.0.0");
    build(builder().notifier(slow).triggersInFlight(1).triggerLease(lease)).runOnce();
    assertThat(triggers).hasSize(10).doesNotHaveDuplicates();
    assertThat(triggersOfOneRun()).isEmpty();
  }

  @Test
  void onlyDevicesThatDifferAreTold() {
    addDevice(1, "alice", Addressing.GROUP);
    addDevice(2, "bob", Addressing.GROUP);
    addDevice(3, "bob", Addressing.GROUP);
    addDevice(4, "carol", Addressing.DEVICE);
    addDevice(5, "dave", Addressing.DEVICE);
    report(1, "2.0.0");
    report(2, "2.0.0");
    report(3, "1.0.0");
    report(4, "2.0.0");
    report(5, "3.0.0");
    triggersOfOneRun();

    deploy("2.0.0");

    assertThat(triggersOfOneRun()).containsExactly("bob", "dave/5");
  }

  @Test
  void aGroupWhoseDevicesAreAllCurrentStaysSilent() {
    addDevice(1, "alice", Addressing.GROUP);
    report(1, "2.0.0");
    triggersOfOneRun();
    deploy("2.0.0");
    assertThat(triggersOfOneRun()).isEmpty();
    for (int minute = 0; minute < 60; minute++) {
      clock.advance(Duration.ofMinutes(1));
      report(1, "2.0.0");
      assertThat(triggersOfOneRun()).isEmpty();
    }
  }

  @Test
  void theSameVersionAgainTriggersNobody() {
    addDevice(1, "alice", Addressing.GROUP);
    deploy("1.0.0");
    assertThat(triggersOfOneRun()).containsExactly("alice");
    deploy("1.0.0");
    assertThat(triggersOfOneRun()).isEmpty();
    deploy("1.0.1");
    assertThat(triggersOfOneRun()).containsExactly("alice");
  }

  /** A node begins with a wrong clock and is then told the time. */
  @Test
  void aDeviceThatIsBehindIsToldAlthoughTheClockOfTheNodeWasSetBack() {
    SettableClock clockOfNode = SettableClock.at(clock.instant().plus(Duration.ofDays(1)));
    service = build(builder().clock(clockOfNode));
    addDevice(1, "alice", Addressing.GROUP);
    deploy("2.0.0");
    assertThat(triggersOfOneRun()).containsExactly("alice");
    report(1, "1.0.0");
    assertThat(triggersOfOneRun()).isEmpty();
    clock.advance(INTERVAL);
    clockOfNode.set(clock.instant());
    report(1, "1.0.0");
    assertThat(triggersOfOneRun()).containsExactly("alice");
  }

  @Test
  void aDeviceThatShowsUpLateIsTriggeredOncePerInterval() {
    addDevice(1, "alice", Addressing.GROUP);
    addDevice(2, "bob", Addressing.GROUP);
    deploy("2.0.0");
    assertThat(triggersOfOneRun()).containsExactly("alice", "bob");
    report(1, "2.0.0");
    triggersOfOneRun();

    List<Integer> minutesOfTriggers = new ArrayList<>();
    for (int minute = 1; minute <= 45; minute++) {
      clock.advance(Duration.ofMinutes(1));
      for (int message = 0; message < 12; message++) {
        report(1, "2.0.0");
        report(2, "1.0.0");
      }
      List<String> sent = triggersOfOneRun();
      if (!sent.isEmpty()) {
        assertThat(sent).as("alice is current").containsExactly("bob");
        minutesOfTriggers.add(minute);
      }
    }
    assertThat(minutesOfTriggers).containsExactly(10, 20, 30, 40);
    report(2, "2.0.0");
    clock.advance(INTERVAL);
    assertThat(triggersOfOneRun()).isEmpty();
  }

  @Test
  void aDeviceAddressedStragglerIsToldAloneAndOnlyWhereItIsNow() {
    addDevice(1, "alice", Addressing.DEVICE);
    addDevice(2, "alice", Addressing.DEVICE);
    deploy("2.0.0");
    assertThat(triggersOfOneRun()).containsExactly("alice/1", "alice/2");
    clock.advance(INTERVAL);
    report(1, "2.0.0");
    report(2, "1.0.0");
    assertThat(triggersOfOneRun()).containsExactly("alice/2");
    clock.advance(INTERVAL);
    addDevice(2, "zoe", Addressing.DEVICE);
    report(2, "1.0.0");
    assertThat(triggersOfOneRun()).containsExactly("zoe/2");
  }

  @Test
  void aDeviceThatFallsBackIsBehindAgain() {
    addDevice(1, "alice", Addressing.GROUP);
    deploy("2.0.0");
    triggersOfOneRun();
    report(1, "2.0.0");
    triggersOfOneRun();
    clock.advance(INTERVAL);
    report(1, "1.0.0");
    assertThat(triggersOfOneRun()).containsExactly("alice");
  }

  @Test
  void anUnparsableVersionDiffersToo() {
    addDevice(1, "alice", Addressing.GROUP);
    deploy("2.0.0");
    triggersOfOneRun();
    clock.advance(INTERVAL);
    report(1, "factory build");
    assertThat(triggersOfOneRun()).containsExactly("alice");
  }

  @Test
  void aDeployDoesNotWaitForTheInterval() {
    addDevice(1, "alice", Addressing.GROUP);
    deploy("1.0.0");
    assertThat(triggersOfOneRun()).hasSize(1);
    clock.advance(Duration.ofSeconds(1));
    deploy("1.1.0");
    assertThat(triggersOfOneRun()).hasSize(1);
  }

  @Test
  void aTriggerThatFailsIsSentAgain() {
    addDevice(1, "alice", Addressing.GROUP);
    AtomicInteger attempts = new AtomicInteger();
    UpdateNotifier failing =
        trigger ->
            switch (attempts.incrementAndGet()) {
              case 1 -> CompletableFuture.failedFuture(new IllegalStateException("no broker"));
              case 2 -> throw new IllegalStateException("no broker at all");
              default -> recorder.trigger(trigger);
            };
    service = build(builder().notifier(failing));
    deploy("1.0.0");
    assertThat(triggersOfOneRun()).isEmpty();
    assertThat(triggersOfOneRun()).as("not before its backoff").isEmpty();
    clock.advance(Duration.ofSeconds(10));
    assertThat(triggersOfOneRun()).isEmpty();
    clock.advance(Duration.ofSeconds(10));
    assertThat(triggersOfOneRun()).containsExactly("alice");
    assertThat(attempts).hasValue(3);
  }

  @Test
  void aTriggerThatIsRefusedHoldsUpNobodyOfItsGroup() {
    for (int i = 1; i <= 3; i++) {
      addDevice(i, "user" + i, Addressing.GROUP);
      addDevice(3 + i, "user", Addressing.DEVICE);
    }
    UpdateNotifier refusing =
        trigger ->
            trigger.mqttUser().equals("user2") || trigger.device().equals(Optional.of(device(5)))
                ? CompletableFuture.failedFuture(new TriggerRefusedException("no right", null))
                : recorder.trigger(trigger);
    List<Triggered> told = new ArrayList<>();
    service =
        build(
            builder()
                .notifier(refusing)
                .listener(
                    event -> {
                      if (event instanceof Triggered triggered) {
                        told.add(triggered);
                      }
                    }));
    deploy("1.0.0");
    assertThat(triggersOfOneRun()).containsExactly("user/4", "user/6", "user1", "user3");
    assertThat(told).extracting(Triggered::messages).containsExactly(4L);
    clock.advance(Duration.ofMinutes(1));
    assertThat(triggersOfOneRun()).as("it is not tried again").isEmpty();
  }

  @Test
  void aGroupThatIsRefusedAsAWholeIsTriedAgain() {
    addDevice(1, "alice", Addressing.GROUP);
    AtomicInteger attempts = new AtomicInteger();
    UpdateNotifier refusing =
        trigger ->
            attempts.incrementAndGet() == 1
                ? CompletableFuture.failedFuture(new TriggerRefusedException("no right", null))
                : recorder.trigger(trigger);
    service = build(builder().notifier(refusing));
    deploy("1.0.0");
    assertThat(triggersOfOneRun()).isEmpty();
    clock.advance(Duration.ofSeconds(10));
    assertThat(triggersOfOneRun()).containsExactly("alice");
  }

  @Test
  void aNotifierThatNeverAnswersIsGivenUp() {
    addDevice(1, "alice", Addressing.GROUP);
    AtomicInteger attempts = new AtomicInteger();
    UpdateNotifier stuck =
        trigger ->
            attempts.incrementAndGet() == 1
                ? new CompletableFuture<Void>()
                : recorder.trigger(trigger);
    service = build(builder().notifier(stuck).triggerTimeout(Duration.ofMillis(50)));
    deploy("1.0.0");
    assertThat(triggersOfOneRun()).isEmpty();
    clock.advance(Duration.ofSeconds(10));
    assertThat(triggersOfOneRun()).containsExactly("alice");
  }

  private List<GroupId> deployToGroups(int count) {
    List<GroupId> ids = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      GroupId id = new GroupId(String.format("%024x", 0xa000 + i));
      ids.add(id);
      registry.saveGroups(List.of(new Group(id, OWNER, Token.of(TOKEN), "group " + i)));
      Device device =
          new Device(device(i), Token.of("token"), Optional.of(id), "user" + i, Addressing.GROUP);
      registry.saveDevices(List.of(device));
      service.deploy(
          DeployRequest.of(
              OWNER, id.value(), TOKEN, "1.0.0", FirmwareSource.bytes(firmware("1.0.0"))));
    }
    return ids;
  }

  @Test
  void aGroupThatCannotBeLookedUpHoldsUpNoOther() {
    List<GroupId> ids = deployToGroups(5);
    GroupDirectory broken =
        (GroupDirectory)
            Proxy.newProxyInstance(
                GroupDirectory.class.getClassLoader(),
                new Class<?>[] {GroupDirectory.class},
                (proxy, method, args) -> {
                  if (method.getName().equals("members") && names(args[0], ids.get(1))) {
                    throw new IllegalStateException("a broken row");
                  }
                  return method.invoke(registry, args);
                });
    service = build(builder().groups(broken));
    assertThat(triggersOfOneRun()).containsExactly("user1", "user3", "user4", "user5");
    assertThat(triggersOfOneRun()).isEmpty();
    service = build(builder());
    clock.advance(Duration.ofSeconds(10));
    assertThat(triggersOfOneRun()).containsExactly("user2");
  }

  private static boolean names(Object asked, GroupId group) {
    return asked.equals(group) || (asked instanceof Collection<?> all && all.contains(group));
  }

  @Test
  void groupsThatAreDueTogetherWaitTogetherForANotifierThatNeverAnswers() {
    List<GroupId> ids = deployToGroups(20);
    AtomicInteger attempts = new AtomicInteger();
    UpdateNotifier stuck =
        trigger -> {
          attempts.incrementAndGet();
          return new CompletableFuture<>();
        };
    Duration timeout = Duration.ofMillis(500);
    service = build(builder().notifier(stuck).triggersInFlight(3).triggerTimeout(timeout));
    long begin = System.nanoTime();
    service.runOnce();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(timeout.multipliedBy(10));
    assertThat(attempts).hasValue(3);
    service = build(builder());
    clock.advance(Duration.ofSeconds(10));
    assertThat(triggersOfOneRun()).hasSize(ids.size());
  }

  @Test
  void messagesInFlightAreBounded() {
    for (int i = 1; i <= 100; i++) {
      addDevice(i, "alice", Addressing.DEVICE);
    }
    AtomicInteger inFlight = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    UpdateNotifier slow =
        trigger -> {
          most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
          return CompletableFuture.runAsync(inFlight::decrementAndGet);
        };
    service = build(builder().notifier(slow).triggersInFlight(8));
    deploy("1.0.0");
    service.runOnce();
    assertThat(most.get()).isBetween(1, 8);
    assertThat(inFlight).hasValue(0);
  }

  @Test
  void twoNodesSendEachTriggerOnce() throws Exception {
    addDevice(1, "alice", Addressing.GROUP);
    service = build(builder().pollInterval(Duration.ofMillis(10)));
    GroupOtaService other = build(builder().pollInterval(Duration.ofMillis(10)));
    CountDownLatch sent = new CountDownLatch(20);
    UpdateNotifier counting =
        trigger -> {
          sent.countDown();
          return recorder.trigger(trigger);
        };
    GroupOtaService third = build(builder().notifier(counting).pollInterval(Duration.ofMillis(10)));
    GroupOtaService fourth =
        build(builder().notifier(counting).pollInterval(Duration.ofMillis(10)));
    third.start();
    fourth.start();
    for (int i = 0; i < 20; i++) {
      long left = sent.getCount();
      deploy("1." + i + ".0");
      awaitCountBelow(sent, left);
    }
    third.close();
    fourth.close();
    other.runOnce();
    assertThat(triggers.stream().map(trigger -> trigger.version()).distinct()).hasSize(20);
    assertThat(triggers).hasSize(20);
  }

  @Test
  void aRunningServiceTriggersByItselfAndItsThreadsEndWithIt() throws Exception {
    addDevice(1, "alice", Addressing.GROUP);
    CountDownLatch sent = new CountDownLatch(1);
    GroupOtaService running =
        build(
            builder()
                .notifier(
                    trigger -> {
                      sent.countDown();
                      return CompletableFuture.completedFuture(null);
                    }));
    long before = otaThreads();
    assertThat(before).as("threads of a service that is not started").isZero();
    running.start();
    running.start();
    assertThat(otaThreads()).isEqualTo(4);
    running.deploy(request("1.0.0"));
    assertThat(sent.await(10, TimeUnit.SECONDS)).isTrue();
    running.close();
    running.close();
    assertThat(otaThreads()).isZero();
  }

  @Test
  void aReportOfAnotherUserMovesNothing() {
    addDevice(1, "alice", Addressing.GROUP);
    deploy("2.0.0");
    triggersOfOneRun();
    report(1, "2.0.0");
    triggersOfOneRun();
    clock.advance(INTERVAL);
    service.report(DeviceReport.version(device(1), "1.0.0").from("mallory"));
    assertThat(triggersOfOneRun()).isEmpty();
    service.report(DeviceReport.version(device(1), "1.0.0").from("alice"));
    assertThat(triggersOfOneRun()).containsExactly("alice");
  }

  @Test
  void aDeviceThatLeftTheGroupIsNotTold() {
    addDevice(1, "alice", Addressing.DEVICE);
    deploy("2.0.0");
    triggersOfOneRun();
    report(1, "1.0.0");
    triggersOfOneRun();
    registry.saveDevices(
        List.of(
            new Device(device(1), Token.of("t"), Optional.empty(), "alice", Addressing.DEVICE)));
    clock.advance(INTERVAL);
    report(1, "1.0.0");
    assertThat(triggersOfOneRun()).isEmpty();
  }

  private static long otaThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("ota-"))
        .count();
  }

  private static void awaitCountBelow(CountDownLatch latch, long count) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (latch.getCount() >= count) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("No trigger within 20 s");
      }
      Thread.onSpinWait();
    }
  }
}
