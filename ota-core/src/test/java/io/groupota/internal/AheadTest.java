package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.StorageException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** In threads that can be given up: what is tested waits in spite of interrupts. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AheadTest {
  @Test
  void worksBesideItsCaller() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    Ahead<String> ahead =
        Ahead.begin(
            "ota-test",
            () -> {
              begun.countDown();
              return Thread.currentThread().getName();
            });
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(ahead.result()).isEqualTo("ota-test");
  }

  @Test
  void isDoneByItsCallerWhereTheSystemHasNoMoreThreads() {
    ThreadLocal<Boolean> refusing =
        new InheritableThreadLocal<>() {
          @Override
          protected Boolean childValue(Boolean refused) {
            throw new OutOfMemoryError("unable to create native thread");
          }
        };
    refusing.set(true);
    try {
      assertThat(Ahead.begin("ota-test", Thread::currentThread).result())
          .isSameAs(Thread.currentThread());
    } finally {
      refusing.remove();
    }
  }

  @Test
  void failsAsTheWorkDid() {
    StorageException away = new StorageException("away", null);
    Ahead<String> ahead =
        Ahead.begin(
            "ota-test",
            () -> {
              throw away;
            });
    assertThatThrownBy(ahead::result).isSameAs(away);
  }

  @Test
  void anInterruptWaits() {
    Thread caller = Thread.currentThread();
    caller.interrupt();
    Ahead<String> ahead =
        Ahead.begin(
            "ota-test",
            () -> {
              while (caller.isInterrupted() || caller.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
              }
              return "done";
            });
    String result = ahead.result();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(result).isEqualTo("done");
  }
}
