package io.groupota.rollout;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.UpdateId;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;

/** Reads plans from trees. A field that is unknown is refused, since it would have no effect. */
final class PlanReader {
  private PlanReader() {}

  static RolloutPlan read(Map<String, ?> tree) {
    PlanNode plan = PlanNode.root(tree);
    RolloutPlan read =
        plan.build(
            () ->
                new RolloutPlan(
                    plan.each("stages", PlanReader::stage),
                    plan.each("stop", PlanReader::rule),
                    plan.child("pace").map(PlanReader::pace).orElse(Pace.UNLIMITED),
                    plan.each("windows", PlanReader::window),
                    schedule(plan),
                    plan.child("device").map(PlanReader::devices).orElse(DeviceLimits.DEFAULT),
                    plan.child("guards").map(PlanReader::guards).orElse(Guards.DEFAULT)));
    plan.requireAllKnown();
    return read;
  }

  private static Stage stage(PlanNode node) {
    return node.build(
        () ->
            new Stage(
                selector(node), node.child("gate").map(PlanReader::gate).orElse(Gate.ALL_PROVEN)));
  }

  private static Selector selector(PlanNode node) {
    List<Optional<? extends Selector>> given =
        List.of(
            node.decimal("percent").map(Selector.Percent::new),
            node.whole("devices").map(Selector.Count::new),
            node.texts("named").map(ids -> new Selector.Named(all(ids, DeviceId::new))),
            node.child("attribute").map(PlanReader::attribute),
            node.texts("groups").map(ids -> new Selector.WholeGroups(all(ids, GroupId::new))));
    List<? extends Selector> present = given.stream().flatMap(Optional::stream).toList();
    if (present.size() != 1) {
      throw new IllegalArgumentException(
          "a stage has exactly one of percent, devices, named, attribute and groups");
    }
    return present.get(0);
  }

  private static <T> Set<T> all(List<String> texts, Function<String, T> parser) {
    Set<T> parsed = new HashSet<>();
    texts.forEach(text -> parsed.add(parser.apply(text)));
    return parsed;
  }

  private static Selector attribute(PlanNode node) {
    return node.build(
        () -> new Selector.WithAttribute(node.required("name"), node.required("value")));
  }

  private static Gate gate(PlanNode node) {
    return node.build(
        () ->
            new Gate(
                node.decimal("proven_percent").orElse(Gate.ALL_PROVEN.provenPercent()),
                node.parsed("soak", Duration::parse).orElse(Duration.ZERO),
                node.flag("approval").orElse(false)));
  }

  private static StopRule rule(PlanNode node) {
    return node.build(
        () ->
            new StopRule(
                node.texts("failures")
                    .map(names -> all(names, name -> constant(Failure.class, name)))
                    .orElse(Set.of(Failure.values())),
                node.decimal("percent").map(OptionalDouble::of).orElse(OptionalDouble.empty()),
                node.whole("devices").map(OptionalLong::of).orElse(OptionalLong.empty()),
                node.whole("at_least").orElse(1L),
                node.text("action")
                    .map(name -> constant(StopRule.Action.class, name))
                    .orElse(StopRule.Action.PAUSE),
                node.text("roll_back_to").map(UpdateId::new)));
  }

  private static Pace pace(PlanNode node) {
    return node.build(
        () ->
            new Pace(
                node.decimal("per_minute").map(OptionalDouble::of).orElse(OptionalDouble.empty()),
                node.decimal("growth").orElse(1.0),
                node.whole("grow_every").orElse(1L),
                node.decimal("max_per_minute")
                    .map(OptionalDouble::of)
                    .orElse(OptionalDouble.empty()),
                node.count("in_flight").map(OptionalInt::of).orElse(OptionalInt.empty())));
  }

  /** The pace alone, for a rollout whose pace is changed. */
  static Pace readPace(Map<String, ?> tree) {
    return pace(PlanNode.pace(tree));
  }

  private static Window window(PlanNode node) {
    return node.build(
        () ->
            new Window(
                node.texts("days")
                    .map(names -> all(names, PlanReader::day))
                    .orElse(Set.of(DayOfWeek.values())),
                node.requiredParsed("from", LocalTime::parse),
                node.requiredParsed("to", LocalTime::parse),
                node.requiredParsed("zone", ZoneId::of)));
  }

  private static DayOfWeek day(String name) {
    for (DayOfWeek day : DayOfWeek.values()) {
      if (day.name().substring(0, 3).equalsIgnoreCase(name)) {
        return day;
      }
    }
    throw new IllegalArgumentException("days are mon, tue, wed, thu, fri, sat, sun");
  }

  private static Schedule schedule(PlanNode node) {
    Optional<String> start = node.text("start");
    boolean manually = start.filter("manual"::equals).isPresent();
    return new Schedule(
        manually,
        manually ? Optional.empty() : node.parsed("start", Instant::parse),
        node.parsed("deadline", Instant::parse));
  }

  private static DeviceLimits devices(PlanNode node) {
    DeviceLimits standard = DeviceLimits.DEFAULT;
    return node.build(
        () ->
            new DeviceLimits(
                node.parsed("react_within", Duration::parse).orElse(standard.reactWithin()),
                node.parsed("finish_within", Duration::parse).orElse(standard.finishWithin()),
                node.count("retries").orElse(standard.retries()),
                node.parsed("backoff", Duration::parse).orElse(standard.backoff()),
                node.parsed("max_backoff", Duration::parse).orElse(standard.maxBackoff()),
                node.parsed("jitter", Duration::parse).orElse(standard.jitter())));
  }

  private static Guards guards(PlanNode node) {
    return node.build(
        () -> new Guards(node.flag("allow_downgrade").orElse(false), node.text("constraint")));
  }

  private static <E extends Enum<E>> E constant(Class<E> type, String name) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(name)) {
        return constant;
      }
    }
    throw new IllegalArgumentException("\"" + PlanNode.shown(name) + "\" is not known");
  }
}
