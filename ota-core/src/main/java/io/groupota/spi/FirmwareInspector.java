package io.groupota.spi;

import io.groupota.FirmwareRejectedException;
import io.groupota.firmware.ImageInfo;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * Decides whether a file is a firmware, reading it once while it is stored. Thread-safe; one {@link
 * Inspection} per file.
 */
@FunctionalInterface
public interface FirmwareInspector {
  /**
   * Begins with a new file.
   *
   * @return its inspection
   */
  Inspection start();

  /** The inspection of one file, in constant memory. Used by one thread. */
  interface Inspection {
    /**
     * Takes the next bytes of the file.
     *
     * @param buffer holds the bytes; not to be kept
     * @param offset where they start
     * @param length how many they are, at least 1
     * @throws FirmwareRejectedException as soon as the file is known to be no firmware
     */
    void accept(byte[] buffer, int offset, int length);

    /**
     * Takes the end of the file.
     *
     * @return what was read, empty if this inspector reads nothing
     * @throws FirmwareRejectedException if the file is no firmware
     */
    Optional<ImageInfo> finish();

    /**
     * The SHA-256 of the file, if this inspection works it out anyway: the library needs it too,
     * and does not do it once more then. Asked for before the first byte. Default: none.
     *
     * @return the digest, which every byte that is accepted is added to; the caller ends it after
     *     {@link #finish()}. Empty if the caller is to work it out
     */
    default Optional<MessageDigest> sha256() {
      return Optional.empty();
    }
  }

  /**
   * An inspector that accepts any file: the default.
   *
   * @return the inspector
   */
  static FirmwareInspector anyFile() {
    return () ->
        new Inspection() {
          @Override
          public void accept(byte[] buffer, int offset, int length) {}

          @Override
          public Optional<ImageInfo> finish() {
            return Optional.empty();
          }
        };
  }
}
