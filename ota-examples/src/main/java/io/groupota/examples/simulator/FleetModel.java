package io.groupota.examples.simulator;

import io.groupota.GroupId;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.spi.Group;
import java.util.ArrayList;
import java.util.List;

/**
 * What a simulated fleet is like. What a device does follows from the seed and its index, so
 * nothing of it is stored and every run of the same model is the same. Immutable.
 *
 * @param devices how many there are
 * @param versions what they run
 * @param online how long a device is online per day, in one piece that begins at a time of its own
 * @param download how long a device takes from the beginning of a download to its first report
 *     after the reboot
 * @param shares how many misbehave
 * @param seed tells fleets of the same kind apart
 */
record FleetModel(
    int devices, List<Weight> versions, Range online, Range download, Shares shares, long seed) {
  static final OwnerId OWNER = new OwnerId("simulator");
  static final long DAY = 86_400_000;
  static final long POLL = DAY / 4;

  /** How long a device that falls back runs the new version before. */
  private static final Range TRIAL = new Range(60_000, 1_800_000);

  private static final int FAILS = 1;
  private static final int FALLS_BACK = 2;
  private static final int DOWNLOAD = 3;
  private static final int HOURS = 4;
  private static final int MORNING = 5;
  private static final int POLLS = 6;
  private static final int TRIAL_TIME = 7;

  /**
   * How much of the fleet runs a version.
   *
   * @param version the version
   * @param weight its part of the sum of all weights
   */
  record Weight(String version, int weight) {}

  /**
   * Shares of the devices, 0 to 1.
   *
   * @param fail those on which the new firmware fails, at every attempt
   * @param fallBack those that boot it and fall back to the old one after a while
   * @param groupAddressed those that are addressed by their group
   */
  record Shares(double fail, double fallBack, double groupAddressed) {}

  /** Copies the list. */
  FleetModel {
    versions = List.copyOf(versions);
  }

  /** The groups; a version that gets no device has none. */
  List<Cohort> cohorts() {
    long all = versions.stream().mapToLong(Weight::weight).sum();
    List<Cohort> cohorts = new ArrayList<>();
    long weights = 0;
    int first = 0;
    for (Weight weight : versions) {
      weights += weight.weight();
      int end = (int) (devices * weights / all);
      if (end > first) {
        cohorts.add(cohort(cohorts.size() + 1, weight.version(), first, end));
      }
      first = end;
    }
    return cohorts;
  }

  private Cohort cohort(int number, String version, int first, int end) {
    GroupId id = new GroupId(String.format("%024x", number));
    Group group = new Group(id, OWNER, Token.of("simulated"), version);
    int byGroup = (int) Math.round(shares.groupAddressed() * (end - first));
    return new Cohort(group, version, first, end - first, end - first - byGroup);
  }

  boolean fails(int device) {
    return fraction(device, FAILS) < shares.fail();
  }

  boolean fallsBack(int device) {
    return fraction(device, FALLS_BACK) < shares.fallBack();
  }

  long downloadMillis(int device) {
    return download.at(fraction(device, DOWNLOAD));
  }

  long trialMillis(int device) {
    return TRIAL.at(fraction(device, TRIAL_TIME));
  }

  /** When a device first looks for an update by itself; then every {@link #POLL}. */
  long firstPoll(int device) {
    return (long) (fraction(device, POLLS) * POLL);
  }

  /** When of a day it comes online. */
  long morning(int device) {
    return (long) (fraction(device, MORNING) * DAY);
  }

  boolean isAlwaysOnline(int device) {
    return onlineMillis(device) >= DAY;
  }

  boolean isOnline(int device, long time) {
    return Math.floorMod(time - morning(device), DAY) < onlineMillis(device);
  }

  private long onlineMillis(int device) {
    return online.at(fraction(device, HOURS));
  }

  /** A number from 0 to below 1 (SplitMix64). */
  private double fraction(int device, int purpose) {
    long mixed = seed + 0x9e3779b97f4a7c15L * (8L * device + purpose + 1);
    mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return ((mixed ^ (mixed >>> 31)) >>> 11) * 0x1p-53;
  }
}
