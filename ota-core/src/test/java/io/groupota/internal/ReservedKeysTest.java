package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.StorageException;
import io.groupota.spi.BlobLedger;
import java.lang.reflect.Proxy;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ReservedKeysTest {
  private static final Duration GRACE = Duration.ofHours(1);

  private Instant now = Instant.parse("2026-01-02T03:04:05Z");
  private final InstantSource source = () -> now;
  private final Clock clock = source.withZone(ZoneOffset.UTC);
  private final Set<BlobKey> reserved = ConcurrentHashMap.newKeySet();
  private final List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
  private boolean away;
  private volatile Runnable onReserve = () -> {};

  private ReservedKeys keys() {
    BlobLedger ledger =
        (BlobLedger)
            Proxy.newProxyInstance(
                BlobLedger.class.getClassLoader(),
                new Class<?>[] {BlobLedger.class},
                (proxy, method, args) -> {
                  assertThat(method.getName()).isEqualTo("reserve");
                  onReserve.run();
                  if (away) {
                    throw new StorageException("away", null);
                  }
                  sizes.add(((Collection<?>) args[0]).size());
                  ((Collection<?>) args[0]).forEach(key -> reserved.add((BlobKey) key));
                  return null;
                });
    return new ReservedKeys(ledger, new ObjectIds(clock, new SecureRandom()), clock, GRACE);
  }

  @Test
  void aSingleDeployReservesASingleKey() {
    BlobKey key = keys().take();
    assertThat(reserved).containsExactly(key);
    assertThat(key.value()).matches("[0-9a-f]{24}");
  }

  @Test
  void aBurstReservesMoreAndMoreAtOnceAndEachKeyOnce() {
    ReservedKeys keys = keys();
    Set<BlobKey> taken = new HashSet<>();
    for (int i = 0; i < 48; i++) {
      BlobKey key = keys.take();
      assertThat(reserved).contains(key);
      assertThat(taken.add(key)).isTrue();
    }
    assertThat(sizes).containsExactly(1, 2, 4, 8, 16, 16, 16);
  }

  @Test
  void keysOfABurstAreHandedOutForAWhile() {
    ReservedKeys keys = keys();
    keys.take();
    keys.take();
    now = now.plus(Duration.ofSeconds(10));
    keys.take();
    assertThat(sizes).containsExactly(1, 2);
    // That was slow: no burst any more.
    keys.take();
    assertThat(sizes).containsExactly(1, 2, 1);
  }

  @Test
  void aKeyThatWasReservedLongAgoIsNotHandedOut() {
    ReservedKeys keys = keys();
    keys.take();
    keys.take();
    Set<BlobKey> before = Set.copyOf(reserved);
    assertThat(before).hasSize(3);
    now = now.plus(Duration.ofSeconds(10).plusMillis(1));
    assertThat(before).doesNotContain(keys.take());
  }

  @Test
  void aKeyIsNotHandedOutWhenTheClockWasSetBack() {
    ReservedKeys keys = keys();
    keys.take();
    keys.take();
    Set<BlobKey> before = Set.copyOf(reserved);
    now = now.plus(Duration.ofSeconds(-1));
    assertThat(before).doesNotContain(keys.take());
  }

  @Test
  void nothingIsHandedOutThatCouldNotBeReserved() {
    ReservedKeys keys = keys();
    away = true;
    assertThatThrownBy(keys::take).hasMessage("away");
    away = false;
    assertThat(reserved).isEmpty();
    assertThat(keys.take()).isIn(reserved);
  }

  @Test
  void aReservationThatTakesLongHoldsUpNoOther() throws Exception {
    ReservedKeys keys = keys();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    onReserve =
        () -> {
          onReserve = () -> {};
          begun.countDown();
          await(end);
        };
    CompletableFuture<BlobKey> slow =
        CompletableFuture.supplyAsync(keys::take, command -> new Thread(command).start());
    await(begun);
    BlobKey key =
        CompletableFuture.supplyAsync(keys::take, command -> new Thread(command).start())
            .get(30, TimeUnit.SECONDS);
    end.countDown();
    assertThat(slow.get(30, TimeUnit.SECONDS)).isNotEqualTo(key);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
