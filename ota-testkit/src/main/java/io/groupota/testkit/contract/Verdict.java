package io.groupota.testkit.contract;

import io.groupota.firmware.ImageInfo;
import java.util.Optional;

/**
 * What an inspector says of a file: what it read, or why it refuses the file and where the fault
 * is.
 */
record Verdict(Optional<ImageInfo> info, Optional<String> refusal, long offset) {
  boolean accepted() {
    return refusal.isEmpty();
  }
}
