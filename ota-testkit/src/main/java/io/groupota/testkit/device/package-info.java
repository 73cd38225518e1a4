/**
 * Simulated IoTaaP OS devices: they speak MQTT and HTTP as a device in the field does, thousands of
 * them in one JVM, and go wrong when a test asks them to.
 */
@NullMarked
package io.groupota.testkit.device;

import org.jspecify.annotations.NullMarked;
