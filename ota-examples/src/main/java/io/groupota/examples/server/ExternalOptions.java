package io.groupota.examples.server;

import io.groupota.examples.cli.CommandLine;
import io.groupota.examples.cli.UsageException;
import io.groupota.examples.cli.Values;
import io.groupota.examples.stack.External;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/** The options that name what a server uses from outside. */
final class ExternalOptions {
  private static final String DB = "--db";
  private static final String DB_USER = "--db-user";
  private static final String DB_PASSWORD = "--db-password";
  private static final String S3 = "--s3";
  private static final String S3_BUCKET = "--s3-bucket";
  private static final String S3_ACCESS_KEY = "--s3-access-key";
  private static final String S3_SECRET_KEY = "--s3-secret-key";
  private static final String S3_REDIRECT = "--s3-redirect";
  private static final String BROKER = "--broker";
  private static final String BROKER_USER = "--broker-user";
  private static final String BROKER_PASSWORD = "--broker-password";
  private static final String FROM_ENVIRONMENT = "env:";

  private static final Set<String> OF_DB = Set.of(DB_USER, DB_PASSWORD);
  private static final Set<String> OF_S3 =
      Set.of(S3_BUCKET, S3_ACCESS_KEY, S3_SECRET_KEY, S3_REDIRECT);
  private static final Set<String> OF_BROKER = Set.of(BROKER_USER, BROKER_PASSWORD);

  static final Set<String> ALL =
      Set.of(
          DB,
          DB_USER,
          DB_PASSWORD,
          S3,
          S3_BUCKET,
          S3_ACCESS_KEY,
          S3_SECRET_KEY,
          S3_REDIRECT,
          BROKER,
          BROKER_USER,
          BROKER_PASSWORD);

  private ExternalOptions() {}

  static External read(CommandLine line) {
    refuseWithout(line, DB, OF_DB);
    refuseWithout(line, S3, OF_S3);
    refuseWithout(line, BROKER, OF_BROKER);
    return new External(
        line.optional(DB, ExternalOptions::jdbcUrl).map(url -> database(line, url)),
        line.optional(S3, ExternalOptions::httpUrl).map(url -> objectStore(line, url)),
        line.optional(BROKER, ExternalOptions::brokerUrl).map(url -> broker(line, url)));
  }

  private static void refuseWithout(CommandLine line, String option, Set<String> belonging) {
    for (String other : belonging) {
      if (line.optional(other, text -> text).isPresent()
          && line.optional(option, text -> text).isEmpty()) {
        throw new UsageException(other + " needs " + option + ", see --help");
      }
    }
  }

  private static External.Database database(CommandLine line, String url) {
    return new External.Database(
        url, line.required(DB_USER, text -> text), secret(line, DB_PASSWORD).orElse(""));
  }

  private static External.ObjectStore objectStore(CommandLine line, URI url) {
    return new External.ObjectStore(
        url,
        line.required(S3_BUCKET, text -> text),
        line.required(S3_ACCESS_KEY, text -> text),
        secret(line, S3_SECRET_KEY)
            .orElseThrow(() -> new UsageException(S3_SECRET_KEY + " is missing, see --help")),
        line.optional(S3_REDIRECT, ExternalOptions::validity));
  }

  private static External.Broker broker(CommandLine line, URI url) {
    return new External.Broker(
        url,
        line.optional(BROKER_USER, text -> text).orElse("ota-server"),
        secret(line, BROKER_PASSWORD));
  }

  /** The reader never fails, since the message of a failure would quote the secret. */
  private static Optional<String> secret(CommandLine line, String option) {
    Optional<String> given = line.optional(option, text -> text);
    if (given.isEmpty() || !given.get().startsWith(FROM_ENVIRONMENT)) {
      return given;
    }
    String name = given.get().substring(FROM_ENVIRONMENT.length());
    String value = System.getenv(name);
    if (value == null) {
      throw new UsageException(option + ": there is no environment variable " + name);
    }
    return Optional.of(value);
  }

  private static String jdbcUrl(String text) {
    if (!text.startsWith("jdbc:postgresql:")) {
      throw new IllegalArgumentException("not a PostgreSQL URL, write jdbc:postgresql://HOST/NAME");
    }
    return text;
  }

  private static URI httpUrl(String text) {
    URI url = url(text);
    if (!Set.of("http", "https").contains(url.getScheme())) {
      throw new IllegalArgumentException("not an http or https URL");
    }
    return url;
  }

  private static Duration validity(String text) {
    Duration validity = Values.duration(text);
    if (validity.toSeconds() < 1 || validity.toDays() >= 7) {
      throw new IllegalArgumentException("not from 1s to 167h");
    }
    return validity;
  }

  private static URI brokerUrl(String text) {
    URI url = url(text);
    if (!Set.of("mqtt", "mqtts", "ws", "wss").contains(url.getScheme()) || url.getPort() < 0) {
      throw new IllegalArgumentException("not a broker, write mqtt://HOST:PORT");
    }
    return url;
  }

  private static URI url(String text) {
    try {
      URI url = new URI(text);
      if (url.getScheme() != null && url.getHost() != null && url.getUserInfo() == null) {
        return url;
      }
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("not a URL", e);
    }
    throw new IllegalArgumentException("not a URL with a host and without credentials");
  }
}
