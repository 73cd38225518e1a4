package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OwnerId;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.internal.DevicePages.Reported;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.DeviceStates.Heard;
import io.groupota.spi.DeviceStates.Sighting;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The pages of a group of three, the last of which has one device. */
@Timeout(60)
class DevicePagesTest {
  private static final GroupId GROUP = new GroupId("aaaaaaaaaaaaaaaaaaaaaaaa");
  private static final int DEVICES = 2 * DevicePages.SIZE + 1;

  private final InMemoryGroupRegistry registry = new InMemoryGroupRegistry();
  private final InMemoryOtaRepository repository = new InMemoryOtaRepository(Clock.systemUTC());
  private final AtomicInteger questions = new AtomicInteger();

  @BeforeEach
  void fill() {
    OwnerId owner = new OwnerId("5e10fc5e77ba18070312e171");
    registry.saveGroups(List.of(new Group(GROUP, owner, Token.of("token"), "")));
    registry.saveDevices(IntStream.range(0, DEVICES).mapToObj(DevicePagesTest::device).toList());
  }

  private static Device device(int number) {
    return new Device(id(number), Token.of("token"), Optional.of(GROUP), "user", Addressing.DEVICE);
  }

  private static DeviceId id(int number) {
    return new DeviceId(String.format("%024x", number));
  }

  /** Calls back before each question for a page, with its number from 1. */
  private DevicePages pages(IntConsumer before) {
    GroupDirectory directory =
        (GroupDirectory)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {GroupDirectory.class},
                (proxy, method, arguments) -> {
                  before.accept(questions.incrementAndGet());
                  try {
                    return method.invoke(registry, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    return new DevicePages(directory, repository);
  }

  private static Sighting reports(Device device, String version) {
    return new Sighting(
        device,
        Optional.of(new Heard(version, Duration.ZERO)),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Duration.ZERO);
  }

  private static Optional<DeviceId> last(List<Reported> page) {
    return Optional.of(page.get(page.size() - 1).device().id());
  }

  @Test
  void everyDeviceComesOnceInOrderWithWhatItReported() {
    repository.save(List.of(reports(device(12_345), "1.2.6")));
    List<Reported> all = new ArrayList<>();
    try (DevicePages pages = pages(question -> {})) {
      List<Reported> page = pages.page(GROUP, Optional.empty());
      all.addAll(page);
      while (page.size() == DevicePages.SIZE) {
        page = pages.page(GROUP, last(page));
        all.addAll(page);
      }
    }
    assertThat(all)
        .extracting(reported -> reported.device().id())
        .containsExactlyElementsOf(
            IntStream.range(0, DEVICES).mapToObj(DevicePagesTest::id).toList());
    assertThat(all.get(12_345).state().orElseThrow().reportedVersion()).contains("1.2.6");
    assertThat(all).filteredOn(reported -> reported.state().isPresent()).hasSize(1);
    assertThat(questions).hasValue(3);
  }

  @Test
  void theNextPageIsReadWhileTheLastOneIsUsed() throws InterruptedException {
    CountDownLatch second = new CountDownLatch(1);
    try (DevicePages pages =
        pages(
            question -> {
              if (question == 2) {
                second.countDown();
              }
            })) {
      pages.page(GROUP, Optional.empty());
      assertThat(second.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aPageThatWasReadForNothingDoesNotCount() {
    try (DevicePages pages = pages(question -> {})) {
      List<Reported> page = pages.page(GROUP, Optional.empty());
      assertThat(pages.page(GROUP, Optional.of(id(DEVICES - 3))))
          .extracting(reported -> reported.device().id())
          .containsExactly(id(DEVICES - 2), id(DEVICES - 1));
      assertThat(pages.page(GROUP, Optional.empty())).isEqualTo(page);
    }
  }

  @Test
  void aPageThatWasReadForNothingIsWaitedFor() {
    Thread caller = Thread.currentThread();
    AtomicInteger reading = new AtomicInteger();
    List<Integer> beside = new ArrayList<>();
    IntConsumer watching =
        question -> {
          if (question == 3) {
            beside.add(reading.get());
          }
          reading.incrementAndGet();
          while (question == 2
              && questions.get() < 3
              && caller.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
          }
          reading.decrementAndGet();
        };
    try (DevicePages pages = pages(watching)) {
      pages.page(GROUP, Optional.empty());
      pages.page(GROUP, Optional.of(id(DEVICES - 1)));
    }
    assertThat(beside).containsExactly(0);
  }

  @Test
  void whatFailsMeanwhileFailsWhenItIsNeeded() {
    StorageException down = new StorageException("The database is down", null);
    try (DevicePages pages =
        pages(
            question -> {
              if (question == 2) {
                throw down;
              }
            })) {
      Optional<DeviceId> after = last(pages.page(GROUP, Optional.empty()));
      assertThatThrownBy(() -> pages.page(GROUP, after)).isSameAs(down);
      assertThat(pages.page(GROUP, after)).hasSize(DevicePages.SIZE);
    }
  }

  @Test
  void closingWaitsForWhatIsBeingReadEvenIfItFailsAndTheCallerIsInterrupted() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    DevicePages pages =
        pages(
            question -> {
              if (question == 2) {
                begun.countDown();
                awaitUninterruptibly(go);
                throw new StorageException("The database is down", null);
              }
            });
    AtomicInteger interrupted = new AtomicInteger();
    Thread user =
        new Thread(
            () -> {
              pages.page(GROUP, Optional.empty());
              Thread.currentThread().interrupt();
              pages.close();
              interrupted.set(Thread.interrupted() ? 1 : 2);
            });
    user.start();
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
    user.join(100);
    assertThat(user.isAlive()).isTrue();
    go.countDown();
    user.join(30_000);
    assertThat(interrupted).hasValue(1);
    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(thread -> thread.getName().equals("ota-devices"))
        .allSatisfy(thread -> thread.join(30_000));
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
