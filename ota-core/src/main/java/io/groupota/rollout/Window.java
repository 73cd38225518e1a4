package io.groupota.rollout;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * When devices may be let through: a time of day on some days of the week. Outside the windows of a
 * plan nothing new starts. Immutable.
 *
 * <p>It opens, and closes, when the clocks of its zone first show that time or a later one. Where
 * they are set forward over the time, that is the moment at which they are; a window of nothing but
 * times that are skipped does not open that day. Of a time that comes twice, since they are set
 * back, the first one counts.
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
    days = Set.copyOf(Objects.requireNonNull(days, "days"));
    Objects.requireNonNull(from, "from");
    Objects.requireNonNull(to, "to");
    Objects.requireNonNull(zone, "zone");
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
    // That of tomorrow too: clocks may be set back from tomorrow to today.
    return isOpen(today.minusDays(1), now) || isOpen(today, now) || isOpen(today.plusDays(1), now);
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
    while (!opens(day) || !opening(day).isAfter(now)) {
      day = day.plusDays(1);
    }
    return opening(day);
  }

  private boolean opens(LocalDate day) {
    return days.contains(day.getDayOfWeek()) && opening(day).isBefore(closing(day));
  }

  private Instant opening(LocalDate day) {
    return first(day.atTime(from));
  }

  private Instant closing(LocalDate day) {
    LocalDate last = to.isAfter(from) ? day : day.plusDays(1);
    return first(last.atTime(to));
  }

  /** When the clocks first show a time or a later one. */
  private Instant first(LocalDateTime time) {
    @Nullable ZoneOffsetTransition change = zone.getRules().getTransition(time);
    return change != null && change.isGap() ? change.getInstant() : time.atZone(zone).toInstant();
  }
}
