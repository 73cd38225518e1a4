package io.groupota.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.InvalidRequestException;
import io.groupota.OtaQuery.Order;
import io.groupota.UpdateId;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Plans as the trees that JSON parsers make. */
class PlanTreeTest {
  private static final String ID = "5e1b76bc4315b70eb242567a";
  private static final List<Object> STAGES = List.of(Map.of("percent", 100));

  @Test
  void aPlanWithNothingButStagesHasTheDocumentedDefaults() {
    RolloutPlan plan = RolloutPlan.of(Map.of("stages", STAGES));
    assertThat(plan).isEqualTo(RolloutPlan.builder().stage(Stage.everyone()).build());
    assertThat(plan.devices())
        .isEqualTo(
            new DeviceLimits(
                Duration.ofMinutes(15),
                Duration.ofMinutes(15),
                2,
                Duration.ofMinutes(5),
                Duration.ofHours(6),
                Duration.ZERO));
    assertThat(plan.stages().get(0).gate()).isEqualTo(new Gate(100, Duration.ZERO, false));
  }

  @Test
  void everyFieldIsRead() {
    Map<String, Object> tree =
        Map.of(
            "stages",
            List.of(
                Map.of(
                    "named",
                    List.of(ID),
                    "gate",
                    Map.of("proven_percent", 12.5, "soak", "PT1H", "approval", true)),
                Map.of("attribute", Map.of("name", "site", "value", "lab")),
                Map.of("devices", 7),
                Map.of("groups", List.of(ID)),
                Map.of("percent", 100.0)),
            "stop",
            List.of(
                Map.of("failures", List.of("failed", "fell_back"), "devices", 3, "at_least", 20),
                Map.of("percent", 5, "action", "roll_back", "roll_back_to", ID)),
            "pace",
            Map.of(
                "per_minute",
                50,
                "growth",
                2,
                "grow_every",
                5,
                "max_per_minute",
                99.5,
                "in_flight",
                8),
            "windows",
            List.of(
                Map.of(
                    "days",
                    List.of("mon", "SUN"),
                    "from",
                    "22:00",
                    "to",
                    "05:00:01",
                    "zone",
                    "Europe/Berlin")),
            "start",
            "2026-01-05T08:00:00Z",
            "deadline",
            "2026-02-01T00:00:00Z",
            "device",
            Map.of(
                "react_within",
                "PT1M",
                "finish_within",
                "PT2M",
                "retries",
                3,
                "backoff",
                "PT4M",
                "max_backoff",
                "PT5M",
                "jitter",
                "PT6M"),
            "guards",
            Map.of("allow_downgrade", true, "constraint", ">=1.2.0 & <2.0.0"));
    RolloutPlan plan = RolloutPlan.of(tree);
    assertThat(plan)
        .isEqualTo(
            new RolloutPlan(
                List.of(
                    new Stage(
                        new Selector.Named(Set.of(new DeviceId(ID))),
                        new Gate(12.5, Duration.ofHours(1), true)),
                    new Stage(new Selector.WithAttribute("site", "lab"), Gate.ALL_PROVEN),
                    new Stage(new Selector.Count(7), Gate.ALL_PROVEN),
                    new Stage(new Selector.WholeGroups(Set.of(new GroupId(ID))), Gate.ALL_PROVEN),
                    Stage.everyone()),
                List.of(
                    new StopRule(
                        Set.of(Failure.FAILED, Failure.FELL_BACK),
                        OptionalDouble.empty(),
                        OptionalLong.of(3),
                        20,
                        StopRule.Action.PAUSE,
                        Optional.empty()),
                    new StopRule(
                        Set.of(Failure.values()),
                        OptionalDouble.of(5),
                        OptionalLong.empty(),
                        1,
                        StopRule.Action.ROLL_BACK,
                        Optional.of(new UpdateId(ID)))),
                new Pace(OptionalDouble.of(50), 2, 5, OptionalDouble.of(99.5), OptionalInt.of(8)),
                List.of(
                    new Window(
                        Set.of(DayOfWeek.MONDAY, DayOfWeek.SUNDAY),
                        LocalTime.of(22, 0),
                        LocalTime.of(5, 0, 1),
                        ZoneId.of("Europe/Berlin"))),
                new Schedule(
                    false,
                    Optional.of(Instant.parse("2026-01-05T08:00:00Z")),
                    Optional.of(Instant.parse("2026-02-01T00:00:00Z"))),
                new DeviceLimits(
                    Duration.ofMinutes(1),
                    Duration.ofMinutes(2),
                    3,
                    Duration.ofMinutes(4),
                    Duration.ofMinutes(5),
                    Duration.ofMinutes(6)),
                new Guards(true, Optional.of(">=1.2.0 & <2.0.0"))));
    assertThat(RolloutPlan.of(plan.toTree())).isEqualTo(plan);
  }

