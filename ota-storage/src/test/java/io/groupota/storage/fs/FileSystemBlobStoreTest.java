package io.groupota.storage.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.StorageException;
import io.groupota.spi.BlobStore;
import io.groupota.testkit.Race;
import io.groupota.testkit.contract.BlobStoreContract;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSystemBlobStoreTest implements BlobStoreContract {
  private static final BlobKey KEY = new BlobKey("5e1b76bc4315b70eb242567a/one");

  @TempDir Path folder;

  @Override
  public BlobStore store() {
    return FileSystemBlobStore.in(root());
  }

  private Path root() {
    return folder.resolve("new/firmware");
  }

  private Path uploads() {
    return root().resolve(".uploads");
  }

  @Test
  void aFileIsThereForTheNextProcess() throws IOException {
    put(store(), KEY, "firmware");
    assertThat(read(store(), KEY)).isEqualTo("firmware");
    assertThat(root().resolve("5e1b76bc4315b70eb242567a/one.blob")).hasContent("firmware");
  }

  @Test
  void aKeyMayBeAFolderOfAnotherKey() throws IOException {
    BlobStore store = store();
    List<BlobKey> keys = List.of(new BlobKey("a"), new BlobKey("a/b"), new BlobKey("a/b/c"));
    for (BlobKey key : keys) {
      put(store, key, key.value());
    }
    for (BlobKey key : keys) {
      assertThat(read(store, key)).isEqualTo(key.value());
    }
    assertThat(store.delete(keys.get(2))).isTrue();
    assertThat(read(store, keys.get(1))).isEqualTo("a/b");
  }

  @Test
  void nothingIsLeftOfADeletedFileAndAFailedUpload() throws IOException {
    BlobStore store = store();
    put(store, KEY, "firmware");
    store.delete(KEY);
    assertThatThrownBy(() -> store.put(KEY, failing())).hasRootCauseMessage("reset");
    assertThat(filesBelow(root())).isEmpty();
    assertThat(root().resolve(KEY.value()).getParent()).doesNotExist();
    assertThat(root()).exists();
  }

  @Test
  void aFileThatWasCutShortFailsRatherThanEndEarly() throws IOException {
    BlobStore store = store();
    put(store, KEY, "0123456789");
    try (InputStream in = store.open(KEY, 0, 10)) {
      assertThat(in.readNBytes(2)).asString().isEqualTo("01");
      try (FileChannel file =
          FileChannel.open(root().resolve(KEY + ".blob"), StandardOpenOption.WRITE)) {
        file.truncate(5);
      }
      assertThatThrownBy(in::readAllBytes).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void aRangeThatIsNotInTheFileIsRefused() {
    BlobStore store = store();
    put(store, KEY, "0123456789");
    long[][] ranges = {{0, 11}, {10, 1}, {11, 0}, {-1, 2}, {0, -1}, {Long.MAX_VALUE, 1}};
    for (long[] range : ranges) {
      assertThatThrownBy(() -> store.open(KEY, range[0], range[1]))
          .as("offset %d, length %d", range[0], range[1])
          .isInstanceOf(StorageException.class);
    }
  }

  @Test
  void aSweepRemovesWhatDeadUploadsLeft() throws IOException {
    BlobStore store = store();
    put(store, KEY, "firmware");
    Path dead = Files.writeString(uploads().resolve("dead.part"), "firm");
    Path fresh = Files.writeString(uploads().resolve("fresh.part"), "firm");
    Path foreign = Files.writeString(uploads().resolve("README"), "of the host");
    makeOld(dead);
    makeOld(foreign);
    makeOld(root().resolve(KEY + ".blob"));
    store.sweep();
    assertThat(filesBelow(uploads())).containsExactlyInAnyOrder(fresh, foreign);
    assertThat(read(store, KEY)).isEqualTo("firmware");
  }

  @Test
  void aSweepKeepsAnUploadThatStandsStillHoweverLong() throws IOException {
    BlobStore store = store();
    BlobStore otherStore = store();
    byte[] file = "firmware".getBytes(StandardCharsets.UTF_8);
    store.put(
        KEY,
        new ByteArrayInputStream(file) {
          @Override
          public synchronized int read(byte[] buffer, int offset, int length) {
            try {
              for (Path running : filesBelow(uploads())) {
                makeOld(running);
              }
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
            store.sweep();
            otherStore.sweep();
            return super.read(buffer, offset, 1);
          }
        });
    assertThat(read(store, KEY)).isEqualTo("firmware");
    assertThat(filesBelow(uploads())).isEmpty();
  }

  @Test
  void aSweepKeepsAnUploadOfAnotherProcessUntilThatDies() throws Exception {
    BlobStore store = store();
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                HeldUpload.class.getName(),
                root().toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      assertThat(output.readLine()).isEqualTo("started");
      List<Path> running = filesBelow(uploads());
      assertThat(running).hasSize(1);
      makeOld(running.get(0));
      store.sweep();
      assertThat(running.get(0)).exists();
      process.destroyForcibly();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(running.get(0)).exists();
      store.sweep();
      assertThat(filesBelow(root())).isEmpty();
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aFolderIsNeverLostToADeleteInIt() throws Exception {
    BlobStore store = store();
    BlobKey other = new BlobKey("5e1b76bc4315b70eb242567a/other");
    Race.of(
        List.<Callable<Boolean>>of(
            () -> putAndDelete(store, KEY), () -> putAndDelete(store(), other)));
    assertThat(filesBelow(root())).isEmpty();
  }

  private static boolean putAndDelete(BlobStore store, BlobKey key) throws IOException {
    for (int i = 0; i < 300; i++) {
      put(store, key, "firmware " + i);
      assertThat(read(store, key)).isEqualTo("firmware " + i);
      assertThat(store.delete(key)).isTrue();
    }
    return true;
  }

  @Test
  void aFolderThatCannotBeIsSaidSoWithoutItsPath() throws IOException {
    Files.writeString(folder.resolve("new"), "a file in the way");
    assertFails(this::store, "The folder of the blob store could not be created");
  }

  @Test
  void aStoreThatCannotBeWrittenIsSaidSoWithoutItsPath() throws IOException {
    BlobStore store = store();
    put(store, new BlobKey("kept"), "firmware");
    // A link to itself: JDKs differ in whether a file in the way of a folder is an error.
    Path inTheWay = root().resolve("5e1b76bc4315b70eb242567a");
    Files.createSymbolicLink(inTheWay, inTheWay);
    assertFails(() -> put(store, KEY, "firmware"), "The blob store could not be written");
    assertThatThrownBy(() -> store.open(KEY, 0, 1)).isInstanceOf(StorageException.class);
    assertThat(filesBelow(uploads())).isEmpty();
    assertThat(read(store, new BlobKey("kept"))).isEqualTo("firmware");
    Files.delete(uploads());
    Files.writeString(uploads(), "a file in the way");
    assertFails(() -> put(store, new BlobKey("b"), "x"), "The blob store could not be written");
    assertFails(store::sweep, "The blob store could not be swept");
  }

  @Test
  void aFileOfAFolderThatIsNotMountedIsNotTakenForDeleted() throws IOException {
    BlobStore store = store();
    put(store, KEY, "firmware");
    Path elsewhere = folder.resolve("unmounted");
    Files.move(root(), elsewhere);
    Files.createDirectory(root());
    assertFails(() -> store.size(KEY), "The folder of the blob store is gone");
    assertFails(() -> store.delete(KEY), "The folder of the blob store is gone");
    assertFails(() -> put(store, new BlobKey("b"), "x"), "The blob store could not be written");
    assertFails(store::sweep, "The blob store could not be swept");
    assertThat(root()).isEmptyDirectory();
    Files.delete(root());
    Files.move(elsewhere, root());
    assertThat(read(store, KEY)).isEqualTo("firmware");
  }

  @Test
  void aStoreThatWasNeverWrittenCanBeSwept() throws IOException {
    store().sweep();
    assertThat(filesBelow(root())).isEmpty();
  }

  @Test
  void anInterruptedUploadLeavesNothing() throws IOException {
    BlobStore store = store();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> put(store, KEY, "firmware")).isInstanceOf(StorageException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(store.size(KEY)).isEmpty();
    assertThat(filesBelow(root())).isEmpty();
  }

  @Test
  void aFileThatCannotBeForcedIsNotThere() throws IOException {
    BlobStore store = store();
    // Of what comes after the end of the file, only the forcing heeds an interrupt.
    assertThatThrownBy(() -> store.put(KEY, interruptingAtTheEnd()))
        .isInstanceOf(StorageException.class)
        .hasRootCauseInstanceOf(ClosedByInterruptException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(store.size(KEY)).isEmpty();
    assertThat(filesBelow(root())).isEmpty();
  }

  private void assertFails(Runnable action, String message) {
    assertThatThrownBy(action::run)
        .isInstanceOf(StorageException.class)
        .hasMessageStartingWith(message)
        .satisfies(
            e -> {
              StringWriter text = new StringWriter();
              e.printStackTrace(new PrintWriter(text));
              assertThat(text.toString()).doesNotContain(folder.toString(), "firmware/");
            });
  }

  private static void put(BlobStore store, BlobKey key, String text) {
    store.put(key, new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static String read(BlobStore store, BlobKey key) throws IOException {
    try (InputStream in = store.open(key, 0, store.size(key).orElseThrow())) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static InputStream failing() {
    return new FilterInputStream(InputStream.nullInputStream()) {
      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        throw new IOException("reset");
      }
    };
  }

  private static InputStream interruptingAtTheEnd() {
    return new FilterInputStream(new ByteArrayInputStream(new byte[100_000])) {
      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = super.read(buffer, offset, length);
        if (count < 0) {
          Thread.currentThread().interrupt();
        }
        return count;
      }
    };
  }

  private static List<Path> filesBelow(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private static void makeOld(Path file) throws IOException {
    Files.setLastModifiedTime(
        file, FileTime.from(Files.getLastModifiedTime(file).toInstant().minus(Duration.ofDays(1))));
  }
}
