package io.groupota.examples.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import io.groupota.examples.stack.Address;
import io.groupota.examples.stack.EmbeddedBroker;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
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
 * -Dota.kills=200} kills that often, half of them on each database; the seed of the instants is
 * printed and can be given as {@code -Dota.kills.seed}.
 */
class KillTest {
  private static final int CLIENTS = 4;
  private static final int KILLS = Integer.getInteger("ota.kills", 4);
  private static final long SEED = Long.getLong("ota.kills.seed", System.nanoTime());
  private static final int LONGEST_LIFE_MILLIS = 800;
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

  @Test
  void h2() throws Exception {
    String url =
        "jdbc:h2:file:"
            + folder.resolve("database")
            + ";WRITE_DELAY=0;RETENTION_TIME=2147483647;DB_CLOSE_ON_EXIT=FALSE";
    killAndLook("H2", url, "", KILLS / 2);
  }

  @Test
  void postgreSql() throws Exception {
    // The database is not what is killed, so it need not sync.
    try (EmbeddedPostgres server =
        EmbeddedPostgres.builder().setServerConfig("fsync", "off").start()) {
      killAndLook(
          "PostgreSQL", server.getJdbcUrl("postgres", "postgres"), "postgres", KILLS - KILLS / 2);
    }
  }

  private void killAndLook(String name, String url, String user, int kills) throws Exception {
    TRIGGERS.clear();
    long begin = System.nanoTime();
    Files.createDirectories(folder.resolve("spool"));
    Victim victim = Victim.start(folder, arguments(url, user, kills, true));
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    try {
      for (int life = 0; life < kills; life++) {
        List<Deploys> ofThisLife = streamUntilKilled(victim, clients, life);
        victim = Victim.start(folder, arguments(url, user, kills, false));
        for (Deploys deploys : ofThisLife) {
          deploys.assertServesOneWholeImage(http, victim.address());
        }
        all.addAll(ofThisLife);
      }
      awaitTriggers(victim);
      victim.kill();
      look(name, url, user, kills, begin);
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

  private void look(String name, String url, String user, int kills, long begin) throws Exception {
    try (Leftovers leftovers = new Leftovers(folder.resolve("blobs"), url, user)) {
      int answered = all.stream().mapToInt(deploys -> deploys.answered().size()).sum();
      assertThat(answered).as("deploys answered").isPositive();
      int recorded = leftovers.assertHistoryHolds(all);
      int orphans = leftovers.orphans().size();
      int uploads = leftovers.unfinishedUploads().size();
      leftovers.sweepAnHourLater();
      System.out.printf(
          "%s, killed %d times (seed %d): %d deploys answered 201, all of them found, %d more found;"
              + " before the sweep %d orphans and %d unfinished uploads, after it %d and %d; %d s%n",
          name,
          kills,
          SEED,
          answered,
          recorded - answered,
          orphans,
          uploads,
          leftovers.orphans().size(),
          leftovers.unfinishedUploads().size(),
          TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin));
      leftovers.assertNothingLeft();
    }
  }

  private static String trigger(String group, String version) {
    return group + " " + version;
  }

  private List<String> arguments(String url, String user, int kills, boolean first) {
    return List.of(
        url,
        user,
        "",
        folder.toString(),
        String.valueOf(broker.address().port()),
        String.valueOf(kills * CLIENTS),
        String.valueOf(first));
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
    victim.kill();
    for (Future<?> stream : running) {
      stream.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
    return streams;
  }
}
