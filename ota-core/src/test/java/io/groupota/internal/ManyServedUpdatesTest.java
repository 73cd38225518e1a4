package io.groupota.internal;

import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import java.util.List;
import java.util.Optional;

/** The same by the question for many groups at once. */
class ManyServedUpdatesTest extends ServedUpdatesTest {
  @Override
  Optional<OtaUpdate> ask(ServedUpdates asked, GroupId group) {
    return Optional.ofNullable(asked.getAll(List.of(group)).get(group));
  }
}
