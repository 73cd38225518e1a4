package io.groupota.examples.simulator;

import io.groupota.DeployRequest;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.Retention;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutState;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A fleet goes through a rollout: the service as a host has it, on a clock that jumps from one
 * thing to the next. Used by one thread.
 */
final class Simulation implements AutoCloseable {
  /** After how many reports they are saved, whatever the time: one batch. */
  static final int MOST_REPORTS = 1_000;

  /** How many devices the service remembers; more would save little and cost memory. */
  private static final int REMEMBERED = 20_000;

  /** How long the fleet is watched after the end, so that what comes of it is seen. */
  private static final Duration AFTERMATH = Duration.ofHours(1);

  private final Scenario scenario;
  private final VirtualTime time;
  private final FleetDirectory directory;
  private final GroupOtaService service;
  private final VirtualFleet fleet;

  Simulation(Scenario scenario) {
    this.scenario = scenario;
    this.time = new VirtualTime(scenario.start());
    this.directory = new FleetDirectory(scenario.fleet().cohorts());
    ActionQueue actions = new ActionQueue();
    this.service =
        GroupOta.builder()
            .repository(new InMemoryOtaRepository(time.clock()))
            .blobStore(new InMemoryBlobStore())
            .groups(directory)
            .notifier(new VirtualBroker(directory, actions, time))
            .clock(time.clock())
            .random(new SplittableRandom(scenario.fleet().seed()))
            .reportCapacity(REMEMBERED)
            .lastSeenInterval(Duration.ofHours(1))
            .retention(Retention.EVERYTHING)
            .build();
    this.fleet =
        new VirtualFleet(
            scenario.fleet(),
            new VirtualFleet.World(directory, actions, time),
            service,
            scenario.target());
  }

  VirtualFleet fleet() {
    return fleet;
  }

  GroupOtaService service() {
    return service;
  }

  /**
   * Runs until the rollout is over or somebody would have to decide, and an hour more.
   *
   * @param watcher gets a sample for each step of the clock
   * @return the rollout in the end
   * @throws io.groupota.InvalidRequestException if the plan does not fit the fleet
   */
  Rollout run(Consumer<Sample> watcher) {
    fleet.begin();
    directory.cohorts().forEach(this::deployOld);
    fleet.save();
    RolloutId id = deployNew().id();
    long end = scenario.longest().toMillis();
    long approval = Long.MAX_VALUE;
    boolean decided = false;
    Rollout rollout = service.rollouts().get(FleetModel.OWNER, id);
    while (time.now() < end) {
      rollout = step(id);
      watcher.accept(Sample.of(time.elapsed(), rollout));
      if (!decided && isUpToSomebody(rollout)) {
        decided = true;
        end = Math.min(end, time.now() + AFTERMATH.toMillis());
      }
      boolean awaits = rollout.state() == RolloutState.AWAITING_APPROVAL;
      approval = awaits ? Math.min(approval, time.now() + approvalMillis()) : Long.MAX_VALUE;
      if (awaits && time.now() >= approval) {
        service.rollouts().approve(FleetModel.OWNER, id);
      }
    }
    return rollout;
  }

  private long approvalMillis() {
    return scenario.approval().toMillis();
  }

  private static boolean isUpToSomebody(Rollout rollout) {
    boolean waits =
        rollout.state() == RolloutState.SCHEDULED
            && rollout.enrolled()
            && rollout.plan().schedule().manually();
    return rollout.state().isOver() || rollout.state() == RolloutState.PAUSED || waits;
  }

  private Rollout step(RolloutId id) {
    long until = time.now() + scenario.tick().toMillis();
    fleet.act(until);
    time.set(until);
    fleet.save();
    return service.rollouts().get(FleetModel.OWNER, id);
  }

  private void deployOld(Cohort cohort) {
    service.deploy(request(cohort, cohort.version()));
  }

  private Rollout deployNew() {
    List<Cohort> cohorts = directory.cohorts();
    Map<GroupId, Token> others = new TreeMap<>();
    cohorts
        .subList(1, cohorts.size())
        .forEach(cohort -> others.put(cohort.group().id(), cohort.group().token()));
    return service
        .rollouts()
        .deploy(request(cohorts.get(0), scenario.target()), others, scenario.plan());
  }

  private static DeployRequest request(Cohort cohort, String version) {
    return DeployRequest.of(
        FleetModel.OWNER,
        cohort.group().id().value(),
        cohort.group().token().value(),
        version,
        FirmwareSource.bytes(("firmware " + version).getBytes(StandardCharsets.US_ASCII)));
  }

  @Override
  public void close() {
    service.close();
  }
}
