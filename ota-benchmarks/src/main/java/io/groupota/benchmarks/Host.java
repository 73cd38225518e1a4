package io.groupota.benchmarks;

import io.groupota.GroupOta;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import java.nio.file.Path;

/** The library as a host sets it up: PostgreSQL, a folder, the built-in directory of groups. */
final class Host {
  private Host() {}

  static GroupOta.Builder on(Database database, Path folder) {
    return GroupOta.builder()
        .repository(JdbcOtaRepository.builder(database.pool()).migrate(false).build())
        .groups(JdbcGroupRegistry.builder(database.pool()).migrate(false).build())
        .blobStore(FileSystemBlobStore.in(folder.resolve("blobs")));
  }
}
