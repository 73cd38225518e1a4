/** Firmware updates of groups of IoT devices: the API, the domain, the SPIs and the engine. */
module io.groupota {
  requires com.github.zafarkhaja.semver;
  requires org.slf4j;
  requires transitive org.jspecify;

  exports io.groupota;
  exports io.groupota.event;
  exports io.groupota.firmware;
  exports io.groupota.memory;
  exports io.groupota.rollout;
  exports io.groupota.spi;
}
