package io.groupota.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.groupota.OwnerId;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevice;
import io.groupota.rollout.RolloutDevicePage;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPage;
import io.groupota.rollout.RolloutState;
import io.groupota.rollout.Rollouts;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** {@code GET /v1/ota/rollouts} and below: the rollouts of the owner, one of them, its devices. */
final class RolloutHandler {
  static final String ROLLOUTS = "/rollouts";
  static final String ROLLOUT = ROLLOUTS + "/" + ManagementCall.ID;

  private static final Failures LIST = new Failures("Error when getting rollouts");
  private static final Failures ONE = new Failures("Error when getting the rollout");
  private static final Failures DEVICES =
      new Failures("Error when getting the devices of the rollout");

  private final Supplier<Rollouts> rollouts;

  /** Asks for the rollouts at each call, so that building a servlet asks a service for nothing. */
  RolloutHandler(Supplier<Rollouts> rollouts) {
    this.rollouts = rollouts;
  }

  List<ManagementCall> calls() {
    return List.of(
        new ManagementCall("GET", ROLLOUTS, LIST, this::list),
        new ManagementCall("GET", ROLLOUT, ONE, this::one),
        new ManagementCall("GET", ROLLOUT + "/devices", DEVICES, this::devices));
  }

  /** The id in a path below {@link #ROLLOUTS}. */
  static RolloutId id(HttpServletRequest request) {
    return new RolloutId(request.getPathInfo().split("/", -1)[2]);
  }

  private Reply list(OwnerId owner, HttpServletRequest request, Scrubber scrubber) {
    try {
      RolloutListQuery<RolloutState> query =
          RolloutListQuery.parse(request.getQueryString(), RolloutState.class);
      RolloutPage page = rollouts.get().list(owner, query.query());
      return Reply.json(200, json -> write(page, query.draw(), json));
    } catch (RuntimeException e) {
      return LIST.answer(e, scrubber);
    }
  }

  private Reply one(OwnerId owner, HttpServletRequest request, Scrubber scrubber) {
    Failures failures = ONE;
    try {
      RolloutId id = id(request);
      failures = ONE.about("rollout " + id);
      Rollout rollout = rollouts.get().get(owner, id);
      return Reply.json(200, json -> new RolloutJson(json).whole(rollout));
    } catch (RuntimeException e) {
      return failures.answer(e, scrubber);
    }
  }

  private Reply devices(OwnerId owner, HttpServletRequest request, Scrubber scrubber) {
    Failures failures = DEVICES;
    try {
      RolloutId id = id(request);
      failures = DEVICES.about("rollout " + id);
      RolloutListQuery<RolloutDeviceState> query =
          RolloutListQuery.parse(request.getQueryString(), RolloutDeviceState.class);
      RolloutDevicePage page = rollouts.get().devices(owner, id, query.query());
      return Reply.json(200, json -> write(page, query.draw(), json));
    } catch (RuntimeException e) {
      return failures.answer(e, scrubber);
    }
  }

  private static void write(RolloutPage page, Optional<String> draw, JsonGenerator json)
      throws IOException {
    json.writeStartObject();
    json.writeArrayFieldStart("rollouts");
    for (Rollout rollout : page.rollouts()) {
      new RolloutJson(json).summary(rollout);
    }
    json.writeEndArray();
    end(page.total(), page.filtered(), draw, json);
  }

  private static void write(RolloutDevicePage page, Optional<String> draw, JsonGenerator json)
      throws IOException {
    json.writeStartObject();
    json.writeArrayFieldStart("devices");
    for (RolloutDevice device : page.devices()) {
      new RolloutJson(json).device(device);
    }
    json.writeEndArray();
    end(page.total(), page.filtered(), draw, json);
  }

  private static void end(long total, long filtered, Optional<String> draw, JsonGenerator json)
      throws IOException {
    json.writeNumberField("recordsTotal", total);
    json.writeNumberField("recordsFiltered", filtered);
    if (draw.isPresent()) {
      json.writeStringField("draw", draw.get());
    }
    json.writeEndObject();
  }
}
