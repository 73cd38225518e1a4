/**
 * Group OTA over MQTT, on the HiveMQ client: {@link io.groupota.mqtt.MqttUpdateNotifier} triggers
 * devices, {@link io.groupota.mqtt.MqttDeviceListener} takes in what they report, and {@link
 * io.groupota.mqtt.MqttLink} is the connection of both: the host's own client, or one that is made
 * from a configuration.
 */
@NullMarked
package io.groupota.mqtt;

import org.jspecify.annotations.NullMarked;
