package io.groupota.http;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutPlan;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.Schedule;
import io.groupota.rollout.Stage;
import io.groupota.spi.Addressing;
import io.groupota.spi.BlobStore;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;

/**
 * A real service in memory: two groups of one owner, one of another, one of an owner whose plan has
 * no group OTA; a device by itself in the first group and one in that of the other owner.
 */
final class Fleet implements AutoCloseable {
  static final String GROUP = "5e1b76bc4315b70eb242567a";
  static final String GROUP_TOKEN = "AATluvfLURijoH9d";
  static final String SECOND_GROUP = "5e1dce30005a9652dbf0f7fd";
  static final String SECOND_TOKEN = "zuCbB5tL5pniMY3B";
  static final String FOREIGN_GROUP = "5e1dce30005a9652dbf0ffff";
  static final String FOREIGN_TOKEN = "ForeignForeign01";
  static final String DEVICE = "5e1b5774afd4e404d68aebd6";
  static final String DEVICE_TOKEN = "iIP2C3D4B07O";
  static final String FOREIGN_DEVICE = "5e1b5774afd4e404d68affff";
  static final String FOREIGN_DEVICE_TOKEN = "ForeignDevice";
  static final String FREE_GROUP = "5e1dce30005a9652dbf0eeee";
  static final String FREE_TOKEN = "FreeFreeFree";
  static final Instant NOW = Instant.parse("2020-01-17T17:38:59.980Z");
  static final OwnerId FOREIGN_OWNER = new OwnerId("somebody-else");
  static final OwnerId FREE_OWNER = new OwnerId("free-plan");

  private static final List<Group> GROUPS =
      List.of(
          group(GROUP, HttpServer.OWNER, GROUP_TOKEN),
          group(SECOND_GROUP, HttpServer.OWNER, SECOND_TOKEN),
          group(FOREIGN_GROUP, FOREIGN_OWNER, FOREIGN_TOKEN),
          group(FREE_GROUP, FREE_OWNER, FREE_TOKEN));

  final GroupOtaService service;
  final InMemoryOtaRepository repository;

  Fleet() {
    this(new InMemoryBlobStore());
  }

  Fleet(BlobStore blobs) {
    var registry = new InMemoryGroupRegistry();
    registry.saveGroups(GROUPS);
    registry.saveDevices(
        List.of(
            device(DEVICE, DEVICE_TOKEN, GROUP),
            device(FOREIGN_DEVICE, FOREIGN_DEVICE_TOKEN, FOREIGN_GROUP)));
    Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    repository = new InMemoryOtaRepository(clock);
    service =
        GroupOta.builder()
            .repository(repository)
            .blobStore(blobs)
            .groups(registry)
            .clock(clock)
            .entitlement(owner -> !owner.equals(FREE_OWNER))
            .pageSize(25, 100)
            .build();
  }

  private static Group group(String id, OwnerId owner, String token) {
    return new Group(new GroupId(id), owner, Token.of(token), "");
  }

  private static Device device(String id, String token, String group) {
    return new Device(
        new DeviceId(id),
        Token.of(token),
        Optional.of(new GroupId(group)),
        "Hcixd1Fx",
        Addressing.DEVICE);
  }

  OtaUpdate deploy(String version, byte[] firmware) {
    return deploy(GROUP, GROUP_TOKEN, version, firmware);
  }

  OtaUpdate deploy(String group, String token, String version, byte[] firmware) {
    return deploy(HttpServer.OWNER, group, token, version, firmware);
  }

  /** A deploy of the other owner, to its own group. */
  OtaUpdate deployForeign(String version, byte[] firmware) {
    return deploy(FOREIGN_OWNER, FOREIGN_GROUP, FOREIGN_TOKEN, version, firmware);
  }

  private OtaUpdate deploy(
      OwnerId owner, String group, String token, String version, byte[] firmware) {
    return service.deploy(
        DeployRequest.of(owner, group, token, version, FirmwareSource.bytes(firmware)));
  }

  /** A rollout to the second group of the owner, which waits for somebody to start it. */
  Rollout rollOut(String version, byte[] firmware) {
    RolloutPlan plan =
        RolloutPlan.builder()
            .stage(Stage.everyone())
            .schedule(new Schedule(true, Optional.empty(), Optional.empty()))
            .build();
    return service
        .rollouts()
        .deploy(
            DeployRequest.of(
                HttpServer.OWNER,
                SECOND_GROUP,
                SECOND_TOKEN,
                version,
                FirmwareSource.bytes(firmware)),
            Map.of(),
            plan);
  }

  /**
   * All that a call could have changed: the page, the histories and the rollouts of every owner.
   */
  List<Object> everything() {
    List<Object> all = new ArrayList<>();
    for (OwnerId owner : List.of(HttpServer.OWNER, FOREIGN_OWNER, FREE_OWNER)) {
      all.add(service.latestUpdates(owner, OtaQuery.builder().build()));
      all.add(service.rollouts().list(owner, RolloutQuery.all()));
      for (Group group : GROUPS) {
        if (group.owner().equals(owner)) {
          all.add(service.history(owner, group.id(), 0, OptionalInt.empty()));
          all.add(service.served(group.id()));
        }
      }
    }
    return all;
  }

  /** Bytes that begin like an ESP32 image and differ from seed to seed. */
  static byte[] firmware(int size, long seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    bytes[0] = (byte) 0xE9;
    return bytes;
  }

  @Override
  public void close() {
    service.close();
  }
}
