package io.groupota.testkit.contract;

import io.groupota.memory.InMemoryBlobStore;
import io.groupota.spi.BlobStore;

class InMemoryBlobStoreTest implements BlobStoreContract {
  @Override
  public BlobStore store() {
    return new InMemoryBlobStore();
  }
}
