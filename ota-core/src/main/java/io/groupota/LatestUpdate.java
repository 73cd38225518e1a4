package io.groupota;

import java.time.Instant;

/**
 * The last update of a group, as {@code GET /v1/ota/group} shows it: one record per group, which
 * keeps its id when a newer firmware is deployed. Immutable.
 *
 * @param id the identity of the record, 24 lower-case hexadecimal digits whose first 8 are the
 *     second of its creation (a MongoDB ObjectId)
 * @param update the update that the group serves
 * @param group the group
 * @param owner the owner of the group
 * @param version the version that the group serves
 * @param path the logical name of the firmware: {@code ota/group/}, the group id, the token that
 *     the group had when the update was deployed, {@code /firmware.bin}; keep it out of logs
 * @param lastUpdated when the served update was deployed, in milliseconds precision
 */
public record LatestUpdate(
    String id,
    UpdateId update,
    GroupId group,
    OwnerId owner,
    String version,
    String path,
    Instant lastUpdated) {
  /** Returns all but the path, which holds the group's token. */
  @Override
  public String toString() {
    return "LatestUpdate[id="
        + id
        + ", update="
        + update
        + ", group="
        + group
        + ", owner="
        + owner
        + ", version="
        + version
        + ", lastUpdated="
        + lastUpdated
        + "]";
  }
}
