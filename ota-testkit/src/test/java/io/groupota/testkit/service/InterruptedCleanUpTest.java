package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.StorageException;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.rollout.Gate;
import io.groupota.rollout.Pace;
import io.groupota.rollout.RolloutCounts;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Device;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutStep;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A canceled rollout has more devices than one step ends, and its node dies after the first. */
class InterruptedCleanUpTest extends RolloutServiceContract {
  private static final int DEVICES = 25_000;
  private static final Duration LEASE = Duration.ofSeconds(30);

  /** How many steps of the clean-up the node lives for. */
  private int stepsToLive = Integer.MAX_VALUE;

  @Override
  protected Backend backend(Clock clock) {
    return new Backend(
        mortal(new InMemoryOtaRepository(clock)),
        new InMemoryBlobStore(),
        new InMemoryGroupRegistry());
  }

  private OtaRepository mortal(OtaRepository real) {
    return (OtaRepository)
        Proxy.newProxyInstance(
            OtaRepository.class.getClassLoader(),
            new Class<?>[] {OtaRepository.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("advance")
                  && arguments[2] instanceof RolloutStep.Cancel
                  && stepsToLive-- <= 0) {
                throw new StorageException("The node is dead", null);
              }
              try {
                return method.invoke(real, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void theNextNodeEndsTheRestOnceTheClaimIsOver() {
    service = build(builder().triggerLease(LEASE));
    deploy("1.0.0");
    List<Device> fleet = new ArrayList<>();
    for (int i = 1; i <= DEVICES; i++) {
      fleet.add(member(i, GROUP));
    }
    registry.saveDevices(fleet);
    RolloutId id = start(stages(Gate.ALL_PROVEN, 100).pace(Pace.constant(60_000, 1)));
    settle();
    assertThat(rollout(id).counts().in(RolloutDeviceState.TRIGGERED)).isEqualTo(1);
    stepsToLive = 1;
    service.rollouts().cancel(OWNER, id);
    assertThatThrownBy(() -> run(Duration.ofSeconds(1))).hasMessage("The node is dead");
    assertThat(canceled(id)).as("of the first step").isEqualTo(10_000);

    stepsToLive = Integer.MAX_VALUE;
    service = build(builder().triggerLease(LEASE));
    run(LEASE.minusSeconds(5));
    assertThat(canceled(id)).as("while the dead node has it").isEqualTo(10_000);
    run(Duration.ofSeconds(5));
    settle();
    assertThat(canceled(id)).isEqualTo(DEVICES - 1);
    RolloutCounts counts = rollout(id).counts();
    assertThat(counts.in(RolloutDeviceState.TRIGGERED)).as("goes on").isEqualTo(1);
    assertThat(rollout(id).state()).isEqualTo(RolloutState.CANCELED);
    assertThat(in(id, RolloutDeviceState.QUEUED)).isEmpty();
  }

  private long canceled(RolloutId id) {
    return rollout(id).counts().in(RolloutDeviceState.CANCELED);
  }
}
