package io.groupota.http;

import io.groupota.FirmwareRejectedException;
import io.groupota.FirmwareTooLargeException;
import io.groupota.FirmwareUnreadableException;
import io.groupota.InvalidRequestException;
import io.groupota.NoSuchGroupException;
import io.groupota.NoSuchRolloutException;
import io.groupota.NoSuchUpdateException;
import io.groupota.NotEntitledException;
import io.groupota.RolloutStateException;
import io.groupota.StorageException;
import io.groupota.VersionRefusedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns what the service throws into an answer. */
final class Failures {
  /** All that a client learns of a failure that nobody foresaw. */
  static final String INTERNAL = "internal error";

  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);

  private final String message;
  private final String subject;

  /** What is answered with status 500, whatever the cause. */
  Failures(String message) {
    this(message, "");
  }

  private Failures(String message, String subject) {
    this.message = message;
    this.subject = subject;
  }

  /** The same answers; the log says in addition what they are about. */
  Failures about(String what) {
    return new Failures(message, ", " + what);
  }

  Reply answer(Throwable failure, Scrubber scrubber) {
    if (failure instanceof NoSuchRolloutException) {
      return Reply.message(404, "No such rollout");
    }
    int status = status(failure);
    if (status != 500) {
      return Reply.message(status, String.valueOf(failure.getMessage()));
    }
    if (failure instanceof StorageException) {
      log(failure, scrubber);
      return Reply.error(message, scrubber.text(String.valueOf(failure.getMessage())));
    }
    return internal(failure, scrubber);
  }

  /** The answer to a failure of which the client learns nothing. */
  Reply internal(Throwable failure, Scrubber scrubber) {
    log(failure, scrubber);
    return Reply.error(message, INTERNAL);
  }

  private void log(Throwable failure, Scrubber scrubber) {
    LOG.error("{} (status 500{})", message, subject, scrubber.scrub(failure));
  }

  private static int status(Throwable failure) {
    if (failure instanceof InvalidRequestException
        || failure instanceof FirmwareRejectedException
        || failure instanceof FirmwareUnreadableException) {
      return 400;
    }
    if (failure instanceof NotEntitledException) {
      return 403;
    }
    if (failure instanceof NoSuchGroupException || failure instanceof NoSuchUpdateException) {
      return 404;
    }
    if (failure instanceof VersionRefusedException || failure instanceof RolloutStateException) {
      return 409;
    }
    return failure instanceof FirmwareTooLargeException ? 413 : 500;
  }
}
