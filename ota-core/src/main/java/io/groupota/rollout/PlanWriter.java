package io.groupota.rollout;

import java.time.DayOfWeek;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Writes plans as trees; {@link PlanReader} reads them. */
final class PlanWriter {
  private PlanWriter() {}

  static Map<String, Object> write(RolloutPlan plan) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("stages", plan.stages().stream().map(PlanWriter::stage).toList());
    tree.put("stop", plan.stopRules().stream().map(PlanWriter::rule).toList());
    tree.put("pace", pace(plan.pace()));
    tree.put("windows", plan.windows().stream().map(PlanWriter::window).toList());
    Schedule schedule = plan.schedule();
    if (schedule.manually()) {
      tree.put("start", "manual");
    }
    schedule.startAt().ifPresent(time -> tree.put("start", time.toString()));
    schedule.deadline().ifPresent(time -> tree.put("deadline", time.toString()));
    tree.put("device", devices(plan.devices()));
    Map<String, Object> guards = new LinkedHashMap<>();
    guards.put("allow_downgrade", plan.guards().allowDowngrade());
    plan.guards().constraint().ifPresent(range -> guards.put("constraint", range));
    tree.put("guards", guards);
    return tree;
  }

  private static Map<String, Object> stage(Stage stage) {
    Map<String, Object> tree = new LinkedHashMap<>();
    Selector selector = stage.selector();
    if (selector instanceof Selector.Percent share) {
      tree.put("percent", share.percent());
    } else if (selector instanceof Selector.Count number) {
      tree.put("devices", number.devices());
    } else if (selector instanceof Selector.Named named) {
      tree.put("named", texts(named.devices()));
    } else if (selector instanceof Selector.WithAttribute attribute) {
      tree.put("attribute", Map.of("name", attribute.name(), "value", attribute.value()));
    } else if (selector instanceof Selector.WholeGroups whole) {
      tree.put("groups", texts(whole.groups()));
    }
    Map<String, Object> gate = new LinkedHashMap<>();
    gate.put("proven_percent", stage.gate().provenPercent());
    gate.put("soak", stage.gate().soak().toString());
    gate.put("approval", stage.gate().approval());
    tree.put("gate", gate);
    return tree;
  }

  private static List<String> texts(Set<?> ids) {
    return ids.stream().map(Object::toString).sorted().toList();
  }

  private static Map<String, Object> rule(StopRule rule) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("failures", rule.failures().stream().sorted().map(PlanWriter::lower).toList());
    rule.percent().ifPresent(percent -> tree.put("percent", percent));
    rule.devices().ifPresent(devices -> tree.put("devices", devices));
    tree.put("at_least", rule.atLeast());
    tree.put("action", lower(rule.action()));
    rule.rollBackTo().ifPresent(update -> tree.put("roll_back_to", update.value()));
    return tree;
  }

  static Map<String, Object> pace(Pace pace) {
    Map<String, Object> tree = new LinkedHashMap<>();
    pace.perMinute().ifPresent(rate -> tree.put("per_minute", rate));
    tree.put("growth", pace.growth());
    tree.put("grow_every", pace.growEvery());
    pace.maxPerMinute().ifPresent(rate -> tree.put("max_per_minute", rate));
    pace.inFlight().ifPresent(devices -> tree.put("in_flight", devices));
    return tree;
  }

  private static Map<String, Object> window(Window window) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put(
        "days",
        window.days().stream()
            .sorted()
            .map(DayOfWeek::name)
            .map(name -> name.substring(0, 3).toLowerCase(Locale.ROOT))
            .toList());
    tree.put("from", window.from().toString());
    tree.put("to", window.to().toString());
    tree.put("zone", window.zone().getId());
    return tree;
  }

  private static Map<String, Object> devices(DeviceLimits limits) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("react_within", limits.reactWithin().toString());
    tree.put("finish_within", limits.finishWithin().toString());
    tree.put("retries", limits.retries());
    tree.put("backoff", limits.backoff().toString());
    tree.put("max_backoff", limits.maxBackoff().toString());
    tree.put("jitter", limits.jitter().toString());
    return tree;
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
