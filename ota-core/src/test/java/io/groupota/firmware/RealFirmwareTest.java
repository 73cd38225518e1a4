package io.groupota.firmware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.FirmwareRejectedException;
import io.groupota.spi.FirmwareInspector.Inspection;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Images that real tools built, where a checkout has them beside it; else two that are made up. */
class RealFirmwareTest {
  private static final Path FOLDER = Path.of("..", "..", "shared", "firmware");

  private static Map<String, byte[]> images() throws IOException {
    Map<String, byte[]> images = new TreeMap<>();
    if (Files.isDirectory(FOLDER)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(FOLDER, "*.bin")) {
        for (Path file : files) {
          images.put(file.getFileName().toString(), Files.readAllBytes(file));
        }
      }
    }
    images.put("made-up.bin", new TestImage().build());
    images.put("not-an-app.bin", new TestImage().segments(0, 512).digest(false).build());
    return images;
  }

  private static ImageInfo inspect(byte[] file) {
    Inspection inspection = Esp32ImageInspector.strict().start();
    inspection.accept(file, 0, file.length);
    return inspection.finish().orElseThrow();
  }

  @Test
  void applicationsAreAcceptedAndBootloadersRefused() throws IOException {
    images()
        .forEach(
            (name, file) -> {
              if (name.startsWith("not-an-app")) {
                assertThatThrownBy(() -> inspect(file))
                    .isInstanceOf(FirmwareRejectedException.class)
                    .hasMessageContaining("this looks like a bootloader");
              } else {
                ImageInfo read = inspect(file);
                assertThat(read.chip()).as(name).startsWith("ESP32");
                assertThat(read.project()).as(name).isNotEmpty();
                assertThat(read.idfVersion()).as(name).startsWith("v");
              }
            });
  }
}
