package io.groupota.internal;

import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * A digest that is worked out beside its caller, a few pieces behind, in the pool of the JVM: all
 * of it, or only the first pieces. If the pool has no thread to spare, the caller does it when more
 * pieces come. Used by one thread.
 */
final class DigestBeside {
  /** What is smaller is done sooner than handed over, if nothing before it is still to be done. */
  private static final int WORTH_HANDING_OVER = 16 << 10;

  /** So many that those of a small file can wait until the file is being forced to the disk. */
  private static final int PIECES = 4;

  private final MessageDigest digest;

  /** How many more pieces are handed over. */
  private long left;

  /** The last pieces, the oldest first. */
  private final Deque<Piece> pieces = new ArrayDeque<>();

  private DigestBeside(MessageDigest digest, long left) {
    this.digest = digest;
    this.left = left;
  }

  /** All of it is worked out beside the caller. */
  static DigestBeside of(MessageDigest digest) {
    return new DigestBeside(digest, Long.MAX_VALUE);
  }

  /**
   * What can wait until a small file is forced to the disk is worked out beside the caller, and the
   * rest of a larger file by the caller.
   */
  static DigestBeside atFirst(MessageDigest digest) {
    return new DigestBeside(digest, PIECES);
  }

  /** A copy of bytes, since they are the caller's, and the work on them. */
  private static final class Piece {
    final byte[] bytes;
    final FutureTask<?> task;

    Piece(byte[] bytes, FutureTask<?> task) {
      this.bytes = bytes;
      this.task = task;
    }
  }

  /** Keeps a copy of the bytes for a while, so they should be few. */
  void update(byte[] bytes, int offset, int length) {
    FutureTask<?> earlier = last();
    if (left == 0) {
      finish(earlier);
    }
    if (left == 0 || (length < WORTH_HANDING_OVER && (earlier == null || earlier.isDone()))) {
      digest.update(bytes, offset, length);
      return;
    }
    left--;
    byte[] copy = room(length);
    System.arraycopy(bytes, offset, copy, 0, length);
    FutureTask<?> task = new FutureTask<@Nullable Void>(() -> take(earlier, copy, length), null);
    pieces.add(new Piece(copy, task));
    ForkJoinPool.commonPool().execute(task);
  }

  /** The bytes of the oldest piece when it is done, or new ones as long as there are few pieces. */
  private byte[] room(int length) {
    if (pieces.size() < PIECES) {
      return new byte[length];
    }
    Piece oldest = pieces.remove();
    finish(oldest.task);
    return oldest.bytes.length < length ? new byte[length] : oldest.bytes;
  }

  byte[] digest() {
    finish(last());
    return digest.digest();
  }

  private @Nullable FutureTask<?> last() {
    Piece last = pieces.peekLast();
    return last == null ? null : last.task;
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
