package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.RolloutStateException;
import io.groupota.UpdateCode;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Guards;
import io.groupota.rollout.Pace;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.Selector;
import io.groupota.rollout.Stage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** What holds for rollouts whatever devices say, whenever, and whichever node looks. */
class RolloutPropertiesTest {
  private static final int DEVICES = 8;
  private static final int CAP = 3;

  /** What a device can say, and what else can happen. */
  enum What {
    OLD,
    TARGET,
    BETWEEN,
    NEWER,
    RECEIVED,
    STARTED,
    UP_TO_DATE,
    FAILED,
    NO_ROOM,
    ROOM,
    RUN,
    JOIN,
    PAUSE,
    RESUME,
    APPROVE
  }

  /** One thing that happens, some time after the one before. */
  record Step(What what, int device, int node, int millis) {}

  private static Optional<DeviceReport> said(What what, int number) {
    DeviceId device = ServiceContract.device(number + 1);
    return Optional.ofNullable(
        switch (what) {
          case OLD -> DeviceReport.version(device, RolloutWorld.OLD);
          case TARGET -> DeviceReport.version(device, RolloutWorld.TARGET);
          case BETWEEN -> DeviceReport.version(device, "1.5.0");
          case NEWER -> DeviceReport.version(device, "3.0.0");
          case RECEIVED -> DeviceReport.code(device, UpdateCode.TRIGGER_RECEIVED);
          case STARTED -> DeviceReport.code(device, UpdateCode.DOWNLOAD_STARTED);
          case UP_TO_DATE -> DeviceReport.code(device, UpdateCode.UP_TO_DATE);
          case FAILED -> DeviceReport.code(device, UpdateCode.FAILED);
          case NO_ROOM -> DeviceReport.freeSpace(device, 1);
          case ROOM -> DeviceReport.freeSpace(device, 1 << 20);
          case RUN, JOIN, PAUSE, RESUME, APPROVE -> null;
        });
  }

  private static RolloutPlan staged() {
    return RolloutPlan.builder()
        .stage(Stage.percent(25, new Gate(50, Duration.ZERO, false)))
        .stage(Stage.percent(50, new Gate(50, Duration.ofMinutes(1), false)))
        .stage(Stage.everyone())
        .pace(Pace.constant(600, CAP))
        .devices(RolloutServiceContract.limits(1))
        .build();
  }

  @Property(tries = 150)
  void theCountsAreThoseOfTheStatesAndNobodyIsAheadOfItsStage(
      @ForAll("histories") List<Step> history) {
    try (RolloutWorld world = new RolloutWorld(DEVICES, staged())) {
      for (Step step : history) {
        world.pass(Duration.ofMillis(step.millis()));
        happen(world, step);
        world.assertConsistent();
      }
      for (int i = 0; i < 4; i++) {
        world.pass(Duration.ofMinutes(2));
        world.run(i % 2);
        world.assertConsistent();
      }
    }
  }

  private static void happen(RolloutWorld world, Step step) {
    switch (step.what()) {
      case RUN -> world.run(step.node());
      case JOIN -> world.joinLate();
      case PAUSE, RESUME, APPROVE -> act(world, step);
      default ->
          said(step.what(), step.device()).ifPresent(report -> world.report(step.node(), report));
    }
  }

  private static void act(RolloutWorld world, Step step) {
    var rollouts = world.node(step.node()).rollouts();
    try {
      switch (step.what()) {
        case PAUSE -> rollouts.pause(ServiceContract.OWNER, world.id());
        case RESUME -> rollouts.resume(ServiceContract.OWNER, world.id());
        default -> rollouts.approve(ServiceContract.OWNER, world.id());
      }
    } catch (RolloutStateException e) {
      assertThat(e).as("it was not the time for it").hasMessageContaining(world.id().value());
    }
  }

