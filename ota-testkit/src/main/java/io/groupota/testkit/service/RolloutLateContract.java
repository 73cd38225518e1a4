package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceReport;
import io.groupota.GroupOtaService;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of devices that come in while their rollout goes on, or is completed. */
public abstract class RolloutLateContract extends RolloutServiceContract {
  /** For subclasses. */
  protected RolloutLateContract() {}

  /** A rollout of two devices that are in flight. */
  private RolloutId almostDone() {
    fleet(2);
    RolloutId id = start(stages(HALF, 100));
    run();
    return id;
  }

  /** A node that completes a rollout, at this moment. */
  private void complete(GroupOtaService node, RolloutId id) {
    for (int i = 1; i <= 2; i++) {
      node.report(DeviceReport.version(device(i), "2.0.0"));
    }
    node.runOnce();
    assertThat(rollout(id).state()).isEqualTo(RolloutState.COMPLETED);
  }

  @Test
  final void aDeviceThatJoinsARolloutThatAnotherNodeHasCompletedIsNotTakenIn() {
    RolloutId id = almostDone();
    addDevice(9, "u1", Addressing.DEVICE);
    assertThat(told(device(1))).as("the node knows the rollout").contains("2.0.0");
    complete(build(builder()), id);
    told(device(9));
    assertThat(rollout(id).counts().devices()).isEqualTo(2);
    report(List.of(device(9)), "1.0.0");
    assertThat(told(device(9))).contains("2.0.0");
  }

  @Test
  final void aDeviceThatIsTakenInWhileItsRolloutIsCompletedIsGivenTheTarget() {
    RolloutId id = almostDone();
    addDevice(9, "u1", Addressing.DEVICE);
    GroupOtaService other = build(builder());
    service =
        build(
            builder()
                .repository(
                    intercepting(
                        "enrollLate",
                        (enroll, args) -> {
                          complete(other, id);
                          return enroll.call();
                        })));
    told(device(9));
    report(List.of(device(9)), "1.0.0");
    settle();
    assertThat(device(id, device(9)).state()).isEqualTo(RolloutDeviceState.QUEUED);
    assertThat(told(device(9))).contains("2.0.0");
    report(List.of(device(9)), "2.0.0");
    assertThat(device(id, device(9)).state()).isEqualTo(RolloutDeviceState.UPDATED);
  }
}
