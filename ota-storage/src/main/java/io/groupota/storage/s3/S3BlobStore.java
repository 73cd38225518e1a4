package io.groupota.storage.s3;

import static java.util.Objects.requireNonNull;

import io.groupota.BlobKey;
import io.groupota.StorageException;
import io.groupota.spi.BlobStore;
import io.minio.AbortMultipartUploadArgs;
import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.GetObjectResponse;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.HeadObjectArgs;
import io.minio.HeadObjectResponse;
import io.minio.Http;
import io.minio.ListMultipartUploadsArgs;
import io.minio.ListMultipartUploadsResponse;
import io.minio.MinioAsyncClient;
import io.minio.RemoveObjectArgs;
import io.minio.messages.ListMultipartUploadsResult;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps firmware files in a bucket of an S3-compatible object store, each as the object {@code
 * <prefix><key>}. Thread-safe.
 *
 * <p>A file of less than 5 MiB is one {@code PUT}; a larger one is a multipart upload, part by part
 * from one buffer, so that the memory of an upload is 5 MiB at most whatever the size of the file.
 * Each request carries the MD5 of its bytes, which the object store verifies. A range is one {@code
 * GET} of the asked bytes. What comes back is verified: the length always, and the digest too when
 * a file is read as a whole and its ETag is one (it is not with encryption by a key of KMS or of
 * the customer). A request that the object store answered with 500, 502, 503 or 504 is sent up to
 * three times within a second; a lost connection is reported at once.
 *
 * <p>A file that another tool copied into the bucket, from a backup say, is verified as long as its
 * ETag tells how: that of one part does, whatever its size, and so does that of as many parts as
 * this store makes, if they are of whole mebibytes. That of another number of parts does not, and
 * only the length is verified. A copy is taken for damaged if it has as many parts as this store
 * makes and they are no whole mebibytes; they are of more than 5 and less than 10 MiB then.
 *
 * <p>The client stays the host's: its time limits ({@link MinioAsyncClient#setTimeout}; five
 * minutes each unless set) bound every call, and nothing here closes it. The bucket must exist. The
 * access key needs {@code GetObject}, {@code PutObject}, {@code DeleteObject}, {@code
 * AbortMultipartUpload}, {@code ListBucket} and {@code ListBucketMultipartUploads}.
 *
 * <p>It is the asynchronous client because only that one offers multipart uploads part by part; the
 * other one would read the file in threads of its own.
 */
public final class S3BlobStore implements BlobStore {
  private static final Logger LOG = LoggerFactory.getLogger(S3BlobStore.class);

  /** Longer than any deploy takes; object stores keep the parts until somebody aborts. */
  private static final Duration DEAD_AFTER = Duration.ofDays(1);

  /** The most that S3 signs for. */
  private static final Duration LONGEST_VALIDITY = Duration.ofDays(7);

  private final MinioAsyncClient client;
  private final String bucket;
  private final String prefix;

  private S3BlobStore(MinioAsyncClient client, String bucket, String prefix) {
    this.client = requireNonNull(client, "client");
    this.bucket = requireNonNull(bucket, "bucket");
    this.prefix = requireNonNull(prefix, "prefix");
  }

  /**
   * A store in a bucket. Sends no request yet.
   *
   * @param client the client
   * @param bucket the bucket, which exists
   * @return the store
   */
  public static S3BlobStore using(MinioAsyncClient client, String bucket) {
    return new S3BlobStore(client, bucket, "");
  }

  /**
   * The same store under a prefix, for a bucket that holds other things too.
   *
   * @param prefix what the names of all objects start with, such as {@code ota/}
   * @return the store
   */
  public S3BlobStore withPrefix(String prefix) {
    return new S3BlobStore(client, bucket, prefix);
  }

  /**
   * {@inheritDoc}
   *
   * <p>After a failure whose outcome the object store did not tell, the object is removed; if that
   * fails too, the ledger of the repository still knows it.
   */
  @Override
  public void put(BlobKey key, InputStream bytes) {
    new Upload(client, bucket, name(key)).run(bytes);
  }

  @Override
  public InputStream open(BlobKey key, long offset, long length) {
    if (offset < 0 || length < 0) {
      throw new StorageException(Ranges.NO_SUCH_RANGE, null);
    }
    return length == 0 ? openEmpty(key, offset) : openRange(key, offset, length);
  }

