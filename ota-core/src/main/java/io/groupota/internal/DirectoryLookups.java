package io.groupota.internal;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.spi.Device;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.GroupMembers;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Asks the host's directory about any number at once; it takes so many at a time. */
final class DirectoryLookups {
  /** How many at a time. */
  static final int MOST = 1_000;

  private final GroupDirectory directory;

  DirectoryLookups(GroupDirectory directory) {
    this.directory = directory;
  }

  Map<DeviceId, Device> devices(Collection<DeviceId> ids) {
    return inParts(ids, part -> directory.devices(part));
  }

  Map<GroupId, GroupMembers> members(Collection<GroupId> groups) {
    return inParts(groups, part -> directory.members(part));
  }

  private static <K, V> Map<K, V> inParts(
      Collection<K> keys, Function<Collection<K>, Map<K, V>> question) {
    List<K> all = List.copyOf(keys);
    Map<K, V> answers = new HashMap<>();
    for (int from = 0; from < all.size(); from += MOST) {
      answers.putAll(question.apply(all.subList(from, Math.min(all.size(), from + MOST))));
    }
    return answers;
  }
}
