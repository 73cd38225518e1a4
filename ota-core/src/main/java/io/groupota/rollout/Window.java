package io.groupota.rollout;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.Set;

/**
 * When devices may be let through: a time of day on some days of the week. Outside the windows of a
 * plan nothing new starts. Immutable.
 *
 * @param days the days on which it opens, at least one
 * @param from when it opens, local time
 * @param to when it closes; at or before {@code from}: on the next day
 * @param zone the time zone of both
 */
public record Window(Set<DayOfWeek> days, LocalTime from, LocalTime to, ZoneId zone) {
  /**
   * Copies the set.
   *
   * @throws IllegalArgumentException if there is no day
   */
  public Window {
    days = Set.copyOf(days);
    if (days.isEmpty()) {
      throw new IllegalArgumentException("days must name at least one day");
    }
  }

  /**
   * Whether it is open.
   *
   * @param now the moment
   * @return true from its opening to just before its closing
   */
  public boolean isOpen(Instant now) {
    LocalDate today = now.atZone(zone).toLocalDate();
    return isOpen(today.minusDays(1), now) || isOpen(today, now);
  }

  private boolean isOpen(LocalDate day, Instant now) {
    return days.contains(day.getDayOfWeek())
        && !now.isBefore(opening(day))
        && now.isBefore(closing(day));
  }

  /**
   * When it opens next.
   *
   * @param now the moment
   * @return the first opening after it
   */
  public Instant nextOpening(Instant now) {
    LocalDate day = now.atZone(zone).toLocalDate();
    while (!days.contains(day.getDayOfWeek()) || !opening(day).isAfter(now)) {
      day = day.plusDays(1);
    }
    return opening(day);
  }

  // Where a clock is set forward over the time, the next existing one counts (ZonedDateTime.of).
  private Instant opening(LocalDate day) {
    return ZonedDateTime.of(day, from, zone).toInstant();
  }

  private Instant closing(LocalDate day) {
    LocalDate last = to.isAfter(from) ? day : day.plusDays(1);
    return ZonedDateTime.of(last, to, zone).toInstant();
  }
}
