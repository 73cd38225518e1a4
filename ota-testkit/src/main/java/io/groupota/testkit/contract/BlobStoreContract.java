package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.FirmwareRejectedException;
import io.groupota.FirmwareUnreadableException;
import io.groupota.StorageException;
import io.groupota.spi.BlobStore;
import io.groupota.testkit.Race;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What every {@link BlobStore} must do. Implement it in a test class:
 *
 * <pre>{@code
 * class MyBlobStoreTest implements BlobStoreContract {
 *   @TempDir Path folder;
 *
 *   @Override
 *   public BlobStore store() {
 *     return new MyBlobStore(folder);
 *   }
 * }
 * }</pre>
 */
public interface BlobStoreContract {
  /**
   * Supplies the store. Called once per test.
   *
   * @return a store that has no files
   */
  BlobStore store();

  @Test
  default void aFileIsReadBackByteForByte() throws IOException {
    BlobStore store = store();
    for (int size : new int[] {0, 1, 2, 4095, 4096, 4097, 65_536, 1_000_003}) {
      BlobKey key = new BlobKey("sizes/" + size);
      byte[] file = bytes(size);
      store.put(key, new ByteArrayInputStream(file));
      assertThat(store.size(key)).hasValue(size);
      assertThat(read(store, key, 0, size)).isEqualTo(file);
    }
  }

  @Test
  default void aLargeFileIsReadBackWholeAndInParts() throws IOException {
    BlobStore store = store();
    BlobKey key = new BlobKey("large");
    byte[] file = bytes(12 * 1024 * 1024 + 7);
    store.put(key, new ByteArrayInputStream(file));
    assertThat(store.size(key)).hasValue(file.length);
    assertThat(read(store, key, 0, file.length)).isEqualTo(file);
    // Around the sizes of the parts in which an object store may have got it.
    for (int offset : new int[] {5 << 20, 8 << 20, 10 << 20}) {
      assertThat(read(store, key, offset - 3, 7))
          .isEqualTo(Arrays.copyOfRange(file, offset - 3, offset + 4));
    }
  }

  @Test
  default void aStreamThatGivesFewBytesAtOnceIsReadToItsEnd() throws IOException {
    BlobStore store = store();
    byte[] file = bytes(20_000);
    for (int chunk : new int[] {1, 7, 1460}) {
      BlobKey key = new BlobKey("chunks/" + chunk);
      store.put(key, ScriptedStream.inChunks(chunk, file));
      assertThat(read(store, key, 0, file.length)).isEqualTo(file);
    }
  }

  @Test
  default void aStreamIsReadInTheCallingThreadAndNotClosed() {
    ScriptedStream stream = ScriptedStream.inChunks(1000, bytes(50_000));
    store().put(new BlobKey("calling-thread"), stream);
    assertThat(stream.readers()).containsExactly(Thread.currentThread());
    assertThat(stream.isClosed()).isFalse();
  }

  @Test
  default void everyPartOfAFileCanBeOpened() throws IOException {
    BlobStore store = store();
    BlobKey key = new BlobKey("parts");
    byte[] file = bytes(10_000);
    store.put(key, new ByteArrayInputStream(file));
    int[][] ranges = {
      {0, 10_000}, {0, 0}, {0, 1}, {9_999, 1}, {10_000, 0}, {5_000, 0}, {1, 9_999}, {4_095, 2}
    };
    for (int[] range : ranges) {
      assertThat(read(store, key, range[0], range[1]))
          .as("offset %d, length %d", range[0], range[1])
          .isEqualTo(Arrays.copyOfRange(file, range[0], range[0] + range[1]));
    }
  }

  @Test
  default void aPartCanBeReadByteByByteAndSkipped() throws IOException {
    BlobStore store = store();
    BlobKey key = new BlobKey("bytes");
    byte[] file = bytes(256);
    store.put(key, new ByteArrayInputStream(file));
    try (InputStream in = store.open(key, 100, 50)) {
      assertThat(in.read()).isEqualTo(file[100] & 0xFF);
      assertThat(in.read(new byte[4], 0, 0)).isZero();
      in.skipNBytes(39);
      assertThat(in.readNBytes(100)).isEqualTo(Arrays.copyOfRange(file, 140, 150));
      assertThat(in.read()).isEqualTo(-1);
      assertThat(in.read(new byte[4])).isEqualTo(-1);
    }
  }

  @Test
  default void everyKeyNamesAFileOfItsOwn() throws IOException {
    BlobStore store = store();
    List<BlobKey> keys =
        List.of(
            new BlobKey("a"),
            new BlobKey("-"),
            new BlobKey("--"),
            new BlobKey("0"),
            new BlobKey("b/a"),
            new BlobKey("b/b"),
            new BlobKey("b-a"),
            new BlobKey("x".repeat(200)),
            new BlobKey("y/".repeat(99) + "yy"));
    for (BlobKey key : keys) {
      store.put(key, new ByteArrayInputStream(content(key)));
    }
    for (BlobKey key : keys) {
      assertThat(read(store, key, 0, content(key).length)).isEqualTo(content(key));
    }
  }

