package io.groupota.examples.simulator;

import io.groupota.spi.Group;

/**
 * The devices that run the same version before the rollout: a group of their own, which serves that
 * version, so that nobody is behind at the start. Immutable.
 *
 * @param group the group
 * @param version the version that it serves and its devices run
 * @param first the index of its first device
 * @param devices how many it has, the next ones
 * @param deviceAddressed how many of them, the first ones, are addressed by themselves
 */
record Cohort(Group group, String version, int first, int devices, int deviceAddressed) {
  /** The index after its last device. */
  int end() {
    return first + devices;
  }

  /** Whether one of its devices is addressed by itself. */
  boolean isDeviceAddressed(int device) {
    return device - first < deviceAddressed;
  }
}
