package io.groupota.storage.s3;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A range on its way from the object store. Fails rather than end early, and rather than end with
 * bytes that do not have the ETag. Used by one thread.
 */
final class RangeStream extends InputStream {
  private final InputStream body;
  private final @Nullable EtagCheck check;
  private long left;

  RangeStream(InputStream body, long length, @Nullable EtagCheck check) {
    this.body = body;
    this.left = length;
    this.check = check;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (length == 0) {
      return 0;
    }
    if (left == 0) {
      return -1;
    }
    int count = body.read(buffer, offset, (int) Math.min(length, left));
    if (count < 0) {
      throw new EOFException("The object store ended the firmware early");
    }
    left -= count;
    if (check != null) {
      check.update(buffer, offset, count);
      // Before the last bytes are handed on, so that nobody takes the file for whole.
      if (left == 0 && !check.matches()) {
        throw new IOException("The object store's copy of the firmware is damaged");
      }
    }
    return count;
  }

  @Override
  public int available() throws IOException {
    return (int) Math.min(left, body.available());
  }

  @Override
  public void close() throws IOException {
    body.close();
  }
}
