package io.groupota.testkit.contract;

import io.groupota.spi.FirmwareInspector;
import java.util.Map;

/** An inspector that claims to decide as {@link MagicInspector} does. */
record Inspected(FirmwareInspector inspector) implements FirmwareInspectorContract {
  @Override
  public Map<String, byte[]> goodFiles() {
    return new MagicInspectorTest().goodFiles();
  }

  @Override
  public Map<String, byte[]> badFiles() {
    return new MagicInspectorTest().badFiles();
  }
}
