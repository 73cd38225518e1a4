/**
 * Firmware files: where they come from, what was measured of them, and the inspection of ESP32
 * application images.
 */
@NullMarked
package io.groupota.firmware;

import org.jspecify.annotations.NullMarked;
