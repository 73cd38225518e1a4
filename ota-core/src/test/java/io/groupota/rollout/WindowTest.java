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
  void whereClocksAreSetForwardTheMomentOfThatCounts() {
    assertOpen(berlin("02:30", "04:00"), "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z");
    assertOpen(berlin("23:00", "02:30"), "2026-03-28T22:00:00Z", "2026-03-29T01:00:00Z");
  }

  @Test
  void aWindowThatClosesSoonAfterItsSkippedOpeningIsOpenUntilThen() {
    assertOpen(berlin("02:30", "03:15"), "2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z");
  }

  @Test
  void aWindowOfTimesThatAreAllSkippedOpensOnItsNextDay() {
    Window skipped = berlin("02:15", "02:45");
    assertOpen(skipped, "2026-03-28T01:15:00Z", "2026-03-28T01:45:00Z");
    assertThat(skipped.isOpen(Instant.parse("2026-03-29T01:00:00Z"))).isFalse();
    assertThat(skipped.nextOpening(Instant.parse("2026-03-28T01:15:00Z")))
        .isEqualTo(Instant.parse("2026-03-30T00:15:00Z"));
  }

  @Test
  void aDayThatIsSkippedHasNoWindowOfItsOwn() {
    Window friday =
        new Window(
            Set.of(DayOfWeek.FRIDAY),
            LocalTime.of(8, 0),
            LocalTime.of(17, 0),
            ZoneId.of("Pacific/Apia"));
    // There was no 30 December 2011 west of the date line, a Friday.
    assertThat(friday.nextOpening(Instant.parse("2011-12-28T00:00:00Z")))
        .isEqualTo(Instant.parse("2012-01-05T18:00:00Z"));
    assertThat(friday.isOpen(Instant.parse("2011-12-30T19:00:00Z"))).as("Saturday").isFalse();
  }

  @Test
  void whereClocksAreSetBackItOpensWithTheFirstAndIsOpenForAnHourMore() {
    assertOpen(berlin("02:30", "03:30"), "2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z");
  }

  @Test
  void whereClocksAreSetBackItClosesWithTheFirst() {
    assertOpen(berlin("01:00", "02:30"), "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z");
    assertOpen(berlin("02:45", "02:15"), "2026-10-24T00:45:00Z", "2026-10-25T00:15:00Z");
    assertOpen(berlin("02:45", "02:15"), "2026-10-25T00:45:00Z", "2026-10-26T01:15:00Z");
  }

  @Test
  void aWindowStaysOpenWhereClocksAreSetBackToTheDayBefore() {
    Window sunday =
        new Window(
            Set.of(DayOfWeek.SUNDAY),
            LocalTime.MIDNIGHT,
            LocalTime.of(1, 0),
            ZoneId.of("America/St_Johns"));
    // At 00:01 it was 23:01 again.
    assertOpen(sunday, "2010-11-07T02:30:00Z", "2010-11-07T04:30:00Z");
    assertThat(sunday.isOpen(Instant.parse("2010-11-07T03:00:00Z"))).as("23:30 again").isTrue();
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
