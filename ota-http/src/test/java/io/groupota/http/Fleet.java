package io.groupota.http;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.firmware.FirmwareSource;
import io.groupota.memory.InMemoryBlobStore;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** A real service in memory: two groups of one owner, one of another, one device by itself. */
final class Fleet implements AutoCloseable {
  static final String GROUP = "5e1b76bc4315b70eb242567a";
  static final String GROUP_TOKEN = "AATluvfLURijoH9d";
  static final String SECOND_GROUP = "5e1dce30005a9652dbf0f7fd";
  static final String SECOND_TOKEN = "zuCbB5tL5pniMY3B";
  static final String FOREIGN_GROUP = "5e1dce30005a9652dbf0ffff";
  static final String FOREIGN_TOKEN = "ForeignForeign01";
  static final String DEVICE = "5e1b5774afd4e404d68aebd6";
  static final String DEVICE_TOKEN = "iIP2C3D4B07O";
  static final Instant NOW = Instant.parse("2020-01-17T17:38:59.980Z");
  static final OwnerId FREE_OWNER = new OwnerId("free-plan");

  final GroupOtaService service;

  Fleet() {
    var registry = new InMemoryGroupRegistry();
    registry.saveGroups(
        List.of(
            group(GROUP, HttpServer.OWNER, GROUP_TOKEN),
            group(SECOND_GROUP, HttpServer.OWNER, SECOND_TOKEN),
            group(FOREIGN_GROUP, new OwnerId("somebody-else"), FOREIGN_TOKEN)));
    registry.saveDevices(
        List.of(
            new Device(
                new DeviceId(DEVICE),
                Token.of(DEVICE_TOKEN),
                Optional.of(new GroupId(GROUP)),
                "Hcixd1Fx",
                Addressing.DEVICE)));
    Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    service =
        GroupOta.builder()
            .repository(new InMemoryOtaRepository(clock))
            .blobStore(new InMemoryBlobStore())
            .groups(registry)
            .clock(clock)
            .entitlement(owner -> !owner.equals(FREE_OWNER))
            .pageSize(25, 100)
            .build();
  }

  private static Group group(String id, OwnerId owner, String token) {
    return new Group(new GroupId(id), owner, Token.of(token), "");
  }

  OtaUpdate deploy(String version, byte[] firmware) {
    return deploy(GROUP, GROUP_TOKEN, version, firmware);
  }

  OtaUpdate deploy(String group, String token, String version, byte[] firmware) {
    return service.deploy(
        DeployRequest.of(HttpServer.OWNER, group, token, version, FirmwareSource.bytes(firmware)));
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