  @Test
  default void aKeyWithoutFileHasNoSizeAndCannotBeOpened() {
    BlobStore store = store();
    BlobKey key = new BlobKey("missing/file");
    assertThat(store.size(key)).isEmpty();
    assertThatThrownBy(() -> store.open(key, 0, 0)).isInstanceOf(StorageException.class);
    assertThatThrownBy(() -> store.open(key, 0, 1)).isInstanceOf(StorageException.class);
  }

  @Test
  default void aFileIsDeletedOnceAndAlone() {
    BlobStore store = store();
    BlobKey key = new BlobKey("group/one");
    BlobKey sibling = new BlobKey("group/two");
    assertThat(store.delete(key)).isFalse();
    store.put(key, new ByteArrayInputStream(bytes(10)));
    store.put(sibling, new ByteArrayInputStream(bytes(20)));
    assertThat(store.delete(key)).isTrue();
    assertThat(store.delete(key)).isFalse();
    assertThat(store.size(key)).isEmpty();
    assertThatThrownBy(() -> store.open(key, 0, 1)).isInstanceOf(StorageException.class);
    assertThat(store.size(sibling)).hasValue(20);
  }

  @Test
  default void anOpenStreamSurvivesTheDeletionOfItsFile() throws IOException {
    BlobStore store = store();
    BlobKey key = new BlobKey("deleted");
    byte[] file = bytes(3_000_000);
    store.put(key, new ByteArrayInputStream(file));
    try (InputStream in = store.open(key, 0, file.length)) {
      byte[] head = in.readNBytes(1000);
      assertThat(store.delete(key)).isTrue();
      assertThat(head).isEqualTo(Arrays.copyOf(file, 1000));
      assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(file, 1000, file.length));
    }
  }

  @Test
  default void anIoExceptionOfTheStreamLeavesNothing() {
    BlobStore store = store();
    IOException failure = new IOException("connection reset");
    for (int offset : new int[] {0, 1, 5_000, 99_999, 100_000}) {
      BlobKey key = new BlobKey("io-failure/" + offset);
      assertThatThrownBy(
              () -> store.put(key, ScriptedStream.failingAt(offset, bytes(100_000), failure)))
          .isInstanceOf(FirmwareUnreadableException.class)
          .hasRootCause(failure);
      assertNothingUnder(store, key);
    }
  }

  @Test
  default void anUncheckedThrowableOfTheStreamPassesThroughAndLeavesNothing() {
    BlobStore store = store();
    List<Throwable> failures =
        List.of(
            new IllegalStateException("gone"),
            new FirmwareRejectedException("a segment is cut short", 99_999),
            new StorageException("the source is a storage too", new IOException("broken")),
            new LinkageError("a class is missing"));
    for (int offset : new int[] {0, 5_000, 99_999, 100_000}) {
      for (Throwable failure : failures) {
        BlobKey key = new BlobKey("failure-" + failures.indexOf(failure) + "/" + offset);
        assertThatThrownBy(
                () -> store.put(key, ScriptedStream.failingAt(offset, bytes(100_000), failure)))
            .isSameAs(failure);
        assertNothingUnder(store, key);
      }
    }
  }

  @Test
  default void aFailedUploadOfALargeFileLeavesNothing() {
    BlobStore store = store();
    BlobKey key = new BlobKey("large-failure");
    byte[] file = bytes(12 * 1024 * 1024);
    assertThatThrownBy(
            () ->
                store.put(
                    key,
                    ScriptedStream.failingAt(file.length - 1, file, new IOException("timed out"))))
        .isInstanceOf(FirmwareUnreadableException.class);
    assertNothingUnder(store, key);
  }

  @Test
  default void anUploadThatFailedCanBeRepeatedUnderItsKey() throws IOException {
    BlobStore store = store();
    BlobKey key = new BlobKey("repeated");
    byte[] file = bytes(100_000);
    assertThatThrownBy(
            () -> store.put(key, ScriptedStream.failingAt(70_000, file, new IOException("reset"))))
        .isInstanceOf(FirmwareUnreadableException.class);
    store.put(key, new ByteArrayInputStream(file));
    assertThat(read(store, key, 0, file.length)).isEqualTo(file);
  }

  @Test
  default void nothingIsVisibleBeforeTheLastByte() {
    BlobStore store = store();
    for (int size : new int[] {1, 100_000, 11 * 1024 * 1024}) {
      for (int offset : new int[] {size - 1, size}) {
        BlobKey key = new BlobKey("invisible/" + size + "-" + offset);
        store.put(key, ScriptedStream.at(offset, bytes(size), () -> assertInvisible(store, key)));
        assertThat(store.size(key)).hasValue(size);
      }
    }
  }

  @Test
  default void uploadsThatEndTogetherStayApart() throws Exception {
    BlobStore store = store();
    int uploads = 8;
    for (int round = 0; round < 10; round++) {
      CyclicBarrier lastByte = new CyclicBarrier(uploads);
      List<BlobKey> keys = new ArrayList<>();
      List<Callable<Boolean>> racers = new ArrayList<>();
      for (int i = 0; i < uploads; i++) {
        // A folder that is new in each round, so that all of them need to create it.
        BlobKey key = new BlobKey("race-" + round + "/" + i);
        byte[] file = content(key);
        keys.add(key);
        racers.add(
            () -> {
              store.put(key, ScriptedStream.at(file.length - 1, file, lastByte::await));
              return Arrays.equals(read(store, key, 0, file.length), file);
            });
      }
      assertThat(Race.of(racers)).containsOnly(true);
      for (BlobKey key : keys) {
        assertThat(read(store, key, 0, content(key).length)).isEqualTo(content(key));
      }
    }
  }

  @Test
  default void deletingTheNeighbourOfAnUploadHarmsNothing() throws Exception {
    BlobStore store = store();
    for (int round = 0; round < 20; round++) {
      BlobKey old = new BlobKey("neighbours-" + round + "/old");
      BlobKey fresh = new BlobKey("neighbours-" + round + "/new");
      store.put(old, new ByteArrayInputStream(bytes(10)));
      CyclicBarrier lastByte = new CyclicBarrier(2);
      Race.of(
          List.<Callable<Boolean>>of(
              () -> {
                byte[] file = content(fresh);
                store.put(fresh, ScriptedStream.at(file.length - 1, file, lastByte::await));
                return true;
              },
              () -> {
                lastByte.await();
                return store.delete(old);
              }));
      assertThat(store.size(old)).isEmpty();
      assertThat(read(store, fresh, 0, content(fresh).length)).isEqualTo(content(fresh));
    }
  }

  @Test
  default void aFileCanBeReadByManyAtOnce() throws Exception {
    BlobStore store = store();
    BlobKey key = new BlobKey("shared");
    byte[] file = bytes(300_000);
    store.put(key, new ByteArrayInputStream(file));
    List<Callable<byte[]>> racers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      int offset = i * 1000;
      racers.add(() -> read(store, key, offset, file.length - offset));
    }
    List<byte[]> parts = Race.of(racers);
    for (int i = 0; i < 8; i++) {
      assertThat(parts.get(i)).isEqualTo(Arrays.copyOfRange(file, i * 1000, file.length));
    }
  }

  @Test
  default void aSweepKeepsFilesAndUploadsInProgress() throws Exception {
    BlobStore store = store();
    BlobKey kept = new BlobKey("swept/kept");
    store.put(kept, new ByteArrayInputStream(bytes(5000)));
    assertThatThrownBy(
            () ->
                store.put(
                    new BlobKey("swept/died"),
                    ScriptedStream.failingAt(3000, bytes(5000), new IOException("reset"))))
        .isInstanceOf(FirmwareUnreadableException.class);
    CountDownLatch halfWay = new CountDownLatch(1);
    CountDownLatch swept = new CountDownLatch(1);
    BlobKey slow = new BlobKey("swept/slow");
    Race.of(
        List.<Callable<Boolean>>of(
            () -> {
              store.put(
                  slow,
                  ScriptedStream.at(
                      3000,
                      bytes(5000),
                      () -> {
                        halfWay.countDown();
                        assertThat(swept.await(30, TimeUnit.SECONDS)).isTrue();
                      }));
              return true;
            },
            () -> {
              assertThat(halfWay.await(30, TimeUnit.SECONDS)).isTrue();
              store.sweep();
              swept.countDown();
              return true;
            }));
    store.sweep();
    assertThat(read(store, kept, 0, 5000)).isEqualTo(bytes(5000));
    assertThat(read(store, slow, 0, 5000)).isEqualTo(bytes(5000));
    assertNothingUnder(store, new BlobKey("swept/died"));
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private static byte[] content(BlobKey key) {
    byte[] bytes = new byte[64 * 1024];
    new Random(key.hashCode()).nextBytes(bytes);
    return bytes;
  }

  private static byte[] read(BlobStore store, BlobKey key, long offset, long length)
      throws IOException {
    try (InputStream in = store.open(key, offset, length)) {
      return in.readAllBytes();
    }
  }

  private static void assertInvisible(BlobStore store, BlobKey key) {
    assertThat(store.size(key)).as("size of %s", key).isEmpty();
    assertThatThrownBy(() -> store.open(key, 0, 0)).isInstanceOf(StorageException.class);
  }

  private static void assertNothingUnder(BlobStore store, BlobKey key) {
    assertInvisible(store, key);
    assertThat(store.delete(key)).as("deleted %s", key).isFalse();
  }
}
