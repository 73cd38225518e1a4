package io.groupota.http;

import io.groupota.http.Probe.Expected;
import io.groupota.rollout.Rollout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The calls that aim at a rollout of {@link HttpServer#OWNER} that waits for its start. */
final class RolloutProbes {
  private static final Expected NONE = Expected.message(404, "No such rollout");
  private static final String NOBODY =
      "{\"queued\":0,\"admitted\":0,\"triggered\":0,\"downloading\":0,\"retrying\":0,"
          + "\"updated\":0,\"failed\":0,\"timed_out\":0,\"rejected\":0,\"fell_back\":0,"
          + "\"excluded\":0,\"canceled\":0}";
  private static final String TIME = "2020-01-17T17:38:59.980Z";

  private final Rollout rollout;
  private final Map<String, List<Probe>> all = new HashMap<>();

  private RolloutProbes(Rollout rollout) {
    this.rollout = rollout;
  }

  static Map<String, List<Probe>> all(Rollout rollout) {
    RolloutProbes probes = new RolloutProbes(rollout);
    probes.reads();
    probes.actions();
    return probes.all;
  }

  private void reads() {
    all.put(
        "GET /rollouts",
        List.of(
            Probe.managed("/rollouts", "", caller -> page(caller, true)),
            Probe.managed("/rollouts?search_value=" + rollout.id(), "", this::found),
            Probe.managed("/rollouts?search_value=" + Fleet.SECOND_GROUP, "", this::found)));
    all.put("GET /rollouts/{id}", List.of(owners("", whole("scheduled", "", "waiting", ""))));
    all.put(
        "GET /rollouts/{id}/devices",
        List.of(owners("/devices", "{\"devices\":[],\"recordsTotal\":0,\"recordsFiltered\":0}")));
  }

  private void actions() {
    String started = ",\"started_at\":\"" + TIME + "\"";
    String ended = ",\"ended_at\":\"" + TIME + "\"";
    String asked = ",\"reason\":\"owner\"";
    action("start", "", 200, whole("running", "", "waiting", started));
    action("pause", "", 200, whole("paused", asked, "waiting", ""));
    action("cancel", "", 200, whole("canceled", asked, "waiting", ended));
    action("resume", "", 409, conflict("is not paused (it is scheduled)"));
    action("approve", "", 409, conflict("does not wait for an approval (it is scheduled)"));
    action("rollback", "", 200, whole("rolled_back", "", "released", ended));
    action(
        "pace",
        "{\"in_flight\":5}",
        200,
        whole("scheduled", "", "waiting", "")
            .replace("\"grow_every\":1}", "\"grow_every\":1,\"in_flight\":5}"));
  }

  private void action(String name, String body, int status, String answer) {
    all.put(
        "POST /rollouts/{id}/" + name,
        List.of(
            Probe.managed(
                "/rollouts/" + rollout.id() + "/" + name,
                body,
                caller -> caller == Caller.OWNER ? new Expected(status, answer) : NONE)));
  }

  private Probe owners(String below, String answer) {
    return Probe.managed(
        "/rollouts/" + rollout.id() + below,
        "",
        caller -> caller == Caller.OWNER ? new Expected(200, answer) : NONE);
  }

  private String conflict(String problem) {
    return "{\"message\":\"Rollout " + rollout.id() + " " + problem + "\"}";
  }

  private Expected found(Caller caller) {
    return page(caller, caller == Caller.OWNER);
  }

  private Expected page(Caller caller, boolean found) {
    boolean owner = caller == Caller.OWNER;
    return new Expected(
        200,
        "{\"rollouts\":[%s],\"recordsTotal\":%d,\"recordsFiltered\":%d}"
            .formatted(
                owner && found ? "{" + head("scheduled", "", "") + "}" : "",
                owner ? 1 : 0,
                owner && found ? 1 : 0));
  }

  private String whole(String state, String reason, String status, String times) {
    return "{"
        + head(state, reason, times)
        + ",\"groups\":[{\"group\":\""
        + Fleet.SECOND_GROUP
        + "\",\"update\":\""
        + rollout.groups().get(0).target()
        + "\",\"status\":\""
        + status
        + "\",\"blocked\":false}],\"stage_counts\":["
        + NOBODY
        + "],\"plan\":{\"stages\":[{\"percent\":100.0,\"gate\":{\"proven_percent\":100.0,"
        + "\"soak\":\"PT0S\",\"approval\":false}}],\"stop\":[],\"pace\":{\"growth\":1.0,"
        + "\"grow_every\":1},\"windows\":[],\"start\":\"manual\",\"device\":{"
        + "\"react_within\":\"PT15M\",\"finish_within\":\"PT15M\",\"retries\":2,"
        + "\"backoff\":\"PT5M\",\"max_backoff\":\"PT6H\",\"jitter\":\"PT0S\"},"
        + "\"guards\":{\"allow_downgrade\":false}}}";
  }

  private String head(String state, String reason, String times) {
    return "\"_id\":\""
        + rollout.id()
        + "\",\"owner\":\""
        + HttpServer.OWNER
        + "\",\"version\":\"4.0.0\",\"state\":\""
        + (state + "\"" + reason)
        + ",\"stage\":0,\"stages\":1,\"enrolled\":false,\"created_at\":\""
        + (TIME + "\"" + times)
        + ",\"devices\":0,\"counts\":"
        + NOBODY;
  }
}
