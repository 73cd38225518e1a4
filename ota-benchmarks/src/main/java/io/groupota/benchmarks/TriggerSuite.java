package io.groupota.benchmarks;

import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import io.groupota.GroupOtaService;
import io.groupota.mqtt.MqttUpdateNotifier;

/** Triggers of many groups that are due at once. */
final class TriggerSuite implements Suite {
  private static final String ALL_DUE =
      "UPDATE ota_trigger SET due = now(), reason = 'DEPLOYED', attempts = 0, lease = NULL,"
          + " lease_until = NULL";

  @Override
  public String name() {
    return "trigger";
  }

  @Override
  public String about() {
    return "10,000 groups due at once, beside the bare client publishing the same messages";
  }

  @Override
  public void run(Run run) throws Exception {
    int groups = run.count(10_000, 200);
    try (Database database = run.database(this, 4);
        MqttBroker broker = MqttBroker.start(run.folder())) {
      Fleet fleet = new Fleet(database, run.seed());
      run.progress("trigger: loading " + groups + " groups");
      fleet.groups(0, groups);
      fleet.devices(groups, n -> n, n -> Fleet.user(0), n -> "1.2.6");
      database.settle();
      Mqtt5AsyncClient client = broker.connect();
      try (GroupOtaService service =
          Host.on(database, run.folder()).notifier(MqttUpdateNotifier.using(client)).build()) {
        double cold = ours(service, database, groups);
        bare(client, fleet, groups);
        run.add(Row.of("trigger.cold", cold, "1/s"));
        Duel.Outcome outcome =
            run.duel(3)
                .run(
                    run.progress("trigger: " + groups + " groups"),
                    () -> ours(service, database, groups),
                    () -> bare(client, fleet, groups));
        run.add(
            Row.of("trigger.groups-" + groups, outcome, "1/s").should(Target.ratioAtLeast(0.7)));
      } finally {
        client.disconnect().join();
      }
    }
  }

  private static double ours(GroupOtaService service, Database database, int groups)
      throws Exception {
    // Between two deploys to all groups a database has the time to clean up.
    database.execute("VACUUM ota_trigger", ALL_DUE);
    double seconds = Timing.seconds(service::runOnce);
    long left = database.count("SELECT COUNT(*) FROM ota_trigger WHERE due IS NOT NULL");
    if (left > 0) {
      throw new IllegalStateException(left + " groups are still due");
    }
    return groups / seconds;
  }

  private static double bare(Mqtt5AsyncClient client, Fleet fleet, int groups) throws Exception {
    return groups
        / BareClient.publish(
            client,
            i -> "/" + Fleet.user(0) + "/groups/" + fleet.group(i) + "/update-trigger",
            groups,
            Fleet.VERSION);
  }
}
