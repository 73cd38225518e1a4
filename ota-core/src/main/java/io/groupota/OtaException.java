package io.groupota;

import org.jspecify.annotations.Nullable;

/**
 * The root of all exceptions that this library throws on purpose, but for arguments that a program
 * gets wrong ({@link IllegalArgumentException}, also from the builders of a plan; {@link
 * NullPointerException}) and calls at the wrong time ({@link IllegalStateException}). Split by what
 * the caller can do. No message carries a token.
 */
public abstract class OtaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OtaException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
