package io.groupota.testkit.contract;

import io.groupota.spi.FirmwareInspector;
import java.nio.charset.StandardCharsets;
import java.util.Map;

class AnyFileInspectorTest implements FirmwareInspectorContract {
  @Override
  public FirmwareInspector inspector() {
    return FirmwareInspector.anyFile();
  }

  @Override
  public Map<String, byte[]> goodFiles() {
    return Map.of(
        "empty", new byte[0], "text", "no firmware at all".getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public Map<String, byte[]> badFiles() {
    return Map.of();
  }
}
