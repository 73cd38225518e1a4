package io.groupota.internal;

import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/**
 * Makes MongoDB ObjectIds: 4 bytes of seconds, 5 random bytes per generator, 3 bytes of a counter
 * (https://www.mongodb.com/docs/manual/reference/bson-types/#objectid).
 */
final class ObjectIds {
  private final Clock clock;
  private final byte[] node = new byte[5];
  private final AtomicInteger counter;

  ObjectIds(Clock clock, RandomGenerator random) {
    this.clock = clock;
    random.nextBytes(node);
    this.counter = new AtomicInteger(random.nextInt());
  }

  String next() {
    int count = counter.getAndIncrement();
    byte[] id =
        ByteBuffer.allocate(12)
            .putInt((int) clock.instant().getEpochSecond())
            .put(node)
            .put((byte) (count >> 16))
            .put((byte) (count >> 8))
            .put((byte) count)
            .array();
    return HexFormat.of().formatHex(id);
  }
}