  /** What is missing, and a part of a plan without it. */
  static Stream<Arguments> partsWithoutSomething() {
    Duration minute = Duration.ofMinutes(1);
    OptionalDouble rate = OptionalDouble.of(5);
    Set<Failure> failures = Set.of(Failure.FAILED);
    Set<DayOfWeek> days = Set.of(DayOfWeek.MONDAY);
    LocalTime time = LocalTime.NOON;
    ZoneId zone = ZoneId.of("UTC");
    List<Stage> stages = List.of(Stage.everyone());
    RolloutPlan plan = RolloutPlan.of(Map.of("stages", STAGES));
    return Stream.of(
        without("pace", () -> RolloutPlan.builder().pace(null)),
        without("guards", () -> RolloutPlan.builder().guards(null)),
        without("schedule", () -> RolloutPlan.builder().schedule(null)),
        without("devices", () -> RolloutPlan.builder().devices(null)),
        without("stage", () -> RolloutPlan.builder().stage(null)),
        without("rule", () -> RolloutPlan.builder().stopWhen(null)),
        without("window", () -> RolloutPlan.builder().window(null)),
        without("pace", () -> plan.withPace(null)),
        without("stages", () -> plan(null, List.of(), List.of())),
        without("stopRules", () -> plan(stages, null, List.of())),
        without("windows", () -> plan(stages, List.of(), null)),
        without("schedule", () -> plan(null, DeviceLimits.DEFAULT, Guards.DEFAULT)),
        without("devices", () -> plan(Schedule.AT_ONCE, null, Guards.DEFAULT)),
        without("guards", () -> plan(Schedule.AT_ONCE, DeviceLimits.DEFAULT, null)),
        without("gate", () -> Stage.percent(100, null)),
        without("selector", () -> new Stage(null, Gate.ALL_PROVEN)),
        without("devices", () -> new Selector.Named(null)),
        without("groups", () -> new Selector.WholeGroups(null)),
        without("name", () -> new Selector.WithAttribute(null, "")),
        without("value", () -> new Selector.WithAttribute("site", null)),
        without("soak", () -> new Gate(100, null, false)),
        without("constraint", () -> new Guards(false, null)),
        without("perMinute", () -> new Pace(null, 1, 1, rate, OptionalInt.empty())),
        without("maxPerMinute", () -> new Pace(rate, 1, 1, null, OptionalInt.empty())),
        without("inFlight", () -> new Pace(rate, 1, 1, rate, null)),
        without("startAt", () -> new Schedule(false, null, Optional.empty())),
        without("deadline", () -> new Schedule(false, Optional.empty(), null)),
        without("action", () -> StopRule.above(5, 1, null)),
        without("failures", () -> rule(null, rate, OptionalLong.empty(), Optional.empty())),
        without("percent", () -> rule(failures, null, OptionalLong.empty(), Optional.empty())),
        without("devices", () -> rule(failures, rate, null, Optional.empty())),
        without("rollBackTo", () -> rule(failures, rate, OptionalLong.empty(), null)),
        without("days", () -> new Window(null, time, time, zone)),
        without("from", () -> new Window(days, null, time, zone)),
        without("to", () -> new Window(days, time, null, zone)),
        without("zone", () -> new Window(days, time, time, null)),
        without("reactWithin", () -> new DeviceLimits(null, minute, 1, minute, minute, minute)),
        without("finishWithin", () -> new DeviceLimits(minute, null, 1, minute, minute, minute)),
        without("backoff", () -> new DeviceLimits(minute, minute, 1, null, minute, minute)),
        without("maxBackoff", () -> new DeviceLimits(minute, minute, 1, minute, null, minute)),
        without("jitter", () -> new DeviceLimits(minute, minute, 1, minute, minute, null)),
        without(
            "state",
            () -> new RolloutQuery<RolloutState>("", null, 0, OptionalInt.empty(), Order.ASC)),
        without(
            "order",
            () ->
                new RolloutQuery<RolloutState>("", Optional.empty(), 0, OptionalInt.empty(), null)),
        without("wanted", () -> RolloutQuery.<RolloutState>all().in(null)));
  }

  private static RolloutPlan plan(
      List<Stage> stages, List<StopRule> stopRules, List<Window> windows) {
    return new RolloutPlan(
        stages,
        stopRules,
        Pace.UNLIMITED,
        windows,
        Schedule.AT_ONCE,
        DeviceLimits.DEFAULT,
        Guards.DEFAULT);
  }