  private InputStream openEmpty(BlobKey key, long offset) {
    long size =
        size(key)
            .orElseThrow(() -> new StorageException("The object store has no such firmware", null));
    if (offset > size) {
      throw new StorageException(Ranges.NO_SUCH_RANGE, null);
    }
    return InputStream.nullInputStream();
  }

  private InputStream openRange(BlobKey key, long offset, long length) {
    GetObjectArgs range =
        GetObjectArgs.builder()
            .bucket(bucket)
            .object(name(key))
            .offset(offset)
            .length(length)
            .build();
    GetObjectResponse response =
        Requests.send("The object store could not be read", () -> client.getObject(range));
    return Ranges.verified(response, offset, length);
  }

  @Override
  public OptionalLong size(BlobKey key) {
    HeadObjectArgs head = HeadObjectArgs.builder().bucket(bucket).object(name(key)).build();
    @Nullable HeadObjectResponse response =
        Requests.sendUnlessMissing(
            "The object store could not be read", () -> client.headObject(head));
    if (response == null) {
      requireBucket();
      return OptionalLong.empty();
    }
    return OptionalLong.of(Requests.contentLength(response.headers()));
  }

  /** The answer to a HEAD has no body that could tell a missing bucket from a missing object. */
  private void requireBucket() {
    boolean exists =
        Requests.send(
            "The object store could not be read",
            () -> client.bucketExists(BucketExistsArgs.builder().bucket(bucket).build()));
    if (!exists) {
      throw new StorageException(
          "The object store has no bucket " + bucket + "; create it or correct the name", null);
    }
  }

  @Override
  public boolean delete(BlobKey key) {
    if (size(key).isEmpty()) {
      return false;
    }
    RemoveObjectArgs object = RemoveObjectArgs.builder().bucket(bucket).object(name(key)).build();
    Requests.send("The object store could not be written", () -> client.removeObject(object));
    return true;
  }

  /**
   * Aborts multipart uploads that were begun more than a day ago by the object store's clock. (A
   * MinIO server does so by itself and does not list them.)
   */
  @Override
  public void sweep() {
    int aborted = 0;
    @Nullable String key = null;
    @Nullable String upload = null;
    do {
      ListMultipartUploadsArgs.Builder page =
          ListMultipartUploadsArgs.builder().bucket(bucket).prefix(prefix);
      if (key != null && upload != null) {
        page.keyMarker(key).uploadIdMarker(upload);
      }
      ListMultipartUploadsResponse response =
          Requests.send(
              "The object store could not be swept",
              () -> client.listMultipartUploads(page.build()));
      aborted += abortDead(response);
      ListMultipartUploadsResult uploads = response.result();
      key = uploads.isTruncated() ? uploads.nextKeyMarker() : null;
      upload = uploads.nextUploadIdMarker();
    } while (key != null);
    if (aborted > 0) {
      LOG.info("Removed what {} dead uploads left behind", aborted);
    }
  }

  private int abortDead(ListMultipartUploadsResponse page) {
    @Nullable String date = page.headers().get("Date");
    if (date == null) {
      return 0;
    }
    ZonedDateTime deadline =
        ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).minus(DEAD_AFTER);
    int aborted = 0;
    for (ListMultipartUploadsResult.Upload upload : page.result().uploads()) {
      // The prefix again, since not every object store filters.
      if (upload.objectName().startsWith(prefix) && upload.initiated().isBefore(deadline)) {
        AbortMultipartUploadArgs dead =
            AbortMultipartUploadArgs.builder()
                .bucket(bucket)
                .object(upload.objectName())
                .uploadId(upload.uploadId())
                .build();
        Requests.sendUnlessMissing(
            "The object store could not be swept", () -> client.abortMultipartUpload(dead));
        aborted++;
      }
    }
    return aborted;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Signed for a week at the most. Needs no request if the client was built with its region.
   */
  @Override
  public Optional<URI> presign(BlobKey key, Duration validity) {
    Duration granted = validity.compareTo(LONGEST_VALIDITY) > 0 ? LONGEST_VALIDITY : validity;
    GetPresignedObjectUrlArgs args =
        GetPresignedObjectUrlArgs.builder()
            .method(Http.Method.GET)
            .bucket(bucket)
            .object(name(key))
            .expiry(Math.toIntExact(Math.max(1, granted.toSeconds())), TimeUnit.SECONDS)
            .build();
    String url =
        Requests.compute(
            "The object store could not sign a URL", () -> client.getPresignedObjectUrl(args));
    return Optional.of(URI.create(url));
  }

  private String name(BlobKey key) {
    return prefix + key.value();
  }
}
