/** Group OTA on embedded defaults: H2, a folder for the firmware, an MQTT broker, Jetty. */
@NullMarked
package io.groupota.examples.stack;

import org.jspecify.annotations.NullMarked;
