package io.groupota.testkit.contract;

import static io.groupota.testkit.contract.Scenario.OWNER;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.GroupId;
import io.groupota.LatestUpdate;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaQuery.Order;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.UpdatePage;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.UpdateLog.Entry;
import io.groupota.spi.UpdateLog.Outcome;
import io.groupota.testkit.Race;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * How every {@link io.groupota.spi.UpdateLog} returns the current records of an owner and the
 * history of a group, page by page; part of {@link OtaRepositoryContract}, which shows how to use
 * it.
 */
public interface UpdatePagesContract extends OtaRepositoryFixture {
  @Test
  default void currentRecordsAreOrderedByTimeWithTiesById() {
    Scenario scenario = new Scenario(this);
    for (int second = 0; second < 3; second++) {
      for (int tie = 0; tie < 4; tie++) {
        scenario.deploy(scenario.group(), "1.0.0");
      }
      scenario.clock.advance(Duration.ofMillis(1));
    }
    List<LatestUpdate> oldestFirst = page(scenario, "", 0, 100, Order.ASC).updates();
    assertThat(oldestFirst)
        .hasSize(12)
        .isSortedAccordingTo(
            Comparator.comparing(LatestUpdate::lastUpdated).thenComparing(LatestUpdate::id));
    List<LatestUpdate> reversed = new ArrayList<>(oldestFirst);
    Collections.reverse(reversed);
    assertThat(page(scenario, "", 0, 100, Order.DESC).updates())
        .containsExactlyElementsOf(reversed);
  }

  @Test
  default void aDeployMovesTheCurrentRecordToTheNewestEnd() {
    Scenario scenario = new Scenario(this);
    GroupId first = scenario.group();
    GroupId second = scenario.group();
    scenario.deploy(first, "1.0.0");
    scenario.clock.advance(Duration.ofMillis(1));
    scenario.deploy(second, "1.0.0");
    assertThat(page(scenario, "", 0, 10, Order.ASC).updates())
        .extracting(LatestUpdate::group)
        .containsExactly(first, second);
    scenario.clock.advance(Duration.ofMillis(1));
    scenario.deploy(first, "1.0.1");
    assertThat(page(scenario, "", 0, 10, Order.ASC).updates())
        .extracting(LatestUpdate::group)
        .containsExactly(second, first);
  }

  @Test
  default void pagesOfCurrentRecordsJoinToTheWhole() {
    Scenario scenario = new Scenario(this);
    for (int i = 0; i < 11; i++) {
      scenario.deploy(scenario.group(), "1.0.0");
      scenario.deploy(scenario.group(), "1.0.0");
      scenario.clock.advance(Duration.ofMillis(1));
    }
    for (Order order : Order.values()) {
      List<LatestUpdate> whole = page(scenario, "", 0, 100, order).updates();
      List<LatestUpdate> joined = new ArrayList<>();
      for (int offset = 0; offset < 25; offset += 5) {
        OtaPage page = page(scenario, "", offset, 5, order);
        assertThat(page.total()).isEqualTo(22);
        assertThat(page.filtered()).isEqualTo(22);
        assertThat(page.updates()).hasSizeLessThanOrEqualTo(5);
        joined.addAll(page.updates());
      }
      assertThat(whole).hasSize(22);
      assertThat(joined).containsExactlyElementsOf(whole);
    }
  }

  @Test
  default void aPageBeyondTheEndOrOfNothingStillCounts() {
    Scenario scenario = new Scenario(this);
    for (GroupId group : scenario.groups(3)) {
      scenario.deploy(group, "1.0.0");
    }
    OtaPage counted = new OtaPage(List.of(), 3, 3);
    assertThat(page(scenario, "", 3, 10, Order.ASC)).isEqualTo(counted);
    assertThat(page(scenario, "", Long.MAX_VALUE, 10, Order.DESC)).isEqualTo(counted);
    assertThat(page(scenario, "", 0, 0, Order.ASC)).isEqualTo(counted);
    assertThat(page(scenario, "", 1, Integer.MAX_VALUE, Order.ASC).updates()).hasSize(2);
    assertThat(page(scenario, "no such text", 0, 10, Order.ASC))
        .isEqualTo(new OtaPage(List.of(), 3, 0));
  }