  private static RolloutPlan plan(Schedule schedule, DeviceLimits devices, Guards guards) {
    return new RolloutPlan(
        List.of(Stage.everyone()), List.of(), Pace.UNLIMITED, List.of(), schedule, devices, guards);
  }

  private static StopRule rule(
      Set<Failure> failures,
      OptionalDouble percent,
      OptionalLong devices,
      Optional<UpdateId> rollBackTo) {
    return new StopRule(failures, percent, devices, 1, StopRule.Action.ROLL_BACK, rollBackTo);
  }

  private static Arguments without(String name, ThrowingCallable part) {
    return Arguments.of(name, part);
  }

  @ParameterizedTest
  @MethodSource("partsWithoutSomething")
  void whatIsMissingIsNamedAtOnce(String name, ThrowingCallable part) {
    assertThatThrownBy(part).isInstanceOf(NullPointerException.class).hasMessage(name);
  }

  @Property(tries = 200)
  void whatIsWrittenIsReadAgain(@ForAll("plans") RolloutPlan plan) {
    assertThat(RolloutPlan.of(plan.toTree())).isEqualTo(plan);
    assertThat(Pace.of(plan.pace().toTree())).isEqualTo(plan.pace());
  }

  @Provide
  Arbitrary<RolloutPlan> plans() {
    Arbitrary<Duration> durations =
        Arbitraries.longs().between(1, Duration.ofDays(366).toMillis()).map(Duration::ofMillis);
    return Combinators.combine(
            stages().list().ofMinSize(1).ofMaxSize(4),
            rules().list().ofMaxSize(3),
            paces(),
            windows().list().ofMaxSize(3),
            schedules(),
            Combinators.combine(
                    durations,
                    durations,
                    Arbitraries.integers().between(0, 100),
                    durations,
                    durations)
                .as((a, b, n, c, d) -> new DeviceLimits(a, b, n, c, d, d)),
            Arbitraries.of(Guards.DEFAULT, new Guards(true, Optional.of("~1.2 | ^3.0.0"))))
        .as(RolloutPlan::new);
  }

  private static Arbitrary<Stage> stages() {
    Arbitrary<Selector> selectors =
        Arbitraries.oneOf(
            Arbitraries.doubles().between(0.001, 100).ofScale(3).map(Selector.Percent::new),
            Arbitraries.longs().between(1, 1L << 50).map(Selector.Count::new),
            Arbitraries.just(new Selector.Named(Set.of(new DeviceId(ID)))),
            Arbitraries.just(new Selector.WithAttribute("site", "")),
            Arbitraries.just(new Selector.WholeGroups(Set.of(new GroupId(ID)))));
    Arbitrary<Gate> gates =
        Combinators.combine(
                Arbitraries.doubles().between(0, 100),
                Arbitraries.longs().between(0, 31_622_400L).map(Duration::ofSeconds),
                Arbitraries.of(true, false))
            .as(Gate::new);
    return Combinators.combine(selectors, gates).as(Stage::new);
  }

  private static Arbitrary<StopRule> rules() {
    return Combinators.combine(
            Arbitraries.of(Failure.class).set().ofMinSize(1),
            Arbitraries.integers().between(0, 99),
            Arbitraries.of(true, false),
            Arbitraries.longs().between(1, 1_000),
            Arbitraries.of(StopRule.Action.class),
            Arbitraries.of(true, false))
        .as(
            (failures, number, percent, atLeast, action, named) ->
                new StopRule(
                    failures,
                    percent ? OptionalDouble.of(number) : OptionalDouble.empty(),
                    percent ? OptionalLong.empty() : OptionalLong.of(number),
                    atLeast,
                    action,
                    named && action == StopRule.Action.ROLL_BACK
                        ? Optional.of(new UpdateId(ID))
                        : Optional.empty()));
  }

  private static Arbitrary<Pace> paces() {
    return Combinators.combine(
            Arbitraries.doubles().between(0.01, 1_000),
            Arbitraries.doubles().between(1, 10),
            Arbitraries.longs().between(1, 1_000),
            Arbitraries.integers().between(1, 1_000),
            Arbitraries.integers().between(0, 7))
        .as(
            (rate, growth, every, cap, present) ->
                new Pace(
                    (present & 1) == 0 ? OptionalDouble.empty() : OptionalDouble.of(rate),
                    growth,
                    every,
                    (present & 2) == 0 ? OptionalDouble.empty() : OptionalDouble.of(2_000),
                    (present & 4) == 0 ? OptionalInt.empty() : OptionalInt.of(cap)));
  }

