package io.groupota.storage.fs;

import io.groupota.BlobKey;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;

/** A process that starts an upload and then holds it until its input ends. */
final class HeldUpload {
  private HeldUpload() {}

  public static void main(String[] arguments) {
    FileSystemBlobStore store = FileSystemBlobStore.in(Path.of(arguments[0]));
    store.put(
        new BlobKey("held"),
        new FilterInputStream(InputStream.nullInputStream()) {
          @Override
          public int read(byte[] buffer, int offset, int length) throws IOException {
            System.out.println("started");
            return System.in.read();
          }
        });
  }
}
