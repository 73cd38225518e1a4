package io.groupota.benchmarks;

import io.groupota.DeployRequest;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.firmware.Esp32ImageInspector;
import io.groupota.firmware.FirmwareSource;
import io.groupota.testkit.Esp32Image;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;

/** Deploys into a folder: a large firmware, and many small ones, to one group after another. */
final class DeploySuite implements Suite {
  private static final int BUFFER = 64 << 10;

  @Override
  public String name() {
    return "deploy";
  }

  @Override
  public String about() {
    return "a 256 MB firmware, and small ones, beside plain writing, fsync and digests";
  }

  @Override
  public void run(Run run) throws Exception {
    try (Database database = run.database(this, 4)) {
      Fleet fleet = new Fleet(database, run.seed());
      int groups = run.count(1_000, 20);
      fleet.groups(0, groups);
      database.settle();
      try (GroupOtaService service =
          Host.on(database, run.folder())
              .inspector(Esp32ImageInspector.strict())
              .maxFirmwareSize(512L << 20)
              .build()) {
        // Before the large ones: the disk is busy with what they leave for a while.
        small(run, new Deployer(service, fleet, groups, run.folder()), database);
        large(run, new Deployer(service, fleet, groups, run.folder()));
      }
    }
  }

  /**
   * Deploys one version after another, each to the next group, and removes their files. Were it one
   * group, the rows of what it served would be in the way of each other.
   */
  private static final class Deployer {
    private final GroupOtaService service;
    private final Fleet fleet;
    private final int groups;
    private final Path folder;
    private int version;

    Deployer(GroupOtaService service, Fleet fleet, int groups, Path folder) {
      this.service = service;
      this.fleet = fleet;
      this.groups = groups;
      this.folder = folder;
    }

    OtaUpdate deploy(FirmwareSource source) {
      int group = version % groups;
      return service.deploy(
          DeployRequest.of(
              fleet.owner(),
              fleet.group(group).value(),
              fleet.token(group).value(),
              "1.0." + version++,
              source));
    }

    void remove(OtaUpdate update) throws IOException {
      Files.delete(folder.resolve("blobs").resolve(update.blob().value() + ".blob"));
    }
  }

  private static void large(Run run, Deployer deployer) throws Exception {
    // The format ends just below 256 MiB.
    int size = run.count(256_000_000, 4_000_000);
    Path file = run.folder().resolve("large.bin");
    run.progress("deploy: making an image of " + size + " bytes");
    write(Esp32Image.builder().size(size).seed(run.seed().value()).build(), file);
    FirmwareSource source = FirmwareSource.file(file);
    Samples allocated = new Samples();
    Duel.Measure ours =
        () -> {
          long before = Allocation.total();
          OtaUpdate[] update = new OtaUpdate[1];
          double seconds = Timing.seconds(() -> update[0] = deployer.deploy(source));
          allocated.add((Allocation.total() - before) / 1e6);
          deployer.remove(update[0]);
          return size / seconds / 1e6;
        };
    run.add(Row.of("deploy.large-cold", ours.run(), "MB/s"));
    Duel.Outcome outcome =
        run.duel(5)
            .run(
                run.progress("deploy: " + size + " bytes"),
                ours,
                () -> {
                  Path copy = run.folder().resolve("plain.bin");
                  double seconds = Timing.seconds(() -> plain(source, copy));
                  Files.delete(copy);
                  return size / seconds / 1e6;
                });
    run.add(Row.of("deploy.large", outcome, "MB/s").should(Target.ratioAtLeast(0.8)));
    run.add(
        Row.of("deploy.4-times-the-peer", outcome.value(), "MB/s")
            .should(Target.atLeast(4 * Peer.DEPLOY_MEGABYTES_PER_SECOND)));
    run.add(
        Row.of("deploy.large-heap", allocated.median(), "MB allocated").should(Target.atMost(8)));
    Files.delete(file);
  }

  private static void write(Esp32Image image, Path file) throws IOException {
    try (InputStream bytes = image.open()) {
      Files.copy(bytes, file);
    }
    // The disk must not be busy with it while a deploy is measured.
    try (FileChannel written = FileChannel.open(file, StandardOpenOption.WRITE)) {
      written.force(true);
    }
  }

  /** One pass in plain Java. */
  private static void plain(FirmwareSource source, Path file)
      throws IOException, GeneralSecurityException {
    MessageDigest md5 = MessageDigest.getInstance("MD5");
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    try (InputStream in = source.open();
        FileChannel out =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      byte[] buffer = new byte[BUFFER];
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        md5.update(buffer, 0, count);
        sha256.update(buffer, 0, count);
        ByteBuffer piece = ByteBuffer.wrap(buffer, 0, count);
        while (piece.hasRemaining()) {
          out.write(piece);
        }
      }
      out.force(true);
    }
    if (Arrays.equals(md5.digest(), sha256.digest())) {
      throw new IllegalStateException("Two digests are equal");
    }
  }

  private static void small(Run run, Deployer deployer, Database database) throws Exception {
    byte[] image = Esp32Image.builder().size(200_000).seed(run.seed().value()).build().bytes();
    FirmwareSource source = FirmwareSource.bytes(image);
    database.execute("CREATE TABLE plain (id BIGINT PRIMARY KEY, at TIMESTAMPTZ NOT NULL)");
    Path folder = Files.createDirectories(run.folder().resolve("plain"));
    long[] id = {0};
    run.progress("deploy: to each group, for the first time and then again");
    // A checkpoint has every page written whole once more: none comes while this is measured.
    database.settle();
    run.add(
        Row.of(
            "deploy.small-cold",
            perSecond(run.time(10), () -> deployer.remove(deployer.deploy(source))),
            "1/s"));
    // As autovacuum would by now: tables that were empty at the start are not any more.
    database.execute("VACUUM (ANALYZE)");
    // Many short rounds: the disk is not as fast in one second as in the next.
    Duration time = run.time(0.1);
    Duel.Outcome outcome =
        run.duel(101)
            .run(
                run.progress("deploy: " + image.length + " bytes, over and over"),
                () -> perSecond(time, () -> deployer.remove(deployer.deploy(source))),
                () ->
                    perSecond(
                        time,
                        () -> {
                          Path file = folder.resolve(Long.toString(id[0]));
                          writeAndForce(image, file);
                          commit(database, id[0]++);
                          Files.delete(file);
                        }));
    run.add(Row.of("deploy.small", outcome, "1/s").should(Target.ratioAtLeast(0.5)));
  }

  /** How many fit into a second, one after the other, if each takes as long as the median. */
  private static double perSecond(Duration time, Timing.Call call) throws Exception {
    return 1e6 / Timing.medianMicros(time, call);
  }

  private static void writeAndForce(byte[] bytes, Path file) throws IOException {
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer piece = ByteBuffer.wrap(bytes);
      while (piece.hasRemaining()) {
        out.write(piece);
      }
      out.force(true);
    }
  }

  private static void commit(Database database, long id) throws SQLException {
    try (Connection connection = database.pool().getConnection();
        PreparedStatement statement =
            connection.prepareStatement("INSERT INTO plain VALUES (?, now())")) {
      statement.setLong(1, id);
      statement.executeUpdate();
    }
  }
}
