package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** A key that lets something happen at one of the looks of a cache for it. */
  private static final class Key {
    private final Runnable meanwhile;
    private int looks;

    Key(int looks, Runnable meanwhile) {
      this.looks = looks;
      this.meanwhile = meanwhile;
    }

    @Override
    public int hashCode() {
      if (--looks == 0) {
        meanwhile.run();
      }
      return 1;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Key;
    }
  }

  private static Key key() {
    return new Key(0, () -> {});
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void whatIsRemovedWhileItIsReadDoesNotComeBack(int look) throws InterruptedException {
    BoundedCache<Object, String> cache = new BoundedCache<>(2);
    cache.put(key(), "before");
    cache.put("another", "begins the next generation");
    Thread remover = new Thread(() -> cache.remove(key()));
    Key read =
        new Key(
            look,
            () -> {
              remover.start();
              // It may have to wait for the read.
              while (remover.isAlive() && remover.getState() != Thread.State.BLOCKED) {
                Thread.onSpinWait();
              }
            });
    cache.get(read);
    remover.join();
    assertThat(cache.get(key())).isNull();
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

  @Test
  void aTtlCacheLoadsManyAtOnceAndOnlyThoseThatItLacks() {
    MovableClock clock = new MovableClock();
    List<Set<String>> loads = new ArrayList<>();
    TtlCache<String, Integer> cache = new TtlCache<>(10, Duration.ofMillis(500), clock, key -> 1);
    Function<Collection<String>, Map<String, Integer>> all =
        keys -> {
          loads.add(Set.copyOf(keys));
          if (keys.contains("taken away")) {
            cache.invalidate("taken away");
          }
          return keys.stream().collect(Collectors.toMap(key -> key, key -> 2));
        };
    cache.get("a");
    assertThat(cache.getAll(List.of("a", "b", "c", "b"), all))
        .containsOnly(Map.entry("a", 1), Map.entry("b", 2), Map.entry("c", 2));
    assertThat(cache.getAll(List.of("a", "b", "c"), all)).hasSize(3);
    assertThat(cache.getAll(List.of("taken away"), all)).hasSize(1);
    assertThat(cache.get("taken away")).as("was loading while it was invalidated").isEqualTo(1);
    clock.millis += 500;
    assertThat(cache.getAll(List.of("a", "b"), all).values()).containsOnly(2);
    assertThat(loads).containsExactly(Set.of("b", "c"), Set.of("taken away"), Set.of("a", "b"));
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
