package io.groupota.examples.embedding;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.VersionChange.Direction;
import io.groupota.VersionChange.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FirstStepsTest {
  @TempDir Path folder;

  @Test
  void theFirstStepsDeployAndShowIt() throws IOException {
    Path firmware = Files.write(folder.resolve("firmware.bin"), new byte[] {1, 2, 3});
    FirstSteps.Result result = FirstSteps.run(folder, firmware);
    assertThat(result.before().count(Direction.UPGRADE, Kind.PATCH)).isEqualTo(1);
    assertThat(result.update().version()).isEqualTo("2.3.6");
    assertThat(result.update().firmware().size()).isEqualTo(3);
    assertThat(result.page().updates()).hasSize(1);
    assertThat(result.page().updates().get(0).path())
        .isEqualTo("ota/group/5e1b76bc4315b70eb242567aAATluvfLURijoH9d/firmware.bin");
  }
}
