package io.groupota.benchmarks;

/**
 * What some targets are multiples of: hawkBit 1.1, a warm server on two cores like those of the
 * README. The issue of this project gives the figures; nothing here measures them.
 */
final class Peer {
  static final double CHECKS_PER_SECOND = 1_063;
  static final double DEPLOY_MEGABYTES_PER_SECOND = 123;

  private Peer() {}
}
