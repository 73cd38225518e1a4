package io.groupota.internal;

import io.groupota.GroupId;
import io.groupota.NoSuchGroupException;
import io.groupota.NotEntitledException;
import io.groupota.OwnerId;
import io.groupota.spi.EntitlementPolicy;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;

/** Lets owners to their own groups only. */
final class OwnedGroups {
  private final GroupDirectory directory;
  private final EntitlementPolicy entitlement;

  OwnedGroups(GroupDirectory directory, EntitlementPolicy entitlement) {
    this.directory = directory;
    this.entitlement = entitlement;
  }

  Group require(OwnerId owner, GroupId id) {
    return directory
        .group(id)
        .filter(group -> group.owner().equals(owner))
        .orElseThrow(NoSuchGroupException::new);
  }

  Group requireForDeploy(OwnerId owner, GroupId id) {
    if (!entitlement.allowsGroupOta(owner)) {
      throw new NotEntitledException(owner);
    }
    return require(owner, id);
  }
}
