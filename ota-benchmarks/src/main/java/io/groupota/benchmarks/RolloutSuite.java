package io.groupota.benchmarks;

import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import io.groupota.GroupOtaService;
import io.groupota.benchmarks.RolloutRound.Seconds;
import io.groupota.mqtt.MqttUpdateNotifier;
import io.groupota.spi.Addressing;

/** A rollout to one large group: its devices are taken in, and the first stage is let through. */
final class RolloutSuite implements Suite {
  private static final double DEVICES_PER_SECOND = 50_000;
  private static final double STEP_SECONDS = 5;

  @Override
  public String name() {
    return "rollout";
  }

  @Override
  public String about() {
    return "1,000,000 devices join a plan, a stage of 100,000 begins, beside the bare statements";
  }

  @Override
  public void run(Run run) throws Exception {
    int devices = run.count(1_000_000, 5_000);
    try (Database database = run.database(this, 4);
        MqttBroker broker = MqttBroker.start(run.folder())) {
      Fleet fleet = new Fleet(database, run.seed());
      run.progress("rollout: loading " + devices + " devices");
      fleet.groups(0, 1);
      fleet.devices(devices, Addressing.DEVICE, n -> 0, n -> Fleet.user(0), n -> "1.2.6");
      database.settle();
      Mqtt5AsyncClient client = broker.connect();
      CountingNotifier notifier = new CountingNotifier(MqttUpdateNotifier.using(client));
      try (GroupOtaService service = Host.on(database, run.folder()).notifier(notifier).build()) {
        RolloutRound round = new RolloutRound(service, notifier, database, fleet, devices);
        measure(run, round, new RolloutLimit(database, client, fleet), devices);
      } finally {
        client.disconnect().join();
      }
    }
  }

  /**
   * A million rows even out what the machine does meanwhile: one round is warm, one is cold. The
   * limit is measured on both sides of the warm one.
   */
  private static void measure(Run run, RolloutRound round, RolloutLimit limit, int devices)
      throws Exception {
    Progress progress = run.progress("rollout: " + devices + " devices, cold and warm");
    double coldJoin = round.join();
    limit.keep();
    progress.at(0.2);
    double coldStep = round.step();
    progress.at(0.25);
    double coldTriggers = round.trigger();
    progress.at(0.35);
    Seconds before = limit.run(round.stage());
    progress.at(0.5);
    Seconds warm = new Seconds(round.join(), round.step(), round.trigger());
    progress.at(0.85);
    Seconds bare = before.mean(limit.run(round.stage()));
    progress.done();
    run.add(Row.of("rollout.join-cold", devices / coldJoin, "1/s"));
    run.add(
        Row.of("rollout.join-" + devices, rates(devices, warm.join(), bare.join()), "1/s")
            .should(Target.ratioAtLeast(0.5)));
    run.add(
        Row.of("rollout.50000-a-second", devices / warm.join(), "1/s")
            .should(Target.atLeast(DEVICES_PER_SECOND)));
    run.add(Row.of("rollout.step-cold", coldStep, "s"));
    run.add(
        Row.of("rollout.step-" + round.stage(), seconds(warm.step(), bare.step()), "s")
            .should(Target.atMost(STEP_SECONDS)));
    run.add(Row.of("rollout.triggers-cold", round.stage() / coldTriggers, "1/s"));
    run.add(
        Row.of(
            "rollout.triggers-" + round.stage(),
            rates(round.stage(), warm.triggers(), bare.triggers()),
            "1/s"));
    run.add(
        Row.of(
                "rollout.step-and-triggers",
                seconds(warm.step() + warm.triggers(), bare.step() + bare.triggers()),
                "s")
            .should(Target.atMost(STEP_SECONDS)));
  }

  private static Duel.Outcome rates(int count, double ours, double bare) {
    return new Duel.Outcome(count / ours, count / bare, bare / ours);
  }

  private static Duel.Outcome seconds(double ours, double bare) {
    return new Duel.Outcome(ours, bare, ours / bare);
  }
}
