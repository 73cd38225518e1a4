package io.groupota.storage.s3;

import io.groupota.StorageException;
import io.minio.GetObjectResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import okhttp3.Headers;
import org.jspecify.annotations.Nullable;

/** Checks that an answer of the object store is the range that was asked for. */
final class Ranges {
  static final String NO_SUCH_RANGE = "The object store has no such range of the firmware";

  private Ranges() {}

  static InputStream verified(GetObjectResponse response, long offset, long length) {
    try {
      return new RangeStream(response, length, check(response.headers(), offset, length));
    } catch (RuntimeException e) {
      close(response, e);
      throw e;
    }
  }

  /** What the bytes are compared with; null if they are a part only, or the ETag tells nothing. */
  private static @Nullable EtagCheck check(Headers headers, long offset, long length) {
    @Nullable String range = headers.get("Content-Range");
    String asked = "bytes " + offset + "-" + (offset + length - 1) + "/";
    boolean whole;
    if (range == null) {
      // An object store may answer a range of everything with everything.
      whole = true;
      if (offset != 0 || Requests.contentLength(headers) != length) {
        throw new StorageException(NO_SUCH_RANGE, null);
      }
    } else {
      whole = range.equals("bytes 0-" + (length - 1) + "/" + length);
      if (!range.startsWith(asked)) {
        throw new StorageException(NO_SUCH_RANGE, null);
      }
    }
    return whole ? checkOfWhole(headers, length) : null;
  }

  private static @Nullable EtagCheck checkOfWhole(Headers headers, long size) {
    @Nullable String etag = headers.get("ETag");
    @Nullable String encryption = headers.get("x-amz-server-side-encryption");
    boolean opaque =
        (encryption != null && !encryption.equals("AES256"))
            || headers.get("x-amz-server-side-encryption-customer-algorithm") != null;
    if (etag == null || opaque) {
      return null;
    }
    return EtagCheck.of(etag.replace("\"", "").toLowerCase(Locale.ROOT), size);
  }

  private static void close(InputStream stream, RuntimeException failure) {
    try {
      stream.close();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }
}
