package io.groupota.internal;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A digest that is worked out beside its caller, a few pieces behind, by one thread of the pool of
 * the JVM: all of it, or only the first pieces. If the pool has no thread to spare, the caller does
 * it when more pieces come. Used by one thread.
 */
final class DigestBeside {
  /** What is smaller is done sooner than handed over, if nothing before it is still to be done. */
  private static final int WORTH_HANDING_OVER = 16 << 10;

  /** So many that those of a small file can wait until the file is being forced to the disk. */
  private static final int PIECES = 4;

  private final MessageDigest digest;

  /** How many more pieces are handed over. */
  private long left;

  /** Guards what follows. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition progress = lock.newCondition();

  /** What is still to be done, the oldest first: copies, since the bytes are the caller's. */
  private final Deque<ByteBuffer> waiting = new ArrayDeque<>();

  /** The copies that are done, to be filled again. */
  private final Deque<ByteBuffer> done = new ArrayDeque<>();

  /** Whether a thread is at work, and whether one was asked to be. */
  private boolean working;

  private boolean asked;
  private @Nullable Throwable failure;

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

  /** Keeps a copy of the bytes for a while, so they should be few. */
  void update(byte[] bytes, int offset, int length) {
    if (left == 0 || (length < WORTH_HANDING_OVER && isIdle())) {
      finish();
      digest.update(bytes, offset, length);
      return;
    }
    left--;
    handOver(room(length).put(bytes, offset, length).flip());
  }

  byte[] digest() {
    finish();
    return digest.digest();
  }

  private boolean isIdle() {
    lock.lock();
    try {
      return !working && waiting.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** New bytes as long as there are few copies, else those of a copy that is done with. */
  private ByteBuffer room(int length) {
    if (isFew()) {
      return ByteBuffer.allocate(length);
    }
    work();
    ByteBuffer copy = awaitCopy();
    return copy.capacity() < length ? ByteBuffer.allocate(length) : copy.clear();
  }

  private boolean isFew() {
    lock.lock();
    try {
      requireNoFailure();
      return waiting.size() + (working ? 1 : 0) + done.size() < PIECES;
    } finally {
      lock.unlock();
    }
  }

  private ByteBuffer awaitCopy() {
    lock.lock();
    try {
      while (working && done.isEmpty()) {
        progress.awaitUninterruptibly();
      }
      requireNoFailure();
      return done.remove();
    } finally {
      lock.unlock();
    }
  }

  private void handOver(ByteBuffer piece) {
    lock.lock();
    try {
      waiting.add(piece);
      if (!working && !asked) {
        asked = true;
        ForkJoinPool.commonPool().execute(this::workInPool);
      }
    } finally {
      lock.unlock();
    }
  }

  private void workInPool() {
    lock.lock();
    try {
      asked = false;
    } finally {
      lock.unlock();
    }
    work();
  }

  /** Does all of it here if nobody has begun. Little work, so an interrupt can wait. */
  private void finish() {
    work();
    lock.lock();
    try {
      while (working) {
        progress.awaitUninterruptibly();
      }
      requireNoFailure();
    } finally {
      lock.unlock();
    }
  }

  /** Does what is waiting, unless another thread is at it. */
  private void work() {
    ByteBuffer piece = begin();
    while (piece != null) {
      try {
        digest.update(piece);
      } catch (RuntimeException | Error e) {
        fail(e);
        return;
      }
      piece = next(piece);
    }
  }

  private @Nullable ByteBuffer begin() {
    lock.lock();
    try {
      ByteBuffer first = working ? null : waiting.poll();
      working |= first != null;
      return first;
    } finally {
      lock.unlock();
    }
  }

  private @Nullable ByteBuffer next(ByteBuffer piece) {
    lock.lock();
    try {
      done.add(piece);
      ByteBuffer next = waiting.poll();
      working = next != null;
      progress.signal();
      return next;
    } finally {
      lock.unlock();
    }
  }

  private void fail(Throwable thrown) {
    lock.lock();
    try {
      failure = thrown;
      waiting.clear();
      working = false;
      progress.signal();
    } finally {
      lock.unlock();
    }
  }

  private void requireNoFailure() {
    if (failure != null) {
      throw new IllegalStateException("A digest failed", failure);
    }
  }
}
