package io.groupota.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.StorageException;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.spi.BlobStore;
import io.groupota.storage.cache.CachingBlobStore.Counts;
import io.groupota.testkit.Race;
import io.groupota.testkit.contract.BlobStoreContract;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CachingBlobStoreTest implements BlobStoreContract {
  private static final BlobKey KEY = new BlobKey("group/update");
  private static final BlobKey OTHER = new BlobKey("group/other");
  private static final BlobKey THIRD = new BlobKey("third");

  @TempDir Path folder;
  private final AtomicLong nanos = new AtomicLong();
  private final CountingStore origin = new CountingStore(new InMemoryBlobStore());

  @Override
  public BlobStore store() {
    return cache(32 << 20);
  }

  private CachingBlobStore cache(long maxBytes) {
    return CachingBlobStore.of(origin, folder.resolve("cache"), maxBytes, nanos::get);
  }

  @Test
  void aFileIsFetchedOnceHoweverManyReadItAtOnce() throws Exception {
    CachingBlobStore cache = cache(1 << 20);
    cache.put(KEY, new ByteArrayInputStream(bytes(200_000)));
    List<Callable<byte[]>> readers = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      int offset = i * 1_000;
      readers.add(() -> read(cache, KEY, offset, 1_000));
    }
    List<byte[]> parts = Race.of(readers);
    for (int i = 0; i < 64; i++) {
      assertThat(parts.get(i))
          .isEqualTo(Arrays.copyOfRange(bytes(200_000), i * 1_000, i * 1_000 + 1_000));
    }
    assertThat(origin.opened()).isEqualTo(1);
    assertThat(origin.sized()).isEqualTo(1);
    assertThat(cache.counts()).isEqualTo(new Counts(63, 1, 0, 200_000));
  }

  @Test
  void theLeastRecentlyReadFilesGiveWay() throws IOException {
    CachingBlobStore cache = cache(250);
    for (BlobKey key : List.of(KEY, OTHER, THIRD)) {
      cache.put(key, new ByteArrayInputStream(bytes(100)));
    }
    read(cache, KEY, 0, 100);
    read(cache, OTHER, 0, 100);
    read(cache, KEY, 0, 100);
    read(cache, THIRD, 0, 100);
    assertThat(cache.counts().bytes()).isEqualTo(200);
    assertThat(files()).containsExactlyInAnyOrder("update.blob", "third.blob");
    read(cache, KEY, 0, 100);
    assertThat(origin.opened()).isEqualTo(3);
    read(cache, OTHER, 0, 100);
    assertThat(origin.opened()).isEqualTo(4);
  }

  @Test
  void nothingGivesWayToAFileThatGetsNoRoom() throws IOException {
    CachingBlobStore cache = cache(1_000);
    cache.put(KEY, new ByteArrayInputStream(bytes(600)));
    cache.put(OTHER, new ByteArrayInputStream(bytes(300)));
    cache.put(THIRD, new ByteArrayInputStream(bytes(500)));
    read(cache, OTHER, 0, 300);
    origin.whenStreamed(
        () -> {
          origin.whenStreamed(() -> {});
          assertThatCode(() -> read(cache, THIRD, 0, 500)).doesNotThrowAnyException();
          assertThat(cache.counts()).as("while one is fetched").isEqualTo(new Counts(0, 1, 1, 900));
        });
    read(cache, KEY, 0, 600);
    read(cache, OTHER, 0, 300);
    assertThat(cache.counts()).isEqualTo(new Counts(1, 2, 1, 900));
    read(cache, THIRD, 0, 500);
    assertThat(cache.counts()).as("later").isEqualTo(new Counts(1, 3, 1, 800));
  }

  @Test
  void theFolderMayBeALink() throws IOException {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    Files.createSymbolicLink(folder.resolve("cache"), disk);
    CachingBlobStore cache = cache(1_000);
    cache.put(KEY, new ByteArrayInputStream(bytes(100)));
    assertThat(read(cache, KEY, 0, 100)).isEqualTo(bytes(100));
    assertThat(cache.counts().bytes()).isEqualTo(100);
    assertThat(cache(1_000).counts().bytes()).as("emptied").isZero();
  }

  @Test
  void aFileLargerThanTheRoomIsReadFromTheOrigin() throws IOException {
    CachingBlobStore cache = cache(99);
    cache.put(KEY, new ByteArrayInputStream(bytes(100)));
    assertThat(read(cache, KEY, 10, 20)).isEqualTo(Arrays.copyOfRange(bytes(100), 10, 30));
    assertThat(files()).isEmpty();
    assertThat(cache.counts()).isEqualTo(new Counts(0, 0, 1, 0));
  }

  @Test
  void aFetchThatFailsHarmsNobodyAfterIt() throws IOException {
    CachingBlobStore cache = cache(1 << 20);
    cache.put(KEY, new ByteArrayInputStream(bytes(100_000)));
    origin.breakStreamsAt(50_000);
    assertThatThrownBy(() -> cache.open(KEY, 0, 10)).isInstanceOf(StorageException.class);
    assertThat(files()).isEmpty();
    assertThat(cache.counts().bytes()).isZero();
    origin.mend();
    assertThat(read(cache, KEY, 0, 100_000)).isEqualTo(bytes(100_000));
  }

  @Test
  void whoWaitsForAFetchThatFailsGetsTheFailureToo() throws Exception {
    CachingBlobStore cache = cache(1 << 20);
    cache.put(KEY, new ByteArrayInputStream(bytes(100_000)));
    origin.breakStreamsAt(50_000);
    List<Callable<Boolean>> readers = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      readers.add(
          () -> {
            assertThatThrownBy(() -> cache.open(KEY, 0, 10)).isInstanceOf(StorageException.class);
            return true;
          });
    }
    assertThat(Race.of(readers)).containsOnly(true);
  }

  @Test
  void aFileThatIsDeletedWhileItIsFetchedIsNotKept() throws IOException {
    CachingBlobStore cache = cache(1 << 20);
    cache.put(KEY, new ByteArrayInputStream(bytes(100_000)));
    origin.whenStreamed(() -> cache.delete(KEY));
    assertThatThrownBy(() -> cache.open(KEY, 0, 10)).isInstanceOf(StorageException.class);
    assertThat(files()).isEmpty();
    assertThat(cache.counts().bytes()).isZero();
  }

  @Test
  void aDeletedFileIsGoneFromTheCache() throws IOException {
    CachingBlobStore cache = cache(1 << 20);
    cache.put(KEY, new ByteArrayInputStream(bytes(100)));
    read(cache, KEY, 0, 100);
    assertThat(cache.delete(KEY)).isTrue();
    assertThat(files()).isEmpty();
    assertThat(cache.counts().bytes()).isZero();
    assertThatThrownBy(() -> cache.open(KEY, 0, 100)).isInstanceOf(StorageException.class);
  }

  @Test
  void whileTheDiskFailsTheOriginServesAndItIsNotTriedForEachReader() throws IOException {
    CachingBlobStore cache = cache(1 << 20);
    cache.put(KEY, new ByteArrayInputStream(bytes(100)));
    read(cache, KEY, 0, 100);
    Path away = folder.resolve("away");
    Files.move(folder.resolve("cache"), away);
    for (int i = 0; i < 5; i++) {
      assertThat(read(cache, KEY, 0, 100)).isEqualTo(bytes(100));
    }
    // The fetch before, one in vain, and the five readers.
    assertThat(origin.opened()).isEqualTo(1 + 1 + 5);
    Files.move(away, folder.resolve("cache"));
    assertThat(read(cache, KEY, 0, 100)).isEqualTo(bytes(100));
    assertThat(cache.counts().bytes()).isZero();
    nanos.addAndGet(CachingBlobStore.DISK_PAUSE.toNanos());
    assertThat(read(cache, KEY, 0, 100)).isEqualTo(bytes(100));
    long opened = origin.opened();
    assertThat(read(cache, KEY, 0, 100)).isEqualTo(bytes(100));
    assertThat(origin.opened()).isEqualTo(opened);
  }

  @Test
  void aFetchThatIsInterruptedStopsNoOther() throws Exception {
    CachingBlobStore cache = cache(1 << 20);
    cache.put(KEY, new ByteArrayInputStream(bytes(100)));
    assertThat(interrupted(() -> read(cache, KEY, 0, 100))).isEqualTo(bytes(100));
    assertThat(cache.counts()).isEqualTo(new Counts(0, 0, 1, 0));
    read(cache, KEY, 0, 100);
    read(cache, KEY, 0, 100);
    assertThat(cache.counts()).isEqualTo(new Counts(1, 1, 1, 100));
  }

  @Test
  void aReaderThatIsInterruptedGetsTheRestAndTheCopyStays() throws Exception {
    CachingBlobStore cache = cache(1 << 20);
    byte[] file = bytes(3 * BlockSums.BLOCK);
    cache.put(KEY, new ByteArrayInputStream(file));
    try (InputStream in = cache.open(KEY, 0, file.length)) {
      assertThat(in.read()).isEqualTo(file[0] & 0xFF);
      assertThat(interrupted(in::readAllBytes)).isEqualTo(Arrays.copyOfRange(file, 1, file.length));
    }
    assertThat(cache.counts()).isEqualTo(new Counts(0, 1, 1, file.length));
    assertThat(interrupted(() -> read(cache, KEY, 0, file.length))).isEqualTo(file);
    assertThat(cache.counts().bytes()).isEqualTo(file.length);
    long opened = origin.opened();
    assertThat(read(cache, KEY, 0, file.length)).isEqualTo(file);
    assertThat(origin.opened()).isEqualTo(opened);
  }

  private static byte[] interrupted(Callable<byte[]> reader) throws Exception {
    Thread.currentThread().interrupt();
    try {
      return reader.call();
    } finally {
      assertThat(Thread.interrupted()).as("still interrupted").isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 20_000, BlockSums.BLOCK - 1, 99_999})
  void aDamagedCopyIsNeverHandedOn(int damage) throws IOException {
    CachingBlobStore cache = cache(1 << 20);
    cache.put(KEY, new ByteArrayInputStream(bytes(100_000)));
    read(cache, KEY, 0, 1);
    Path copy = folder.resolve("cache/group/update.blob");
    byte[] damaged = Files.readAllBytes(copy);
    damaged[damage] ^= 1;
    Files.write(copy, damaged);
    assertThat(read(cache, KEY, 0, 100_000)).isEqualTo(bytes(100_000));
    assertThat(cache.counts()).isEqualTo(new Counts(1, 1, 1, 0));
    assertThat(copy).doesNotExist();
    assertThat(read(cache, KEY, 0, 100_000)).isEqualTo(bytes(100_000));
    assertThat(cache.counts()).isEqualTo(new Counts(1, 2, 1, 100_000));
    assertThat(Files.readAllBytes(copy)).isEqualTo(bytes(100_000));
  }

  @Test
  void aCopyThatIsCutShortIsNoticedToo() throws IOException {
    CachingBlobStore cache = cache(1 << 20);
    cache.put(KEY, new ByteArrayInputStream(bytes(100_000)));
    read(cache, KEY, 0, 1);
    try (InputStream in = cache.open(KEY, 10, 99_990);
        FileChannel copy =
            FileChannel.open(folder.resolve("cache/group/update.blob"), StandardOpenOption.WRITE)) {
      copy.truncate(50_000);
      assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(bytes(100_000), 10, 100_000));
    }
    assertThat(read(cache, KEY, 0, 100_000)).isEqualTo(bytes(100_000));
  }

  @Test
  void aReaderOfADamagedCopyIsToldWhenTheOriginFailsToo() throws IOException {
    CachingBlobStore cache = cache(1 << 20);
    cache.put(KEY, new ByteArrayInputStream(bytes(100_000)));
    read(cache, KEY, 0, 1);
    Files.write(folder.resolve("cache/group/update.blob"), new byte[100_000]);
    origin.breakStreamsAt(0);
    try (InputStream in = cache.open(KEY, 50, 100)) {
      assertThatThrownBy(in::readAllBytes).isInstanceOf(IOException.class);
    }
  }

  @Test
  void everyRangeOfACopyIsThatOfTheFile() throws IOException {
    CachingBlobStore cache = cache(1 << 20);
    int block = BlockSums.BLOCK;
    byte[] file = bytes(3 * block + 7);
    cache.put(KEY, new ByteArrayInputStream(file));
    read(cache, KEY, 0, 1);
    for (int from : new int[] {0, 1, block - 1, block, block + 1, 3 * block, file.length - 1}) {
      for (int to : new int[] {from + 1, block, 2 * block, 2 * block + 1, file.length}) {
        if (to > from) {
          assertThat(read(cache, KEY, from, to - from))
              .as("%d to %d", from, to)
              .isEqualTo(Arrays.copyOfRange(file, from, to));
        }
      }
    }
    assertThat(origin.opened()).isEqualTo(1);
  }

  @Test
  void aRangeThatIsNoneIsRefusedAndTheCopyStays() throws IOException {
    CachingBlobStore cache = cache(1 << 20);
    cache.put(KEY, new ByteArrayInputStream(bytes(100)));
    read(cache, KEY, 0, 100);
    for (long[] range : new long[][] {{0, 101}, {100, 1}, {-1, 1}, {Long.MAX_VALUE, 1}}) {
      assertThatThrownBy(() -> cache.open(KEY, range[0], range[1]))
          .isInstanceOf(StorageException.class);
    }
    assertThat(cache.counts().bytes()).isEqualTo(100);
    assertThat(read(cache, KEY, 0, 100)).isEqualTo(bytes(100));
    assertThat(cache.counts().fetches()).isEqualTo(1);
  }

  @Test
  void fetchesAtOnceDoNotExceedTheRoomTogether() throws Exception {
    long room = 350_000;
    CachingBlobStore cache = cache(room);
    List<Callable<byte[]>> readers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      BlobKey key = new BlobKey("key" + i);
      cache.put(key, new ByteArrayInputStream(bytes(100_000)));
      readers.addAll(Collections.nCopies(2, () -> read(cache, key, 0, 100_000)));
    }
    AtomicLong most = new AtomicLong();
    origin.whenStreamed(
        () -> {
          most.accumulateAndGet(cache.counts().bytes(), Math::max);
          most.accumulateAndGet(onTheDisk(), Math::max);
        });
    assertThat(Race.of(readers)).allSatisfy(file -> assertThat(file).isEqualTo(bytes(100_000)));
    assertThat(most.get()).isBetween(300_000L, room);
    assertThat(onTheDisk()).isEqualTo(cache.counts().bytes()).isPositive();
  }

  /** The size of all files, those that are being written too. */
  private long onTheDisk() {
    try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
      return files.mapToLong(CachingBlobStoreTest::size).sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (UncheckedIOException e) {
      // A file went away meanwhile.
      return 0;
    }
  }

  private static long size(Path file) {
    return Files.isRegularFile(file) ? file.toFile().length() : 0;
  }

  @Test
  void aNewCacheTrustsNothingThatItFinds() throws IOException {
    CachingBlobStore cache = cache(1 << 20);
    cache.put(KEY, new ByteArrayInputStream(bytes(100)));
    read(cache, KEY, 0, 100);
    Files.write(folder.resolve("cache/group/update.blob"), new byte[100]);
    assertThat(read(cache(1 << 20), KEY, 0, 100)).isEqualTo(bytes(100));
  }

  @Test
  void aFolderThatHoldsOtherThingsIsLeftAlone() throws IOException {
    Path precious = folder.resolve("cache/precious.txt");
    Files.createDirectories(folder.resolve("cache"));
    Files.writeString(folder.resolve("cache/a.blob"), "blob");
    Files.writeString(precious, "precious");
    assertThatThrownBy(() -> cache(100))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("a folder of its own");
    assertThat(files()).containsExactlyInAnyOrder("a.blob", "precious.txt");
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("cache"))) {
      return files.filter(Files::isRegularFile).map(f -> f.getFileName().toString()).toList();
    }
  }

  private static byte[] read(BlobStore store, BlobKey key, long offset, long length)
      throws IOException {
    try (InputStream in = store.open(key, offset, length)) {
      return in.readAllBytes();
    }
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }
}
