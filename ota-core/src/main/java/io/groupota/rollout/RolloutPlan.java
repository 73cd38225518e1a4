package io.groupota.rollout;

import io.groupota.GroupId;
import io.groupota.InvalidRequestException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * How a firmware reaches its devices: in which stages, past which gates, how fast, when, and when
 * to stop. Immutable.
 *
 * @param stages the stages in their order, 1 to 100; together they take every group completely, so
 *     the last one usually takes 100 %
 * @param stopRules when the rollout stops by itself, at most 20
 * @param pace how fast devices are let through
 * @param windows when they may be, at most 20; any time if there is none
 * @param schedule when the rollout starts, and when it must be over
 * @param devices what a single device is given
 * @param guards which devices are kept out
 */
public record RolloutPlan(
    List<Stage> stages,
    List<StopRule> stopRules,
    Pace pace,
    List<Window> windows,
    Schedule schedule,
    DeviceLimits devices,
    Guards guards) {
  /** The longest duration in a plan. */
  static final Duration LONGEST = Duration.ofDays(366);

  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException if there is no stage or too much of anything
   */
  public RolloutPlan {
    Objects.requireNonNull(stages, "stages");
    Objects.requireNonNull(stopRules, "stopRules");
    Objects.requireNonNull(pace, "pace");
    Objects.requireNonNull(windows, "windows");
    Objects.requireNonNull(schedule, "schedule");
    Objects.requireNonNull(devices, "devices");
    Objects.requireNonNull(guards, "guards");
    stages = bounded(stages, 100, "stages");
    stopRules = bounded(stopRules, 20, "stop");
    windows = bounded(windows, 20, "windows");
    if (stages.isEmpty()) {
      throw new IllegalArgumentException("stages must name at least one stage");
    }
  }

  private static <T> List<T> bounded(List<T> list, int most, String name) {
    if (list.size() > most) {
      throw new IllegalArgumentException(name + " must have at most " + most + " entries");
    }
    return List.copyOf(list);
  }

  /**
   * Begins a plan: no stages yet, no stop rules, no limits.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Reads a plan from the tree that a JSON parser makes: maps, lists, texts, numbers and booleans.
   * The README describes the fields.
   *
   * @param tree the tree
   * @return the plan
   * @throws InvalidRequestException if the tree is no plan; the message names the field
   */
  public static RolloutPlan of(Map<String, ?> tree) {
    return PlanReader.read(tree);
  }

  /**
   * The plan as a tree that any JSON writer can write, and {@link #of} can read.
   *
   * @return maps, lists, texts, numbers and booleans
   */
  public Map<String, Object> toTree() {
    return PlanWriter.write(this);
  }

  /**
   * The first stage that takes a group completely.
   *
   * @param group the group
   * @return the stage from 0, empty if the plan leaves some of the group out
   */
  public OptionalInt completeIn(GroupId group) {
    for (int i = 0; i < stages.size(); i++) {
      Selector selector = stages.get(i).selector();
      boolean complete =
          (selector instanceof Selector.Percent share && share.percent() == 100)
              || (selector instanceof Selector.WholeGroups whole && whole.groups().contains(group));
      if (complete) {
        return OptionalInt.of(i);
      }
    }
    return OptionalInt.empty();
  }

  /**
   * Whether devices may be let through.
   *
   * @param now the moment
   * @return true in one of the windows, or if there is none
   */
  public boolean isOpen(Instant now) {
    return windows.isEmpty() || windows.stream().anyMatch(window -> window.isOpen(now));
  }

  /**
   * The same plan at another pace.
   *
   * @param newPace the pace
   * @return the plan
   */
  public RolloutPlan withPace(Pace newPace) {
    return new RolloutPlan(stages, stopRules, newPace, windows, schedule, devices, guards);
  }

  /** Builds a plan. Not thread-safe. */
  public static final class Builder {
    private final List<Stage> stages = new ArrayList<>();
    private final List<StopRule> stopRules = new ArrayList<>();
    private final List<Window> windows = new ArrayList<>();
    private Pace pace = Pace.UNLIMITED;
    private Schedule schedule = Schedule.AT_ONCE;
    private DeviceLimits devices = DeviceLimits.DEFAULT;
    private Guards guards = Guards.DEFAULT;

    private Builder() {}

    /**
     * Adds the next stage.
     *
     * @param stage the stage
     * @return this builder
     */
    public Builder stage(Stage stage) {
      stages.add(Objects.requireNonNull(stage, "stage"));
      return this;
    }

    /**
     * Adds a stop rule.
     *
     * @param rule the rule
     * @return this builder
     */
    public Builder stopWhen(StopRule rule) {
      stopRules.add(Objects.requireNonNull(rule, "rule"));
      return this;
    }

    /**
     * Adds a window. Default: any time.
     *
     * @param window the window
     * @return this builder
     */
    public Builder window(Window window) {
      windows.add(Objects.requireNonNull(window, "window"));
      return this;
    }

    /**
     * How fast devices are let through. Default: {@link Pace#UNLIMITED}.
     *
     * @param pace the pace
     * @return this builder
     */
    public Builder pace(Pace pace) {
      this.pace = Objects.requireNonNull(pace, "pace");
      return this;
    }

    /**
     * When the rollout starts and must be over. Default: {@link Schedule#AT_ONCE}.
     *
     * @param schedule the schedule
     * @return this builder
     */
    public Builder schedule(Schedule schedule) {
      this.schedule = Objects.requireNonNull(schedule, "schedule");
      return this;
    }

    /**
     * What a single device is given. Default: {@link DeviceLimits#DEFAULT}.
     *
     * @param devices the limits
     * @return this builder
     */
    public Builder devices(DeviceLimits devices) {
      this.devices = Objects.requireNonNull(devices, "devices");
      return this;
    }

    /**
     * Which devices are kept out. Default: {@link Guards#DEFAULT}.
     *
     * @param guards the guards
     * @return this builder
     */
    public Builder guards(Guards guards) {
      this.guards = Objects.requireNonNull(guards, "guards");
      return this;
    }

    /**
     * Builds the plan.
     *
     * @return the plan
     * @throws IllegalArgumentException if there is no stage or too much of anything
     */
    public RolloutPlan build() {
      return new RolloutPlan(stages, stopRules, pace, windows, schedule, devices, guards);
    }
  }
}
