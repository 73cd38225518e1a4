package io.groupota.benchmarks;

import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import io.groupota.GroupOtaService;
import io.groupota.mqtt.MqttUpdateNotifier;
import io.groupota.spi.Addressing;

/** Triggers of many groups that are due at once. */
final class TriggerSuite implements Suite {
  private static final String ALL_DUE =
      "UPDATE ota_trigger SET due = now(), reason = 'DEPLOYED', attempts = 0, lease = NULL,"
          + " lease_until = NULL";

  /** Until then the compiler is still at work on what is measured. */
  private static final int WARM_UP = 15;

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
    int messages = run.count(10_000, 200);
    run.add(
        measure(run, new Load("groups", Addressing.GROUP, messages, 1))
            .should(Target.ratioAtLeast(0.7)));
    run.add(measure(run, new Load("devices", Addressing.DEVICE, messages, 10)));
  }

  /**
   * What is due.
   *
   * @param name of whom
   * @param addressing how they are told
   * @param messages how many are sent
   * @param perGroup how many of them to one group
   */
  private record Load(String name, Addressing addressing, int messages, int perGroup) {
    int groups() {
      return messages / perGroup;
    }

    String title() {
      return "trigger: " + messages + " " + name;
    }

    String topic(Fleet fleet, int message) {
      return "/"
          + Fleet.user(0)
          + (addressing == Addressing.GROUP
              ? "/groups/" + fleet.group(message)
              : "/devices/" + fleet.device(message))
          + "/update-trigger";
    }
  }

  private Row measure(Run run, Load load) throws Exception {
    try (Database database = run.database(this, 4);
        MqttBroker broker = MqttBroker.start(run.folder())) {
      Fleet fleet = new Fleet(database, run.seed());
      run.progress(load.title() + ": loading");
      fleet.groups(0, load.groups());
      fleet.devices(
          load.messages(),
          load.addressing(),
          n -> n / load.perGroup(),
          n -> Fleet.user(0),
          n -> "1.2.6");
      database.settle();
      Mqtt5AsyncClient client = broker.connect();
      CountingNotifier notifier = new CountingNotifier(MqttUpdateNotifier.using(client));
      try (GroupOtaService service = Host.on(database, run.folder()).notifier(notifier).build()) {
        Duel.Measure ours = () -> ours(service, notifier, database, load);
        Duel.Measure bare = () -> bare(client, fleet, load);
        double cold = ours.run();
        if (load.addressing() == Addressing.GROUP) {
          run.add(Row.of("trigger.cold", cold, "1/s"));
        }
        for (int i = 0; i < run.count(WARM_UP, 1); i++) {
          bare.run();
          ours.run();
        }
        Duel.Outcome outcome = run.duel(9).run(run.progress(load.title()), ours, bare);
        return Row.of("trigger." + load.name() + "-" + load.messages(), outcome, "1/s");
      } finally {
        client.disconnect().join();
      }
    }
  }

  private static double ours(
      GroupOtaService service, CountingNotifier notifier, Database database, Load load)
      throws Exception {
    // Between two deploys to all groups a database has the time to clean up.
    database.execute("VACUUM ota_trigger", ALL_DUE);
    double seconds = Timing.seconds(service::runOnce);
    notifier.require(load.messages());
    long left = database.count("SELECT COUNT(*) FROM ota_trigger WHERE due IS NOT NULL");
    if (left > 0) {
      throw new IllegalStateException(left + " groups are still due");
    }
    return load.messages() / seconds;
  }

  private static double bare(Mqtt5AsyncClient client, Fleet fleet, Load load) throws Exception {
    return load.messages()
        / BareClient.publish(client, i -> load.topic(fleet, i), load.messages(), Fleet.VERSION);
  }
}
