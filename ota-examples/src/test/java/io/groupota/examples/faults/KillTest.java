package io.groupota.examples.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import io.groupota.examples.stack.Address;
import io.groupota.examples.stack.EmbeddedBroker;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server is killed at random instants of a stream of deploys, and started again. Each life has
 * groups of its own, so that no later deploy hides what an earlier death lost. {@code
 * -Dota.kills=200} kills that often, half of them on each database, and half as often again while
 * old updates are removed all the time; the seed of the instants is printed and can be given as
 * {@code -Dota.kills.seed}.
 */
class KillTest {
  private static final int CLIENTS = 4;
  private static final int KILLS = Integer.getInteger("ota.kills", 4);
  private static final long SEED = Long.getLong("ota.kills.seed", System.nanoTime());
  private static final int LONGEST_LIFE_MILLIS = 800;
  private static final int SHORTEST_LIFE_MILLIS = 50;

  /** More than are kept where old updates are removed. */
  private static final int ANSWERS = 5;

  private static final long PATIENCE_SECONDS = 60;

  @TempDir static Path shared;

  private static EmbeddedBroker broker;
  private static Mqtt3AsyncClient observer;

  /** Group and version of every trigger that arrived. */
  private static final Set<String> TRIGGERS = ConcurrentHashMap.newKeySet();

  @TempDir Path folder;

  private final HttpClient http = HttpClient.newHttpClient();
  private final Random instants = new Random(SEED);
  private final List<Deploys> all = new ArrayList<>();

  @BeforeAll
  static void listen() {
    broker = EmbeddedBroker.start(Address.loopback(), shared);
    observer =
        Mqtt3Client.builder()
            .serverHost(broker.address().host())
            .serverPort(broker.address().port())
            .buildAsync();
    observer.connect().join();
    observer
        .subscribeWith()
        .topicFilter("/+/groups/+/update-trigger")
        .callback(
            publish ->
                TRIGGERS.add(
                    trigger(
                        publish.getTopic().getLevels().get(3),
                        new String(publish.getPayloadAsBytes(), StandardCharsets.UTF_8)
                            .replaceAll(".*\"ver\":\"([^\"]*)\".*", "$1"))))
        .send()
        .join();
  }

  @AfterAll
  static void stopListening() {
    observer.disconnect().join();
    broker.close();
  }

  /** What is killed how often: with a user on PostgreSQL, without one on H2. */
  record Run(String name, String url, String user, int kills, long forgetsSince) {
    boolean forgets() {
      return forgetsSince > 0;
    }
  }

  @Test
  void h2() throws Exception {
    killAndLook(new Run("H2", h2Url(), "", KILLS / 2, 0));
  }

  @Test
  void h2ThatForgets() throws Exception {
    killAndLook(new Run("H2 that forgets", h2Url(), "", KILLS / 4, System.currentTimeMillis()));
  }

  private String h2Url() {
    return "jdbc:h2:file:"
        + folder.resolve("database")
        + ";WRITE_DELAY=0;RETENTION_TIME=2147483647;DB_CLOSE_ON_EXIT=FALSE";
  }

  @Test
  void postgreSql() throws Exception {
    try (EmbeddedPostgres server = postgres()) {
      killAndLook(new Run("PostgreSQL", url(server), "postgres", KILLS - KILLS / 2, 0));
    }
  }

  @Test
  void postgreSqlThatForgets() throws Exception {
    try (EmbeddedPostgres server = postgres()) {
      killAndLook(
          new Run(
              "PostgreSQL that forgets",
              url(server),
              "postgres",
              KILLS / 4,
              System.currentTimeMillis()));
    }
  }

  /** The database is not what is killed, so it need not sync. */
  private static EmbeddedPostgres postgres() throws IOException {
    return EmbeddedPostgres.builder().setServerConfig("fsync", "off").start();
  }

  private static String url(EmbeddedPostgres server) {
    return server.getJdbcUrl("postgres", "postgres");
  }

