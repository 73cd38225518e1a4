package io.groupota.examples.server;

/** A fleet file is JSON, but not a fleet. */
final class MalformedFleetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MalformedFleetException(int line, String message) {
    super("line " + line + ": " + message);
  }
}
