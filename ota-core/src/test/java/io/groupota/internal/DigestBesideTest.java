package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DigestBesideTest {
  private static final int PIECE = 64 << 10;

  private final byte[] bytes = new byte[PIECE];

  @Test
  void noMoreThanFourPiecesAreBehind() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger handedOver = new AtomicInteger();
    DigestBeside digest =
        DigestBeside.of(
            new CountingDigest() {
              @Override
              protected void engineUpdate(byte[] input, int offset, int length) {
                awaitQuietly(release);
                super.engineUpdate(input, offset, length);
              }
            });
    Thread caller =
        new Thread(
            () -> {
              for (int i = 0; i < 10; i++) {
                digest.update(bytes, 0, PIECE);
                handedOver.incrementAndGet();
              }
            });
    caller.start();
    while (caller.isAlive() && caller.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertThat(handedOver.get()).isEqualTo(4);
    release.countDown();
    caller.join();
    assertThat(digest.digest()).isEqualTo(CountingDigest.of(10 * PIECE));
  }

  @Test
  void aDigestThatFailsFailsItsCaller() {
    RuntimeException broken = new RuntimeException("broken");
    DigestBeside digest =
        DigestBeside.of(
            new CountingDigest() {
              @Override
              protected void engineUpdate(byte[] input, int offset, int length) {
                throw broken;
              }
            });
    digest.update(bytes, 0, PIECE);
    assertThatThrownBy(digest::digest).isInstanceOf(IllegalStateException.class).hasCause(broken);
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 5; i++) {
                digest.update(bytes, 0, PIECE);
              }
            })
        .isInstanceOf(IllegalStateException.class)
        .hasCause(broken);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Counts the bytes. */
  private static class CountingDigest extends MessageDigest {
    private int count;

    CountingDigest() {
      super("count");
    }

    static byte[] of(int count) {
      return Integer.toString(count).getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    protected void engineUpdate(byte input) {
      count++;
    }

    @Override
    protected void engineUpdate(byte[] input, int offset, int length) {
      count += length;
    }

    @Override
    protected byte[] engineDigest() {
      return of(count);
    }

    @Override
    protected void engineReset() {
      count = 0;
    }
  }
}
