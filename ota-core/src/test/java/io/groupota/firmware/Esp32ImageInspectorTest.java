package io.groupota.firmware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.FirmwareRejectedException;
import io.groupota.spi.FirmwareInspector.Inspection;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Esp32ImageInspectorTest {
  private static final byte[] IMAGE = new TestImage().build();
  private static final byte[] WITHOUT_DIGEST = new TestImage().digest(false).build();

  /** Where the parts of {@link #IMAGE} are. */
  private static final int SECOND_SEGMENT = 24 + 8 + 512;

  private static final int CHECKSUM = IMAGE.length - 33;

  private static ImageInfo inspect(byte[] file) {
    Inspection inspection = Esp32ImageInspector.strict().start();
    if (file.length > 0) {
      inspection.accept(file, 0, file.length);
    }
    return inspection.finish().orElseThrow();
  }

  private static FirmwareRejectedException rejected(byte[] file) {
    try {
      ImageInfo read = inspect(file);
      throw new AssertionError("accepted as " + read);
    } catch (FirmwareRejectedException e) {
      return e;
    }
  }

  private static byte[] with(byte[] file, int offset, int value) {
    byte[] changed = file.clone();
    changed[offset] = (byte) value;
    return changed;
  }

  private static byte[] withInt(byte[] file, int offset, int value) {
    byte[] changed = file.clone();
    ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
    return changed;
  }

  @Test
  void readsWhatAnImageSaysOfItself() {
    String digest = HexFormat.of().formatHex(IMAGE, IMAGE.length - 32, IMAGE.length);

    assertThat(inspect(IMAGE))
        .isEqualTo(new ImageInfo("ESP32", "cooling", "1.2.7", "v4.4.4", digest));
  }

  @Test
  void identifiesAnImageWithoutAppendedDigestByTheDigestOfItsBytes() {
    String digest = HexFormat.of().formatHex(TestImage.sha256(WITHOUT_DIGEST));

    assertThat(inspect(WITHOUT_DIGEST).sha256()).isEqualTo(digest);
    assertThat(inspect(TestImage.append(WITHOUT_DIGEST, 0, 0xFF)).sha256()).isEqualTo(digest);
  }

  @Test
  void aDigestThatCannotBeCopiedIsThatOfTheImageAndNobodyElseIsGivenIt() throws Exception {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    Inspection inspection = new Esp32Inspection(new DigestWithoutCopies(sha256));
    byte[] padded = TestImage.append(IMAGE, 0, 0xFF);

    inspection.accept(padded, 0, padded.length);

    assertThat(inspection.sha256()).isEmpty();
    assertThat(inspection.finish()).contains(inspect(IMAGE));
  }

  private static final class DigestWithoutCopies extends MessageDigest {
    private final MessageDigest digest;

    DigestWithoutCopies(MessageDigest digest) {
      super(digest.getAlgorithm());
      this.digest = digest;
    }

    @Override
    protected void engineUpdate(byte input) {
      digest.update(input);
    }

    @Override
    protected void engineUpdate(byte[] input, int offset, int length) {
      digest.update(input, offset, length);
    }

    @Override
    protected byte[] engineDigest() {
      return digest.digest();
    }

    @Override
    protected void engineReset() {
      digest.reset();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0,ESP32",
    "2,ESP32-S2",
    "5,ESP32-C3",
    "9,ESP32-S3",
    "12,ESP32-C2",
    "13,ESP32-C6",
    "16,ESP32-H2",
    "18,ESP32-P4"
  })
  void knowsTheChips(int id, String name) {
    assertThat(inspect(new TestImage().chip(id).build()).chip()).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 23, 255, 256, 0xFFFF})
  void refusesAnUnknownChipByItsId(int id) {
    FirmwareRejectedException rejected = rejected(new TestImage().chip(id).build());

    assertThat(rejected).hasMessageContaining("unknown chip, its id is " + id);
    assertThat(rejected.offset()).isEqualTo(12);
  }

  @Test
  void keepsTextsPrintableAndTrimmed() {
    byte[] image = new TestImage().texts(" a\u00e9b\n\u007f ", "x".repeat(40), "\0hidden").build();

    assertThat(inspect(image).project()).isEqualTo("a?b??");
    assertThat(inspect(image).version()).isEqualTo("x".repeat(32));
    assertThat(inspect(image).idfVersion()).isEmpty();
  }

  @Test
  void acceptsSixteenSegmentsAndSegmentsWithoutData() {
    int[] lengths = new int[16];
    lengths[0] = 256;

    assertThat(inspect(new TestImage().segments(lengths).build()).chip()).isEqualTo("ESP32");
    assertThat(inspect(new TestImage().segments(256).build()).chip()).isEqualTo("ESP32");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 8, 12})
  void findsTheChecksumBehindEveryLengthOfPadding(int more) {
    assertThat(inspect(new TestImage().segments(256 + more).build()).project())
        .isEqualTo("cooling");
    assertThat(inspect(new TestImage().segments(256, more).digest(false).build()).project())
        .isEqualTo("cooling");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 17, 233, 255})
  void refusesAnImpossibleNumberOfSegments(int segments) {
    assertThat(rejected(with(IMAGE, 1, segments)))
        .hasMessageContaining(segments + " segments instead of 1 to 16")
        .extracting(FirmwareRejectedException::offset)
        .isEqualTo(1L);
  }

  @Test
  void refusesAnUnclearAnnouncementOfTheDigest() {
    assertThat(rejected(with(IMAGE, 23, 2)).offset()).isEqualTo(23);
    assertThat(rejected(with(IMAGE, 23, 0xFF))).hasMessageContaining("it says 255");
  }

  @Test
  void refusesSegmentsThatNoBootLoaderLoads() {
    FirmwareRejectedException unaligned = rejected(withInt(IMAGE, SECOND_SEGMENT + 4, 126));
    FirmwareRejectedException huge = rejected(withInt(IMAGE, SECOND_SEGMENT + 4, 16 << 20));
    FirmwareRejectedException negative = rejected(withInt(IMAGE, SECOND_SEGMENT + 4, -4));
    FirmwareRejectedException wrapping = rejected(withInt(IMAGE, SECOND_SEGMENT, -4));

    assertThat(unaligned).hasMessageContaining("segment 2 of 4 is 126 bytes long");
    assertThat(huge).hasMessageContaining("16777216 bytes long, 16 MiB or more");
    assertThat(negative).hasMessageContaining("4294967292 bytes long");
    assertThat(wrapping).hasMessageContaining("address space");
    assertThat(unaligned.offset()).isEqualTo(SECOND_SEGMENT + 4);
    assertThat(huge.offset()).isEqualTo(SECOND_SEGMENT + 4);
    assertThat(negative.offset()).isEqualTo(SECOND_SEGMENT + 4);
    assertThat(wrapping.offset()).isEqualTo(SECOND_SEGMENT);
  }

  @Test
  void refusesABootloader() {
    byte[] withForeignFirstSegment = withInt(IMAGE, 32, 0x3FFC0000);
    byte[] withShortFirstSegment = new TestImage().segments(0, 2876, 4200).digest(false).build();

    for (byte[] bootloader : new byte[][] {withForeignFirstSegment, withShortFirstSegment}) {
      assertThat(rejected(bootloader))
          .hasMessageContaining("no application descriptor: this looks like a bootloader")
          .extracting(FirmwareRejectedException::offset)
          .isEqualTo(32L);
    }
  }

  @Test
  void refusesAMergedImage() {
    byte[] fromZero = new byte[0x1000 + IMAGE.length];
    Arrays.fill(fromZero, (byte) 0xFF);
    System.arraycopy(IMAGE, 0, fromZero, 0x1000, IMAGE.length);
    byte[] bootloader = new TestImage().segments(0, 2876).digest(false).build();
    byte[] fromBootloader = TestImage.append(bootloader, 0xFF, 0xFF, 0xAA, 0x50);
    byte[] appThenApp = new byte[8192 + IMAGE.length];
    System.arraycopy(IMAGE, 0, appThenApp, 0, IMAGE.length);
    System.arraycopy(IMAGE, 0, appThenApp, 8192, IMAGE.length);

    assertThat(rejected(fromZero)).hasMessageContaining("merged (factory) image");
    assertThat(rejected(fromZero).offset()).isZero();
    assertThat(rejected(fromBootloader)).hasMessageContaining("merged (factory) image");
    assertThat(rejected(appThenApp)).hasMessageContaining("the first is 0xE9");
    assertThat(rejected(appThenApp).offset()).isEqualTo(8192);
  }

  @ParameterizedTest
  @CsvSource({
    "7F454C460101,ELF file",
    "3A020000040000FA0D0A,the first byte is 0x3A",
    "3A31303030303030300D0A,Intel HEX file",
    "1F8B0800,gzip file",
    "504B03041400,zip file",
    "504B05060000,zip file",
    "5546320A57515D9E,UF2 file",
    "AA500102,partition table",
    "EA04020000,ESP8266",
    "FFFFFFFF,merged (factory) image",
    "3C68746D6C3E,the first byte is 0x3C",
    "7F,the first byte is 0x7F",
    "3A,Intel HEX file",
    "00,the first byte is 0x00"
  })
  void namesFilesOfOtherKinds(String file, String name) {
    assertThat(rejected(HexFormat.of().parseHex(file)))
        .hasMessageContaining(name)
        .extracting(FirmwareRejectedException::offset)
        .isEqualTo(0L);
  }

  @Test
  void refusesAnEmptyFile() {
    assertThat(rejected(new byte[0])).hasMessageContaining("empty (at offset 0)");
  }

  @Test
  void refusesAWrongChecksumAndAWrongDigestWhereTheyAre() {
    FirmwareRejectedException checksum = rejected(with(IMAGE, CHECKSUM, IMAGE[CHECKSUM] ^ 0x10));
    FirmwareRejectedException digest = rejected(with(IMAGE, CHECKSUM + 5, IMAGE[CHECKSUM + 5] ^ 1));
    FirmwareRejectedException data = rejected(with(IMAGE, SECOND_SEGMENT + 9, IMAGE[553] ^ 0x80));

    assertThat(checksum).hasMessageContaining("checksum");
    assertThat(checksum.offset()).isEqualTo(CHECKSUM);
    assertThat(digest).hasMessageContaining("appended SHA-256");
    assertThat(digest.offset()).isEqualTo(CHECKSUM + 1);
    assertThat(data).hasMessageContaining("checksum");
    assertThat(data.offset()).isEqualTo(CHECKSUM);
  }

  @Test
  void refusesEverySingleFlippedBit() {
    for (int bit = 0; bit < IMAGE.length * 8; bit++) {
      byte[] damaged = with(IMAGE, bit / 8, IMAGE[bit / 8] ^ (1 << bit % 8));

      assertThat(rejected(damaged).offset()).as("bit %d", bit).isBetween(0L, (long) damaged.length);
    }
  }

  @Test
  void refusesEveryFlippedBitOfTheDataWhenNoDigestIsAppended() {
    for (int offset = 32; offset < SECOND_SEGMENT; offset++) {
      assertThat(rejected(with(WITHOUT_DIGEST, offset, WITHOUT_DIGEST[offset] ^ 4)).offset())
          .isPositive();
    }
    int padding = WITHOUT_DIGEST.length - 2;
    assertThat(rejected(with(WITHOUT_DIGEST, padding, 'x')))
        .hasMessageContaining("foreign byte 0x78 in the padding")
        .extracting(FirmwareRejectedException::offset)
        .isEqualTo((long) padding);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void refusesAnImageCutShortAtEveryLength(boolean digest) {
    byte[] image = new TestImage().digest(digest).build();
    for (int length = 1; length < image.length; length++) {
      assertThat(rejected(Arrays.copyOf(image, length)))
          .hasMessageContaining("cut short")
          .extracting(FirmwareRejectedException::offset)
          .isEqualTo((long) length);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "5,19 bytes of the image header",
    "24,8 bytes of the header of segment 1 of 4",
    "33,255 bytes of the application descriptor",
    "300,244 bytes of the data of segment 1 of 4",
    "543,1 byte of the data of segment 1 of 4"
  })
  void saysWhatACutFileMisses(int length, String missing) {
    assertThat(rejected(Arrays.copyOf(IMAGE, length)))
        .hasMessageContaining("cut short, " + missing + " missing (at offset " + length + ")");
  }

  @Test
  void acceptsPaddingAfterTheImage() {
    assertThat(inspect(TestImage.append(IMAGE, 0, 0xFF, 0, 0))).isEqualTo(inspect(IMAGE));
    assertThat(inspect(Arrays.copyOf(IMAGE, 3 * 4096))).isEqualTo(inspect(IMAGE));
  }

  @Test
  void refusesForeignBytesAfterTheImage() {
    FirmwareRejectedException rejected = rejected(TestImage.append(IMAGE, 0, 0xFF, 0x41, 0x42));

    assertThat(rejected).hasMessageContaining("foreign bytes").hasMessageContaining("0x41");
    assertThat(rejected.offset()).isEqualTo(IMAGE.length + 2);
  }

  @Test
  void acceptsOneSignatureSectorAtASectorBoundary() {
    byte[] signed = TestImage.signed(IMAGE);

    assertThat(inspect(signed)).isEqualTo(inspect(IMAGE));
    assertThat(inspect(TestImage.append(signed, 0xFF, 0))).isEqualTo(inspect(IMAGE));
    assertThat(rejected(TestImage.signed(signed)).offset()).isEqualTo(signed.length);
    assertThat(rejected(TestImage.append(IMAGE, 0xE7)).offset()).isEqualTo(IMAGE.length);
  }

  @Test
  void refusesASignatureSectorThatIsCutShort() {
    byte[] signed = TestImage.signed(IMAGE);
    for (int length = signed.length - 4095; length < signed.length; length++) {
      assertThat(rejected(Arrays.copyOf(signed, length)))
          .hasMessageContaining("of the signature sector missing")
          .extracting(FirmwareRejectedException::offset)
          .isEqualTo((long) length);
    }
  }

  @Test
  void rejectsBeforeTheRestOfTheFileArrives() {
    Inspection inspection = Esp32ImageInspector.strict().start();
    byte[] elf = "\u007fELF".getBytes(StandardCharsets.US_ASCII);

    inspection.accept(elf, 0, 3);

    assertThatThrownBy(() -> inspection.accept(elf, 3, 1))
        .isInstanceOf(FirmwareRejectedException.class);
  }

  @Test
  void staysWithItsVerdict() {
    Inspection inspection = Esp32ImageInspector.strict().start();
    byte[] zip = "PK\u0003\u0004".getBytes(StandardCharsets.US_ASCII);

    assertThatThrownBy(() -> inspection.accept(zip, 0, 4)).hasMessageContaining("zip");
    assertThatThrownBy(() -> inspection.accept(IMAGE, 0, 100)).hasMessageContaining("zip");
    assertThatThrownBy(inspection::finish).hasMessageContaining("zip");
  }
}
