package io.groupota.testkit.contract;

import io.groupota.spi.FirmwareInspector;
import java.util.Arrays;
import java.util.Map;

class MagicInspectorTest implements FirmwareInspectorContract {
  @Override
  public FirmwareInspector inspector() {
    return new MagicInspector();
  }

  @Override
  public Map<String, byte[]> goodFiles() {
    return Map.of("small", MagicInspector.file(16), "large", MagicInspector.file(9000));
  }

  @Override
  public Map<String, byte[]> badFiles() {
    return Map.of(
        "empty",
        new byte[0],
        "no magic",
        new byte[5000],
        "cut short",
        Arrays.copyOf(MagicInspector.file(9000), 8990));
  }
}
