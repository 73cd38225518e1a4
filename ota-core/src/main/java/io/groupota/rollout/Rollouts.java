package io.groupota.rollout;

import io.groupota.DeployRequest;
import io.groupota.GroupId;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.UpdateId;
import java.util.Map;
import java.util.Optional;

/**
 * Starts staged rollouts and controls them; got from {@link
 * io.groupota.GroupOtaService#rollouts()}; not for implementing. Thread-safe.
 *
 * <p>Every method may throw {@link io.groupota.StorageException}. Each call that changes something
 * happens as a whole or not at all; of two calls that race, the second finds the state that the
 * first one left. What was asked takes effect on devices soon after, by whichever node looks first.
 * A deploy without a plan to a group, or another rollout of it, takes the group out of the rollout.
 */
public interface Rollouts {
  /**
   * Deploys a firmware to groups by a plan. When this returns, the file is durable and the rollout
   * is committed; devices are taken in soon after by a running service, and nothing starts before
   * all are.
   *
   * @param request the firmware and the first group
   * @param others further groups of the same owner with their tokens; may be empty, at most 1,000
   * @param plan how it reaches the devices
   * @return the rollout
   * @throws io.groupota.NotEntitledException if the owner's plan has no group OTA
   * @throws io.groupota.NoSuchGroupException if one of the groups does not exist, is another
   *     owner's, or its token is wrong
   * @throws io.groupota.InvalidRequestException if the plan does not fit the groups or its deadline
   *     is past, or the file is empty
   * @throws io.groupota.FirmwareRejectedException if the inspector refuses the file
   * @throws io.groupota.FirmwareTooLargeException if the file is over the limit
   * @throws io.groupota.FirmwareUnreadableException if the source of the file fails
   * @throws io.groupota.VersionRefusedException if a guard of the request refuses the version for
   *     one of the groups
   * @throws io.groupota.StorageException if a storage fails; the rollout may have been opened
   *     nevertheless, if that was just before its end
   */
  Rollout deploy(DeployRequest request, Map<GroupId, Token> others, RolloutPlan plan);

  /**
   * A rollout.
   *
   * @param owner who asks
   * @param id the rollout
   * @return the rollout as of now
   * @throws io.groupota.NoSuchRolloutException if there is none, or it is another owner's
   */
  Rollout get(OwnerId owner, RolloutId id);

  /**
   * The rollouts of an owner.
   *
   * @param owner who asks
   * @param query which ones
   * @return a page
   */
  RolloutPage list(OwnerId owner, RolloutQuery<RolloutState> query);

  /**
   * The devices of a rollout.
   *
   * @param owner who asks
   * @param id the rollout
   * @param query which ones
   * @return a page
   * @throws io.groupota.NoSuchRolloutException if there is none, or it is another owner's
   */
  RolloutDevicePage devices(OwnerId owner, RolloutId id, RolloutQuery<RolloutDeviceState> query);

  /**
   * Starts a scheduled rollout now.
   *
   * @param owner who does it
   * @param id the rollout
   * @return the rollout
   * @throws io.groupota.NoSuchRolloutException if there is none, or it is another owner's
   * @throws io.groupota.RolloutStateException if it is not scheduled
   */
  Rollout start(OwnerId owner, RolloutId id);

  /**
   * Pauses a rollout: nothing new starts; devices that were triggered already may finish.
   *
   * @param owner who does it
   * @param id the rollout
   * @return the rollout
   * @throws io.groupota.NoSuchRolloutException if there is none, or it is another owner's
   * @throws io.groupota.RolloutStateException if it is over or paused already
   */
  Rollout pause(OwnerId owner, RolloutId id);

  /**
   * Lets a paused rollout go on; a soak time begins anew; a rollout that had not started waits for
   * its start again. The failures so far are accepted: stop rules that have fired do so again only
   * when more devices fail. Devices that recover are not accepted any more: the next ones that fail
   * count.
   *
   * @param owner who does it
   * @param id the rollout
   * @return the rollout
   * @throws io.groupota.NoSuchRolloutException if there is none, or it is another owner's
   * @throws io.groupota.RolloutStateException if it is not paused
   */
  Rollout resume(OwnerId owner, RolloutId id);

  /**
   * Lets a rollout into its next stage: one that awaits approval, or one that was paused because
   * the gate cannot be met any more or because guards block a group, which then is deployed to all
   * the same.
   *
   * @param owner who does it
   * @param id the rollout
   * @return the rollout
   * @throws io.groupota.NoSuchRolloutException if there is none, or it is another owner's
   * @throws io.groupota.RolloutStateException if nothing waits for an approval
   */
  Rollout approve(OwnerId owner, RolloutId id);

  /**
   * Ends a rollout. Devices that were let through keep the target version and may finish; the
   * others are told to run what they ran before.
   *
   * @param owner who does it
   * @param id the rollout
   * @return the rollout
   * @throws io.groupota.NoSuchRolloutException if there is none, or it is another owner's
   * @throws io.groupota.RolloutStateException if it is over
   */
  Rollout cancel(OwnerId owner, RolloutId id);

  /**
   * Ends a rollout and has each of its groups serve one update again. Possible after it is over,
   * too, for the groups that were not deployed to in another way since. That update is for all
   * devices of a group, also for those that run another one because guards of an earlier rollout
   * kept it from them, or because a canceled one had reached them: {@link #cancel} lets those that
   * this rollout has not reached run what they run.
   *
   * @param owner who does it
   * @param id the rollout
   * @param to an update in the history of one of its groups; empty for what each group served
   *     before
   * @return the rollout
   * @throws io.groupota.NoSuchRolloutException if there is none, or it is another owner's
   * @throws io.groupota.NoSuchUpdateException if there is no such update, or no more
   * @throws io.groupota.RolloutStateException if it is rolled back or superseded already, if all of
   *     its groups were deployed to in another way, or if a group served nothing before and no
   *     update is named
   */
  Rollout rollBack(OwnerId owner, RolloutId id, Optional<UpdateId> to);

  /**
   * Changes the pace of a rollout that is not over.
   *
   * @param owner who does it
   * @param id the rollout
   * @param pace the new pace
   * @return the rollout
   * @throws io.groupota.NoSuchRolloutException if there is none, or it is another owner's
   * @throws io.groupota.RolloutStateException if it is over
   */
  Rollout changePace(OwnerId owner, RolloutId id, Pace pace);
}