  @Provide
  Arbitrary<List<Step>> histories() {
    return Combinators.combine(
            Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.of(What.RUN)), Tuple.of(5, Arbitraries.of(What.class))),
            Arbitraries.integers().between(0, DEVICES - 1),
            Arbitraries.integers().between(0, 1),
            Arbitraries.of(1, 500, 5_000, 70_000, 200_000))
        .as(Step::new)
        .list()
        .ofMinSize(5)
        .ofMaxSize(40);
  }

  /** What devices say at one moment: each at most one version or free space, and codes. */
  record Moment(Map<Integer, What> levels, Map<Integer, Set<What>> codes, int millis) {
    List<DeviceReport> reports() {
      List<DeviceReport> reports = new ArrayList<>();
      levels.forEach((device, what) -> said(what, device).ifPresent(reports::add));
      codes.forEach(
          (device, all) -> all.forEach(what -> said(what, device).ifPresent(reports::add)));
      return reports;
    }
  }

  private static RolloutPlan named() {
    return RolloutPlan.builder()
        .stage(
            new Stage(
                new Selector.Named(Set.of(ServiceContract.device(1), ServiceContract.device(2))),
                new Gate(50, Duration.ofSeconds(30), false)))
        .stage(Stage.everyone())
        .devices(RolloutServiceContract.limits(1))
        .guards(new Guards(false, Optional.empty()))
        .build();
  }

  @Property(tries = 100)
  void theOrderInWhichMessagesAreHandledTheirRepetitionAndTheNodeDoNotMatter(
      @ForAll("moments") List<Moment> moments, @ForAll Random random) {
    try (RolloutWorld plain = new RolloutWorld(DEVICES, named());
        RolloutWorld mixed = new RolloutWorld(DEVICES, named())) {
      for (Moment moment : moments) {
        plain.pass(Duration.ofMillis(moment.millis()));
        mixed.pass(Duration.ofMillis(moment.millis()));
        moment.reports().forEach(report -> plain.report(0, report));
        for (int i = 0; i < 4; i++) {
          plain.run(0);
        }
        handleOtherwise(mixed, moment, random);
        assertThat(mixed.states()).isEqualTo(plain.states());
        assertThat(mixed.rollout().state()).isEqualTo(plain.rollout().state());
        assertThat(mixed.rollout().stage()).isEqualTo(plain.rollout().stage());
      }
    }
  }

  private static void handleOtherwise(RolloutWorld world, Moment moment, Random random) {
    List<DeviceReport> reports = new ArrayList<>(moment.reports());
    reports.addAll(moment.reports());
    for (int node = 0; node < 2; node++) {
      Collections.shuffle(reports, random);
      for (DeviceReport report : reports) {
        world.report(node, report);
      }
    }
    for (int i = 0; i < 4; i++) {
      world.run((i + reports.size() / 2) % 2);
    }
  }

  @Provide
  Arbitrary<List<Moment>> moments() {
    Arbitrary<Integer> devices = Arbitraries.integers().between(0, DEVICES - 1);
    return Combinators.combine(
            Arbitraries.maps(
                    devices,
                    Arbitraries.of(
                        What.OLD, What.TARGET, What.BETWEEN, What.NEWER, What.NO_ROOM, What.ROOM))
                .ofMaxSize(3),
            Arbitraries.maps(
                    devices,
                    Arbitraries.of(What.RECEIVED, What.STARTED, What.UP_TO_DATE, What.FAILED)
                        .set()
                        .ofMinSize(1)
                        .ofMaxSize(2))
                .ofMaxSize(3),
            Arbitraries.of(1, 500, 5_000, 70_000, 200_000))
        .as(Moment::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(12);
  }

  @Property(tries = 100)
  void aDeviceThatReportsTheTargetLastIsUpdatedWhateverWasBefore(
      @ForAll("histories") List<Step> history) {
    try (RolloutWorld world = new RolloutWorld(DEVICES, staged())) {
      for (Step step : history) {
        world.pass(Duration.ofMillis(step.millis()));
        happen(world, step);
      }
      world.pass(Duration.ofSeconds(1));
      for (int i = 0; i < DEVICES; i++) {
        said(What.TARGET, i).ifPresent(report -> world.report(1, report));
      }
      world.run(1);
      for (int i = 1; i <= DEVICES; i++) {
        assertThat(world.states())
            .containsEntry(ServiceContract.device(i), RolloutDeviceState.UPDATED);
      }
    }
  }
}
