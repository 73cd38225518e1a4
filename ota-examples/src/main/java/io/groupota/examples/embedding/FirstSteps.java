package io.groupota.examples.embedding;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.VersionDiff;
import io.groupota.firmware.FirmwareSource;
import io.groupota.spi.Addressing;
import io.groupota.spi.Device;
import io.groupota.spi.Group;
import io.groupota.storage.fs.FileSystemBlobStore;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.h2.jdbcx.JdbcDataSource;

/** The first steps with the library: H2 and a folder, no broker. The README shows the body. */
public final class FirstSteps {
  private FirstSteps() {}

  /**
   * What the steps gave.
   *
   * @param update the deploy
   * @param before what the devices would do, before it
   * @param page the last update of each group of the owner, after it
   */
  public record Result(OtaUpdate update, VersionDiff before, OtaPage page) {}

  /**
   * Deploys a firmware to a group of one device.
   *
   * @param folder where the database and the firmware files go
   * @param firmware the firmware to deploy
   * @return what came of it
   */
  public static Result run(Path folder, Path firmware) {
    // readme:begin
    JdbcDataSource dataSource = new JdbcDataSource();
    dataSource.setURL("jdbc:h2:" + folder.resolve("ota").toAbsolutePath());
    JdbcGroupRegistry groups = JdbcGroupRegistry.using(dataSource); // or your own GroupDirectory
    OwnerId owner = new OwnerId("acme");
    GroupId cooling = new GroupId("5e1b76bc4315b70eb242567a");
    DeviceId device = new DeviceId("5e1b5774afd4e404d68aebd6");
    Token token = Token.of("AATluvfLURijoH9d");
    groups.saveGroups(List.of(new Group(cooling, owner, token, "cooling")));
    groups.saveDevices(
        List.of(
            new Device(
                device, Token.of("iIP2C3D4B07O"), Optional.of(cooling), "u1", Addressing.GROUP)));

    try (GroupOtaService ota =
        GroupOta.builder()
            .repository(JdbcOtaRepository.using(dataSource)) // creates its own ota_* tables
            .blobStore(FileSystemBlobStore.in(folder.resolve("firmware")))
            .groups(groups)
            .build()) {
      ota.start();
      ota.report(DeviceReport.version(device, "2.3.5"));
      ota.runOnce(); // saves the report now instead of within half a second

      VersionDiff diff = ota.diff(owner, cooling, "2.3.6"); // who would be upgraded, …
      OtaUpdate update =
          ota.deploy(
              DeployRequest.of(
                  owner, cooling.value(), token.value(), "2.3.6", FirmwareSource.file(firmware)));
      OtaPage page = ota.latestUpdates(owner, OtaQuery.builder().limit(25).build());
      // readme:end
      return new Result(update, diff, page);
    }
  }
}
