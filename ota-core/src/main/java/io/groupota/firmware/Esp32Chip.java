package io.groupota.firmware;

import java.util.Optional;

/** The chips that an image can be built for. */
enum Esp32Chip {
  ESP32(0, "ESP32"),
  ESP32_S2(2, "ESP32-S2"),
  ESP32_C3(5, "ESP32-C3"),
  ESP32_S3(9, "ESP32-S3"),
  ESP32_C2(12, "ESP32-C2"),
  ESP32_C6(13, "ESP32-C6"),
  ESP32_H2(16, "ESP32-H2"),
  ESP32_P4(18, "ESP32-P4");

  private final int id;
  private final String label;

  Esp32Chip(int id, String label) {
    this.id = id;
    this.label = label;
  }

  /** The name that users know it by. */
  String label() {
    return label;
  }

  /** The chip of an image header. */
  static Optional<Esp32Chip> of(int id) {
    for (Esp32Chip chip : values()) {
      if (chip.id == id) {
        return Optional.of(chip);
      }
    }
    return Optional.empty();
  }
}
