package io.groupota.testkit.contract;

import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.spi.GroupRegistry;

class InMemoryGroupRegistryTest implements GroupRegistryContract {
  @Override
  public GroupRegistry registry() {
    return new InMemoryGroupRegistry();
  }
}
