package io.groupota.examples.stack;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/**
 * What a server uses from outside, instead of what it embeds. Several servers that use the same are
 * nodes of one system. Immutable; no secret appears in a {@code toString}.
 *
 * @param database the database, empty for H2 in the data folder
 * @param objectStore where the firmware is kept, empty for the data folder
 * @param broker the MQTT broker, empty for one in this process
 */
public record External(
    Optional<Database> database, Optional<ObjectStore> objectStore, Optional<Broker> broker) {
  /** Everything embedded. */
  public static final External NONE =
      new External(Optional.empty(), Optional.empty(), Optional.empty());

  /**
   * A database.
   *
   * @param url its JDBC URL
   * @param user who connects
   * @param password the password, may be empty
   */
  public record Database(String url, String user, String password) {
    /** Hides the password, and the URL, which may hold one. */
    @Override
    public String toString() {
      return "Database[user=" + user + "]";
    }
  }

  /**
   * A bucket of an S3-compatible object store.
   *
   * @param endpoint its URL
   * @param bucket the bucket
   * @param accessKey the access key
   * @param secretKey the secret key
   * @param redirect how long a URL works to which clients are redirected that can follow, empty for
   *     no redirects
   */
  public record ObjectStore(
      URI endpoint,
      String bucket,
      String accessKey,
      String secretKey,
      Optional<Duration> redirect) {
    /** Hides the keys. */
    @Override
    public String toString() {
      return "ObjectStore[endpoint=" + endpoint + ", bucket=" + bucket + "]";
    }
  }

  /**
   * An MQTT broker.
   *
   * @param url {@code mqtt}, {@code mqtts}, {@code ws} or {@code wss}, the host and the port
   * @param user who connects
   * @param password the password, empty for none
   */
  public record Broker(URI url, String user, Optional<String> password) {
    /** Hides the password. */
    @Override
    public String toString() {
      return "Broker[url=" + url + ", user=" + user + "]";
    }
  }
}
