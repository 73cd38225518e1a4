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
 *     is its first update
 */
public record Deployed(OtaUpdate update, Optional<OtaUpdate> previous) implements GroupEvent {
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

  /**
   * {@inheritDoc}
   *
   * @return the owner of the group, who deployed
   */
  @Override
  public Optional<OwnerId> actor() {
    return Optional.of(update.owner());
  }
}
