package io.groupota.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.StorageException;
import io.groupota.testkit.fault.FaultyProxy;
import io.groupota.testkit.fault.FaultyProxy.Ending;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Random;
import okhttp3.OkHttpClient;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An object store that hangs, refuses, resets and breaks off, and comes back. */
@Timeout(120)
class S3OutageTest {
  /** Of connecting, of writing and of reading, each. */
  private static final Duration TIMEOUT = Duration.ofMillis(500);

  /** A call that fails may have tidied up after itself, which fails in the same way. */
  private static final Duration WITHIN = Duration.ofSeconds(20);

  private static final int SMALL = 100_000;
  private static final int LARGE = 12 << 20;
  private static final BlobKey STORED = new BlobKey("stored");

  private ObjectStore objects;
  private FaultyProxy proxy;
  private OkHttpClient http;
  private S3BlobStore store;
  private int keys;

  @BeforeEach
  void start() throws Exception {
    objects = new ObjectStore();
    proxy = FaultyProxy.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), objects.port()));
    http =
        new OkHttpClient.Builder()
            .connectTimeout(TIMEOUT)
            .readTimeout(TIMEOUT)
            .writeTimeout(TIMEOUT)
            .build();
    store =
        S3BlobStore.using(
            objects.client(http, proxy.port(), ObjectStore.SECRET_KEY), ObjectStore.BUCKET);
    store.put(STORED, new ByteArrayInputStream(bytes(LARGE)));
  }

  @AfterEach
  void stop() throws Exception {
    http.dispatcher().executorService().shutdown();
    http.connectionPool().evictAll();
    proxy.close();
    objects.close();
  }

  private enum Fault {
    HANG {
      @Override
      void on(FaultyProxy proxy) {
        proxy.hang();
      }
    },
    REFUSE {
      @Override
      void on(FaultyProxy proxy) {
        proxy.refuse();
        proxy.reset();
      }
    };

    abstract void on(FaultyProxy proxy);
  }

  @ParameterizedTest
  @EnumSource
  void everyCallFailsInTimeAndWorksAgainAfterwards(Fault fault) throws Exception {
    for (int outage = 0; outage < 2; outage++) {
      BlobKey small = newKey();
      BlobKey large = newKey();
      fault.on(proxy);
      assertFails(() -> store.put(small, new ByteArrayInputStream(bytes(SMALL))));
      assertFails(() -> store.put(large, new ByteArrayInputStream(bytes(LARGE))));
      assertFails(() -> store.open(STORED, 10, 10));
      assertFails(() -> store.size(STORED));
      assertFails(() -> store.delete(STORED));
      assertFails(() -> store.sweep());
      proxy.restore();
      assertWorks();
      assertThat(store.size(large)).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDownloadThatBreaksOffFailsRatherThanEnd(Ending ending) throws Exception {
    for (int bytes : new int[] {1_000, 100_000, LARGE / 2}) {
      proxy.reset();
      proxy.cutRepliesAfter(bytes, ending);
      assertThatThrownBy(
              () -> {
                try (InputStream in = store.open(STORED, 0, LARGE)) {
                  in.readAllBytes();
                }
              })
          .isInstanceOfAny(IOException.class, StorageException.class);
      proxy.restore();
      assertWorks();
    }
  }

  @ParameterizedTest
  @EnumSource
  void anUploadWhoseAnswerIsLostLeavesNothingOrIsWhole(Ending ending) throws Exception {
    for (int size : new int[] {SMALL, LARGE}) {
      BlobKey key = newKey();
      proxy.reset();
      proxy.cutRepliesAfter(1, ending);
      boolean stored = puts(key, size);
      proxy.restore();
      // After a failure the ledger of the repository has the key deleted whatever became of it.
      boolean present = store.size(key).isPresent();
      assertThat(present || !stored).isTrue();
      if (present) {
        assertThat(read(key, size)).isEqualTo(bytes(size));
        assertThat(store.delete(key)).isTrue();
      }
      assertWorks();
    }
  }

  @Test
  void noConnectionIsLeftOver() throws Exception {
    for (int i = 0; i < 20; i++) {
      proxy.cutRepliesAfter(50_000, Ending.RESET);
      assertThatThrownBy(() -> read(STORED, LARGE));
      proxy.restore();
      store.open(STORED, 0, LARGE).close();
    }
    assertWorks();
    assertThat(http.dispatcher().runningCallsCount()).isZero();
    assertThat(http.connectionPool().connectionCount()).isLessThanOrEqualTo(5);
  }

  private void assertWorks() throws IOException {
    BlobKey key = newKey();
    store.put(key, new ByteArrayInputStream(bytes(SMALL)));
    assertThat(read(key, SMALL)).isEqualTo(bytes(SMALL));
    assertThat(read(STORED, LARGE)).isEqualTo(bytes(LARGE));
  }

  /** False if it failed, which it need not: the client may have asked once more. */
  private boolean puts(BlobKey key, int size) {
    try {
      store.put(key, new ByteArrayInputStream(bytes(size)));
      return true;
    } catch (StorageException e) {
      return false;
    }
  }

  private static void assertFails(ThrowingCallable call) {
    long begun = System.nanoTime();
    assertThatThrownBy(call)
        .isInstanceOf(StorageException.class)
        .hasMessageStartingWith("The object store could not be ");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(WITHIN);
  }

  private BlobKey newKey() {
    keys++;
    return new BlobKey("key-" + keys);
  }

  private byte[] read(BlobKey key, int size) throws IOException {
    try (InputStream in = store.open(key, 0, size)) {
      return in.readAllBytes();
    }
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }
}
