package io.groupota.benchmarks;

import io.groupota.GroupOtaService;
import io.groupota.spi.Addressing;
import java.time.Duration;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/** {@code GET latest} of devices that stay connected. */
final class CheckSuite implements Suite {
  private static final int CONNECTIONS = 32;
  private static final double COLD_SECONDS = 10;
  private static final int DEVICES_PER_GROUP = 10;

  @Override
  public String name() {
    return "check";
  }

  @Override
  public String about() {
    return "GET latest on 32 connections, beside the same Jetty answering a constant";
  }

  @Override
  public void run(Run run) throws Exception {
    int few = run.count(100, 20);
    int some = run.count(10_000, 100);
    int many = run.count(100_000, 500);
    try (Database database = run.database(this, 10)) {
      Fleet fleet = new Fleet(database, run.seed());
      run.progress("check: loading " + many + " groups");
      fleet.groups(0, many);
      database.settle();
      try (GroupOtaService service = Host.on(database, run.folder()).build();
          WebServer web = WebServer.start(service, fleet.owner(), run.folder())) {
        service.start();
        HttpLoad load = new HttpLoad(web.address(), CONNECTIONS, true);
        Duration first = run.time(COLD_SECONDS);
        run.progress("check: the first seconds");
        double cold = load.run(ofGroups(fleet, some, run), first).perSecond();
        Busy busy = new Busy();
        double atFew = measure(run, fleet, service, load, few, busy).ratio();
        Duel.Outcome atSome = measure(run, fleet, service, load, some, busy);
        double atMany = measure(run, fleet, service, load, many, busy).ratio();
        fleet.devices(
            some,
            Addressing.DEVICE,
            n -> n / DEVICES_PER_GROUP,
            n -> Fleet.user(0),
            n -> Fleet.VERSION);
        database.settle();
        Duel.Outcome ofDevices =
            duel(run, some + " devices", ofDevices(fleet, some, run), load, busy);
        double peer = 20 * Peer.CHECKS_PER_SECOND;
        run.add(Row.of("check.cold", cold, "1/s"));
        run.add(
            Row.of("check.20-times-the-peer", atSome.value(), "1/s").should(Target.atLeast(peer)));
        run.add(
            Row.of("check.flat", new Duel.Outcome(atMany, atFew, atMany / atFew), "ratio")
                .should(Target.ratioAtLeast(0.9)));
        run.add(Row.of("check.devices-" + some, ofDevices, "1/s").should(Target.atLeast(peer)));
        run.add(Row.of("check.driver-busy", 100 * busy.share.median(), "%"));
      }
    }
  }

  /**
   * How much of one core the thread that asks takes, while it asks for the constant. It is part of
   * both sides, and takes the ratio nearer to 1 than servers alone would have it.
   */
  private static final class Busy {
    final Samples share = new Samples();
  }

  private static Duel.Outcome measure(
      Run run, Fleet fleet, GroupOtaService service, HttpLoad load, int groups, Busy busy)
      throws Exception {
    // Every group was asked for once: what is measured is the steady state, as after an hour.
    warm(run, fleet, service, groups);
    Duel.Outcome outcome = duel(run, groups + " groups", ofGroups(fleet, groups, run), load, busy);
    run.add(Row.of("check.groups-" + groups, outcome, "1/s").should(Target.ratioAtLeast(0.8)));
    return outcome;
  }

  private static Duel.Outcome duel(
      Run run, String whose, Supplier<byte[]> checks, HttpLoad load, Busy busy) throws Exception {
    byte[] constant = HttpLoad.get(WebServer.CONSTANT, "1.1");
    load.run(checks, run.time(2));
    // Many short rounds, since the ratio is near its target and the machine is not the same always.
    Duration time = run.time(0.7);
    return run.duel(15)
        .run(
            run.progress("check: " + whose),
            () -> load.run(checks, time).perSecond(),
            () -> {
              HttpLoad.Result result = load.run(() -> constant, time);
              busy.share.add(result.driverBusy());
              return result.perSecond();
            });
  }

  private static void warm(Run run, Fleet fleet, GroupOtaService service, int groups) {
    Progress progress = run.progress("check: asking for " + groups + " groups");
    for (int i = 0; i < groups; i++) {
      progress.at((double) i / groups);
      if (service.served(fleet.group(i)).isEmpty()) {
        throw new IllegalStateException("A group serves nothing");
      }
    }
    progress.done();
  }

  private static Supplier<byte[]> ofGroups(Fleet fleet, int groups, Run run) {
    return checks(groups, i -> "group/latest/" + fleet.group(i), run);
  }

  private static Supplier<byte[]> ofDevices(Fleet fleet, int devices, Run run) {
    return checks(devices, i -> "device/latest/" + fleet.device(i), run);
  }

  private static Supplier<byte[]> checks(int count, IntFunction<String> paths, Run run) {
    byte[][] requests = new byte[count][];
    for (int i = 0; i < count; i++) {
      requests[i] = HttpLoad.get("/v1/ota/" + paths.apply(i), "1.1");
    }
    Random random = run.seed().random("check");
    return () -> requests[random.nextInt(count)];
  }
}
