package io.groupota.testkit.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.FirmwareDownload;
import io.groupota.FirmwareRejectedException;
import io.groupota.FirmwareTooLargeException;
import io.groupota.FirmwareUnreadableException;
import io.groupota.GroupId;
import io.groupota.GroupOtaService;
import io.groupota.InvalidRequestException;
import io.groupota.LatestUpdate;
import io.groupota.NoSuchGroupException;
import io.groupota.NoSuchUpdateException;
import io.groupota.NotEntitledException;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.Retention;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.UpdateId;
import io.groupota.VersionRefusedException;
import io.groupota.firmware.FirmwareSource;
import io.groupota.firmware.ImageInfo;
import io.groupota.spi.Addressing;
import io.groupota.spi.FirmwareInspector;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a deploy, a redeploy and a download promise, on the storages of an implementer. */
public abstract class DeployContract extends ServiceContract {
  /** For subclasses. */
  protected DeployContract() {}

  @Test
  void aDeployIsServedAndListed() {
    OtaUpdate update = deploy("1.2.7");

    assertThat(service.served(GROUP)).contains(update);
    assertThat(servedBytes()).isEqualTo(firmware("1.2.7"));
    assertThat(update.firmware().size()).isEqualTo(firmware("1.2.7").length);
    LatestUpdate latest = latest();
    assertThat(latest.path()).isEqualTo("ota/group/" + GROUP + TOKEN + "/firmware.bin");
    assertThat(latest.version()).isEqualTo("1.2.7");
    assertThat(latest.update()).isEqualTo(update.id());
    assertThat(latest.lastUpdated()).isEqualTo(clock.instant());
    assertThat(latest.owner()).isEqualTo(OWNER);
  }

  @Test
  void aNewerDeployKeepsTheRecordAndTheHistory() {
    OtaUpdate first = deploy("1.0.0");
    String id = latest().id();
    clock.advance(Duration.ofDays(4));
    OtaUpdate second = deploy("1.1.0");

    assertThat(latest().id()).isEqualTo(id);
    assertThat(latest().lastUpdated()).isEqualTo(clock.instant());
    assertThat(service.history(OWNER, GROUP, 0, OptionalInt.empty()).updates())
        .containsExactly(second, first);
    assertThat(service.latestUpdates(STRANGER, OtaQuery.builder().build()).total()).isZero();
  }

  @Test
  void onlyTheOwnerWithTheTokenDeploys() {
    FirmwareSource source = FirmwareSource.bytes(firmware("1.0.0"));
    String unknown = "5e1b76bc4315b70eb242567b";
    assertThatThrownBy(
            () -> service.deploy(DeployRequest.of(STRANGER, GROUP.value(), TOKEN, "1.0.0", source)))
        .isInstanceOf(NoSuchGroupException.class);
    assertThatThrownBy(
            () -> service.deploy(DeployRequest.of(OWNER, unknown, TOKEN, "1.0.0", source)))
        .isInstanceOf(NoSuchGroupException.class);
    assertThatThrownBy(
            () -> service.deploy(DeployRequest.of(OWNER, GROUP.value(), "wrong", "1.0.0", source)))
        .isInstanceOf(NoSuchGroupException.class);
    GroupOtaService freePlan = build(builder().entitlement(owner -> false));
    assertThatThrownBy(() -> freePlan.deploy(request("1.0.0")))
        .isInstanceOf(NotEntitledException.class);
    assertNothingWasDeployed();
    assertThat(repository.claimAbandoned(Duration.ZERO, 10)).as("reserved").isEmpty();
  }

  @Test
  void onlyTheOwnerSeesTheHistoryAndTheDiff() {
    OtaUpdate update = deploy("1.0.0");
    assertThatThrownBy(() -> service.history(STRANGER, GROUP, 0, OptionalInt.empty()))
        .isInstanceOf(NoSuchGroupException.class);
    assertThatThrownBy(() -> service.diff(STRANGER, GROUP, "1.0.0"))
        .isInstanceOf(NoSuchGroupException.class);
    assertThatThrownBy(() -> service.redeploy(STRANGER, GROUP, update.id()))
        .isInstanceOf(NoSuchGroupException.class);
  }

