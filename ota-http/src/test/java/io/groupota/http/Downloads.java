package io.groupota.http;

import io.groupota.BlobKey;
import io.groupota.FirmwareDownload;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.UpdateId;
import io.groupota.firmware.Firmware;
import io.groupota.firmware.ImageInfo;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.function.Supplier;

/** Made-up downloads, of files that fail while they are read for example. */
final class Downloads {
  /** The digest of the image that the made-up update has. */
  static final String RUNNING = "ab".repeat(32);

  private Downloads() {}

  static InputStream failingAfter(int good, int size, Throwable failure) {
    return new FilterInputStream(new ByteArrayInputStream(new byte[size])) {
      private int read;

      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        if (read >= good) {
          if (failure instanceof RuntimeException unchecked) {
            throw unchecked;
          }
          if (failure instanceof Error error) {
            throw error;
          }
          throw (IOException) failure;
        }
        int n = super.read(buffer, offset, Math.min(length, good - read));
        read += n;
        return n;
      }
    };
  }

  static FirmwareDownload download(long size, Supplier<InputStream> file) {
    OtaUpdate update =
        update(Optional.of(new ImageInfo("ESP32", "cooling", "v1", "v3.3.5", RUNNING)), size);
    return new FirmwareDownload() {
      @Override
      public OtaUpdate update() {
        return update;
      }

      @Override
      public InputStream open(long offset, long length) {
        return file.get();
      }
    };
  }

  static OtaUpdate update(Optional<ImageInfo> image, long size) {
    return new OtaUpdate(
        new UpdateId("5e1bc21cdfa10030ab7ea212"),
        new GroupId(Fleet.GROUP),
        HttpServer.OWNER,
        "1.2.7",
        new Firmware(size, "0123456789abcdef0123456789abcdef", "cd".repeat(32), image),
        new BlobKey("a/b"),
        Optional.empty(),
        false,
        Fleet.NOW);
  }
}
