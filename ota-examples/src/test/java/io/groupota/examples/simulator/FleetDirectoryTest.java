package io.groupota.examples.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.GroupMembers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the directory computes is one fleet, whichever way it is asked. */
class FleetDirectoryTest {
  private final FleetDirectory directory =
      new FleetDirectory(
          new FleetModel(
                  100,
                  List.of(new FleetModel.Weight("1.0.0", 70), new FleetModel.Weight("1.1.0", 30)),
                  Range.of("24h"),
                  Range.of("1m"),
                  new FleetModel.Shares(0, 0, 0.1),
                  1)
              .cohorts());

  @Test
  void thePagesListEachDeviceOfTheGroupOnceInOrder() {
    GroupId second = directory.cohorts().get(1).group().id();
    assertThat(directory.members(second)).isEqualTo(new GroupMembers(Map.of("simulated", 3L), 27));
    for (Addressing addressing : Addressing.values()) {
      List<Device> all = new ArrayList<>();
      List<Device> page;
      do {
        DeviceId after = all.isEmpty() ? null : all.get(all.size() - 1).id();
        page = directory.devices(second, addressing, after, 2);
        all.addAll(page);
      } while (page.size() == 2);
      assertThat(all).extracting(Device::addressing).containsOnly(addressing);
      assertThat(all).hasSize(addressing == Addressing.GROUP ? 3 : 27);
      assertThat(all).extracting(Device::id).doesNotHaveDuplicates().isSorted();
      List<DeviceId> ids = all.stream().map(Device::id).toList();
      assertThat(directory.devices(ids).values()).containsExactlyInAnyOrderElementsOf(all);
    }
  }

  @Test
  void othersAreNotThere() {
    assertThat(
            directory.devices(
                List.of(
                    FleetDirectory.id(100),
                    FleetDirectory.id(-1),
                    new DeviceId("0e1b57740000000000000001"))))
        .isEmpty();
    assertThat(directory.devices(List.of(FleetDirectory.id(99)))).hasSize(1);
    assertThat(directory.group(new GroupId("0e1b57740000000000000001"))).isEmpty();
  }
}
