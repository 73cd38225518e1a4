package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ObjectIdsTest {
  @Test
  void anIdBeginsWithTheSecondOfItsCreation() {
    Clock clock = Clock.fixed(Instant.parse("2020-01-13T01:04:28Z"), ZoneOffset.UTC);
    assertThat(new ObjectIds(clock, new SecureRandom()).next()).hasSize(24).startsWith("5e1bc21c");
  }

  @Test
  void idsOfOneSecondDifferWithinAndAcrossGenerators() {
    Clock clock = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
    Set<String> ids = new HashSet<>();
    for (int node = 0; node < 10; node++) {
      ObjectIds generator = new ObjectIds(clock, new SecureRandom());
      for (int i = 0; i < 1_000; i++) {
        ids.add(generator.next());
      }
    }
    assertThat(ids).hasSize(10_000);
  }
}
