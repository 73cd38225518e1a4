package io.groupota.testkit.contract;

import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.spi.OtaRepository;
import java.time.Clock;

class InMemoryOtaRepositoryTest implements OtaRepositoryContract {
  @Override
  public OtaRepository repository(Clock clock) {
    return new InMemoryOtaRepository(clock);
  }
}
