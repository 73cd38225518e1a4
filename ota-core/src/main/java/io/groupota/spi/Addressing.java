package io.groupota.spi;

/** How a device is configured to ask for updates and to be triggered. */
public enum Addressing {
  /** By its group: it shares the group's token, trigger topic and firmware with the whole group. */
  GROUP,
  /** By itself: it has its own token and trigger topic, and only the server knows its group. */
  DEVICE
}
