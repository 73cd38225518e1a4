package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.Selector;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/**
 * Where devices belong in a rollout, as {@link Selector} describes it. Until a stage is settled, a
 * percentage is taken of the range of places, which is right but for a few devices; a number of
 * devices cannot be told before. A device that a later stage takes by its name or an attribute
 * waits there to be fetched: put into the percentage and then out again it would not come there.
 * Used by one thread.
 */
final class RolloutPlaces {
  private final RolloutId rollout;
  private final RolloutPlan plan;
  private final List<Long> settled;
  private final MessageDigest sha256;

  /** For a rollout whose first stages end at known places. */
  RolloutPlaces(RolloutId rollout, RolloutPlan plan, List<Long> settled) {
    this.rollout = rollout;
    this.plan = plan;
    this.settled = settled;
    this.sha256 = sha256();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JDK has SHA-256", e);
    }
  }

  long place(DeviceId device) {
    return place(sha256, rollout, device);
  }

  /** The place of a single device; from 0. */
  static long place(RolloutId rollout, DeviceId device) {
    return place(sha256(), rollout, device);
  }

  private static long place(MessageDigest sha256, RolloutId rollout, DeviceId device) {
    byte[] name = (rollout + "/" + device).getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.wrap(sha256.digest(name)).getLong() & Long.MAX_VALUE;
  }

  /** The first stage that takes a device of a group of the rollout. */
  int stage(Device device, long place) {
    int complete = plan.completeIn(device.group().orElseThrow()).orElse(plan.stages().size() - 1);
    if (device.addressing() == Addressing.GROUP) {
      return complete;
    }
    int own = ownStage(device, complete);
    for (int i = 0; i < own; i++) {
      if (takes(i, place, own == complete)) {
        return i;
      }
    }
    return own;
  }

  /** The first stage before the one given that takes a device whatever its place, or that one. */
  private int ownStage(Device device, int complete) {
    for (int i = 0; i < complete; i++) {
      Selector selector = plan.stages().get(i).selector();
      if (selector instanceof Selector.Named named && named.devices().contains(device.id())) {
        return i;
      }
      if (selector instanceof Selector.WithAttribute wanted
          && wanted.value().equals(device.attributes().get(wanted.name()))) {
        return i;
      }
    }
    return complete;
  }

  private boolean takes(int stage, long place, boolean estimated) {
    if (stage < settled.size()) {
      // -1 if it is not chosen by place.
      return place <= settled.get(stage);
    }
    Selector selector = plan.stages().get(stage).selector();
    return estimated
        && selector instanceof Selector.Percent share
        && place < share.percent() / 100 * 0x1p63;
  }

  /**
   * The rank of the last device of a stage that is chosen by place.
   *
   * @param devices how many devices there are to choose from
   * @return the rank from 1; 0 if the stage is not chosen by place, or there are no devices
   */
  static long lastRank(Selector selector, long devices) {
    if (selector instanceof Selector.Percent share && share.percent() < 100) {
      return (long) Math.ceil(share.percent() / 100 * devices);
    }
    return selector instanceof Selector.Count count ? Math.min(count.devices(), devices) : 0;
  }
}
