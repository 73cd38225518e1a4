package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.UpdateId;
import io.groupota.spi.OfferLog;
import io.groupota.spi.OfferLog.Offer;
import io.groupota.spi.OtaRepository;
import io.groupota.testkit.Race;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/** What every {@link OfferLog} must do; part of {@link OtaRepositoryContract}. */
public interface OfferLogContract extends OtaRepositoryFixture {
  @Test
  default void anOfferIsSeenByEveryNodeWithItsAge() {
    Scenario scenario = new Scenario(this);
    DeviceId device = scenario.device();
    UpdateId update = new UpdateId(scenario.hexId());
    assertThat(scenario.otherNode.offer(device)).isEmpty();

    scenario.repository.offer(device, update);

    scenario.clock.advance(Duration.ofSeconds(90));
    for (OtaRepository node : List.of(scenario.repository, scenario.otherNode)) {
      assertThat(node.offer(device)).contains(new Offer(update, Duration.ofSeconds(90)));
      assertThat(node.offer(scenario.device())).isEmpty();
    }
  }

  @Test
  default void aDeviceHasOneOfferTheLastOne() {
    Scenario scenario = new Scenario(this);
    DeviceId device = scenario.device();
    DeviceId neighbor = scenario.device();
    UpdateId first = new UpdateId(scenario.hexId());
    UpdateId second = new UpdateId(scenario.hexId());
    scenario.repository.offer(device, first);
    scenario.repository.offer(neighbor, first);
    scenario.clock.advance(Duration.ofSeconds(5));

    scenario.otherNode.offer(device, second);
    scenario.clock.advance(Duration.ofSeconds(5));
    assertThat(scenario.repository.offer(device))
        .contains(new Offer(second, Duration.ofSeconds(5)));
    assertThat(scenario.repository.offer(neighbor))
        .contains(new Offer(first, Duration.ofSeconds(10)));

    scenario.repository.offer(device, second);
    assertThat(scenario.otherNode.offer(device)).contains(new Offer(second, Duration.ZERO));
  }

  @Test
  default void anOfferIsKeptForAnHour() {
    Scenario scenario = new Scenario(this);
    DeviceId device = scenario.device();
    UpdateId update = new UpdateId(scenario.hexId());
    scenario.repository.offer(device, update);
    scenario.clock.advance(OfferLog.KEPT);
    scenario.repository.offer(scenario.device(), update);
    assertThat(scenario.otherNode.offer(device)).contains(new Offer(update, OfferLog.KEPT));
  }

  @Test
  default void whatIsWithdrawnOrForgottenIsNoOffer() {
    Scenario scenario = new Scenario(this);
    UpdateId update = new UpdateId(scenario.hexId());
    DeviceId withdrawn = scenario.device();
    DeviceId forgotten = scenario.device();
    DeviceId kept = scenario.device();
    List.of(withdrawn, forgotten, kept)
        .forEach(device -> scenario.repository.offer(device, update));

    scenario.otherNode.withdrawOffer(withdrawn);
    scenario.otherNode.withdrawOffer(withdrawn);
    scenario.otherNode.forgetDevices(List.of(forgotten));

    assertThat(scenario.repository.offer(withdrawn)).isEmpty();
    assertThat(scenario.repository.offer(forgotten)).isEmpty();
    assertThat(scenario.repository.offer(kept)).isPresent();
    scenario.repository.offer(withdrawn, update);
    assertThat(scenario.otherNode.offer(withdrawn)).isPresent();
  }

  @Test
  default void nodesThatTellADeviceAtOnceAllSucceed() throws Exception {
    Scenario scenario = new Scenario(this);
    DeviceId device = scenario.device();
    List<UpdateId> updates = new ArrayList<>();
    List<Callable<UpdateId>> racers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      UpdateId update = new UpdateId(scenario.hexId());
      updates.add(update);
      OtaRepository node = i % 2 == 0 ? scenario.repository : scenario.otherNode;
      racers.add(
          () -> {
            node.offer(device, update);
            return update;
          });
    }
    assertThat(Race.of(racers)).containsExactlyInAnyOrderElementsOf(updates);
    assertThat(scenario.repository.offer(device).map(Offer::update)).get().isIn(updates);
  }

  @Test
  default void aGroupIsReleasedForAsLongAsOneAsks() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    GroupId other = rollouts.scenario.group();
    Duration within = Duration.ofMinutes(2);
    rollouts.scenario.deploy(group, "1.0.0");
    assertThat(rollouts.released(group, within)).as("never held").isFalse();
    rollouts.open(group);
    assertThat(rollouts.released(group, within)).as("held").isFalse();

    rollouts.scenario.deploy(group, "3.0.0");

    assertThat(rollouts.released(group, within)).isTrue();
    rollouts.clock.advance(within.minus(Scenario.MILLISECOND));
    assertThat(rollouts.released(group, within)).isTrue();
    rollouts.scenario.deploy(group, "4.0.0");
    rollouts.clock.advance(Scenario.MILLISECOND);
    assertThat(rollouts.released(group, within)).as("it was free then").isFalse();
    assertThat(rollouts.released(group, within.plusMillis(1))).isTrue();
    assertThat(rollouts.released(other, within)).isFalse();
    rollouts.open(group);
    assertThat(rollouts.released(group, within.plusMillis(1))).as("held again").isFalse();
  }
}
