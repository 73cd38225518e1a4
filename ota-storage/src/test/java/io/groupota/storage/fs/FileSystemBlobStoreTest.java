package io.groupota.storage.fs;

import io.groupota.spi.BlobStore;
import io.groupota.testkit.contract.BlobStoreContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileSystemBlobStoreTest implements BlobStoreContract {
  @TempDir Path folder;

  @Override
  public BlobStore store() {
    return FileSystemBlobStore.in(folder.resolve("firmware"));
  }
}