  @Test
  void aRefusedFileLeavesTheGroupAsItWas() {
    OtaUpdate before = deploy("1.0.0");
    FirmwareInspector refusing =
        () ->
            new FirmwareInspector.Inspection() {
              @Override
              public void accept(byte[] buffer, int offset, int length) {}

              @Override
              public Optional<ImageInfo> finish() {
                throw new FirmwareRejectedException("no firmware", 0);
              }
            };
    GroupOtaService strict = build(builder().inspector(refusing));
    assertThatThrownBy(() -> strict.deploy(request("1.1.0")))
        .isInstanceOf(FirmwareRejectedException.class);
    assertThatThrownBy(() -> deployFrom(FirmwareSource.bytes(new byte[0])))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessage("No file uploaded");
    assertThatThrownBy(() -> deployFrom(FirmwareSource.bytes(new byte[(1 << 20) + 1])))
        .isInstanceOf(FirmwareTooLargeException.class);
    assertThatThrownBy(() -> deployFrom(DeployContract::breaking))
        .isInstanceOf(FirmwareUnreadableException.class);
    assertServesStill(before);
  }

  @Test
  void aFirmwareOfExactlyTheLimitIsAccepted() {
    deployFrom(FirmwareSource.bytes(new byte[1 << 20]));
    assertThat(servedBytes()).hasSize(1 << 20);
  }

  @Test
  void whatAFailedDeployLeftIsSwept() {
    OtaUpdate before = deploy("1.0.0");
    List<BlobKey> written = new ArrayList<>();
    GroupOtaService failing =
        build(
            builder()
                .repository(
                    intercepting(
                        "record",
                        (method, args) -> {
                          written.add(((io.groupota.spi.UpdateLog.Entry) args[0]).update().blob());
                          throw new StorageException("the database is gone", null);
                        })));
    assertThatThrownBy(() -> failing.deploy(request("1.1.0"))).isInstanceOf(StorageException.class);
    assertThat(blobs.size(written.get(0))).isPresent();

    service.runOnce();

    assertThat(blobs.size(written.get(0))).isEmpty();
    assertServesStill(before);
  }

  @Test
  public void oldUpdatesGoAndTheirFilesWithThem() {
    List<OtaUpdate> updates = IntStream.range(0, 12).mapToObj(i -> deploy("1.0." + i)).toList();
    service.runOnce();
    assertThat(service.history(OWNER, GROUP, 0, OptionalInt.empty()).total()).isEqualTo(12);
    clock.advance(Duration.ofDays(31));
    build(builder().retention(Retention.EVERYTHING)).runOnce();
    assertThat(service.history(OWNER, GROUP, 0, OptionalInt.empty()).total()).isEqualTo(12);

    service.runOnce();
    assertThat(service.history(OWNER, GROUP, 0, OptionalInt.empty()).total()).isEqualTo(10);
    assertThat(blobs.size(updates.get(1).blob())).isEmpty();
    assertThat(blobs.size(updates.get(2).blob())).isPresent();
    assertThatThrownBy(() -> service.redeploy(OWNER, GROUP, updates.get(1).id()))
        .isInstanceOf(NoSuchUpdateException.class);
    service.redeploy(OWNER, GROUP, updates.get(2).id());
    assertThat(same(servedBytes(), firmware("1.0.2"))).isTrue();
  }

  @Test
  void whatADeadNodeLeftIsSweptAfterTheGrace() {
    deploy("1.0.0");
    BlobKey orphan = new BlobKey(GROUP + "/" + "0".repeat(24));
    repository.reserve(orphan);
    blobs.put(orphan, new ByteArrayInputStream(new byte[10]));

    service.runOnce();
    assertThat(blobs.size(orphan)).as("may still be uploading").isPresent();
    clock.advance(Duration.ofHours(2));
    service.runOnce();

    assertThat(blobs.size(orphan)).isEmpty();
    assertThat(servedBytes()).isEqualTo(firmware("1.0.0"));
  }

