package io.groupota.internal;

import java.security.MessageDigest;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * A digest that is worked out beside its caller, at most one piece behind, in the pool of the JVM.
 * If that has no thread to spare, the caller does it when the next piece comes. Used by one thread.
 */
final class DigestBeside {
  /** What is smaller is done sooner than handed over. */
  private static final int WORTH_HANDING_OVER = 16 << 10;

  private final MessageDigest digest;

  /** A copy, since the bytes are the caller's. */
  private byte[] piece = new byte[0];

  private @Nullable FutureTask<?> behind;

  DigestBeside(MessageDigest digest) {
    this.digest = digest;
  }

  /** Keeps a copy of the bytes until the next call, so they should be few. */
  void update(byte[] bytes, int offset, int length) {
    catchUp();
    if (length < WORTH_HANDING_OVER) {
      digest.update(bytes, offset, length);
      return;
    }
    if (piece.length < length) {
      piece = new byte[length];
    }
    System.arraycopy(bytes, offset, piece, 0, length);
    behind = new FutureTask<@Nullable Void>(() -> digest.update(piece, 0, length), null);
    ForkJoinPool.commonPool().execute(behind);
  }

  byte[] digest() {
    catchUp();
    return digest.digest();
  }

  private void catchUp() {
    if (behind != null) {
      // Does nothing if the pool has begun.
      behind.run();
      await(behind);
      behind = null;
    }
  }

  /** Less than a millisecond, so an interrupt can wait until then. */
  private static void await(FutureTask<?> task) {
    boolean interrupted = false;
    boolean done = false;
    while (!done) {
      try {
        task.get();
        done = true;
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (ExecutionException e) {
        throw new IllegalStateException("A digest failed", e);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
