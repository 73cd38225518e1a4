package io.groupota.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.groupota.GroupOtaService;
import io.groupota.LatestUpdate;
import io.groupota.OtaPage;
import io.groupota.OwnerId;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.util.Optional;

/** {@code GET /v1/ota/group}: the last update of every group of the owner. */
final class ListHandler {
  private static final Failures FAILURES = new Failures("Error when getting group OTA's.");

  private final GroupOtaService service;

  ListHandler(GroupOtaService service) {
    this.service = service;
  }

  ManagementCall call() {
    return new ManagementCall("GET", "/group", FAILURES, this::handle);
  }

  private Reply handle(OwnerId owner, HttpServletRequest request, Scrubber scrubber) {
    try {
      ListQuery query = ListQuery.parse(request.getQueryString());
      OtaPage page = service.latestUpdates(owner, query.query());
      return Reply.json(200, json -> write(page, query.draw(), json));
    } catch (RuntimeException e) {
      return FAILURES.answer(e, scrubber);
    }
  }

  private static void write(OtaPage page, Optional<String> draw, JsonGenerator json)
      throws IOException {
    json.writeStartObject();
    json.writeArrayFieldStart("otas");
    for (LatestUpdate update : page.updates()) {
      write(update, json);
    }
    json.writeEndArray();
    json.writeNumberField("recordsTotal", page.total());
    json.writeNumberField("recordsFiltered", page.filtered());
    if (draw.isPresent()) {
      json.writeStringField("draw", draw.get());
    }
    json.writeEndObject();
  }

  private static void write(LatestUpdate update, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("_id", update.id());
    json.writeStringField("group", update.group().value());
    json.writeNumberField("__v", 0);
    json.writeStringField("last_updated", Timestamps.of(update.lastUpdated()));
    json.writeStringField("owner", update.owner().value());
    json.writeStringField("path", update.path());
    json.writeStringField("version", update.version());
    json.writeEndObject();
  }
}
