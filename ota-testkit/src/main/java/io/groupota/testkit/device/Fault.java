package io.groupota.testkit.device;

/** What can go wrong on a simulated device. */
public enum Fault {
  /** It ignores a trigger: no code, no check. It keeps reporting its status. */
  SILENCE,
  /**
   * Its MQTT connection breaks when a trigger arrives, before it has answered; it connects again
   * after a while and has forgotten the trigger.
   */
  CONNECTION_LOST,
  /** Its download breaks off midway. It answers 203. */
  DOWNLOAD_CUT,
  /** A bit of its download is damaged on the way, so that the MD5 differs. It answers 203. */
  DOWNLOAD_DAMAGED,
  /** The new image does not come up: it boots the old one and reports the old version again. */
  FALL_BACK,
  /**
   * It boots the new image and reports the new version; after as long again as the reboot took, it
   * falls back to the old image and reports the old version.
   */
  LATE_FALL_BACK
}
