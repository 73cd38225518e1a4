package io.groupota.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class SettableClockTest {
  private static final Instant START = Instant.parse("2020-01-17T17:38:59.983Z");

  private final SettableClock clock = SettableClock.at(START);

  @Test
  void standsStillUntilItIsMoved() {
    assertThat(clock.instant()).isEqualTo(START);
    assertThat(clock.millis()).isEqualTo(START.toEpochMilli());
    clock.advance(Duration.ofMinutes(10));
    assertThat(clock.instant()).isEqualTo(START.plusSeconds(600));
    clock.advance(Duration.ofMinutes(-20));
    assertThat(clock.instant()).isEqualTo(START.minusSeconds(600));
    clock.set(Instant.EPOCH);
    assertThat(clock.instant()).isEqualTo(Instant.EPOCH);
  }

  @Test
  void isTheSameClockInEveryZone() {
    SettableClock elsewhere = clock.withZone(ZoneId.of("Asia/Kathmandu"));
    assertThat(clock.getZone()).isEqualTo(ZoneOffset.UTC);
    assertThat(elsewhere.getZone()).isEqualTo(ZoneId.of("Asia/Kathmandu"));
    clock.advance(Duration.ofSeconds(1));
    assertThat(elsewhere.instant()).isEqualTo(START.plusSeconds(1));
    elsewhere.set(Instant.EPOCH);
    assertThat(clock.instant()).isEqualTo(Instant.EPOCH);
  }

  @Test
  void movesOfManyThreadsAddUp() throws Exception {
    Race.of(
        8,
        () -> {
          for (int i = 0; i < 1000; i++) {
            clock.advance(Duration.ofMillis(1));
          }
          return 0;
        });
    assertThat(clock.instant()).isEqualTo(START.plusSeconds(8));
  }
}
