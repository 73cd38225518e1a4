package io.groupota.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.FirmwareUnreadableException;
import io.groupota.StorageException;
import io.groupota.spi.BlobStore;
import io.groupota.testkit.contract.BlobStoreContract;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import okhttp3.Request;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class S3BlobStoreTest implements BlobStoreContract {
  private static final BlobKey KEY = new BlobKey("group/update");
  private ObjectStore objects;

  @BeforeEach
  void startObjectStore() throws Exception {
    objects = new ObjectStore();
  }

  @AfterEach
  void stopObjectStore() throws Exception {
    objects.close();
  }

  @Override
  public BlobStore store() {
    return S3BlobStore.using(objects.client(), ObjectStore.BUCKET);
  }

  @Test
  void aRangeIsOneRequestOfTheAskedBytes() throws IOException {
    BlobStore store = store();
    byte[] file = bytes(12 << 20);
    store.put(KEY, new ByteArrayInputStream(file));
    objects.requests();
    try (InputStream in = store.open(KEY, 6_000_000, 1_000)) {
      assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(file, 6_000_000, 6_001_000));
    }
    List<Request> requests = objects.requests();
    assertThat(requests).hasSize(1);
    assertThat(requests.get(0).method()).isEqualTo("GET");
    assertThat(requests.get(0).header("Range")).isEqualTo("bytes=6000000-6000999");
  }

  @Test
  void aWholeFileIsOneRequestToo() throws IOException {
    BlobStore store = store();
    store.put(KEY, new ByteArrayInputStream(bytes(100_000)));
    objects.requests();
    try (InputStream in = store.open(KEY, 0, 100_000)) {
      assertThat(in.readAllBytes()).isEqualTo(bytes(100_000));
    }
    assertThat(objects.requests()).extracting(Request::method).containsExactly("GET");
  }

  @Test
  void aSmallFileIsOnePutAndALargeOneIsPartsOfFiveMebibytes() {
    BlobStore store = store();
    store.put(KEY, new ByteArrayInputStream(bytes(Upload.PART - 1)));
    assertThat(objects.requests()).extracting(Request::method).containsExactly("PUT");
    store.put(new BlobKey("exact"), new ByteArrayInputStream(bytes(2 * Upload.PART)));
    assertThat(objects.requests())
        .extracting(Request::method)
        .containsExactly("POST", "PUT", "PUT", "POST");
    assertThat(store.size(new BlobKey("exact"))).hasValue(2L * Upload.PART);
  }

  @Test
  void everyUploadedPartCarriesItsMd5() {
    store().put(KEY, new ByteArrayInputStream(bytes(Upload.PART + 1)));
    assertThat(objects.requests())
        .filteredOn(request -> request.method().equals("PUT"))
        .hasSize(2)
        .allSatisfy(request -> assertThat(request.header("Content-MD5")).hasSize(24));
  }

  @Test
  void noMoreThanAPartIsReadAhead() {
    int parts = 6;
    AtomicLong read = new AtomicLong();
    AtomicLong ahead = new AtomicLong();
    AtomicLong sent = new AtomicLong();
    InputStream file =
        new FilterInputStream(new ByteArrayInputStream(bytes(parts * Upload.PART))) {
          @Override
          public int read(byte[] buffer, int offset, int length) throws IOException {
            sent.addAndGet(
                objects.requests().stream().filter(r -> r.method().equals("PUT")).count());
            int count = super.read(buffer, offset, length);
            ahead.accumulateAndGet(
                read.addAndGet(Math.max(0, count)) - sent.get() * Upload.PART, Math::max);
            return count;
          }
        };
    store().put(KEY, file);
    assertThat(sent.get()).isEqualTo(parts);
    assertThat(ahead.get()).isEqualTo(Upload.PART);
  }

  @Test
  void anUploadThatFailsIsAborted() {
    assertThatThrownBy(
            () ->
                store()
                    .put(
                        KEY,
                        new SequenceInputStream(
                            new ByteArrayInputStream(bytes(Upload.PART + 10)), broken())))
        .isInstanceOf(FirmwareUnreadableException.class);
    assertThat(objects.requests())
        .extracting(Request::method)
        .containsExactly("POST", "PUT", "DELETE");
    assertThat(objects.blobs().listMultipartUploads(ObjectStore.BUCKET)).isEmpty();
  }

  @Test
  void aDamagedCopyIsNoticedBeforeItsLastByte() throws IOException {
    for (int size : new int[] {100_000, Upload.PART + 100_000}) {
      byte[] file = bytes(size);
      store().put(KEY, new ByteArrayInputStream(file));
      file[size / 2] ^= 1;
      BlobStore damaged = S3BlobStore.using(new Damaging(objects).client(file), "firmware");
      try (InputStream in = damaged.open(KEY, 0, size)) {
        assertThatThrownBy(in::readAllBytes)
            .isInstanceOf(IOException.class)
            .hasMessageContaining("damaged");
      }
    }
  }

  @Test
  void aWrongSecretIsRefusedWithoutSayingIt() {
    BlobStore store = S3BlobStore.using(objects.client("another-secret-key"), ObjectStore.BUCKET);
    assertThatThrownBy(() -> store.put(KEY, new ByteArrayInputStream(bytes(10))))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("SignatureDoesNotMatch")
        .satisfies(
            e -> assertThat(e.toString() + e.getCause()).doesNotContain("another-secret-key"));
    assertThat(store().size(KEY)).isEmpty();
  }

  @Test
  void aBusyObjectStoreIsAskedAgain() throws IOException {
    AtomicInteger refusals = new AtomicInteger();
    BlobStore store = S3BlobStore.using(new Busy(objects, refusals).client(), ObjectStore.BUCKET);
    byte[] file = bytes(Upload.PART + 10);
    refusals.set(2);
    store.put(KEY, new ByteArrayInputStream(file));
    refusals.set(2);
    try (InputStream in = store.open(KEY, 0, file.length)) {
      assertThat(in.readAllBytes()).isEqualTo(file);
    }
    refusals.set(2);
    assertThat(store.delete(KEY)).isTrue();
  }

  @Test
  void anObjectStoreThatStaysBusyIsSaid() {
    AtomicInteger refusals = new AtomicInteger(Integer.MAX_VALUE);
    BlobStore store = S3BlobStore.using(new Busy(objects, refusals).client(), ObjectStore.BUCKET);
    assertThatThrownBy(() -> store.put(KEY, new ByteArrayInputStream(bytes(10))))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("503 SlowDown");
    assertThat(Integer.MAX_VALUE - refusals.get()).isBetween(3, 6);
  }

  @Test
  void aMissingBucketIsNotAMissingFile() {
    BlobStore store = S3BlobStore.using(objects.client(), "elsewhere");
    assertThatThrownBy(() -> store.size(KEY))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("no bucket elsewhere");
    assertThatThrownBy(() -> store.delete(KEY)).isInstanceOf(StorageException.class);
    assertThatThrownBy(() -> store.open(KEY, 0, 1))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("NoSuchBucket");
    assertThatThrownBy(() -> store.put(KEY, new ByteArrayInputStream(bytes(10))))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("NoSuchBucket");
  }

  @Test
  void rangesOutsideOfTheFileAreRefused() {
    BlobStore store = store();
    store.put(KEY, new ByteArrayInputStream(bytes(100)));
    long[][] ranges = {{0, 101}, {100, 1}, {99, 2}, {101, 0}, {-1, 1}, {0, -1}};
    for (long[] range : ranges) {
      assertThatThrownBy(() -> store.open(KEY, range[0], range[1]))
          .as("offset %d, length %d", range[0], range[1])
          .isInstanceOf(StorageException.class);
    }
  }

  @Test
  void aPrefixKeepsTwoStoresInABucketApart() {
    S3BlobStore store = S3BlobStore.using(objects.client(), ObjectStore.BUCKET);
    store.withPrefix("one/").put(KEY, new ByteArrayInputStream(bytes(1)));
    store.withPrefix("two/").put(KEY, new ByteArrayInputStream(bytes(2)));
    assertThat(store.withPrefix("one/").size(KEY)).hasValue(1);
    assertThat(store.withPrefix("two/").delete(KEY)).isTrue();
    assertThat(store.withPrefix("one/").size(KEY)).hasValue(1);
    assertThat(store.size(KEY)).isEmpty();
    assertThat(store.size(new BlobKey("one/" + KEY))).hasValue(1);
  }

  @Test
  void aPresignedUrlReadsTheFileWithoutCredentials() throws Exception {
    BlobStore store = store();
    store.put(KEY, new ByteArrayInputStream(bytes(1_000)));
    objects.requests();
    URI url = store.presign(KEY, Duration.ofMinutes(1)).orElseThrow();
    assertThat(objects.requests()).isEmpty();
    HttpResponse<byte[]> response =
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(url).build(), HttpResponse.BodyHandlers.ofByteArray());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo(bytes(1_000));
    URI other = URI.create(url.toString().replace("group/update", "group/other"));
    assertThat(
            HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(other).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode())
        .isEqualTo(403);
  }

  private static InputStream broken() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        throw new IOException("reset");
      }

      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        throw new IOException("reset");
      }
    };
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }
}
