package io.groupota.storage.s3;

import io.groupota.FirmwareUnreadableException;
import io.groupota.StorageException;
import io.minio.AbortMultipartUploadArgs;
import io.minio.CompleteMultipartUploadArgs;
import io.minio.CreateMultipartUploadArgs;
import io.minio.Http;
import io.minio.MinioAsyncClient;
import io.minio.PutObjectAPIArgs;
import io.minio.RemoveObjectArgs;
import io.minio.UploadPartArgs;
import io.minio.messages.Part;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/** One upload of an object. Used by one thread, once. */
final class Upload {
  /** The smallest part that S3 allows. */
  static final int PART = 5 << 20;

  private static final String WHAT = "The object store could not be written";
  private static final int FIRST_BUFFER = 64 << 10;

  private final MinioAsyncClient client;
  private final String bucket;
  private final String object;

  /** Grows up to a part, so that small files need little. */
  private byte[] buffer = new byte[FIRST_BUFFER];

  Upload(MinioAsyncClient client, String bucket, String object) {
    this.client = client;
    this.bucket = bucket;
    this.object = object;
  }

  void run(InputStream bytes) {
    int count = fill(bytes);
    if (count < PART) {
      putWhole(count);
    } else {
      putInParts(bytes, count);
    }
  }

  private void putWhole(int count) {
    PutObjectAPIArgs whole =
        PutObjectAPIArgs.builder()
            .bucket(bucket)
            .object(object)
            .data(buffer, count)
            .headers(contentMd5(count))
            .build();
    try {
      Requests.send(WHAT, () -> client.putObject(whole));
    } catch (StorageException e) {
      removeAfter(e);
      throw e;
    }
  }

  private void putInParts(InputStream bytes, int first) {
    CreateMultipartUploadArgs begin =
        CreateMultipartUploadArgs.builder().bucket(bucket).object(object).build();
    String id = Requests.send(WHAT, () -> client.createMultipartUpload(begin)).result().uploadId();
    try {
      List<Part> parts = new ArrayList<>();
      for (int count = first; count > 0; count = count < PART ? 0 : fill(bytes)) {
        parts.add(putPart(id, parts.size() + 1, count));
      }
      complete(id, parts);
    } catch (RuntimeException | Error e) {
      abortAfter(id, e);
      throw e;
    }
  }

  private Part putPart(String id, int number, int count) {
    UploadPartArgs part =
        UploadPartArgs.builder()
            .bucket(bucket)
            .object(object)
            .uploadId(id)
            .partNumber(number)
            .data(buffer, count)
            .headers(contentMd5(count))
            .build();
    return Requests.send(WHAT, () -> client.uploadPart(part)).part();
  }

  private void complete(String id, List<Part> parts) {
    CompleteMultipartUploadArgs end =
        CompleteMultipartUploadArgs.builder()
            .bucket(bucket)
            .object(object)
            .uploadId(id)
            .parts(parts.toArray(Part[]::new))
            .build();
    try {
      Requests.send(WHAT, () -> client.completeMultipartUpload(end));
    } catch (StorageException e) {
      removeAfter(e);
      throw e;
    }
  }

  /** Parts that stay behind after this, because the object store is away, are swept later. */
  private void abortAfter(String id, Throwable failure) {
    AbortMultipartUploadArgs abort =
        AbortMultipartUploadArgs.builder().bucket(bucket).object(object).uploadId(id).build();
    try {
      Requests.sendUnlessMissing(WHAT, () -> client.abortMultipartUpload(abort));
    } catch (StorageException e) {
      failure.addSuppressed(e);
    }
  }

  /** A request without an answer may have been carried out. */
  private void removeAfter(StorageException failure) {
    RemoveObjectArgs remove = RemoveObjectArgs.builder().bucket(bucket).object(object).build();
    try {
      Requests.sendUnlessMissing(WHAT, () -> client.removeObject(remove));
    } catch (StorageException e) {
      failure.addSuppressed(e);
    }
  }

  /** Reads until the part is full or the file ends. */
  private int fill(InputStream bytes) {
    int count = 0;
    while (count < PART) {
      if (count == buffer.length) {
        buffer = Arrays.copyOf(buffer, Math.min(PART, buffer.length * 2));
      }
      int read = read(bytes, count);
      if (read < 0) {
        break;
      }
      count += read;
    }
    return count;
  }

  /** Failures of the source are told from failures of the object store. */
  private int read(InputStream bytes, int from) {
    try {
      return bytes.read(buffer, from, buffer.length - from);
    } catch (IOException e) {
      throw new FirmwareUnreadableException(e);
    }
  }

  private Http.Headers contentMd5(int count) {
    MessageDigest md5 = PartDigest.md5();
    md5.update(buffer, 0, count);
    return new Http.Headers("Content-MD5", Base64.getEncoder().encodeToString(md5.digest()));
  }
}
