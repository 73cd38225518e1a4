package io.groupota.http;

import io.groupota.DeployRequest;
import io.groupota.FirmwareTooLargeException;
import io.groupota.GroupOtaService;
import io.groupota.InvalidRequestException;
import io.groupota.OwnerId;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.Part;
import java.io.IOException;
import java.util.Collection;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code POST /v1/ota/group}: deploys an uploaded firmware. */
final class DeployHandler {
  private static final Failures FAILURES = new Failures("Error when uploading firmware file");

  private static final Logger LOG = LoggerFactory.getLogger(DeployHandler.class);

  private final GroupOtaService service;
  private final Uploads uploads;
  private final long maxUpload;
  private final long maxRequest;

  DeployHandler(GroupOtaService service, long maxUpload, long maxRequest) {
    this.service = service;
    this.uploads = new Uploads(maxUpload);
    this.maxUpload = maxUpload;
    this.maxRequest = maxRequest;
  }

  ManagementCall call() {
    return new ManagementCall("POST", "/group", FAILURES, this::handle);
  }

  private Reply handle(OwnerId owner, HttpServletRequest request, Scrubber scrubber) {
    String type = request.getContentType();
    if (type == null || !mediaType(type).equals("multipart/form-data")) {
      return Reply.message(415, "The body must be multipart/form-data");
    }
    try {
      if (request.getContentLengthLong() > maxRequest) {
        throw new FirmwareTooLargeException(maxUpload);
      }
      if (!type.toLowerCase(Locale.ROOT).contains("boundary=")) {
        throw new InvalidRequestException("body", "The multipart body names no boundary");
      }
      Collection<Part> parts = uploads.read(request);
      try {
        return deploy(owner, DeployForm.of(parts), scrubber);
      } finally {
        parts.forEach(DeployHandler::delete);
      }
    } catch (RuntimeException e) {
      return FAILURES.answer(e, scrubber);
    }
  }

  private Reply deploy(OwnerId owner, DeployForm form, Scrubber scrubber) {
    scrubber.hiding(form.token());
    DeployRequest deploy =
        DeployRequest.of(
            owner, form.group(), form.token(), form.version(), form.firmware()::getInputStream);
    try {
      service.deploy(deploy);
    } catch (RuntimeException e) {
      return FAILURES.about("group " + deploy.group()).answer(e, scrubber);
    }
    return Reply.message(201, "Firmware successfully deployed");
  }

  private static String mediaType(String contentType) {
    int end = contentType.indexOf(';');
    return (end < 0 ? contentType : contentType.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }

  /** Now, and not at the end of the request: the client may deploy again as soon as it is told. */
  private static void delete(Part part) {
    try {
      part.delete();
    } catch (IOException e) {
      LOG.warn("A spooled upload could not be deleted", Scrubber.none().scrub(e));
    }
  }
}
