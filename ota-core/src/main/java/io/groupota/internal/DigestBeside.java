package io.groupota.internal;

import java.security.MessageDigest;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * A digest that is worked out beside its caller, at most two pieces behind, in the pool of the JVM.
 * If that has no thread to spare, the caller does it when more pieces come. Used by one thread.
 */
final class DigestBeside {
  /** What is smaller is done sooner than handed over. */
  private static final int WORTH_HANDING_OVER = 16 << 10;

  private final MessageDigest digest;

  /** Copies of the last two pieces, since the bytes are the caller's. */
  private byte[] last = new byte[0];

  private byte[] lastButOne = new byte[0];
  private @Nullable FutureTask<?> takesLast;
  private @Nullable FutureTask<?> takesLastButOne;

  DigestBeside(MessageDigest digest) {
    this.digest = digest;
  }

  /** Keeps a copy of the bytes until the next call but one, so they should be few. */
  void update(byte[] bytes, int offset, int length) {
    finish(takesLastButOne);
    if (length < WORTH_HANDING_OVER) {
      finish(takesLast);
      digest.update(bytes, offset, length);
      return;
    }
    byte[] piece = lastButOne.length < length ? new byte[length] : lastButOne;
    System.arraycopy(bytes, offset, piece, 0, length);
    FutureTask<?> earlier = takesLast;
    lastButOne = last;
    takesLastButOne = earlier;
    last = piece;
    takesLast = new FutureTask<@Nullable Void>(() -> take(earlier, piece, length), null);
    ForkJoinPool.commonPool().execute(takesLast);
  }

  byte[] digest() {
    finish(takesLast);
    return digest.digest();
  }

  private void take(@Nullable FutureTask<?> earlier, byte[] piece, int length) {
    finish(earlier);
    digest.update(piece, 0, length);
  }

  /** Does it here if nobody has begun. */
  private static void finish(@Nullable FutureTask<?> task) {
    if (task != null) {
      task.run();
      await(task);
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
