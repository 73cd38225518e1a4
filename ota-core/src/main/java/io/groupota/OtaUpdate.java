package io.groupota;

import io.groupota.firmware.Firmware;
import java.time.Instant;
import java.util.Optional;

/**
 * One deploy in the history of a group: never changes once it is recorded. Immutable.
 *
 * @param id its identity
 * @param group the group that it was deployed to
 * @param owner the owner of the group at that time
 * @param version the semantic version that it was deployed as (semver.org 2.0.0)
 * @param firmware what was measured of the file
 * @param blob where the blob store keeps the file; a redeploy shares it with the update that it
 *     repeats
 * @param redeployOf the earlier update that this one repeats, empty for an upload
 * @param mustPassThrough whether a device that runs a version of lower precedence gets this one
 *     before any newer one; kept for ever ({@link Retention})
 * @param createdAt when it was deployed, in milliseconds precision
 */
public record OtaUpdate(
    UpdateId id,
    GroupId group,
    OwnerId owner,
    String version,
    Firmware firmware,
    BlobKey blob,
    Optional<UpdateId> redeployOf,
    boolean mustPassThrough,
    Instant createdAt) {}
