package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.StorageException;
import io.groupota.event.Deployed;
import io.groupota.event.OtaEvent;
import io.groupota.event.Work;
import io.groupota.event.WorkFailed;
import io.groupota.event.WorkRecovered;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.spi.OtaListener;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How listeners are called, and what one that fails or is slow does to the others. */
class ListenersTest extends ServiceContract {
  private final Logger logger = (Logger) org.slf4j.LoggerFactory.getLogger("io.groupota.internal");
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final List<OtaEvent> events = new CopyOnWriteArrayList<>();

  @Override
  protected Backend backend(Clock clock) {
    return new Backend(
        new InMemoryOtaRepository(clock), new InMemoryBlobStore(), new InMemoryGroupRegistry());
  }

  @BeforeEach
  void capture() {
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void release() {
    logger.detachAppender(log);
  }

  @Test
  void aListenerIsCalledByTheThreadThatDeploysAndSeesTheDeploy() {
    List<Object> seen = new ArrayList<>();
    service =
        build(
            builder()
                .listener(
                    event -> {
                      seen.add(Thread.currentThread());
                      seen.add(service.served(GROUP).orElseThrow());
                    }));
    assertThat(service.served(GROUP)).isEmpty();
    OtaUpdate update = deploy("1.0.0");
    assertThat(seen).containsExactly(Thread.currentThread(), update);
  }

  @Test
  void listenersAreCalledInTheirOrderAndNoneHarmsTheOthersOrTheWork() {
    List<String> calls = new ArrayList<>();
    service =
        build(
            builder()
                .listener(
                    event -> {
                      calls.add("first");
                      throw new IllegalStateException("the audit log is full");
                    })
                .listener(
                    event -> {
                      calls.add("second");
                      throw new StackOverflowError();
                    })
                .listener(event -> calls.add("third")));
    OtaUpdate update = deploy("1.0.0");
    assertThat(service.served(GROUP)).contains(update);
    service.runOnce();
    assertThat(calls).containsExactly("first", "second", "third", "first", "second", "third");
  }

  @Test
  void aFailureIsLoggedWhenItBeginsAndWhenItIsOver() {
    AtomicBoolean broken = new AtomicBoolean(true);
    service =
        build(
            builder()
                .listener(
                    event -> {
                      if (event instanceof Deployed && broken.get()) {
                        throw new IllegalStateException("the audit log is full");
                      }
                    }));
    deploy("1.0.0");
    service.runOnce();
    deploy("1.1.0");
    service.runOnce();
    broken.set(false);
    deploy("1.2.0");
    deploy("1.3.0");
    assertThat(messagesOf("GuardedListener", Level.WARN))
        .hasSize(1)
        .allMatch(message -> message.contains("failed at Deployed"))
        .allMatch(message -> message.contains("the audit log is full"));
    assertThat(messagesOf("GuardedListener", Level.INFO))
        .hasSize(1)
        .allMatch(message -> message.contains("takes Deployed again after 2 failures"));
  }

  @Test
  void aQueuedListenerMakesNobodyWaitAndItsQueueIsBounded() throws Exception {
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch entered = new CountDownLatch(1);
    OtaListener webhook =
        event -> {
          entered.countDown();
          await(stuck);
          events.add(event);
        };
    service = build(quiet().queuedListener(webhook, 2));
    service.start();
    Deployed first = new Deployed(deploy("1.0.0"), Optional.empty(), Optional.of(OWNER));
    assertThat(entered.await(60, TimeUnit.SECONDS)).isTrue();
    deploy("1.1.0");
    deploy("1.2.0");
    assertThat(service.droppedEvents()).isZero();
    deploy("1.3.0");
    deploy("1.4.0");
    assertThat(service.droppedEvents()).isEqualTo(2);
    assertThat(events).isEmpty();
    stuck.countDown();
    service.close();
    assertThat(events).hasSize(3).startsWith(first);
    assertThat(versions()).containsExactly("1.0.0", "1.1.0", "1.2.0");
    assertThat(messagesOf("EventQueue", Level.WARN))
        .hasSize(1)
        .allMatch(message -> message.contains("2 events wait, more are dropped"));
    assertThat(messagesOf("EventQueue", Level.INFO))
        .hasSize(1)
        .allMatch(message -> message.contains("2 events were dropped so far"));
  }

  @Test
  void aQueuedListenerHasAThreadOfItsOwnFromStartToClose() throws Exception {
    BlockingQueue<String> threads = new LinkedBlockingQueue<>();
    service =
        build(quiet().queuedListener(event -> threads.add(Thread.currentThread().getName()), 10));
    deploy("1.0.0");
    assertThat(threads).as("before the start").isEmpty();
    service.start();
    assertThat(threads.poll(60, TimeUnit.SECONDS)).isEqualTo("ota-events");
    deploy("1.1.0");
    assertThat(threads.poll(60, TimeUnit.SECONDS)).isEqualTo("ota-events");
    service.close();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("ota-"));
    deploy("1.2.0");
    assertThat(threads).as("after the end").isEmpty();
    assertThat(service.droppedEvents()).isEqualTo(1);
  }