  @Test
  void aCommitWhoseAnswerWasLostIsASuccess() {
    GroupOtaService unlucky =
        build(
            builder()
                .repository(
                    intercepting(
                        "record",
                        (method, args) -> {
                          method.call();
                          throw new StorageException("connection reset", null);
                        })));
    OtaUpdate update = unlucky.deploy(request("1.0.0"));
    clock.advance(Duration.ofHours(2));
    service.runOnce();
    assertThat(service.served(GROUP)).contains(update);
    assertThat(servedBytes()).isEqualTo(firmware("1.0.0"));
  }

  @Test
  void guardsRefuseADowngradeAndTheSameVersion() {
    OtaUpdate before = deploy("1.1.0");
    assertThatThrownBy(() -> service.deploy(request("1.0.0").refusingDowngrade()))
        .isInstanceOf(VersionRefusedException.class)
        .hasMessageContaining("downgrade from 1.1.0");
    assertThatThrownBy(() -> service.deploy(request("1.1.0").refusingSameVersion()))
        .isInstanceOf(VersionRefusedException.class)
        .hasMessageContaining("already served");
    assertServesStill(before);
    service.deploy(request("1.1.0").refusingDowngrade());
    service.deploy(request("1.0.0").refusingSameVersion());
    assertThat(service.served(GROUP).orElseThrow().version()).isEqualTo("1.0.0");
  }

  @Test
  void aGuardHoldsAgainstADeployThatComesInBetween() {
    deploy("1.0.0");
    boolean[] raced = {false};
    GroupOtaService guarded =
        build(
            builder()
                .repository(
                    intercepting(
                        "record",
                        (method, args) -> {
                          if (!raced[0]) {
                            raced[0] = true;
                            deploy("3.0.0");
                          }
                          return method.call();
                        })));
    assertThatThrownBy(() -> guarded.deploy(request("2.0.0").refusingDowngrade()))
        .isInstanceOf(VersionRefusedException.class);
    assertThat(service.served(GROUP).orElseThrow().version()).isEqualTo("3.0.0");
  }

  @Test
  void anEarlierUpdateIsServedAgain() {
    OtaUpdate first = deploy("1.0.0");
    deploy("1.1.0");
    OtaUpdate back = service.redeploy(OWNER, GROUP, first.id());

    assertThat(back.redeployOf()).contains(first.id());
    assertThat(servedBytes()).isEqualTo(firmware("1.0.0"));
    assertThat(service.history(OWNER, GROUP, 0, OptionalInt.empty()).total()).isEqualTo(3);
    UpdateId unknown = new UpdateId("0".repeat(24));
    assertThatThrownBy(() -> service.redeploy(OWNER, GROUP, unknown))
        .isInstanceOf(NoSuchUpdateException.class);
  }

  @Test
  void aDownloadNeedsTheTokenAndSeesOneFirmware() {
    addDevice(7, "user", Addressing.DEVICE);
    assertThat(service.download(GROUP, Token.of(TOKEN))).isEmpty();
    deploy("1.0.0");
    clock.advance(Duration.ofSeconds(1));
    FirmwareDownload begun = service.download(GROUP, Token.of(TOKEN)).orElseThrow();
    deploy("1.1.0");

    assertThat(read(begun)).isEqualTo(firmware("1.0.0"));
    assertThat(servedBytes()).isEqualTo(firmware("1.1.0"));
    assertThat(service.download(GROUP, Token.of("wrong"))).isEmpty();
    assertThat(service.download(new GroupId("0".repeat(24)), Token.of(TOKEN))).isEmpty();
    assertThat(read(service.download(device(7), Token.of("token7")).orElseThrow()))
        .isEqualTo(firmware("1.1.0"));
    assertThat(service.download(device(7), Token.of(TOKEN))).isEmpty();
    assertThat(service.served(device(7)).orElseThrow().version()).isEqualTo("1.1.0");
    assertThat(service.served(new DeviceId("f".repeat(24)))).isEmpty();
  }

