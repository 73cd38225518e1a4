package io.groupota.storage.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.groupota.DeviceId;
import io.groupota.spi.OtaRepository;
import io.groupota.testkit.fault.FaultyProxy;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A database that answers, but late. */
@Timeout(120)
class LateAnswersTest {
  private static final DeviceId DEVICE = new DeviceId(Samples.id(1));

  @Test
  void whatANodeHeardLaterCountsAlthoughTheDatabaseAnswersLate() {
    HikariConfig config = TestDatabase.postgres();
    URI direct = URI.create(config.getJdbcUrl().substring("jdbc:".length()));
    try (FaultyProxy proxy =
        FaultyProxy.to(new InetSocketAddress(direct.getHost(), direct.getPort()))) {
      config.setJdbcUrl(config.getJdbcUrl().replace(":" + direct.getPort(), ":" + proxy.port()));
      config.setMaximumPoolSize(2);
      try (HikariDataSource pool = new HikariDataSource(config)) {
        OtaRepository repository = JdbcOtaRepository.using(pool);
        repository.save(List.of(Samples.sighting(1, "1.0.0")));

        proxy.delay(Duration.ofMillis(300));
        assertThat(repository.save(List.of(Samples.sighting(1, "1.0.1"))).overtaken()).isEmpty();
        proxy.restore();

        assertThat(repository.states(List.of(DEVICE)).get(DEVICE).reportedVersion())
            .contains("1.0.1");
      }
    }
  }
}
