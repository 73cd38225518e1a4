package io.groupota.spi;

import io.groupota.GroupId;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Retention;
import io.groupota.UpdateId;
import io.groupota.UpdatePage;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The role of an {@link OtaRepository} that keeps what was deployed: a history, to which updates
 * are added and from which old ones are removed, but where none is changed; and one current record
 * per group.
 */
public interface UpdateLog {
  /** How {@link #record} ended. */
  enum Outcome {
    /** The update is recorded and served. */
    RECORDED,
    /** Nothing has changed: the group serves another update than the caller saw. */
    SERVED_CHANGED,
    /**
     * Nothing has changed: the reservation of the blob is gone, so the blob may be deleted already.
     */
    BLOB_GONE
  }

  /**
   * How {@link #record} ended, and what it replaced.
   *
   * @param outcome how it ended
   * @param previous what the group served until then, exactly, also when calls race; empty if that
   *     was nothing, or if the update is not recorded
   */
  record Recording(Outcome outcome, Optional<OtaUpdate> previous) {}

  /**
   * An update to record.
   *
   * @param update the update
   * @param recordId the id of the group's current record, used if this is its first update and
   *     ignored otherwise
   * @param path the logical name of the firmware, holds the group's token
   * @param replaces what the group must serve at that moment; empty if that does not matter
   */
  record Entry(
      OtaUpdate update, String recordId, String path, Optional<Optional<UpdateId>> replaces) {
    /** Returns all but the path, which holds the group's token. */
    @Override
    public String toString() {
      return "Entry[update=" + update + ", recordId=" + recordId + ", replaces=" + replaces + "]";
    }
  }

  /**
   * What has changed since an earlier look.
   *
   * @param groups the groups that serve another update now, or serve one for the first time; some
   *     may be named again, or without reason
   * @param mark what to go on from at the next look; of no other meaning
   */
  record Changes(List<GroupId> groups, String mark) {
    /** Copies the list. */
    public Changes {
      groups = List.copyOf(groups);
    }
  }

  /**
   * Records an update and serves it from now on, in one transaction: the history gets the update;
   * the group's current record is created or changed, keeping its id; the blob is no longer
   * abandoned ({@link BlobLedger}); and if the group served another version or none, its trigger is
   * due at once for {@link TriggerQueue.Reason#DEPLOYED}. Two calls that race for a group happen
   * one after the other.
   *
   * @param entry the update
   * @return how it ended, and what it replaced
   */
  Recording record(Entry entry);

  /**
   * What a group serves, by key.
   *
   * @param group the group
   * @return the served update, empty if there is none
   */
  Optional<OtaUpdate> served(GroupId group);

  /**
   * What groups serve, many at once. Asks for one after another by default.
   *
   * @param groups the groups, at most 1,000
   * @return the served updates of those that have one, by group
   */
  default Map<GroupId, OtaUpdate> served(Collection<GroupId> groups) {
    Map<GroupId, OtaUpdate> served = new HashMap<>();
    groups.forEach(group -> served(group).ifPresent(update -> served.put(group, update)));
    return served;
  }

  /**
   * Looks up an update by key.
   *
   * @param id the update
   * @return the update, empty if there is none
   */
  Optional<OtaUpdate> update(UpdateId id);

  /**
   * A page of the current records of an owner, by the times of the updates, which are those of the
   * clocks of the nodes that recorded them; ties by the id of the record. Its cost depends on the
   * number of the owner's groups, never on the length of the history.
   *
   * @param owner the owner
   * @param query which records; its limit is present
   * @return the page, with the counts as of the same moment
   */
  OtaPage latest(OwnerId owner, OtaQuery query);

  /**
   * A page of the history of a group, newest first: what was recorded last comes first, whatever
   * the clocks of the nodes said that recorded it.
   *
   * @param group the group
   * @param offset updates to skip
   * @param limit updates to return at the most
   * @return the page
   */
  UpdatePage history(GroupId group, long offset, int limit);

  /**
   * The updates of a group that older devices must pass through ({@link
   * OtaUpdate#mustPassThrough()}), of those that the group serves or has served.
   *
   * @param group the group
   * @return the updates, in any order
   */
  List<OtaUpdate> mustPassThrough(GroupId group);

  /**
   * What {@link #prune} did.
   *
   * @param group the group that it looked at
   * @param removed the updates that it removed, oldest first
   */
  record Pruned(GroupId group, List<UpdateId> removed) {
    /** Copies the list. */
    public Pruned {
      removed = List.copyOf(removed);
    }
  }

  /**
   * Looks at one group that was not looked at for a day, or for the retention's age if that is
   * shorter, and removes what need not be kept, in one transaction: at most 50 updates, the oldest
   * ones; if there are more, the group is looked at again at once. The blobs that no update names
   * any more are abandoned ({@link BlobLedger}). What counts is the order in which updates were
   * recorded, not their time. Several nodes that call it at once look at different groups.
   *
   * <p>Updates that devices must pass through always stay, and so does, while a rollout holds the
   * group ({@link RolloutLog.Hold}), everything that was recorded since the base of the rollout.
   *
   * <p>Does nothing by default: a repository that does not implement it keeps everything.
   *
   * @param retention what is kept
   * @return what was done; empty if no group is due
   */
  default Optional<Pruned> prune(Retention retention) {
    return Optional.empty();
  }

  /**
   * Tells which groups serve another update than before, by whichever node, so that a node can keep
   * in memory what thousands of groups serve and ask one question instead of thousands. Every
   * change of what a group serves, by a deploy or by a rollout, that was not visible to the call
   * that gave the mark, and is to this one, is told. What a call costs depends on the changes,
   * never on the number of groups or updates.
   *
   * <p>A log that cannot tell leaves this as it is; then each group is asked for.
   *
   * @param mark what the last look gave, null at the first one, which names no groups
   * @return the changes, empty if this log cannot tell
   */
  default Optional<Changes> changes(@Nullable String mark) {
    return Optional.empty();
  }
}
