package io.groupota.benchmarks;

import io.groupota.GroupOtaService;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OwnerId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** The page of last updates of an owner with many groups. */
final class PageSuite implements Suite {
  private static final int PAGE = 25;
  private static final int SEARCHES = 300;

  private static final String BARE =
      "SELECT record_id, group_id, owner, version, path, last_updated FROM ota_latest"
          + " WHERE owner = ? ORDER BY last_updated, record_id LIMIT 25";

  @Override
  public String name() {
    return "page";
  }

  @Override
  public String about() {
    return "the last update of each group, page of 25, beside the bare SELECT of 25 rows";
  }

  @Override
  public void run(Run run) throws Exception {
    int groups = run.count(100_000, 500);
    int perGroup = run.count(50, 4);
    try (Database database = run.database(this, 4)) {
      Fleet fleet = new Fleet(database, run.seed());
      run.progress("page: loading " + groups + " groups");
      fleet.groups(0, groups);
      database.settle();
      try (GroupOtaService service = Host.on(database, run.folder()).build()) {
        run.add(Row.of("page.cold", cold(service, fleet.owner()), "us"));
        Duel.Outcome shorter = plain(run, database, service, fleet.owner(), groups);
        run.progress("page: loading a history of " + groups * perGroup);
        fleet.history(perGroup);
        database.settle();
        Duel.Outcome longer = plain(run, database, service, fleet.owner(), groups * perGroup);
        run.add(
            Row.of(
                    "page.longer-history",
                    new Duel.Outcome(
                        longer.ratio(), shorter.ratio(), longer.ratio() / shorter.ratio()),
                    "ratio")
                .should(Target.ratioAtMost(1.1)));
        search(run, service, fleet, groups);
      }
    }
  }

  /** The first page that the process ever makes. */
  private static double cold(GroupOtaService service, OwnerId owner) throws Exception {
    OtaQuery query = OtaQuery.builder().limit(PAGE).build();
    return 1e6 * Timing.seconds(() -> requirePage(service.latestUpdates(owner, query)));
  }

  private static Duel.Outcome plain(
      Run run, Database database, GroupOtaService service, OwnerId owner, int history)
      throws Exception {
    OtaQuery query = OtaQuery.builder().limit(PAGE).build();
    Duration time = run.time(1);
    Duel.Outcome outcome =
        run.duel(7)
            .run(
                run.progress("page: a history of " + history),
                () ->
                    Timing.medianMicros(
                        time, () -> requirePage(service.latestUpdates(owner, query))),
                () -> Timing.medianMicros(time, () -> bare(database, owner)));
    run.add(Row.of("page.history-" + history, outcome, "us").should(Target.ratioAtMost(2)));
    return outcome;
  }

  private static void requirePage(OtaPage page) {
    if (page.updates().size() != PAGE || page.total() < PAGE) {
      throw new IllegalStateException("A page has " + page.updates().size() + " updates");
    }
  }

  /** What a program does that knows JDBC and nothing else: the pool, the statement, the rows. */
  private static void bare(Database database, OwnerId owner) throws SQLException {
    try (Connection connection = database.pool().getConnection();
        PreparedStatement statement = connection.prepareStatement(BARE)) {
      statement.setString(1, owner.value());
      try (ResultSet row = statement.executeQuery()) {
        List<Bare> rows = new ArrayList<>();
        while (row.next()) {
          rows.add(
              new Bare(
                  row.getString(1),
                  row.getString(2),
                  row.getString(3),
                  row.getString(4),
                  row.getString(5),
                  row.getTimestamp(6)));
        }
        if (rows.size() != PAGE) {
          throw new IllegalStateException("The bare SELECT found " + rows.size() + " rows");
        }
      }
    }
  }

  private record Bare(
      String record, String group, String owner, String version, String path, Timestamp time) {}

  /** What people type: a part of an id, a whole one, something that is everywhere or nowhere. */
  private static void search(Run run, GroupOtaService service, Fleet fleet, int groups)
      throws Exception {
    Random random = run.seed().random("page");
    Samples millis = new Samples();
    int searches = run.count(SEARCHES, 20);
    Progress progress = run.progress("page: " + searches + " searches");
    for (int i = 0; i < searches; i++) {
      progress.at((double) i / searches);
      String id = fleet.group(random.nextInt(groups)).value();
      String text =
          switch (i % 4) {
            case 0 -> id.substring(10, 14);
            case 1 -> id;
            case 2 -> "firmware";
            default -> "nowhere";
          };
      OtaQuery query = OtaQuery.builder().search(text).limit(PAGE).build();
      long begin = System.nanoTime();
      OtaPage page = service.latestUpdates(fleet.owner(), query);
      millis.add((System.nanoTime() - begin) / 1e6);
      if (page.updates().isEmpty() != text.equals("nowhere")) {
        throw new IllegalStateException("A search found " + page.filtered());
      }
    }
    progress.done();
    run.add(Row.of("page.search-median", millis.median(), "ms"));
    run.add(Row.of("page.search-p99", millis.percentile(0.99), "ms").should(Target.atMost(60)));
  }
}