  private void killAndLook(Run run) throws Exception {
    TRIGGERS.clear();
    long begin = System.nanoTime();
    Files.createDirectories(folder.resolve("spool"));
    Victim victim = Victim.start(folder, arguments(run, true));
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try {
      for (int life = 0; life < run.kills(); life++) {
        List<Deploys> ofThisLife = streamUntilKilled(victim, clients, life);
        victim = Victim.start(folder, arguments(run, false));
        for (Deploys deploys : ofThisLife) {
          deploys.assertServesOneWholeImage(http, victim.address());
        }
        all.addAll(ofThisLife);
      }
      awaitTriggers(victim);
      victim.kill();
      look(run, begin);
    } finally {
      clients.shutdown();
      victim.kill();
    }
  }

  /** What each group serves was triggered, answered or not. */
  private void awaitTriggers(Victim victim) throws Exception {
    List<String> owed = new ArrayList<>();
    for (Deploys deploys : all) {
      deploys
          .assertServesOneWholeImage(http, victim.address())
          .ifPresent(version -> owed.add(trigger(deploys.group().value(), version)));
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!TRIGGERS.containsAll(owed)) {
      owed.removeAll(TRIGGERS);
      assertThat(System.nanoTime()).as("never triggered: %s", owed).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private void look(Run run, long begin) throws Exception {
    try (Leftovers leftovers = new Leftovers(folder.resolve("blobs"), run)) {
      int answered = all.stream().mapToInt(deploys -> deploys.answered().size()).sum();
      leftovers.assertHistoryHolds(all);
      int orphans = leftovers.orphans().size();
      int uploads = leftovers.unfinishedUploads().size();
      leftovers.sweepAnHourLater();
      int recorded = leftovers.assertHistoryHolds(all);
      System.out.printf(
          "%s, killed %d times (seed %d): %d deploys answered 201, %d updates found;"
              + " before the sweep %d orphans and %d unfinished uploads, after it %d and %d; %d s%n",
          run.name(),
          run.kills(),
          SEED,
          answered,
          recorded,
          orphans,
          uploads,
          leftovers.orphans().size(),
          leftovers.unfinishedUploads().size(),
          TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin));
      leftovers.assertNothingLeft();
      assertThat(recorded < answered).as("updates were removed").isEqualTo(run.forgets());
    }
  }

  /** Every other life gets something done, however slow the machine is. */
  private static void awaitAnswers(List<Deploys> streams) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (streams.stream().noneMatch(stream -> stream.answered().size() > ANSWERS)) {
      assertThat(System.nanoTime()).as("a deploy is answered").isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  private static String trigger(String group, String version) {
    return group + " " + version;
  }

  private List<String> arguments(Run run, boolean first) {
    return List.of(
        run.url(),
        run.user(),
        "",
        folder.toString(),
        String.valueOf(broker.address().port()),
        String.valueOf(run.kills() * CLIENTS),
        String.valueOf(first),
        String.valueOf(run.forgetsSince()));
  }

  private List<Deploys> streamUntilKilled(Victim victim, ExecutorService clients, int life)
      throws Exception {
    List<Deploys> streams = new ArrayList<>();
    List<Future<?>> running = new ArrayList<>();
    for (int client = 0; client < CLIENTS; client++) {
      Deploys deploys = new Deploys(KilledServer.group(life * CLIENTS + client));
      streams.add(deploys);
      running.add(
          clients.submit(
              () -> {
                deploys.stream(http, victim.address());
                return null;
              }));
    }
    // Not a wait for something: the instant of the death is the input of this test.
    TimeUnit.MILLISECONDS.sleep(instants.nextInt(LONGEST_LIFE_MILLIS));
    if (life % 2 == 0) {
      awaitAnswers(streams);
      TimeUnit.MILLISECONDS.sleep(instants.nextInt(SHORTEST_LIFE_MILLIS));
    }
    victim.kill();
    for (Future<?> stream : running) {
      stream.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
    return streams;
  }
}
