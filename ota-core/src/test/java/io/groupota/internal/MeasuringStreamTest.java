package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.firmware.Firmware;
import io.groupota.firmware.ImageInfo;
import io.groupota.spi.FirmwareInspector;
import io.groupota.spi.FirmwareInspector.Inspection;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class MeasuringStreamTest {
  private static final int SIZE = 3_000_001;

  private final byte[] bytes = new byte[SIZE];

  MeasuringStreamTest() {
    new Random(7).nextBytes(bytes);
  }

  @ParameterizedTest
  @ValueSource(ints = {1_000, (16 << 10) - 1, 16 << 10, 64 << 10, (64 << 10) + 1, 5_000_000})
  void theDigestsAreThoseOfTheFileHoweverItIsRead(int buffer) throws Exception {
    assertMeasured(measured(buffer));
  }

  @Test
  void aMixOfLargeAndSmallPiecesIsTakenInItsOrder() throws Exception {
    MeasuringStream stream = stream();
    byte[] buffer = new byte[300_000];
    Random random = new Random(11);
    int read = 0;
    while (read >= 0) {
      int length = random.nextBoolean() ? 1 + random.nextInt(100) : 1 + random.nextInt(300_000);
      read = stream.read(buffer, 0, length);
      // The buffer is the reader's again.
      Arrays.fill(buffer, (byte) 0);
    }
    assertMeasured(stream.firmware());
  }

  @Test
  void aPoolThatIsBusyWithOtherThingsHoldsNothingUp() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    int threads = ForkJoinPool.getCommonPoolParallelism();
    CountDownLatch busy = new CountDownLatch(threads);
    for (int i = 0; i < threads; i++) {
      ForkJoinPool.commonPool()
          .execute(
              () -> {
                busy.countDown();
                await(release);
              });
    }
    await(busy);
    try {
      assertMeasured(measured(128 << 10));
    } finally {
      release.countDown();
    }
  }

  @Test
  void anInterruptOfTheUploadIsKeptForItsCaller() throws Exception {
    Thread.currentThread().interrupt();
    Firmware firmware = measured(128 << 10);
    assertThat(Thread.interrupted()).isTrue();
    assertMeasured(firmware);
  }

  @Test
  void aDigestOfTheInspectionIsTaken() throws Exception {
    MessageDigest inspected = MessageDigest.getInstance("SHA-256");
    MeasuringStream stream =
        new MeasuringStream(
            new ByteArrayInputStream(bytes), SIZE, () -> new DigestingInspection(inspected));
    stream.readAllBytes();
    assertMeasured(stream.firmware());
    // It was ended, so it begins anew.
    assertThat(inspected.digest()).isEqualTo(MessageDigest.getInstance("SHA-256").digest());
  }

  private record DigestingInspection(MessageDigest digest) implements Inspection {
    @Override
    public void accept(byte[] buffer, int offset, int length) {
      digest.update(buffer, offset, length);
    }

    @Override
    public Optional<ImageInfo> finish() {
      return Optional.empty();
    }

    @Override
    public Optional<MessageDigest> sha256() {
      return Optional.of(digest);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private MeasuringStream stream() {
    InputStream source = new ByteArrayInputStream(bytes);
    return new MeasuringStream(source, SIZE, FirmwareInspector.anyFile());
  }

  private Firmware measured(int length) {
    MeasuringStream stream = stream();
    byte[] buffer = new byte[length];
    while (stream.read(buffer, 0, length) >= 0) {
      Arrays.fill(buffer, (byte) 0);
    }
    return stream.firmware();
  }

  private void assertMeasured(Firmware firmware) throws Exception {
    HexFormat hex = HexFormat.of();
    assertThat(firmware.size()).isEqualTo(SIZE);
    assertThat(firmware.md5())
        .isEqualTo(hex.formatHex(MessageDigest.getInstance("MD5").digest(bytes)));
    assertThat(firmware.sha256())
        .isEqualTo(hex.formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
  }
}
