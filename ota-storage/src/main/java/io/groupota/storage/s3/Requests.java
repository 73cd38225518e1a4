package io.groupota.storage.s3;

import io.groupota.StorageException;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import okhttp3.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to the object store and turns failures, which carry headers and URLs, into
 * exceptions fit for any log.
 */
final class Requests {
  private static final int ATTEMPTS = 3;
  private static final long PAUSE_MILLIS = 100;

  /**
   * Answers that S3 asks its clients to repeat the request after ("Error responses: InternalError,
   * SlowDown" in the API reference); each of ours can be carried out twice.
   */
  private static final Set<Integer> TRANSIENT = Set.of(500, 502, 503, 504);

  /** Sends a request. */
  interface Request<T> {
    CompletableFuture<T> send() throws MinioException;
  }

  /** Works something out. */
  interface Computation<T> {
    T run() throws MinioException;
  }

  private Requests() {}

  static <T> T send(String what, Request<T> request) {
    try {
      return persistently(request);
    } catch (MinioException | CompletionException e) {
      throw failure(what, e);
    }
  }

  /** Null if what the request names is not there. */
  static <T> @Nullable T sendUnlessMissing(String what, Request<T> request) {
    try {
      return persistently(request);
    } catch (MinioException | CompletionException e) {
      if (root(e) instanceof ErrorResponseException refused && refused.response().code() == 404) {
        return null;
      }
      throw failure(what, e);
    }
  }

  private static <T> T persistently(Request<T> request) throws MinioException {
    for (int attempt = 1; ; attempt++) {
      try {
        return request.send().join();
      } catch (MinioException | CompletionException e) {
        if (attempt == ATTEMPTS || !isTransient(root(e)) || !pauseAfter(attempt)) {
          throw e;
        }
      }
    }
  }

  private static boolean isTransient(Throwable failure) {
    return failure instanceof ErrorResponseException refused
        && TRANSIENT.contains(refused.response().code());
  }

  /** False if the thread shall stop. The jitter keeps many uploads from coming back at once. */
  private static boolean pauseAfter(int attempt) {
    try {
      Thread.sleep(ThreadLocalRandom.current().nextLong(PAUSE_MILLIS, 2 * PAUSE_MILLIS) * attempt);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Asks the client for what it works out by itself, for which it may have to ask the store first.
   * It wraps what goes wrong then in {@code IllegalStateException} or not, as the threads happen to
   * run.
   */
  static <T> T compute(String what, Computation<T> computation) {
    try {
      return computation.run();
    } catch (IllegalStateException | MinioException | CompletionException e) {
      throw failure(what, e);
    }
  }

  static StorageException failure(String what, Exception failure) {
    Throwable root = root(failure);
    String why;
    if (root instanceof ErrorResponseException refused) {
      why = "it answered " + refused.response().code() + " " + refused.errorResponse().code();
    } else if (root instanceof IOException && root.getMessage() != null) {
      why = root.getMessage();
    } else {
      // The messages of the client's other exceptions may quote what was sent or received.
      why = root.getClass().getSimpleName();
    }
    IOException safe = new IOException(why);
    safe.setStackTrace(root.getStackTrace());
    return new StorageException(what + ": " + why, safe);
  }

  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    while (!(root instanceof ErrorResponseException)
        && !(root instanceof IOException)
        && root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  static long contentLength(Headers headers) {
    @Nullable String length = headers.get("Content-Length");
    try {
      return Long.parseLong(length == null ? "" : length);
    } catch (NumberFormatException e) {
      throw new StorageException("The object store did not say how long an object is", e);
    }
  }
}
