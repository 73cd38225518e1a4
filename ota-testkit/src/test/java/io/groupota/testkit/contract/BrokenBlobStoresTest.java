package io.groupota.testkit.contract;

import io.groupota.BlobKey;
import io.groupota.FirmwareUnreadableException;
import io.groupota.StorageException;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.spi.BlobStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** The contract of blob stores catches the mistakes that are easy to make. */
class BrokenBlobStoresTest {
  @Test
  void aStoreThatWritesInPlaceIsCaught() throws Exception {
    BlobStoreContract contract = InPlace::new;
    Proof.catches(contract, "nothingIsVisibleBeforeTheLastByte");
    Proof.catches(contract, "anIoExceptionOfTheStreamLeavesNothing");
    Proof.catches(contract, "anUncheckedThrowableOfTheStreamPassesThroughAndLeavesNothing");
    Proof.catches(contract, "aFailedUploadOfALargeFileLeavesNothing");
  }

  @Test
  void aStoreThatPublishesInAFinallyBlockIsCaught() throws Exception {
    BlobStoreContract contract =
        () ->
            new Changed() {
              @Override
              public void put(BlobKey key, InputStream bytes) {
                ByteArrayOutputStream file = new ByteArrayOutputStream();
                try {
                  bytes.transferTo(file);
                } catch (IOException e) {
                  throw new FirmwareUnreadableException(e);
                } finally {
                  sound.put(key, new ByteArrayInputStream(file.toByteArray()));
                }
              }
            };
    Proof.catches(contract, "anIoExceptionOfTheStreamLeavesNothing");
    Proof.catches(contract, "anUploadThatFailedCanBeRepeatedUnderItsKey");
  }

  @Test
  void uploadsThatShareATemporaryFileAreCaught() throws Exception {
    BlobStoreContract contract =
        () ->
            new Changed() {
              private byte[] temporary = {};

              @Override
              public void put(BlobKey key, InputStream bytes) {
                try {
                  byte[] head = bytes.readNBytes(1000);
                  temporary = head;
                  byte[] tail = bytes.readAllBytes();
                  byte[] file = Arrays.copyOf(temporary, temporary.length + tail.length);
                  System.arraycopy(tail, 0, file, temporary.length, tail.length);
                  sound.put(key, new ByteArrayInputStream(file));
                } catch (IOException e) {
                  throw new FirmwareUnreadableException(e);
                }
              }
            };
    Proof.catches(contract, "uploadsThatEndTogetherStayApart");
  }

  @Test
  void aStoreThatWrapsWhatTheStreamThrowsIsCaught() throws Exception {
    BlobStoreContract contract =
        () ->
            new Changed() {
              @Override
              public void put(BlobKey key, InputStream bytes) {
                try {
                  sound.put(key, bytes);
                } catch (RuntimeException e) {
                  throw new StorageException("The upload failed", e);
                }
              }
            };
    Proof.catches(contract, "anIoExceptionOfTheStreamLeavesNothing");
    Proof.catches(contract, "anUncheckedThrowableOfTheStreamPassesThroughAndLeavesNothing");
  }

  @Test
  void aStoreThatClosesTheStreamOrReadsItElsewhereIsCaught() throws Exception {
    BlobStoreContract closing =
        () ->
            new Changed() {
              @Override
              public void put(BlobKey key, InputStream bytes) {
                try (bytes) {
                  sound.put(key, bytes);
                } catch (IOException e) {
                  throw new FirmwareUnreadableException(e);
                }
              }
            };
    Proof.catches(closing, "aStreamIsReadInTheCallingThreadAndNotClosed");
    BlobStoreContract elsewhere =
        () ->
            new Changed() {
              @Override
              public void put(BlobKey key, InputStream bytes) {
                Thread reader = new Thread(() -> sound.put(key, bytes));
                reader.start();
                try {
                  reader.join();
                } catch (InterruptedException e) {
                  throw new StorageException("The upload was interrupted", e);
                }
              }
            };
    Proof.catches(elsewhere, "aStreamIsReadInTheCallingThreadAndNotClosed");
  }

  @Test
  void aStoreThatTakesOneReadForTheWholeFileIsCaught() throws Exception {
    BlobStoreContract contract =
        () ->
            new Changed() {
              @Override
              public void put(BlobKey key, InputStream bytes) {
                try {
                  byte[] buffer = new byte[16 << 20];
                  int count = Math.max(0, bytes.read(buffer));
                  sound.put(key, new ByteArrayInputStream(buffer, 0, count));
                } catch (IOException e) {
                  throw new FirmwareUnreadableException(e);
                }
              }
            };
    Proof.catches(contract, "aStreamThatGivesFewBytesAtOnceIsReadToItsEnd");
  }

