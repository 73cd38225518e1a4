package io.groupota.testkit.contract;

import io.groupota.firmware.Esp32ImageInspector;
import io.groupota.firmware.FirmwareSource;
import io.groupota.spi.FirmwareInspector;
import io.groupota.testkit.Esp32Image;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;

class Esp32ImageInspectorContractTest implements FirmwareInspectorContract {
  private static final Esp32Image IMAGE = Esp32Image.builder().size(9_000).build();

  @Override
  public FirmwareInspector inspector() {
    return Esp32ImageInspector.strict();
  }

  @Override
  public Map<String, byte[]> goodFiles() {
    return Map.of(
        "with a digest", IMAGE.bytes(),
        "without a digest", Esp32Image.builder().digest(false).build().bytes(),
        "signed", Esp32Image.builder().signature(true).build().bytes());
  }

  @Override
  public Map<String, byte[]> badFiles() {
    return Map.of(
        "empty", new byte[0],
        "flipped", read(IMAGE.flipped(5_000)),
        "cut short", read(IMAGE.cut(8_000)),
        "followed by foreign bytes", read(IMAGE.followedBy(new byte[] {1, 2, 3})),
        "an ELF file", new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0});
  }

  private static byte[] read(FirmwareSource source) {
    try (InputStream in = source.open()) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
