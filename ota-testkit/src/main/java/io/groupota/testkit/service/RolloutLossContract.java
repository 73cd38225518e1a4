package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeployRequest;
import io.groupota.GroupId;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.rollout.Gate;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import io.groupota.spi.Group;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What it costs a rollout that others deploy to some of its groups. */
public abstract class RolloutLossContract extends RolloutServiceContract {
  private static final int OTHERS = 6;
  private static final int DEVICES = 10;

  private final List<RolloutStep> steps = new ArrayList<>();

  /** For subclasses. */
  protected RolloutLossContract() {}

  private static GroupId other(int number) {
    return new GroupId(String.format("%024x", 0xA0 + number));
  }

  private static String token(int number) {
    return "BATluvfLURijoH9" + number;
  }

  /** A rollout to a group with many devices, and to others with one each. */
  private RolloutId started() {
    fleet(DEVICES);
    Map<GroupId, Token> others = new TreeMap<>();
    for (int i = 1; i <= OTHERS; i++) {
      registry.saveGroups(List.of(new Group(other(i), OWNER, Token.of(token(i)), "heating")));
      registry.saveDevices(List.of(member(DEVICES + i, other(i))));
      others.put(other(i), Token.of(token(i)));
    }
    RolloutId id =
        service
            .rollouts()
            .deploy(request("2.0.0"), others, stages(Gate.ALL_PROVEN, 100).build())
            .id();
    settle();
    assertThat(in(id, RolloutDeviceState.TRIGGERED)).hasSize(DEVICES + OTHERS);
    return id;
  }

  /** Deploys to all groups but one. */
  private void deployToTheOthers() {
    for (int i = 1; i <= OTHERS; i++) {
      service.deploy(
          DeployRequest.of(
              OWNER, other(i).value(), token(i), "3.0.0", FirmwareSource.bytes(firmware("3.0.0"))));
    }
  }

  /** Remembers the steps of rollouts from now on. */
  private void watchSteps(OtaRepository on) {
    service = build(builder().repository(on));
    steps.clear();
  }

  private OtaRepository counting() {
    return intercepting(
        "advance",
        (method, args) -> {
          steps.add((RolloutStep) args[2]);
          return method.call();
        });
  }

  private List<RolloutStep.Cancel> cancels() {
    return steps.stream()
        .filter(RolloutStep.Cancel.class::isInstance)
        .map(RolloutStep.Cancel.class::cast)
        .toList();
  }

  @Test
  final void groupsThatAreLostAreGivenUpAtOnceAndCostNothingAfterThat() {
    RolloutId id = started();
    deployToTheOthers();
    watchSteps(counting());
    settle();
    assertThat(in(id, RolloutDeviceState.CANCELED)).hasSize(OTHERS);
    assertThat(cancels()).hasSize(1);
    for (int i = 1; i < DEVICES; i++) {
      steps.clear();
      long revision = repository.rollout(id).orElseThrow().revision();
      report(i, "2.0.0");
      run();
      assertThat(steps).as("for a report: %s", steps).hasSize(1);
      assertThat(cancels()).isEmpty();
      assertThat(repository.rollout(id).orElseThrow().revision()).isEqualTo(revision + 1);
    }
    report(DEVICES, "2.0.0");
    run();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
  }

  @Test
  final void aDeviceThatJoinsAGroupThatIsLostIsGivenUpToo() {
    RolloutId id = started();
    deployToTheOthers();
    settle();
    watchSteps(counting());
    RolloutStep.Enrolled late =
        new RolloutStep.Enrolled(
            device(99),
            other(1),
            Addressing.DEVICE,
            0,
            1,
            RolloutDeviceState.QUEUED,
            Optional.empty());
    repository.enrollLate(id, List.of(late));
    settle();
    assertThat(device(id, device(99)).state()).isEqualTo(RolloutDeviceState.CANCELED);
    assertThat(device(id, device(99)).attempts()).isZero();
    assertThat(cancels()).extracting(RolloutStep.Cancel::groups).containsExactly(Set.of(other(1)));
  }

  @Test
  final void aRepositoryThatCannotTellWhichGroupsAreGivenUpStopsNothing() {
    RolloutId id = started();
    deployToTheOthers();
    watchSteps(intercepting("unfinished", (method, args) -> args[1]));
    settle();
    assertThat(in(id, RolloutDeviceState.CANCELED)).hasSize(OTHERS);
    for (int i = 1; i <= DEVICES; i++) {
      report(i, "2.0.0");
    }
    settle();
    assertThat(in(id, RolloutDeviceState.UPDATED)).hasSize(DEVICES);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
  }
}
