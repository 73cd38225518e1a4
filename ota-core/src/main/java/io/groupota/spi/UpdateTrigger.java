package io.groupota.spi;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import java.util.Optional;

/**
 * One message that tells devices to check for an update: all group-addressed devices of a group
 * under one MQTT user, or one device-addressed device. Immutable.
 *
 * @param mqttUser the MQTT user name of the receivers, the first level of the topic
 * @param group the group
 * @param device the device, empty for the group-addressed ones
 * @param version the version that the group serves, or what a rollout has for the device, for
 *     people who watch the topic; devices ignore it
 */
public record UpdateTrigger(
    String mqttUser, GroupId group, Optional<DeviceId> device, String version) {}