  @Test
  void whoDrivesTheServiceDrivesItsQueuesToo() {
    List<Thread> threads = new ArrayList<>();
    service = build(builder().queuedListener(event -> threads.add(Thread.currentThread()), 10));
    deploy("1.0.0");
    assertThat(threads).isEmpty();
    service.runOnce();
    assertThat(threads).as("Deployed, Triggered").hasSize(2).containsOnly(Thread.currentThread());
    deploy("1.1.0");
    service.close();
    assertThat(threads).hasSize(3);
  }

  @Test
  void aQueuedListenerThatFailsGetsTheNextEvent() {
    service =
        build(
            builder()
                .queuedListener(
                    event -> {
                      events.add(event);
                      throw new IllegalStateException("404");
                    },
                    10));
    deploy("1.0.0");
    deploy("1.1.0");
    service.runOnce();
    assertThat(versions()).containsExactly("1.0.0", "1.1.0");
    assertThat(service.droppedEvents()).isZero();
  }

  @Test
  void eachServiceOfABuilderHasItsOwnQueues() {
    AtomicInteger calls = new AtomicInteger();
    GroupOta.Builder builder = builder().queuedListener(event -> calls.incrementAndGet(), 1);
    GroupOtaService one = build(builder);
    GroupOtaService other = build(builder);
    one.deploy(request("1.0.0"));
    other.deploy(request("1.1.0"));
    assertThat(one.droppedEvents() + other.droppedEvents()).isZero();
    one.close();
    assertThat(calls).hasValue(1);
    other.close();
    assertThat(calls).hasValue(2);
  }

  @Test
  void aCapacityOfNothingIsRefused() {
    assertThatThrownBy(() -> builder().queuedListener(event -> {}, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("capacity");
  }

  @Test
  void workThatFailsInTheBackgroundIsToldUntilItSucceeds() throws Exception {
    AtomicBoolean down = new AtomicBoolean(true);
    BlockingQueue<OtaEvent> told = new LinkedBlockingQueue<>();
    service =
        build(
            builder()
                .listener(told::add)
                .pollInterval(Duration.ofMillis(10))
                .repository(
                    intercepting(
                        "claimDue",
                        (method, args) -> {
                          if (down.get()) {
                            throw new StorageException("the database is away", null);
                          }
                          return method.call();
                        })));
    service.start();
    String cause = "io.groupota.StorageException: the database is away";
    for (int failures = 1; failures <= 3; failures++) {
      assertThat(told.poll(60, TimeUnit.SECONDS))
          .isEqualTo(new WorkFailed(clock.instant(), Work.TRIGGERS, failures, cause));
    }
    down.set(false);
    OtaEvent last = told.poll(60, TimeUnit.SECONDS);
    int failures = 3;
    while (last instanceof WorkFailed failed) {
      failures = failed.failures();
      last = told.poll(60, TimeUnit.SECONDS);
    }
    assertThat(last).isEqualTo(new WorkRecovered(clock.instant(), Work.TRIGGERS, failures));
  }

  /** A builder whose dispatcher finds nothing to do, so that deploys are all that is told. */
  private GroupOta.Builder quiet() {
    return builder().repository(intercepting("claimDue", (method, args) -> List.of()));
  }

  private List<String> versions() {
    return events.stream()
        .filter(event -> event instanceof Deployed)
        .map(event -> ((Deployed) event).update().version())
        .toList();
  }

  private List<String> messagesOf(String part, Level level) {
    return log.list.stream()
        .filter(line -> line.getLoggerName().endsWith("." + part) && line.getLevel() == level)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(60, TimeUnit.SECONDS)) {
        throw new AssertionError("Never released");
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