  @Test
  default void theSearchTextIsTakenLetterForLetter() {
    Scenario scenario = new Scenario(this);
    List<String> paths =
        List.of(
            "ota/group/5e1bAATluv/firmware.bin",
            "ota/group/5e1baatluv/firmware.bin",
            "ota/group/100%_off/firmware.bin",
            "ota/group/100xxoff/firmware.bin",
            "ota/group/a.b*c/firmware.bin",
            "ota/group/aXbbc/firmware.bin",
            "ota/group/back\\slash/firmware.bin",
            "ota/group/it's \"quoted\"/firmware.bin",
            "ota/group/[x]^$?+(y){2}|~!@#&/firmware.bin");
    for (String path : paths) {
      deployAt(scenario, path);
    }
    List<String> searches =
        List.of(
            "",
            "AAT",
            "aat",
            "%",
            "_",
            "%_",
            "100%_o",
            "x",
            ".",
            "*",
            "a.b*c",
            "b*",
            ".*",
            "\\",
            "\\s",
            "\\\\",
            "'",
            "''",
            "\"q",
            "[x]",
            "^$",
            "?+(y){2}|",
            "~!@#&/",
            "ota/",
            ".bin",
            "n/",
            " ",
            "  ",
            "ota/group/5e1bAATluv/firmware.bin",
            "firmware.binx",
            "FIRMWARE",
            "!%",
            "\\%",
            "\\_");
    for (String search : searches) {
      assertFinds(scenario, paths, search);
    }
  }

  @Test
  default void aSearchForStrangeTextFindsNothing() {
    Scenario scenario = new Scenario(this);
    List<String> paths = List.of("ota/group/sSiIuU/firmware.bin");
    deployAt(scenario, paths.get(0));
    // Letters that equal others only without case, the end of a C string, half a character.
    List<String> searches =
        List.of("ſ", "ı", "İ", "ü", "漢字", "🚀", "\u0000", "\ud800", "z".repeat(256));
    for (String search : searches) {
      assertFinds(scenario, paths, search);
    }
    assertFinds(scenario, paths, "sSiIuU");
  }

  @Test
  default void theSearchComesBeforeThePaging() {
    Scenario scenario = new Scenario(this);
    for (int i = 0; i < 10; i++) {
      deployAt(scenario, "ota/group/" + (i % 2 == 0 ? "even" : "odd") + i + "/firmware.bin");
      scenario.clock.advance(Duration.ofMillis(1));
    }
    List<String> found =
        IntStream.of(8, 6, 4, 2, 0).mapToObj(i -> "ota/group/even" + i + "/firmware.bin").toList();
    for (long offset : new long[] {0, 1, 3, 4, 5, 6, Long.MAX_VALUE}) {
      for (int limit = 0; limit < 7; limit++) {
        OtaPage page = page(scenario, "even", offset, limit, Order.DESC);
        assertThat(page.updates())
            .as("%d from %d on", limit, offset)
            .extracting(LatestUpdate::path)
            .containsExactlyElementsOf(found.stream().skip(offset).limit(limit).toList());
        assertThat(page.filtered()).isEqualTo(5);
        assertThat(page.total()).isEqualTo(10);
      }
    }
  }

  @Test
  default void anOwnerSeesOnlyTheOwnRecords() {
    Scenario scenario = new Scenario(this);
    // An owner may be called whatever the host likes, and names are compared as they are.
    List<OwnerId> owners =
        List.of(OWNER, new OwnerId("a"), new OwnerId("A"), new OwnerId("%"), new OwnerId("_"));
    for (OwnerId owner : owners) {
      for (int i = 0; i < 2; i++) {
        scenario.record(scenario.ownedBy(owner, scenario.update(scenario.group(), "1.0.0")));
      }
    }
    for (OwnerId owner : owners) {
      OtaPage page =
          scenario.repository.latest(owner, OtaQuery.builder().search("ota").limit(100).build());
      assertThat(page.updates()).hasSize(2).extracting(LatestUpdate::owner).containsOnly(owner);
      assertThat(page.total()).isEqualTo(2);
      assertThat(page.filtered()).isEqualTo(2);
    }
    assertThat(
            scenario.repository.latest(
                new OwnerId("nobody"), OtaQuery.builder().limit(100).build()))
        .isEqualTo(new OtaPage(List.of(), 0, 0));
  }

