package io.groupota.http;

import io.groupota.InvalidRequestException;
import io.groupota.OwnerId;
import io.groupota.UpdateId;
import io.groupota.rollout.Pace;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.Rollouts;
import jakarta.servlet.http.HttpServletRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** {@code POST /v1/ota/rollouts/{id}/…}: what an owner can do with a rollout. */
final class RolloutActions {
  private static final Failures FAILURES = new Failures("Error when changing the rollout");

  private final Supplier<Rollouts> rollouts;

  RolloutActions(Supplier<Rollouts> rollouts) {
    this.rollouts = rollouts;
  }

  /** Does it. */
  private interface Action {
    Rollout take(Rollouts rollouts, OwnerId owner, RolloutId id);
  }

  /** Reads what is to be done from the body, which is empty if there is none. */
  private interface Reader {
    Action read(Optional<Map<String, Object>> body);
  }

  List<ManagementCall> calls() {
    return List.of(
        call("start", body -> bare(body, Rollouts::start)),
        call("pause", body -> bare(body, Rollouts::pause)),
        call("resume", body -> bare(body, Rollouts::resume)),
        call("approve", body -> bare(body, Rollouts::approve)),
        call("cancel", body -> bare(body, Rollouts::cancel)),
        call("rollback", RolloutActions::rollBack),
        call("pace", RolloutActions::changePace));
  }

  private ManagementCall call(String action, Reader reader) {
    return new ManagementCall(
        "POST",
        RolloutHandler.ROLLOUT + "/" + action,
        FAILURES,
        (owner, request, scrubber) -> handle(owner, request, reader, scrubber));
  }

  private Reply handle(
      OwnerId owner, HttpServletRequest request, Reader reader, Scrubber scrubber) {
    Failures failures = FAILURES;
    try {
      RolloutId id = RolloutHandler.id(request);
      failures = FAILURES.about("rollout " + id);
      ActionBody body = ActionBody.of(request);
      if (body.refusal().isPresent()) {
        return body.refusal().get();
      }
      Rollout rollout = reader.read(body.tree()).take(rollouts.get(), owner, id);
      return Reply.json(200, json -> new RolloutJson(json).whole(rollout));
    } catch (RuntimeException e) {
      return failures.answer(e, scrubber);
    }
  }

  private static Action bare(Optional<Map<String, Object>> body, Action action) {
    requireNothing(body.orElse(Map.of()));
    return action;
  }

  private static Action rollBack(Optional<Map<String, Object>> body) {
    Map<String, Object> rest = new HashMap<>(body.orElse(Map.of()));
    Object update = rest.remove("update");
    requireNothing(rest);
    if (update != null && !(update instanceof String)) {
      throw new InvalidRequestException("update", "update must be a text");
    }
    Optional<UpdateId> to = Optional.ofNullable((String) update).map(UpdateId::new);
    return (all, owner, id) -> all.rollBack(owner, id, to);
  }

  /** A body without fields asks for no limit; without a body that could be a mistake. */
  private static Action changePace(Optional<Map<String, Object>> body) {
    Pace pace =
        Pace.of(
            body.orElseThrow(
                () ->
                    new InvalidRequestException(
                        "body", "The body must be the pace; {} is one without limits")));
    return (all, owner, id) -> all.changePace(owner, id, pace);
  }

  private static void requireNothing(Map<String, Object> rest) {
    if (!rest.isEmpty()) {
      throw new InvalidRequestException(
          "body", "The body has fields that this action does not know");
    }
  }
}