  @Test
  void aPartThatIsNotOfExactlyItsLengthIsCaught() throws Exception {
    BlobStoreContract toTheEnd =
        () ->
            new Changed() {
              @Override
              public InputStream open(BlobKey key, long offset, long length) {
                return sound.open(key, offset, sound.size(key).orElse(0) - offset);
              }
            };
    Proof.catches(toTheEnd, "everyPartOfAFileCanBeOpened");
    Proof.catches(toTheEnd, "aPartCanBeReadByteByByteAndSkipped");
    BlobStoreContract fromTheStart =
        () ->
            new Changed() {
              @Override
              public InputStream open(BlobKey key, long offset, long length) {
                return sound.open(key, 0, length);
              }
            };
    Proof.catches(fromTheStart, "everyPartOfAFileCanBeOpened");
    Proof.catches(fromTheStart, "aLargeFileIsReadBackWholeAndInParts");
    Proof.catches(fromTheStart, "aFileCanBeReadByManyAtOnce");
  }

  @Test
  void aMissingFileThatLooksEmptyIsCaught() throws Exception {
    BlobStoreContract contract =
        () ->
            new Changed() {
              @Override
              public InputStream open(BlobKey key, long offset, long length) {
                return length == 0
                    ? InputStream.nullInputStream()
                    : sound.open(key, offset, length);
              }
            };
    Proof.catches(contract, "aKeyWithoutFileHasNoSizeAndCannotBeOpened");
  }

  @SuppressWarnings("InputStreamSlowMultibyteRead")
  @Test
  void aStreamThatReadsTheFileAgainAndAgainIsCaught() throws Exception {
    BlobStoreContract contract =
        () ->
            new Changed() {
              @Override
              public InputStream open(BlobKey key, long offset, long length) {
                return new InputStream() {
                  private long position = offset;

                  @Override
                  public int read() throws IOException {
                    if (position == offset + length) {
                      return -1;
                    }
                    try (InputStream one = sound.open(key, position++, 1)) {
                      return one.read();
                    }
                  }
                };
              }
            };
    Proof.catches(contract, "anOpenStreamSurvivesTheDeletionOfItsFile");
  }

  @Test
  void aDeletionThatSaysOrDoesTheWrongThingIsCaught() throws Exception {
    BlobStoreContract alwaysThere =
        () ->
            new Changed() {
              @Override
              public boolean delete(BlobKey key) {
                sound.delete(key);
                return true;
              }
            };
    Proof.catches(alwaysThere, "aFileIsDeletedOnceAndAlone");
    BlobStoreContract wholeFolder =
        () ->
            new Changed() {
              @Override
              public boolean delete(BlobKey key) {
                sound.delete(new BlobKey("group/two"));
                return sound.delete(key);
              }
            };
    Proof.catches(wholeFolder, "aFileIsDeletedOnceAndAlone");
  }

  @Test
  void aSweepThatTakesAnUploadInProgressIsCaught() throws Exception {
    BlobStoreContract contract =
        () ->
            new Changed() {
              private volatile boolean swept;

              @Override
              public void put(BlobKey key, InputStream bytes) {
                swept = false;
                sound.put(key, bytes);
                if (swept) {
                  sound.delete(key);
                  throw new StorageException("The temporary file is gone", null);
                }
              }

              @Override
              public void sweep() {
                swept = true;
              }
            };
    Proof.catches(contract, "aSweepKeepsFilesAndUploadsInProgress");
  }

  /** A sound store to change one method of. */
  private static class Changed implements BlobStore {
    final InMemoryBlobStore sound = new InMemoryBlobStore();

    @Override
    public void put(BlobKey key, InputStream bytes) {
      sound.put(key, bytes);
    }

    @Override
    public InputStream open(BlobKey key, long offset, long length) {
      return sound.open(key, offset, length);
    }

    @Override
    public OptionalLong size(BlobKey key) {
      return sound.size(key);
    }

    @Override
    public boolean delete(BlobKey key) {
      return sound.delete(key);
    }
  }

  /** Makes every byte visible as soon as it is there. */
  private static final class InPlace implements BlobStore {
    private final Map<BlobKey, ByteArrayOutputStream> files = new ConcurrentHashMap<>();

    @Override
    public void put(BlobKey key, InputStream bytes) {
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      files.put(key, file);
      try {
        bytes.transferTo(file);
      } catch (IOException e) {
        throw new FirmwareUnreadableException(e);
      }
    }

    @Override
    public InputStream open(BlobKey key, long offset, long length) {
      ByteArrayOutputStream file = files.get(key);
      if (file == null) {
        throw new StorageException("No file", null);
      }
      return new ByteArrayInputStream(file.toByteArray(), (int) offset, (int) length);
    }

    @Override
    public OptionalLong size(BlobKey key) {
      ByteArrayOutputStream file = files.get(key);
      return file == null ? OptionalLong.empty() : OptionalLong.of(file.size());
    }

    @Override
    public boolean delete(BlobKey key) {
      return files.remove(key) != null;
    }
  }
}
