package io.groupota.examples.faults;

import io.groupota.Retention;
import io.groupota.spi.OtaRepository;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import javax.sql.DataSource;

/**
 * A repository that removes old updates as if an hour went by every 36 milliseconds, and is on time
 * in all else. The haste goes on where that of an earlier process ended, if the begin is the same.
 */
final class Forgetting {
  /** The least that can be kept. */
  static final Retention RETENTION = new Retention(3, Duration.ofHours(1));

  private static final int HASTE = 100_000;

  private final Instant begin;
  private volatile Instant now;

  Forgetting(Instant begin) {
    this.begin = begin;
    this.now = begin;
  }

  /** Time stands still in between, so that a round which takes long comes to its end. */
  void advance() {
    now = begin.plus(Duration.between(begin, Instant.now()).multipliedBy(HASTE));
  }

  OtaRepository repository(DataSource database) {
    InstantSource hasty = () -> now;
    OtaRepository onTime = JdbcOtaRepository.builder(database).migrate(false).build();
    OtaRepository early =
        JdbcOtaRepository.builder(database)
            .migrate(false)
            .clock(hasty.withZone(ZoneOffset.UTC))
            .build();
    return (OtaRepository)
        Proxy.newProxyInstance(
            OtaRepository.class.getClassLoader(),
            new Class<?>[] {OtaRepository.class},
            (proxy, method, arguments) -> {
              try {
                return method.invoke(method.getName().equals("prune") ? early : onTime, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
