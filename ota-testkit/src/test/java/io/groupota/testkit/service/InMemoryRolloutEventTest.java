package io.groupota.testkit.service;

import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import java.time.Clock;

class InMemoryRolloutEventTest extends RolloutEventContract {
  @Override
  protected Backend backend(Clock clock) {
    return new Backend(
        new InMemoryOtaRepository(clock), new InMemoryBlobStore(), new InMemoryGroupRegistry());
  }
}
