package io.groupota;

import org.jspecify.annotations.Nullable;

/**
 * The root of all exceptions that this library throws on purpose, split by what the caller can do.
 * No message carries a token.
 */
public abstract class OtaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OtaException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
