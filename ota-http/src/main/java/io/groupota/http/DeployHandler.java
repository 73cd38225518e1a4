package io.groupota.http;

import io.groupota.DeployRequest;
import io.groupota.FirmwareTooLargeException;
import io.groupota.GroupId;
import io.groupota.GroupOtaService;
import io.groupota.InvalidRequestException;
import io.groupota.OwnerId;
import io.groupota.rollout.Rollout;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.Part;
import java.io.IOException;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code POST /v1/ota/group}: deploys an uploaded firmware, at once or by a plan. */
final class DeployHandler {
  private static final Failures FAILURES = new Failures("Error when uploading firmware file");

  private static final String DEPLOYED = "Firmware successfully deployed";

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
    if (type == null || !MediaType.of(type).equals("multipart/form-data")) {
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
      UnreadBody.markTaken(request);
      try {
        DeployForm form = DeployForm.of(parts);
        uploads.requireWithinLimit(form.firmware());
        return deploy(owner, form, scrubber);
      } finally {
        parts.forEach(DeployHandler::delete);
      }
    } catch (RuntimeException e) {
      return FAILURES.answer(e, scrubber);
    }
  }

  private Reply deploy(OwnerId owner, DeployForm form, Scrubber scrubber) {
    scrubber.hiding(form.token());
    DeployRequest deploy = request(owner, form);
    Optional<PlanField> plan = form.plan().map(json -> PlanField.of(json, scrubber));
    plan.ifPresent(staged -> staged.requireOthersThan(deploy.group()));
    try {
      if (plan.isPresent()) {
        PlanField staged = plan.get();
        return begun(service.rollouts().deploy(deploy, staged.others(), staged.plan()));
      }
      service.deploy(deploy);
    } catch (RuntimeException e) {
      return FAILURES.about("group " + deploy.group()).answer(e, scrubber);
    }
    return Reply.message(201, DEPLOYED);
  }

  private static DeployRequest request(OwnerId owner, DeployForm form) {
    return new DeployRequest(
        owner,
        new GroupId(form.group()),
        DeployForm.token(form.token()),
        form.version(),
        form.firmware()::getInputStream,
        false,
        false,
        form.mustPassThrough());
  }

  private static Reply begun(Rollout rollout) {
    return Reply.json(
        201,
        json -> {
          json.writeStartObject();
          json.writeStringField("message", DEPLOYED);
          json.writeStringField("rollout", rollout.id().value());
          json.writeEndObject();
        });
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
