package io.groupota;

import io.groupota.rollout.Rollouts;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Deploys firmware to groups of devices and follows what they report. Made by {@link
 * GroupOta#builder()}; not for implementing. Thread-safe.
 *
 * <p>Every method may throw {@link StorageException} when the repository, the blob store or the
 * group directory fails. Every call that changes something happens as a whole or not at all, but
 * for {@link #forget}.
 */
public interface GroupOtaService extends AutoCloseable {
  /**
   * Deploys a firmware to a group. When this returns, the file is durable in the blob store and the
   * update is committed; devices whose version differs are triggered soon after by a running
   * service. An upload with the version that is served already triggers nobody.
   *
   * @param request what to deploy
   * @return the recorded update
   * @throws NotEntitledException if the owner's plan has no group OTA
   * @throws NoSuchGroupException if the group does not exist, is another owner's, or the token is
   *     wrong
   * @throws InvalidRequestException if the file is empty
   * @throws FirmwareRejectedException if the inspector refuses the file
   * @throws FirmwareTooLargeException if the file is over the limit
   * @throws FirmwareUnreadableException if the source of the file fails
   * @throws VersionRefusedException if a guard of the request refuses the version
   * @throws StorageException if a storage fails; the update is not served then, unless the message
   *     says that this is unknown
   */
  OtaUpdate deploy(DeployRequest request);

  /**
   * Deploys an earlier update of the group again, a rollback for example. The stored file is used;
   * the history gets a new entry.
   *
   * @param owner who asks
   * @param group the group
   * @param update the earlier update
   * @return the recorded update
   * @throws NotEntitledException if the owner's plan has no group OTA
   * @throws NoSuchGroupException if the group does not exist or is another owner's
   * @throws NoSuchUpdateException if the history of the group has no such update, or no more
   *     ({@link Retention})
   * @throws StorageException if the repository fails; if it took too long, the update may be served
   *     nevertheless, now or a little later
   */
  OtaUpdate redeploy(OwnerId owner, GroupId group, UpdateId update);

  /**
   * Staged rollouts: deploys by a plan.
   *
   * @return where they are started and controlled
   */
  Rollouts rollouts();

  /**
   * Counts what the devices of a group would do if it served a version, as last reported.
   *
   * @param owner who asks
   * @param group the group
   * @param version a semantic version
   * @return the counts by reported version
   * @throws NoSuchGroupException if the group does not exist or is another owner's
   * @throws InvalidRequestException if the version is not a semantic version
   */
  VersionDiff diff(OwnerId owner, GroupId group, String version);

  /**
   * Lists the devices that a version diff counts in one direction.
   *
   * @param owner who asks
   * @param group the group
   * @param version a semantic version
   * @param direction the direction
   * @param after the {@link DevicePage#next()} of the page before, null for the first page
   * @param limit how many devices at the most; capped by the configured maximum
   * @return a page of devices
   * @throws NoSuchGroupException if the group does not exist or is another owner's
   * @throws InvalidRequestException if the version is not a semantic version or the limit is not
   *     positive
   */
  DevicePage diffDevices(
      OwnerId owner,
      GroupId group,
      String version,
      VersionChange.Direction direction,
      @Nullable DeviceId after,
      int limit);

  /**
   * The last update of every group that an owner has, ordered by {@link
   * LatestUpdate#lastUpdated()}. That time is of the clock of the node that deployed, so two
   * updates that different nodes deployed shortly after each other may come in the other order.
   *
   * @param owner the owner
   * @param query which records
   * @return a page of records
   */
  OtaPage latestUpdates(OwnerId owner, OtaQuery query);

  /**
   * The updates of a group that are kept ({@link Retention}), newest first: in the order of the
   * deploys, whatever the clocks of the nodes said.
   *
   * @param owner who asks
   * @param group the group
   * @param offset updates to skip
   * @param limit updates to return at the most; empty for the configured default, and never more
   *     than the configured maximum
   * @return a page of updates
   * @throws NoSuchGroupException if the group does not exist or is another owner's
   * @throws InvalidRequestException if the offset or the limit is negative
   */
  UpdatePage history(OwnerId owner, GroupId group, long offset, OptionalInt limit);

  /**
   * What a group serves. For the check of a device, so it may be answered from a cache: a deploy on
   * any node counts within {@link GroupOta.Builder#cacheTtl}. That the group is gone from the
   * directory may take five minutes to show here, where the repository tells what changed
   * (PostgreSQL); {@link #download(GroupId, Token)} ends within the {@code cacheTtl}.
   *
   * @param group the group
   * @return the served update, empty if there is no such group or no firmware for it
   */
  Optional<OtaUpdate> served(GroupId group);

  /**
   * What a device that is addressed by itself is served.
   *
   * @param device the device
   * @return the served update, empty if there is no such device, it is in no group, or there is no
   *     firmware for it
   */
  Optional<OtaUpdate> served(DeviceId device);

  /**
   * The firmware that a group serves, for a holder of its token.
   *
   * @param group the group
   * @param token the group's token
   * @return the firmware, empty if there is no such group, the token is wrong, or there is no
   *     firmware
   */
  Optional<FirmwareDownload> download(GroupId group, Token token);

  /**
   * The firmware that a device is served, for a holder of its token.
   *
   * @param device the device
   * @param token the device's own token
   * @return the firmware, empty if there is no such device, the token is wrong, or there is no
   *     firmware
   */
  Optional<FirmwareDownload> download(DeviceId device, Token token);

  /**
   * Takes what a device says of itself. Returns at once and never blocks on a storage: reports are
   * collected and saved in batches, and one that changes nothing is not saved. A crash may lose the
   * reports of the last moment; devices repeat themselves.
   *
   * <p>Any number of services may take the reports of one device, and save them in any order: what
   * was heard last counts. A report that says what this service saved last is not saved again for
   * {@link GroupOta.Builder#lastSeenInterval}, so if another service has saved something else since
   * then and hears the device no more, it takes that long until this one corrects it.
   *
   * <p>When the buffer of reports is nearly full, those that would only refresh the time of the
   * last one are dropped first; when it is full of others, those are refused too. A device repeats
   * its status 5 seconds later; a code that was refused is lost. After {@link #close()} every
   * report is refused, and counts nowhere.
   *
   * @param report the report
   * @return whether it was taken; false under overload and from {@link #close()} on
   */
  boolean report(DeviceReport report);

  /**
   * What became of the reports so far.
   *
   * @return the counts of this moment
   */
  ReportCounts reportCounts();

  /**
   * What is known of a device from its reports.
   *
   * @param owner who asks
   * @param device the device
   * @return the state, empty if the device never reported or is in no group of the owner
   */
  Optional<DeviceState> deviceState(OwnerId owner, DeviceId device);

  /**
   * Forgets what devices reported, once the host has moved them to another group or removed them
   * from its directory. Until then they count in the diff of the group in which they reported last,
   * afterwards in none but as a member of their new group that has not reported yet. Works on 1,000
   * at a time: if it fails, some may be forgotten already; call it again.
   *
   * @param devices the devices
   */
  void forget(Collection<DeviceId> devices);

  /**
   * How many events queued listeners did not get, because their queues were full or they were not
   * done with them when the service was closed.
   *
   * @return the number since the service was built
   */
  long droppedEvents();

  /**
   * Starts the background work: triggers, saving of reports, rollouts, removing what is not kept.
   * Calling it again does nothing; after a call that failed, for want of threads for example, it
   * starts what does not run yet.
   *
   * @throws IllegalStateException after {@link #close()}
   */
  void start();

  /**
   * Does all background work that is due, once, in the calling thread: for hosts that drive it with
   * their own scheduler, and for tests. May be used with or without {@link #start()}. After {@link
   * #close()} it triggers nothing more.
   */
  void runOnce();

  /**
   * Saves what was reported, ends the background work and its threads, and leaves everything that
   * the host brought open. Reports are refused from then on; other calls still work, such as those
   * of requests under way, and what they make due is left for other nodes or the next start.
   */
  @Override
  void close();
}
