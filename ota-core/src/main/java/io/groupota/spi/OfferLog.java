package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.UpdateId;
import java.time.Duration;
import java.util.Optional;

/**
 * The role of an {@link OtaRepository} that keeps what devices of rollouts were told when they
 * checked for an update, so that the download that follows gives just that, on whichever node. One
 * offer per device, the last one.
 */
public interface OfferLog {
  /** For how long an offer is kept at least; what is older may be forgotten. */
  Duration KEPT = Duration.ofHours(1);

  /**
   * What a device was told.
   *
   * @param update the update
   * @param age for how long it has been told so
   */
  record Offer(UpdateId update, Duration age) {}

  /**
   * What a device was told last, by key.
   *
   * @param device the device
   * @return the offer, empty if there was none, or it was withdrawn or forgotten
   */
  Optional<Offer> offer(DeviceId device);

  /**
   * Keeps what a device is told, in place of what it was told before.
   *
   * @param device the device
   * @param update the update
   */
  void offer(DeviceId device, UpdateId update);

  /**
   * Forgets what a device was told, if it was told anything.
   *
   * @param device the device
   */
  void withdrawOffer(DeviceId device);
}
