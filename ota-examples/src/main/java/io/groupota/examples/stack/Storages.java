package io.groupota.examples.stack;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.BlobKey;
import io.groupota.StorageException;
import io.groupota.spi.BlobStore;
import io.groupota.storage.cache.CachingBlobStore;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.storage.s3.S3BlobStore;
import io.minio.MinioAsyncClient;
import java.nio.file.Path;
import java.time.Duration;

/** Opens the database and the blob store of a server, embedded or from outside. */
final class Storages {
  /** Room for some hundred images. */
  private static final long CACHE_BYTES = 1L << 30;

  private static final long TIMEOUT_MILLIS = Duration.ofSeconds(30).toMillis();

  private final Parts parts;
  private final DataFolder data;
  private final External external;

  Storages(Parts parts, DataFolder data, External external) {
    this.parts = parts;
    this.data = data;
    this.external = external;
  }

  HikariDataSource database() {
    HikariConfig config = new HikariConfig();
    config.setPoolName("ota-database");
    config.setMaximumPoolSize(16);
    config.setMinimumIdle(2);
    config.setExceptionOverride(new ClosedDatabase());
    external
        .database()
        .ifPresentOrElse(
            database -> {
              config.setJdbcUrl(database.url());
              config.setUsername(database.user());
              config.setPassword(database.password());
            },
            () -> config.setJdbcUrl(data.jdbcUrl()));
    try {
      return parts.opened(new HikariDataSource(config));
    } catch (RuntimeException e) {
      String option = external.database().isPresent() ? "--db" : "--data";
      throw new StartupException(option + ": the database cannot be opened: " + e.getMessage(), e);
    }
  }

  BlobStore blobs() {
    return external
        .objectStore()
        .map(this::objects)
        .orElseGet(() -> FileSystemBlobStore.in(data.blobs()));
  }

  private BlobStore objects(External.ObjectStore objects) {
    MinioAsyncClient client =
        parts.opened(
            MinioAsyncClient.builder()
                .endpoint(objects.endpoint().toString())
                .credentials(objects.accessKey(), objects.secretKey())
                .build());
    client.setTimeout(TIMEOUT_MILLIS, TIMEOUT_MILLIS, TIMEOUT_MILLIS);
    S3BlobStore store = S3BlobStore.using(client, objects.bucket());
    try {
      // Wrong keys and a wrong bucket are said now rather than at the first deploy.
      store.size(new BlobKey("startup-check"));
    } catch (StorageException e) {
      throw new StartupException("--s3 " + objects.endpoint() + ": " + e.getMessage(), e);
    }
    Path cache = data.cache();
    return CachingBlobStore.of(store, cache, CACHE_BYTES);
  }
}
