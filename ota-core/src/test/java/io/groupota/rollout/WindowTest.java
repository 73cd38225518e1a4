package io.groupota.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WindowTest {
  private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");
  private static final Set<DayOfWeek> ALL = EnumSet.allOf(DayOfWeek.class);

  private static Window berlin(String from, String to) {
    return new Window(ALL, LocalTime.parse(from), LocalTime.parse(to), BERLIN);
  }

  private static void assertOpen(Window window, String from, String to) {
    Instant opening = Instant.parse(from);
    Instant closing = Instant.parse(to);
    assertThat(window.isOpen(opening.minusMillis(1))).isFalse();
    assertThat(window.isOpen(opening)).isTrue();
    assertThat(window.isOpen(closing.minusMillis(1))).isTrue();
    assertThat(window.isOpen(closing)).isFalse();
    assertThat(window.nextOpening(opening.minusMillis(1))).isEqualTo(opening);
    assertThat(window.nextOpening(opening)).isAfter(closing);
  }

  @Test
  void itIsOpenFromItsOpeningToJustBeforeItsClosing() {
    assertOpen(berlin("08:00", "17:30"), "2026-01-07T07:00:00Z", "2026-01-07T16:30:00Z");
    assertOpen(berlin("08:00", "17:30"), "2026-07-07T06:00:00Z", "2026-07-07T15:30:00Z");
  }

  @Test
  void itClosesOnTheNextDayAtOrBeforeTheTimeOfItsOpening() {
    assertOpen(berlin("22:00", "05:00"), "2026-01-07T21:00:00Z", "2026-01-08T04:00:00Z");
    Window wholeDay =
        new Window(Set.of(DayOfWeek.MONDAY), LocalTime.NOON, LocalTime.NOON, ZoneOffset.ofHours(2));
    assertOpen(wholeDay, "2026-01-05T10:00:00Z", "2026-01-06T10:00:00Z");
    assertThat(wholeDay.nextOpening(Instant.parse("2026-01-05T10:00:00Z")))
        .isEqualTo(Instant.parse("2026-01-12T10:00:00Z"));
  }

  @Test
  void whereClocksAreSetForwardTheNextExistingTimeCounts() {
    assertOpen(berlin("02:30", "04:00"), "2026-03-29T01:30:00Z", "2026-03-29T02:00:00Z");
    assertOpen(berlin("23:00", "02:30"), "2026-03-28T22:00:00Z", "2026-03-29T01:30:00Z");
  }

  @Test
  void whereClocksAreSetBackItOpensWithTheFirstAndIsOpenForAnHourMore() {
    assertOpen(berlin("02:30", "03:30"), "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z");
  }

  @Test
  void anOpeningIsFoundWhereverOneStands() {
    Window weekend =
        new Window(
            Set.of(DayOfWeek.SATURDAY, DayOfWeek.SUNDAY),
            LocalTime.of(23, 0),
            LocalTime.of(1, 0),
            BERLIN);
    Instant now = Instant.parse("2026-03-20T00:00:00Z");
    for (int i = 0; i < 24 * 21; i++) {
      Instant opening = weekend.nextOpening(now);
      assertThat(opening).isAfter(now);
      assertThat(weekend.isOpen(opening)).isTrue();
      assertThat(weekend.isOpen(opening.minusMillis(1))).isFalse();
      now = now.plus(Duration.ofHours(1));
    }
  }

  @Test
  void aWindowWithoutDaysIsRefused() {
    assertThatThrownBy(
            () -> new Window(Set.of(), LocalTime.NOON, LocalTime.MIDNIGHT, ZoneOffset.UTC))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("days");
  }
}
