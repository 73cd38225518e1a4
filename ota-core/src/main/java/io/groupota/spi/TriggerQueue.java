package io.groupota.spi;

import io.groupota.GroupId;
import io.groupota.UpdateId;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * The role of an {@link OtaRepository} that knows which groups must be triggered: at most one due
 * trigger per group, claimed by one node at a time with a lease that expires by itself.
 */
public interface TriggerQueue {
  /** Why a group is triggered. */
  enum Reason {
    /**
     * A new version was deployed: every device that does not report it is meant, those that never
     * reported too.
     */
    DEPLOYED,
    /**
     * A device reported another version than the served one: the devices that report another
     * version are meant.
     */
    BEHIND
  }

  /**
   * A due trigger that this node has claimed.
   *
   * @param group the group
   * @param update the update that the group serves
   * @param version its version
   * @param reason why
   * @param attempts how often it was tried before without success
   * @param lease names this claim; not the claims before and after it
   */
  record Claim(
      GroupId group, UpdateId update, String version, Reason reason, int attempts, String lease) {
    /** That of the group alone, of which hardly two claims are ever kept together. */
    @Override
    public int hashCode() {
      return group.hashCode();
    }
  }

  /**
   * Marks groups due for {@link Reason#BEHIND}, except those that have no update, that are due
   * already, or whose last trigger was completed less than an interval ago.
   *
   * @param groups the groups
   * @param interval the least time between two triggers of a group
   */
  void markBehind(Collection<GroupId> groups, Duration interval);

  /**
   * Claims due triggers that no other node holds, the longest due first.
   *
   * @param lease how long the claims hold
   * @param limit how many at the most
   * @return the claims
   */
  List<Claim> claimDue(Duration lease, int limit);

  /**
   * Makes claims hold longer, for work that is not done when their leases are about to expire: the
   * leases expire a time after this call. A claim whose lease has expired is still held as long as
   * nobody else has claimed the group. A lease of zero gives the claims back: anybody can have them
   * at once, and no attempt is counted.
   *
   * @param claims the claims
   * @param lease how long they hold from now on
   * @return those that were still held, and are
   */
  Set<Claim> extend(Collection<Claim> claims, Duration lease);

  /**
   * Ends claims with success: their groups are no longer due, and the time is kept for {@link
   * #markBehind}. If a newer update was recorded meanwhile, a group stays due for it.
   *
   * @param claims the claims, at most 2,000
   * @return those that were still held; not those whose lease expired so that another node has
   *     them, or whose work is done
   */
  Set<Claim> complete(Collection<Claim> claims);

  /**
   * Ends one claim with success.
   *
   * @param claim the claim
   * @return whether it was still held
   */
  default boolean complete(Claim claim) {
    return !complete(List.of(claim)).isEmpty();
  }

  /**
   * Ends a claim without success: the group is due again after a delay, with one more attempt
   * counted.
   *
   * @param claim the claim
   * @param delay until it is due again
   * @return whether it was still held
   */
  boolean retry(Claim claim, Duration delay);
}