  @Test
  default void aPageAndItsCountsAreOfOneMoment() throws Exception {
    Scenario scenario = new Scenario(this);
    AtomicBoolean over = new AtomicBoolean();
    List<Callable<Integer>> racers = new ArrayList<>();
    racers.add(
        () -> {
          try {
            for (GroupId group : scenario.groups(60)) {
              scenario.deploy(group, "1.0.0");
            }
          } finally {
            over.set(true);
          }
          return 0;
        });
    for (int i = 0; i < 3; i++) {
      racers.add(
          () -> {
            int torn = 0;
            boolean last = false;
            while (!last) {
              last = over.get();
              OtaPage page =
                  scenario.otherNode.latest(
                      OWNER, OtaQuery.builder().search("ota").limit(1000).build());
              boolean whole =
                  page.total() == page.updates().size() && page.filtered() == page.total();
              torn += whole ? 0 : 1;
            }
            return torn;
          });
    }
    assertThat(Race.of(racers)).containsOnly(0);
  }

  @Test
  default void theHistoryIsNewestFirst() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    List<OtaUpdate> newestFirst = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      newestFirst.add(0, scenario.deploy(group, "1.0." + i));
      scenario.deploy(scenario.group(), "9.9.9");
      scenario.clock.advance(Duration.ofMillis(1));
    }
    assertThat(scenario.repository.history(group, 0, 10)).isEqualTo(new UpdatePage(newestFirst, 5));
    assertThat(scenario.repository.history(group, 1, 2))
        .isEqualTo(new UpdatePage(newestFirst.subList(1, 3), 5));
    assertThat(scenario.repository.history(group, 4, 10))
        .isEqualTo(new UpdatePage(newestFirst.subList(4, 5), 5));
    assertThat(scenario.repository.history(group, 5, 10)).isEqualTo(new UpdatePage(List.of(), 5));
    assertThat(scenario.repository.history(group, Long.MAX_VALUE, 10))
        .isEqualTo(new UpdatePage(List.of(), 5));
    assertThat(scenario.repository.history(group, 0, 0)).isEqualTo(new UpdatePage(List.of(), 5));
  }

  /** The clocks of the nodes that deploy differ, and several updates may have one time. */
  @Test
  default void theHistoryIsInTheOrderOfTheDeploysWhateverTheirTimes() {
    Scenario scenario = new Scenario(this);
    GroupId group = scenario.group();
    List<OtaUpdate> newestFirst = new ArrayList<>();
    for (int seconds : new int[] {5, 9, 9, 1, 9, 0, 5}) {
      Instant time = scenario.clock.instant().plusSeconds(seconds);
      OtaUpdate update = scenario.createdAt(time, scenario.update(group, "1.0." + seconds));
      newestFirst.add(0, scenario.record(update));
      assertThat(scenario.repository.history(group, 0, 1).updates())
          .as("what is served comes first")
          .containsExactly(scenario.repository.served(group).orElseThrow());
    }
    assertThat(scenario.repository.history(group, 0, 10).updates()).isEqualTo(newestFirst);
    for (int offset = 0; offset < 7; offset++) {
      assertThat(scenario.otherNode.history(group, offset, 1).updates())
          .isEqualTo(newestFirst.subList(offset, offset + 1));
    }
  }

  private static OtaPage page(
      Scenario scenario, String search, long offset, int limit, Order order) {
    return scenario.repository.latest(
        OWNER, OtaQuery.builder().search(search).offset(offset).limit(limit).order(order).build());
  }

  private static void assertFinds(Scenario scenario, List<String> paths, String search) {
    List<String> expected = paths.stream().filter(path -> path.contains(search)).toList();
    OtaPage page = page(scenario, search, 0, 100, Order.ASC);
    assertThat(page.updates())
        .as("search for '%s'", search)
        .extracting(LatestUpdate::path)
        .containsExactlyInAnyOrderElementsOf(expected);
    assertThat(page.filtered()).isEqualTo(expected.size());
    assertThat(page.total()).isEqualTo(paths.size());
  }

  private static void deployAt(Scenario scenario, String path) {
    OtaUpdate update = scenario.update(scenario.group(), "1.0.0");
    Entry entry = new Entry(update, scenario.hexId(), path, Optional.empty());
    OtaRepository repository = scenario.repository;
    assertThat(repository.record(entry).outcome()).isEqualTo(Outcome.RECORDED);
  }
}
