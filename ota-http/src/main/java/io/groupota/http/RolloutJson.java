package io.groupota.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutGroup;
import java.io.IOException;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Rollouts as the management API shows them. What there is none of is left out. */
final class RolloutJson {
  private final JsonGenerator json;

  RolloutJson(JsonGenerator json) {
    this.json = json;
  }

  /** All of a rollout. */
  void whole(Rollout rollout) throws IOException {
    json.writeStartObject();
    head(rollout);
    json.writeArrayFieldStart("groups");
    for (RolloutGroup group : rollout.groups()) {
      group(group);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("stage_counts");
    for (Map<RolloutDeviceState, Long> stage : rollout.counts().stages()) {
      counts(stage);
    }
    json.writeEndArray();
    json.writeFieldName("plan");
    JsonTree.write(rollout.plan().toTree(), json);
    json.writeEndObject();
  }

  /** A rollout in a list: without what can be long. */
  void summary(Rollout rollout) throws IOException {
    json.writeStartObject();
    head(rollout);
    json.writeEndObject();
  }

  private void head(Rollout rollout) throws IOException {
    json.writeStringField("_id", rollout.id().value());
    json.writeStringField("owner", rollout.owner().value());
    json.writeStringField("version", rollout.version());
    constant("state", rollout.state());
    if (rollout.reason().isPresent()) {
      constant("reason", rollout.reason().get());
    }
    json.writeNumberField("stage", rollout.stage());
    json.writeNumberField("stages", rollout.plan().stages().size());
    json.writeBooleanField("enrolled", rollout.enrolled());
    time("created_at", Optional.of(rollout.createdAt()));
    time("started_at", rollout.startedAt());
    time("ended_at", rollout.endedAt());
    json.writeNumberField("devices", rollout.counts().devices());
    json.writeFieldName("counts");
    counts(rollout.counts().byState());
  }

  private void group(RolloutGroup group) throws IOException {
    json.writeStartObject();
    json.writeStringField("group", group.group().value());
    json.writeStringField("update", group.target().value());
    if (group.base().isPresent()) {
      json.writeStringField("base", group.base().get().value());
    }
    constant("status", group.status());
    json.writeBooleanField("blocked", group.blocked());
    json.writeEndObject();
  }

  /** Every state, so that nobody has to know which ones are left out. */
  private void counts(Map<RolloutDeviceState, Long> counts) throws IOException {
    json.writeStartObject();
    for (RolloutDeviceState state : RolloutDeviceState.values()) {
      json.writeNumberField(lower(state), counts.getOrDefault(state, 0L));
    }
    json.writeEndObject();
  }

  /** A device of a rollout. */
  void device(RolloutDevice device) throws IOException {
    json.writeStartObject();
    json.writeStringField("device", device.device().value());
    json.writeStringField("group", device.group().value());
    constant("addressing", device.addressing());
    json.writeNumberField("stage", device.stage());
    constant("state", device.state());
    json.writeNumberField("attempts", device.attempts());
    time("since", Optional.of(device.since()));
    time("due", device.due());
    json.writeEndObject();
  }

  private void time(String field, Optional<Instant> time) throws IOException {
    if (time.isPresent()) {
      json.writeStringField(field, Timestamps.of(time.get()));
    }
  }

  private void constant(String field, Enum<?> constant) throws IOException {
    json.writeStringField(field, lower(constant));
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