  private static Arbitrary<Window> windows() {
    Arbitrary<LocalTime> times =
        Arbitraries.integers().between(0, 86_399).map(second -> LocalTime.ofSecondOfDay(second));
    return Combinators.combine(
            Arbitraries.of(DayOfWeek.class).set().ofMinSize(1),
            times,
            times,
            Arbitraries.of("Europe/Berlin", "UTC", "Z", "+05:30").map(ZoneId::of))
        .as(Window::new);
  }

  private static Arbitrary<Schedule> schedules() {
    Optional<Instant> start = Optional.of(Instant.parse("2026-01-05T08:00:00.123Z"));
    Optional<Instant> end = Optional.of(Instant.parse("2026-01-06T08:00:00Z"));
    return Arbitraries.of(
        Schedule.AT_ONCE,
        new Schedule(true, Optional.empty(), end),
        new Schedule(false, start, end),
        new Schedule(false, start, Optional.empty()));
  }

  static Stream<Arguments> badPlans() {
    return Stream.of(
        bad("plan.pace.in_flight", "must be a whole number", "pace", Map.of("in_flight", 1.5)),
        bad("plan.pace", "in_flight must be at least 1", "pace", Map.of("in_flight", 0)),
        bad("plan.pace.in_flight", "is too large", "pace", Map.of("in_flight", 1L << 40)),
        bad("plan.pace", "per_minute must be above 0", "pace", Map.of("per_minute", 0)),
        bad("plan.pace", "and at most 1000000000", "pace", Map.of("per_minute", 5_000_000_000L)),
        bad(
            "plan.pace",
            "max_per_minute must be 0 to 1000000000",
            "pace",
            Map.of("per_minute", 5, "max_per_minute", 5_000_000_000L)),
        bad(
            "plan.pace",
            "max_per_minute must be 0 to 1000000000",
            "pace",
            Map.of("max_per_minute", -1)),
        bad("plan.pace", "per_minute", "pace", Map.of("per_minute", Double.NaN)),
        bad("plan.pace", "growth", "pace", Map.of("growth", 0.5)),
        bad(
            "plan.pace",
            "max_per_minute must be at least per_minute",
            "pace",
            Map.of("per_minute", 5, "max_per_minute", 4)),
        bad("plan.pace", "must be an object", "pace", List.of()),
        bad("plan.start", "must be a text", "start", 5),
        bad("plan.start", "is malformed: \"soon\"", "start", "soon"),
        bad("plan.deadline", "is malformed", "deadline", "2026-13-01T00:00:00Z"),
        bad("plan", "deadline must be in the years", "deadline", "+10000-01-01T00:00:00Z"),
        bad("plan", "start must be in the years", "start", Instant.MAX.toString()),
        bad("plan", "start must be in the years", "start", "0000-12-31T23:59:59Z"),
        bad("plan.stop[0]", "either percent or devices", "stop", List.of(Map.of())),
        bad(
            "plan.stop[0]",
            "\"boiled\" is not known",
            "stop",
            List.of(Map.of("percent", 1, "failures", List.of("boiled")))),
        bad("plan.stop[0]", "percent must be", "stop", List.of(Map.of("percent", 100))),
        bad(
            "plan.stop[0]",
            "roll_back_to needs",
            "stop",
            List.of(Map.of("percent", 1, "roll_back_to", ID))),
        bad("plan.stop", "must be a list", "stop", Map.of()),
        bad("plan.stop[0]", "must be an object", "stop", Arrays.asList((Object) null)),
        bad(
            "plan.windows[0].zone",
            "is missing",
            "windows",
            List.of(Map.of("from", "08:00", "to", "09:00"))),
        bad(
            "plan.windows[0].from",
            "is malformed: \"8\"",
            "windows",
            List.of(Map.of("from", "8", "to", "09:00", "zone", "UTC"))),
        bad(
            "plan.windows[0].zone",
            "is malformed",
            "windows",
            List.of(Map.of("from", "08:00", "to", "09:00", "zone", "Mars/Olympus"))),
        bad(
            "plan.windows[0]",
            "days are mon, tue",
            "windows",
            List.of(
                Map.of("days", List.of("monday"), "from", "08:00", "to", "09:00", "zone", "UTC"))),
        bad(
            "plan.windows[0]",
            "at least one day",
            "windows",
            List.of(Map.of("days", List.of(), "from", "08:00", "to", "09:00", "zone", "UTC"))),
        bad("plan.device.backoff", "is malformed", "device", Map.of("backoff", "5 minutes")),
        bad(
            "plan.device",
            "react_within must be positive",
            "device",
            Map.of("react_within", "PT0S")),
        bad("plan.device", "at most 366 days", "device", Map.of("finish_within", "P367D")),
        bad("plan.device", "retries must be 0 to 100", "device", Map.of("retries", -1)),
        bad("plan.device.retry", "is not known", "device", Map.of("retry", 1)),
        bad(
            "plan.guards.allow_downgrade",
            "must be true or false",
            "guards",
            Map.of("allow_downgrade", "yes")),
        bad("plan.guards", "is no version range", "guards", Map.of("constraint", ">>1")));
  }

