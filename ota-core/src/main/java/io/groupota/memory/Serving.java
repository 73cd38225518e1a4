package io.groupota.memory;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import java.time.Clock;
import java.util.Optional;

/** Records updates and serves them, with all that follows from it. Not thread-safe. */
final class Serving {
  private final Updates updates;
  private final Reservations reservations;
  private final Visits visits;
  private final Triggers triggers;
  private final Clock clock;

  Serving(
      Updates updates, Reservations reservations, Visits visits, Triggers triggers, Clock clock) {
    this.updates = updates;
    this.reservations = reservations;
    this.visits = visits;
    this.triggers = triggers;
    this.clock = clock;
  }

  /** Whether the file of an update is there still. */
  boolean canRecord(OtaUpdate update) {
    return reservations.canRecord(update.blob());
  }

  void add(OtaUpdate update) {
    reservations.record(update.blob());
    updates.add(update);
  }

  /** Serves an update that was added. */
  void serve(OtaUpdate update, String recordId, String path) {
    Optional<OtaUpdate> served = updates.served(update.group());
    updates.serve(update, recordId, path);
    if (served.isEmpty()) {
      visits.add(update.group(), clock.instant());
    }
    if (served.filter(before -> before.version().equals(update.version())).isEmpty()) {
      triggers.markDeployed(update.group());
    }
  }

  /** The trigger of a group is due, if it serves anything. */
  void trigger(GroupId group) {
    if (updates.served(group).isPresent()) {
      triggers.markDeployed(group);
    }
  }
}
