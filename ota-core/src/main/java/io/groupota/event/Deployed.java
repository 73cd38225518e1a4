package io.groupota.event;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import java.time.Instant;
import java.util.Optional;

/**
 * A group serves another update: a deploy, a redeploy, a rollout that reached the group, or a
 * rollback of one. Immutable.
 *
 * @param update the update; {@link OtaUpdate#redeployOf()} tells an upload from an earlier update
 *     that is served again
 * @param previous what the group served until then, exactly, also when deploys race; empty if this
 *     is its first update. If the answer to the commit was lost, the update that was recorded
 *     before this one, which a rollout may have opened and not reached the group with
 * @param actor the owner of the group, if a deploy, a redeploy or {@link
 *     io.groupota.rollout.Rollouts#rollBack} did it; empty for what the service does by itself: a
 *     group that a rollout reaches, and a rollback by a stop rule
 */
public record Deployed(OtaUpdate update, Optional<OtaUpdate> previous, Optional<OwnerId> actor)
    implements GroupEvent {
  /**
   * {@inheritDoc}
   *
   * @return {@link OtaUpdate#createdAt()}; of a group that a rollout reaches, that is when the
   *     rollout was made
   */
  @Override
  public Instant at() {
    return update.createdAt();
  }

  @Override
  public GroupId group() {
    return update.group();
  }
}
