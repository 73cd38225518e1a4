package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class CachesTest {
  @Test
  void aBoundedCacheKeepsWhatIsUsedAndForgetsTheRest() {
    BoundedCache<Integer, String> cache = new BoundedCache<>(100);
    cache.put(-1, "used");
    int held = 0;
    for (int i = 0; i < 10_000; i++) {
      cache.put(i, "value");
      assertThat(cache.get(-1)).isEqualTo("used");
    }
    for (int i = 0; i < 10_000; i++) {
      held += cache.get(i) == null ? 0 : 1;
    }
    assertThat(held).isBetween(1, 100);
  }

  @Test
  void aTtlCacheLoadsOncePerTtl() {
    MovableClock clock = new MovableClock();
    AtomicInteger loads = new AtomicInteger();
    TtlCache<String, Integer> cache =
        new TtlCache<>(10, Duration.ofMillis(500), clock, key -> loads.incrementAndGet());
    assertThat(cache.get("a")).isEqualTo(1);
    clock.millis += 499;
    assertThat(cache.get("a")).isEqualTo(1);
    clock.millis += 1;
    assertThat(cache.get("a")).isEqualTo(2);
    clock.millis -= 3_600_000;
    assertThat(cache.get("a")).as("the clock was set back").isEqualTo(3);
    cache.invalidate("a");
    assertThat(cache.get("a")).isEqualTo(4);
  }

  @Test
  void whatIsLoadingDuringAnInvalidationIsNotRemembered() {
    MovableClock clock = new MovableClock();
    AtomicInteger stored = new AtomicInteger(1);
    TtlCache<String, Integer>[] self = cacheArray();
    AtomicInteger loads = new AtomicInteger();
    self[0] =
        new TtlCache<>(
            10,
            Duration.ofMinutes(1),
            clock,
            key -> {
              int read = stored.get();
              if (loads.incrementAndGet() == 1) {
                // A deploy commits after this load has read and before it is remembered.
                stored.set(2);
                self[0].invalidate(key);
              }
              return read;
            });
    assertThat(self[0].get("a")).isEqualTo(1);
    assertThat(self[0].get("a")).isEqualTo(2);
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static TtlCache<String, Integer>[] cacheArray() {
    return new TtlCache[1];
  }

  private static final class MovableClock extends Clock {
    private long millis = 1_000_000;

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return Instant.ofEpochMilli(millis);
    }
  }
}
