package io.groupota.testkit.contract;

import static io.groupota.testkit.contract.RolloutScenario.ALL;
import static io.groupota.testkit.contract.RolloutScenario.PLAN;
import static io.groupota.testkit.contract.RolloutScenario.in;
import static io.groupota.testkit.contract.Scenario.MILLISECOND;
import static io.groupota.testkit.contract.Scenario.OWNER;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.OtaQuery.Order;
import io.groupota.OwnerId;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDevicePage;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPage;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.RolloutStep.Enrolled;
import io.groupota.spi.TrackedRollout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/**
 * How every {@link io.groupota.spi.RolloutLog} must read pages; part of {@link
 * OtaRepositoryContract}, which shows how to use it.
 */
public interface RolloutPagesContract extends OtaRepositoryFixture {
  @Test
  default void rolloutsArePagedByTheTimeOfTheirMakingWithTiesById() {
    RolloutScenario rollouts = new RolloutScenario(this);
    List<Rollout> all = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      all.add(rollouts.open(rollouts.scenario.group(), rollouts.scenario.group()).rollout());
      // Two of each time.
      rollouts.clock.advance(MILLISECOND.multipliedBy(i % 2));
    }
    rollouts.open(rollouts.opening(new OwnerId("other"), PLAN, "1.0.0", rollouts.scenario.group()));
    all.sort(Comparator.comparing(Rollout::createdAt).thenComparing(Rollout::id));
    for (Order order : Order.values()) {
      List<Rollout> expected = new ArrayList<>(all);
      if (order == Order.DESC) {
        Collections.reverse(expected);
      }
      List<Rollout> joined = new ArrayList<>();
      for (int offset = 0; offset < 6; offset += 4) {
        RolloutPage page = page(rollouts, query("", anyRollout(), offset, 4, order));
        assertThat(page.total()).isEqualTo(6);
        assertThat(page.filtered()).isEqualTo(6);
        joined.addAll(page.rollouts());
      }
      assertThat(joined).isEqualTo(expected);
    }
    assertThat(page(rollouts, query("", anyRollout(), 6, 4, Order.ASC)))
        .isEqualTo(new RolloutPage(List.of(), 6, 6));
    assertThat(page(rollouts, query("", anyRollout(), 0, 0, Order.ASC)))
        .isEqualTo(new RolloutPage(List.of(), 6, 6));
    assertThat(
            rollouts.repository.rollouts(
                new OwnerId("nobody"), query("", anyRollout(), 0, 4, Order.ASC)))
        .isEqualTo(new RolloutPage(List.of(), 0, 0));
  }

  private static <S extends Enum<S>> RolloutQuery<S> query(
      String search, Optional<S> state, long offset, int limit, Order order) {
    return new RolloutQuery<>(search, state, offset, OptionalInt.of(limit), order);
  }

  private static Optional<RolloutState> anyRollout() {
    return Optional.empty();
  }

  private static Optional<RolloutDeviceState> anyDevice() {
    return Optional.empty();
  }

  private static RolloutPage page(RolloutScenario rollouts, RolloutQuery<RolloutState> query) {
    return rollouts.otherNode.rollouts(OWNER, query);
  }

  @Test
  default void rolloutsAreFoundByTheirIdTheirVersionAndTheirGroups() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id =
        rollouts
            .open(rollouts.opening(OWNER, PLAN, "3.0.0-Rc.1", rollouts.scenario.group(), group))
            .rollout()
            .id();
    rollouts.open(rollouts.scenario.group());
    for (String search : List.of(id.value(), "0.0-Rc", "Rc.1", group.value().substring(8))) {
      RolloutPage page = page(rollouts, query(search, anyRollout(), 0, ALL, Order.ASC));
      assertThat(page.rollouts()).extracting(Rollout::id).as(search).containsExactly(id);
      assertThat(page.total()).isEqualTo(2);
      assertThat(page.filtered()).isEqualTo(1);
    }
    for (String search :
        List.of("rc.1", "3_0", "%", "Rc*", "\\", "\0", "\ud800", "it's", id.value() + "0")) {
      assertThat(page(rollouts, query(search, anyRollout(), 0, ALL, Order.ASC)))
          .as(search)
          .isEqualTo(new RolloutPage(List.of(), 2, 0));
    }
  }

  @Test
  default void rolloutsAreFoundByTheirState() {
    RolloutScenario rollouts = new RolloutScenario(this);
    List<RolloutId> paused = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      TrackedRollout seen = rollouts.open(rollouts.scenario.group());
      if (i % 2 == 0) {
        paused.add(seen.rollout().id());
        rollouts.repository.advance(
            seen,
            seen.progress().but().state(RolloutState.PAUSED, Optional.empty()).build(),
            new RolloutStep.Progress());
      }
      rollouts.clock.advance(MILLISECOND);
    }
    RolloutPage page =
        page(rollouts, query("", Optional.of(RolloutState.PAUSED), 1, ALL, Order.ASC));
    assertThat(page.rollouts()).extracting(Rollout::id).isEqualTo(paused.subList(1, 3));
    assertThat(page.total()).isEqualTo(5);
    assertThat(page.filtered()).isEqualTo(3);
    RolloutPage found =
        page(
            rollouts,
            query(paused.get(0).value(), Optional.of(RolloutState.SCHEDULED), 0, ALL, Order.ASC));
    assertThat(found).isEqualTo(new RolloutPage(List.of(), 5, 0));
  }

  @Test
  default void devicesArePagedByTheirIds() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    GroupId other = rollouts.scenario.group();
    RolloutId id = rollouts.open(group, other).rollout().id();
    List<Enrolled> all = new ArrayList<>(rollouts.devices(group, 5));
    all.addAll(rollouts.followers(other, 4));
    all.add(in(RolloutDeviceState.FAILED, rollouts.device(other, 1)));
    rollouts.enroll(id, all);
    RolloutId elsewhere = rollouts.open(rollouts.scenario.group(), group).rollout().id();
    rollouts.enroll(elsewhere, rollouts.devices(group, 3));
    List<DeviceId> sorted = all.stream().map(Enrolled::device).sorted().toList();
    for (Order order : Order.values()) {
      List<DeviceId> expected = new ArrayList<>(sorted);
      if (order == Order.DESC) {
        Collections.reverse(expected);
      }
      List<DeviceId> joined = new ArrayList<>();
      for (int offset = 0; offset < 10; offset += 4) {
        RolloutDevicePage page = devices(rollouts, id, query("", anyDevice(), offset, 4, order));
        assertThat(page.total()).isEqualTo(10);
        assertThat(page.filtered()).isEqualTo(10);
        joined.addAll(ids(page));
      }
      assertThat(joined).isEqualTo(expected);
    }
    assertThat(devices(rollouts, id, query("", anyDevice(), 10, 4, Order.ASC)))
        .isEqualTo(new RolloutDevicePage(List.of(), 10, 10));
    assertThat(devices(rollouts, id, query("", anyDevice(), 0, 0, Order.ASC)))
        .isEqualTo(new RolloutDevicePage(List.of(), 10, 10));
  }

  private static RolloutDevicePage devices(
      RolloutScenario rollouts, RolloutId id, RolloutQuery<RolloutDeviceState> query) {
    return rollouts.repository.rolloutDevices(rollouts.tracked(id).rollout(), query);
  }

  private static List<DeviceId> ids(RolloutDevicePage page) {
    return page.devices().stream().map(RolloutDevice::device).toList();
  }

  @Test
  default void devicesAreFoundByTheirIdAndTheirState() {
    RolloutScenario rollouts = new RolloutScenario(this);
    GroupId group = rollouts.scenario.group();
    RolloutId id = rollouts.open(group).rollout().id();
    List<Enrolled> failed =
        rollouts.devices(group, 3).stream()
            .map(device -> in(RolloutDeviceState.FAILED, device))
            .toList();
    rollouts.enroll(id, failed);
    List<Enrolled> queued = rollouts.devices(group, 4);
    rollouts.enroll(id, queued);
    Optional<RolloutDeviceState> state = Optional.of(RolloutDeviceState.FAILED);
    RolloutDevicePage page = devices(rollouts, id, query("", state, 1, 1, Order.DESC));
    assertThat(ids(page))
        .containsExactly(failed.stream().map(Enrolled::device).sorted().toList().get(1));
    assertThat(page.total()).isEqualTo(7);
    assertThat(page.filtered()).isEqualTo(3);

    DeviceId wanted = queued.get(2).device();
    for (String search : List.of(wanted.value(), wanted.value().substring(8))) {
      RolloutDevicePage found =
          devices(rollouts, id, query(search, anyDevice(), 0, ALL, Order.ASC));
      assertThat(ids(found)).containsExactly(wanted);
      assertThat(found.total()).isEqualTo(7);
      assertThat(found.filtered()).isEqualTo(1);
      assertThat(devices(rollouts, id, query(search, state, 0, ALL, Order.ASC)))
          .isEqualTo(new RolloutDevicePage(List.of(), 7, 0));
    }
    assertThat(devices(rollouts, id, query("5e1bc21c", anyDevice(), 6, ALL, Order.ASC)))
        .satisfies(
            found -> {
              assertThat(found.devices()).hasSize(1);
              assertThat(found.filtered()).isEqualTo(7);
            });
    for (String search : List.of("%", "_", "5E1BC21C", "\0", "\ud800")) {
      assertThat(devices(rollouts, id, query(search, anyDevice(), 0, ALL, Order.ASC)))
          .as(search)
          .isEqualTo(new RolloutDevicePage(List.of(), 7, 0));
    }
  }
}
