package io.groupota.http;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.testkit.SettableClock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A service in memory with a server before it, driven by hand: two groups of one owner, ten devices
 * that are addressed by themselves in the first, two that are addressed by their group in the
 * other.
 */
final class RolloutFleet implements AutoCloseable {
  static final int DEVICES = 10;
  static final byte[] OLD = Fleet.firmware(1_000, 1);
  static final byte[] NEW = Fleet.firmware(2_000, 2);
  static final String FREE = "bearer-of-the-free-plan";
  static final String STRANGER = "bearer-of-somebody-else";

  final SettableClock clock = SettableClock.at(Instant.parse("2026-01-05T08:00:00Z"));
  final GroupOtaService service;
  final HttpServer server;

  RolloutFleet(Path spool) throws Exception {
    InMemoryGroupRegistry registry = new InMemoryGroupRegistry();
    registry.saveGroups(
        List.of(
            group(Fleet.GROUP, HttpServer.OWNER, Fleet.GROUP_TOKEN),
            group(Fleet.SECOND_GROUP, HttpServer.OWNER, Fleet.SECOND_TOKEN),
            group(Fleet.FOREIGN_GROUP, Fleet.FOREIGN_OWNER, Fleet.FOREIGN_TOKEN)));
    List<Device> devices = new ArrayList<>();
    for (int i = 1; i <= DEVICES; i++) {
      devices.add(device(i, Fleet.GROUP, Addressing.DEVICE));
    }
    devices.add(device(101, Fleet.SECOND_GROUP, Addressing.GROUP));
    devices.add(device(102, Fleet.SECOND_GROUP, Addressing.GROUP));
    registry.saveDevices(devices);
    service =
        GroupOta.builder()
            .repository(new InMemoryOtaRepository(clock))
            .blobStore(new InMemoryBlobStore())
            .groups(registry)
            .notifier(trigger -> CompletableFuture.completedFuture(null))
            .entitlement(owner -> !owner.equals(Fleet.FREE_OWNER))
            .clock(clock)
            .pageSize(25, 100)
            .build();
    server =
        HttpServer.with(
            service,
            spool,
            builder -> builder.authenticator(Caller::authenticate).maxUpload(1 << 20));
    deployAtOnce(Fleet.GROUP, Fleet.GROUP_TOKEN);
    deployAtOnce(Fleet.SECOND_GROUP, Fleet.SECOND_TOKEN);
    devices.forEach(device -> service.report(DeviceReport.version(device.id(), "1.0.0")));
    run();
  }

  private static Group group(String id, OwnerId owner, String token) {
    return new Group(new GroupId(id), owner, Token.of(token), "");
  }

  private static Device device(int number, String group, Addressing addressing) {
    return new Device(
        new DeviceId(id(number)),
        Token.of("token" + number),
        Optional.of(new GroupId(group)),
        "u1",
        addressing);
  }

  static String id(int number) {
    return String.format("%024x", number);
  }

  private void deployAtOnce(String group, String token) {
    service.deploy(
        DeployRequest.of(HttpServer.OWNER, group, token, "1.0.0", FirmwareSource.bytes(OLD)));
  }

  /** A second passes, and the service does what is due. */
  void run() {
    clock.advance(Duration.ofSeconds(1));
    service.runOnce();
  }

  void report(List<String> devices, String version) {
    devices.forEach(id -> service.report(DeviceReport.version(new DeviceId(id), version)));
    run();
  }

  static Form form(String version) {
    return Form.complete(Fleet.GROUP, Fleet.GROUP_TOKEN, version, NEW);
  }

  RawHttp.Answer deploy(Form form) throws Exception {
    return send(Form.request(form.bytes()));
  }

  /** Deploys by a plan to the first group, lets the devices be taken in, and returns the id. */
  String begin(String version, String plan) throws Exception {
    RawHttp.Answer answer = deploy(form(version).field("plan", plan));
    Optional<MatchResult> id =
        Pattern.compile(
                "\\{\"message\":\"Firmware successfully deployed\",\"rollout\":\"([0-9a-f]{24})\"\\}")
            .matcher(answer.text())
            .results()
            .findFirst();
    if (answer.status() != 201 || id.isEmpty()) {
      throw new AssertionError(answer.statusLine() + " " + answer.text());
    }
    run();
    return id.get().group(1);
  }

  RawHttp.Answer get(String path) throws Exception {
    return call("GET", path, "", "", HttpServer.BEARER);
  }

  RawHttp.Answer post(String path) throws Exception {
    return post(path, "");
  }

  RawHttp.Answer post(String path, String json) throws Exception {
    return call("POST", path, "application/json", json, HttpServer.BEARER);
  }

  RawHttp.Answer call(String method, String path, String type, String body, String bearer)
      throws Exception {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String head =
        method
            + (" /v1/ota" + path + " HTTP/1.1\r\nHost: ota\r\nAuthorization: Bearer " + bearer)
            + (type.isEmpty() ? "" : "\r\nContent-Type: " + type)
            + ("\r\nContent-Length: " + bytes.length + "\r\n\r\n");
    byte[] request = new byte[head.length() + bytes.length];
    System.arraycopy(head.getBytes(StandardCharsets.US_ASCII), 0, request, 0, head.length());
    System.arraycopy(bytes, 0, request, head.length(), bytes.length);
    return send(request);
  }

  RawHttp.Answer send(byte[] request) throws Exception {
    try (RawHttp http = server.raw()) {
      return http.send(request).read();
    }
  }

  /** The devices of a rollout in a state. */
  List<String> in(String rollout, String state) throws Exception {
    return all("device", get("/rollouts/" + rollout + "/devices?state=" + state).text());
  }

  /** The text values of a member, wherever it occurs. */
  static List<String> all(String member, String json) {
    return Pattern.compile("\"" + member + "\":\"([^\"]*)\"")
        .matcher(json)
        .results()
        .map(result -> result.group(1))
        .toList();
  }

  /** What a device is told: both of its requests must say the same. */
  String told(String device) throws Exception {
    RawHttp.Answer latest = device("latest/" + device);
    int number = Integer.parseInt(device, 16);
    RawHttp.Answer download = device("download/" + device + "token" + number);
    String version = all("ver", latest.text()).stream().findFirst().orElse("none");
    byte[] served =
        switch (version) {
          case "1.0.0" -> OLD;
          case "2.0.0", "3.0.0" -> NEW;
          default -> new byte[0];
        };
    if (latest.status() != download.status()
        || (latest.status() == 200 && !Arrays.equals(served, download.body()))) {
      throw new AssertionError(
          device + " is told " + version + " and downloads " + download.statusLine());
    }
    return version;
  }

  private RawHttp.Answer device(String path) throws Exception {
    try (RawHttp http = server.raw()) {
      return http.send("GET /v1/ota/device/" + path + " HTTP/1.1\r\nHost: ota\r\n\r\n").read();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    service.close();
  }
}
