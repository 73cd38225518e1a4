package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class StartTest {
  private static final String[] THREADS = {
    "ota-dispatcher", "ota-events", "ota-reports", "ota-rollouts", "ota-sweeper"
  };

  private final Set<Thread> before = Thread.getAllStackTraces().keySet();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void goesOnWhereTheSystemHadNoMoreThreads(int failing) {
    try (GroupOtaService service = service()) {
      withoutThread(failing, service);
      assertThat(threads()).hasSize(failing - 1);
      service.start();
      assertThat(threads()).containsExactly(THREADS);
      service.start();
      assertThat(threads()).containsExactly(THREADS);
    }
    assertThat(threads()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void thatFailedLeavesNothingBehindOnceClosed(int failing) {
    try (GroupOtaService service = service()) {
      withoutThread(failing, service);
    }
    assertThat(threads()).isEmpty();
  }

  private static GroupOtaService service() {
    return GroupOta.builder()
        .repository(new InMemoryOtaRepository(Clock.systemUTC()))
        .blobStore(new InMemoryBlobStore())
        .groups(new InMemoryGroupRegistry())
        .queuedListener(event -> {}, 10)
        .build();
  }

  /** Every new thread asks what it inherits from this one, and one of them gets an error. */
  private static void withoutThread(int failing, GroupOtaService service) {
    AtomicInteger asked = new AtomicInteger();
    InheritableThreadLocal<Boolean> inherited =
        new InheritableThreadLocal<>() {
          @Override
          protected Boolean childValue(Boolean parent) {
            if (asked.incrementAndGet() == failing) {
              throw new OutOfMemoryError("unable to create native thread");
            }
            return parent;
          }
        };
    inherited.set(true);
    try {
      assertThatThrownBy(service::start).isInstanceOf(OutOfMemoryError.class);
    } finally {
      inherited.remove();
    }
  }

  private List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !before.contains(thread))
        .map(Thread::getName)
        .filter(name -> name.startsWith("ota-"))
        .sorted()
        .toList();
  }
}
