package io.groupota.spi;

import io.groupota.OwnerId;

/** Decides which owners may deploy to groups: the host's plans and billing. Thread-safe. */
@FunctionalInterface
public interface EntitlementPolicy {
  /**
   * Whether the plan of an owner has group OTA.
   *
   * @param owner the owner
   * @return true if it has
   */
  boolean allowsGroupOta(OwnerId owner);

  /**
   * A policy that allows everyone: the default.
   *
   * @return the policy
   */
  static EntitlementPolicy everyone() {
    return owner -> true;
  }
}
