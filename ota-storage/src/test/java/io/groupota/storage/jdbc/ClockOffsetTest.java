package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClockOffsetTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final ClockOffset offset = new ClockOffset();

  /** The counter, which starts anywhere, and the clock of the database when it was zero. */
  private long counter = Long.MIN_VALUE / 4;

  private Instant database = Samples.NOON;

  private void pass(Duration time) {
    counter += time.toNanos();
    database = database.plus(time);
  }

  private void ask(Duration there, Duration back) {
    long asked = counter;
    pass(there);
    Instant time = database;
    pass(back);
    offset.learn(asked, time, counter);
  }

  /** By how much the time of the present moment is wrong. */
  private Duration error() {
    return Duration.between(database, offset.timeOf(counter));
  }

  @Test
  void hasNoTimeWithoutAnAnswer() {
    assertThatThrownBy(() -> offset.timeOf(0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anAnswerThatComesAtOnceIsExact() {
    ask(SECOND, Duration.ZERO);
    assertThat(error()).isZero();
  }

  @Test
  void lateQuestionsAndAnswersChangeNothing() {
    ask(Duration.ZERO, Duration.ofMillis(1));
    ask(SECOND, SECOND);
    ask(Duration.ZERO, SECOND);
    assertThat(error()).isEqualTo(Duration.ofMillis(-1));
  }

  @Test
  void aLateFirstAnswerIsMadeGoodByTheNext() {
    ask(Duration.ZERO, SECOND);
    assertThat(error()).isEqualTo(SECOND.negated());
    ask(SECOND, Duration.ofMillis(2));
    assertThat(error()).isEqualTo(Duration.ofMillis(-2));
  }

  @ParameterizedTest
  @ValueSource(ints = {-3_600, -1, 1, 3_600})
  void aClockThatWasSetIsFollowed(int seconds) {
    ask(Duration.ZERO, Duration.ZERO);
    database = database.plusSeconds(seconds);
    ask(Duration.ofMillis(3), Duration.ofMillis(4));
    assertThat(error()).isBetween(Duration.ofMillis(-4), Duration.ofMillis(3));
  }

  @Test
  void laterMomentsHaveLaterTimesHoweverLongAnswersTake() {
    Random random = new Random(7);
    Instant before = Instant.MIN;
    for (int i = 0; i < 10_000; i++) {
      pass(Duration.ofNanos(1 + random.nextInt(1_000)));
      long moment = counter;
      ask(Duration.ofNanos(random.nextInt(100_000)), Duration.ofNanos(random.nextInt(100_000)));
      assertThat(offset.timeOf(moment)).isAfter(before);
      before = offset.timeOf(moment);
    }
  }
}
