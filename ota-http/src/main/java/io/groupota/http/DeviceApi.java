package io.groupota.http;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.FirmwareDownload;
import io.groupota.GroupId;
import io.groupota.GroupOtaService;
import io.groupota.InvalidRequestException;
import io.groupota.OtaUpdate;
import io.groupota.Token;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** What a device asks for: the version that it should run, and the firmware. */
final class DeviceApi {
  private static final int ID_LENGTH = 24;
  private static final Failures FAILURES = new Failures("Error when getting firmware");

  private final GroupOtaService service;
  private final DownloadSlots slots;
  private final Redirects redirects;

  DeviceApi(GroupOtaService service, DownloadSlots slots, Redirects redirects) {
    this.service = service;
    this.slots = slots;
    this.redirects = redirects;
  }

  void handle(DeviceRoute route, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    if (!request.getMethod().equals("GET") && !request.getMethod().equals("HEAD")) {
      Reply.methodNotAllowed("GET, HEAD").send(request, response);
    } else if (route.download()) {
      download(route, request, response);
    } else {
      latest(route).send(request, response);
    }
  }

  private Reply latest(DeviceRoute route) {
    try {
      Optional<OtaUpdate> served =
          route.group()
              ? service.served(new GroupId(route.segment()))
              : service.served(new DeviceId(route.segment()));
      return served.map(DeviceApi::version).orElseGet(DeviceApi::nothing);
    } catch (InvalidRequestException e) {
      return nothing();
    } catch (RuntimeException e) {
      return FAILURES.about(subject(route)).answer(e, Scrubber.none());
    }
  }

  private void download(DeviceRoute route, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    Scrubber scrubber = Scrubber.none();
    Optional<FirmwareDownload> found;
    try {
      found = find(route, scrubber);
    } catch (InvalidRequestException e) {
      found = Optional.empty();
    } catch (RuntimeException e) {
      FAILURES.about(subject(route)).answer(e, scrubber).send(request, response);
      return;
    }
    if (found.isPresent()) {
      tellFreeSpace(route, request);
      new DownloadHandler(slots, redirects, found.get(), FAILURES, scrubber)
          .handle(request, response);
    } else {
      nothing().send(request, response);
    }
  }

  private Optional<FirmwareDownload> find(DeviceRoute route, Scrubber scrubber) {
    String segment = route.segment();
    if (segment.length() <= ID_LENGTH) {
      return Optional.empty();
    }
    String id = segment.substring(0, ID_LENGTH);
    scrubber.hiding(segment.substring(ID_LENGTH));
    Token token = Token.of(segment.substring(ID_LENGTH));
    return route.group()
        ? service.download(new GroupId(id), token)
        : service.download(new DeviceId(id), token);
  }

  /** A device that asks for itself has shown by its token that it is the one. */
  private void tellFreeSpace(DeviceRoute route, HttpServletRequest request) {
    OptionalLong bytes = DownloadHandler.freeSpace(request);
    if (!route.group() && bytes.isPresent()) {
      DeviceId device = new DeviceId(route.segment().substring(0, ID_LENGTH));
      service.report(DeviceReport.freeSpace(device, bytes.getAsLong()));
    }
  }

  /** For the log, of a route whose id is well-formed: who asked the service for it knows. */
  private static String subject(DeviceRoute route) {
    String id = route.segment().substring(0, ID_LENGTH).toLowerCase(Locale.ROOT);
    return (route.group() ? "group " : "device ") + id;
  }

  /** As short as it can be: the device parses it into a document of 128 bytes. */
  private static Reply version(OtaUpdate update) {
    return Reply.json(
        200,
        json -> {
          json.writeStartObject();
          json.writeStringField("ver", update.version());
          json.writeEndObject();
        });
  }

  /** One answer, whether the id is malformed or unknown, the token wrong, or nothing deployed. */
  private static Reply nothing() {
    return Reply.message(404, "No firmware");
  }
}