  @Test
  void aDownloadReadsAnyRangeWithinTheFile() {
    deploy("1.0.0");
    FirmwareDownload download = service.download(GROUP, Token.of(TOKEN)).orElseThrow();
    byte[] all = firmware("1.0.0");
    assertThat(read(download, 10, 20)).isEqualTo(Arrays.copyOfRange(all, 10, 30));
    assertThat(read(download, all.length, 0)).isEmpty();
    assertThatThrownBy(() -> download.open(all.length, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> download.open(1, Long.MAX_VALUE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void racingDeploysEndAsOneOfThemWhole() throws Exception {
    int deploys = 6;
    CyclicBarrier lastByte = new CyclicBarrier(deploys);
    ExecutorService pool = Executors.newFixedThreadPool(deploys);
    try {
      List<Future<OtaUpdate>> running = new ArrayList<>();
      for (int i = 0; i < deploys; i++) {
        String version = "1." + i + ".0";
        FirmwareSource together =
            () ->
                new SequenceInputStream(
                    new ByteArrayInputStream(firmware(version)), awaiting(lastByte));
        running.add(
            pool.submit(
                () ->
                    service.deploy(
                        DeployRequest.of(OWNER, GROUP.value(), TOKEN, version, together))));
      }
      for (Future<OtaUpdate> deploy : running) {
        deploy.get();
      }
    } finally {
      pool.shutdownNow();
    }
    OtaUpdate winner = service.served(GROUP).orElseThrow();
    assertThat(servedBytes()).isEqualTo(firmware(winner.version()));
    assertThat(latest().update()).isEqualTo(winner.id());
    assertThat(latest().version()).isEqualTo(winner.version());
    assertThat(service.history(OWNER, GROUP, 0, OptionalInt.empty()).total()).isEqualTo(deploys);
  }

  private LatestUpdate latest() {
    return service.latestUpdates(OWNER, OtaQuery.builder().build()).updates().get(0);
  }

  private void deployFrom(FirmwareSource source) {
    service.deploy(DeployRequest.of(OWNER, GROUP.value(), TOKEN, "2.0.0", source));
  }

  private void assertNothingWasDeployed() {
    assertThat(service.served(GROUP)).isEmpty();
    assertThat(service.latestUpdates(OWNER, OtaQuery.builder().build()).total()).isZero();
  }

  private void assertServesStill(OtaUpdate update) {
    clock.advance(Duration.ofSeconds(1));
    assertThat(service.served(GROUP)).contains(update);
    assertThat(servedBytes()).isEqualTo(firmware(update.version()));
    assertThat(service.history(OWNER, GROUP, 0, OptionalInt.empty()).updates())
        .containsExactly(update);
  }

  private static InputStream breaking() {
    return new SequenceInputStream(
        new ByteArrayInputStream(new byte[5_000]),
        new Ending(
            () -> {
              throw new IOException("the client went away");
            }));
  }

  private static InputStream awaiting(CyclicBarrier barrier) {
    return new Ending(
        () -> {
          try {
            barrier.await();
          } catch (Exception e) {
            throw new IOException(e);
          }
        });
  }

  /** What happens at the end of a stream. */
  @FunctionalInterface
  private interface AtEnd {
    void run() throws IOException;
  }

  /** A stream without bytes that does something at its end. */
  private static final class Ending extends InputStream {
    private final AtEnd atEnd;

    Ending(AtEnd atEnd) {
      this.atEnd = atEnd;
    }

    @Override
    public int read() throws IOException {
      atEnd.run();
      return -1;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      return read();
    }
  }
}
