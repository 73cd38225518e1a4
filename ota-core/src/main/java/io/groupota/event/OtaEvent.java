package io.groupota.event;

import io.groupota.OwnerId;
import java.time.Instant;
import java.util.Optional;

/**
 * Something that happened and is committed. Each kind is a record of this package, its name is the
 * name of the kind, and its {@code toString} may be written anywhere: no event holds a token, a
 * path or a URL.
 *
 * <p>Minor releases add kinds. The interface is not sealed, so that a {@code switch} over kinds
 * needs a {@code default} from the start and goes on working then. Not for implementing; the tests
 * of a host's listener make the records.
 */
public interface OtaEvent {
  /**
   * When it happened, by the clock of the node that tells of it ({@link
   * io.groupota.GroupOta.Builder#clock}). Clocks of nodes differ, so this orders the events of one
   * node only.
   *
   * @return the time
   */
  Instant at();

  /**
   * Who did it, if it was done by a person or a program of an owner, with a call of the service.
   *
   * @return the owner who called; empty for what the service does by itself and what devices do
   */
  default Optional<OwnerId> actor() {
    return Optional.empty();
  }
}
