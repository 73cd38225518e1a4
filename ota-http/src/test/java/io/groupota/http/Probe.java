package io.groupota.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.groupota.LatestUpdate;
import io.groupota.OtaQuery;
import io.groupota.OwnerId;
import io.groupota.rollout.Rollout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * One call of an endpoint that aims at what {@link HttpServer#OWNER} has, and what each kind of
 * caller gets for it.
 *
 * @param path the path and the query
 * @param body what is sent, JSON if it begins like that, a multipart form if it is anything else
 *     and not empty; a byte is a character
 * @param expected the answer
 */
record Probe(String path, String body, Function<Caller, Expected> expected) {
  static final byte[] FIRMWARE = Fleet.firmware(2_000, 1);
  private static final byte[] NEWER = Fleet.firmware(2_000, 2);

  private static final Expected UNAUTHORIZED = new Expected(401, "Unauthorized");
  private static final Expected NOTHING = Expected.message(404, "No firmware");
  private static final String LATEST = "{\"ver\":\"1.2.7\"}";

  /**
   * An answer.
   *
   * @param status the status
   * @param body the body, to the byte; a byte is a character
   */
  record Expected(int status, String body) {
    static Expected message(int status, String message) {
      return new Expected(status, "{\"message\":\"" + message + "\"}");
    }
  }

  /**
   * The calls of every endpoint. Whoever adds an endpoint adds its calls here, or {@link
   * EveryEndpointTest} fails.
   */
  static Map<String, List<Probe>> all(Fleet fleet, Rollout rollout) {
    Map<String, List<Probe>> all = new HashMap<>(groupsAndDevices(fleet));
    all.putAll(RolloutProbes.all(rollout));
    return all;
  }

  private static Map<String, List<Probe>> groupsAndDevices(Fleet fleet) {
    return Map.of(
        "GET /group",
        List.of(
            listed(fleet, "", owner -> true),
            listed(fleet, "?search_value=" + Fleet.GROUP, HttpServer.OWNER::equals),
            listed(fleet, "?search_value=" + Fleet.GROUP_TOKEN, HttpServer.OWNER::equals)),
        "POST /group",
        List.of(
            deployed(deployment(), "{\"message\":\"Firmware successfully deployed\"}"),
            deployed(
                stagedDeployment(),
                "{\"message\":\"Firmware successfully deployed\",\"rollout\":\"NEW\"}")),
        "GET /group/latest",
        List.of(
            device("/group/latest/" + Fleet.GROUP, LATEST),
            refused("/group/latest/" + Fleet.DEVICE)),
        "GET /group/download",
        List.of(
            device("/group/download/" + Fleet.GROUP + Fleet.GROUP_TOKEN, text(FIRMWARE)),
            refused("/group/download/" + Fleet.GROUP),
            refused("/group/download/" + Fleet.GROUP + Fleet.FOREIGN_TOKEN),
            refused("/group/download/" + Fleet.GROUP + HttpServer.BEARER),
            refused("/group/download/" + Fleet.FOREIGN_GROUP + Fleet.GROUP_TOKEN)),
        "GET /device/latest",
        List.of(
            device("/device/latest/" + Fleet.DEVICE, LATEST),
            refused("/device/latest/" + Fleet.GROUP)),
        "GET /device/download",
        List.of(
            device("/device/download/" + Fleet.DEVICE + Fleet.DEVICE_TOKEN, text(FIRMWARE)),
            refused("/device/download/" + Fleet.DEVICE + Fleet.FOREIGN_DEVICE_TOKEN),
            refused("/device/download/" + Fleet.DEVICE + Fleet.GROUP_TOKEN),
            refused("/device/download/" + Fleet.FOREIGN_DEVICE + Fleet.DEVICE_TOKEN)));
  }

  /** A form that would deploy a newer firmware to the group. */
  static String deployment() {
    return text(Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.8", NEWER).bytes());
  }

  /** One that would roll it out to both groups of the owner. */
  private static String stagedDeployment() {
    String plan =
        "{\"stages\":[{\"percent\":100}],\"groups\":[{\"group\":\"%s\",\"token\":\"%s\"}]}"
            .formatted(Fleet.SECOND_GROUP, Fleet.SECOND_TOKEN);
    return text(
        Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, "1.2.8", NEWER).field("plan", plan).bytes());
  }

  private static String text(byte[] bytes) {
    return new String(bytes, ISO_8859_1);
  }

  /** A page: everybody sees the own records, and counts the own records. */
  private static Probe listed(Fleet fleet, String query, Function<OwnerId, Boolean> matches) {
    return managed("/group" + query, "", caller -> page(fleet, caller, matches));
  }

  private static Probe deployed(String form, String answer) {
    return managed(
        "/group",
        form,
        caller ->
            switch (caller) {
              case OWNER -> new Expected(201, answer);
              case NOT_ENTITLED ->
                  Expected.message(
                      403,
                      "Group OTA update is not available in free model."
                          + " Please upgrade your account.");
              default -> Expected.message(404, "No such group");
            });
  }

  static Probe managed(String path, String body, Function<Caller, Expected> ofTheKnown) {
    return new Probe(
        path, body, caller -> caller.isKnown() ? ofTheKnown.apply(caller) : UNAUTHORIZED);
  }

  /** A call of a device: who has the token gets the firmware, whatever bearer is sent. */
  private static Probe device(String path, String answer) {
    return new Probe(path, "", caller -> new Expected(200, answer));
  }

  /** A call of a device without the token: the same answer, whatever bearer is sent. */
  private static Probe refused(String path) {
    return new Probe(path, "", caller -> NOTHING);
  }

  private static Expected page(Fleet fleet, Caller caller, Function<OwnerId, Boolean> matches) {
    OwnerId owner =
        switch (caller) {
          case OWNER -> HttpServer.OWNER;
          case OTHER_OWNER -> Fleet.FOREIGN_OWNER;
          default -> Fleet.FREE_OWNER;
        };
    List<LatestUpdate> own =
        fleet.service.latestUpdates(owner, OtaQuery.builder().build()).updates();
    boolean found = !own.isEmpty() && matches.apply(owner);
    String record = found ? record(own.get(0)) : "";
    String body =
        "{\"otas\":[%s],\"recordsTotal\":%d,\"recordsFiltered\":%d}"
            .formatted(record, own.size(), found ? 1 : 0);
    return new Expected(200, body);
  }

  private static String record(LatestUpdate update) {
    return ("{\"_id\":\"%s\",\"group\":\"%s\",\"__v\":0,"
            + "\"last_updated\":\"2020-01-17T17:38:59.980Z\",\"owner\":\"%s\",\"path\":\"%s\","
            + "\"version\":\"%s\"}")
        .formatted(update.id(), update.group(), update.owner(), update.path(), update.version());
  }
}
