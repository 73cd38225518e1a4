package io.groupota.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.benchmarks.Seed.Kind;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SeedTest {
  @Test
  void theSameSeedGivesTheSameDataAndAnotherOneOtherData() throws Exception {
    try (Postgres postgres = Postgres.open(Optional.empty())) {
      String first = load(postgres, 7);
      assertThat(load(postgres, 7)).isEqualTo(first);
      assertThat(load(postgres, 8)).isNotEqualTo(first);
    }
  }

  /** A digest of what is in the tables. */
  private static String load(Postgres postgres, long seed) throws Exception {
    try (Database database = Database.open(postgres.url(), "ota_bench_seed", 4)) {
      Fleet fleet = new Fleet(database, new Seed(seed));
      fleet.groups(0, 50);
      fleet.history(3);
      fleet.devices(200, n -> n % 50, n -> Fleet.user(n % 3), n -> "1.0." + n % 4);
      assertThat(database.count("SELECT COUNT(*) FROM ota_update")).isEqualTo(150);
      assertThat(
              database.count(
                  "SELECT COUNT(*) FROM ota_latest l JOIN ota_update u ON u.id = l.update_id"
                      + " WHERE u.seq = (SELECT MAX(seq) FROM ota_update o"
                      + " WHERE o.group_id = l.group_id)"))
          .isEqualTo(50);
      StringBuilder all = new StringBuilder();
      for (String table :
          new String[] {
            "(SELECT id, owner, token FROM ota_group)",
            "(SELECT id, group_id, version, blob_key, created_at FROM ota_update)",
            "(SELECT * FROM ota_device)",
            "(SELECT device_id, reported_version FROM ota_device_state)"
          }) {
        all.append(
            database.count("SELECT SUM(hashtextextended(t::text, 0) / 1000) FROM " + table + " t"));
      }
      return all.toString();
    }
  }

  @Test
  void idsAreDistinctHexDigitsAndBeginWithATimeThatGrows() {
    Seed seed = new Seed(1);
    Set<String> ids = new HashSet<>();
    for (Kind kind : Kind.values()) {
      for (int i = 0; i < 1_000; i++) {
        ids.add(seed.id(kind, i));
      }
    }
    assertThat(ids).hasSize(5 * 1_000).allMatch(id -> id.matches("[0-9a-f]{24}"));
    assertThat(seed.id(Kind.UPDATE, 4)).isGreaterThan(seed.id(Kind.UPDATE, 3));
    assertThat(seed.token(Kind.GROUP, 3)).matches("[0-9a-f]{16}");
    assertThat(seed.random("check").nextLong()).isNotEqualTo(seed.random("page").nextLong());
  }
}
