package io.groupota;

import java.util.Optional;

/**
 * What a device says of an update while it runs ({@code update-response} of IoTaaP OS). Progress
 * only: the proof is the version that it reports.
 */
public enum UpdateCode {
  /** 200: the device received the trigger. */
  TRIGGER_RECEIVED(200),
  /** 201: the device started to download. */
  DOWNLOAD_STARTED(201),
  /** 202: the device runs the version already. */
  UP_TO_DATE(202),
  /** 203: the update failed; the device tries again at its next check. */
  FAILED(203);

  private final int code;

  UpdateCode(int code) {
    this.code = code;
  }

  /**
   * The number on the wire.
   *
   * @return 200 to 203
   */
  public int code() {
    return code;
  }

  /**
   * The meaning of a number on the wire.
   *
   * @param code the number
   * @return the code, empty if the protocol knows no such number
   */
  public static Optional<UpdateCode> of(int code) {
    for (UpdateCode candidate : values()) {
      if (candidate.code == code) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }
}