  private static Arguments bad(String path, String problem, String field, Object value) {
    return Arguments.of(path, problem, field, value);
  }

  @ParameterizedTest
  @MethodSource("badPlans")
  void aBadFieldIsRefusedByItsPath(String path, String problem, String field, Object value) {
    Map<String, Object> tree = new HashMap<>(Map.of("stages", STAGES));
    tree.put(field, value);
    assertThatThrownBy(() -> RolloutPlan.of(tree))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageStartingWith(path)
        .hasMessageContaining(problem)
        .extracting(e -> ((InvalidRequestException) e).field())
        .isEqualTo("plan");
  }

  @Test
  void aLongTextIsCutBetweenCharactersInAMessage() {
    String shown = "x".repeat(39);
    for (String text : List.of(shown + "😀", shown + "😀😀")) {
      assertThatThrownBy(() -> RolloutPlan.of(Map.of("stages", STAGES, "start", text)))
          .hasMessageEndingWith("\"" + shown + "…\"");
    }
    assertThatThrownBy(
            () -> RolloutPlan.of(Map.of("stages", STAGES, "start", "xx" + "😀".repeat(20))))
        .hasMessageEndingWith("\"xx" + "😀".repeat(19) + "…\"");
    assertThatThrownBy(() -> RolloutPlan.of(Map.of("stages", STAGES, "start", "y".repeat(41))))
        .hasMessageEndingWith("\"" + "y".repeat(40) + "…\"");
  }

  @Test
  void aStageHasExactlyOneWayToChooseItsDevices() {
    for (Map<String, Object> stage :
        List.<Map<String, Object>>of(
            Map.of(),
            Map.of("percent", 5, "devices", 5),
            Map.of("percent", 0),
            Map.of("devices", 0),
            Map.of("named", List.of()),
            Map.of("named", List.of("no id")),
            Map.of("attribute", Map.of("name", "", "value", "x")),
            Map.of("groups", List.of(5)))) {
      assertThatThrownBy(() -> RolloutPlan.of(Map.of("stages", List.of(stage))))
          .as("%s", stage)
          .isInstanceOf(InvalidRequestException.class)
          .hasMessageStartingWith("plan.stages[0]");
    }
  }

  @Test
  void aPlanHasNotTooMuchOfAnything() {
    assertThatThrownBy(
            () -> RolloutPlan.of(Map.of("stages", Collections.nCopies(101, STAGES.get(0)))))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("stages must have at most 100 entries");
    assertThatThrownBy(() -> Pace.of(Map.of("per_hour", 5)))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("pace.per_hour is not known");
  }

  @Test
  void theRateGrowsWithEachSoManyProvenDevicesUpToItsLimit() {
    Pace pace = new Pace(OptionalDouble.of(10), 3, 5, OptionalDouble.of(80), OptionalInt.empty());
    assertThat(Stream.of(0L, 4L, 5L, 9L, 10L, 1_000_000L).map(n -> pace.rate(n).orElseThrow()))
        .containsExactly(10.0, 10.0, 30.0, 30.0, 80.0, 80.0);
    assertThat(Pace.UNLIMITED.rate(5)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 3})
  void theLargestRateAloneIsTheRateWhateverTheGrowth(double growth) {
    Pace pace =
        new Pace(OptionalDouble.empty(), growth, 5, OptionalDouble.of(80), OptionalInt.empty());
    assertThat(Stream.of(0L, 5L, 1_000_000L).map(pace::rate)).containsOnly(OptionalDouble.of(80));
    assertThat(Pace.of(Map.of("max_per_minute", 50)).rate(0)).hasValue(50);
    assertThat(Pace.of(pace.toTree())).isEqualTo(pace);
  }

  @Test
  void theBackoffDoublesUpToItsLimit() {
    assertThat(Stream.of(1, 2, 7, 8, 100).map(DeviceLimits.DEFAULT::backoff))
        .containsExactly(
            Duration.ofMinutes(5),
            Duration.ofMinutes(10),
            Duration.ofMinutes(320),
            Duration.ofHours(6),
            Duration.ofHours(6));
  }
}
