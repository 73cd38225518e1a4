package io.groupota.memory;

import io.groupota.DeviceId;
import io.groupota.UpdateId;
import io.groupota.spi.OfferLog;
import io.groupota.spi.OfferLog.Offer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What devices were told, the longest ago first; nothing older than it must be. Thread-safe. */
final class OfferTable {
  private record Told(UpdateId update, Instant at) {}

  private final Map<DeviceId, Told> offers = new LinkedHashMap<>();
  private final Clock clock;

  OfferTable(Clock clock) {
    this.clock = clock;
  }

  synchronized Optional<Offer> get(DeviceId device) {
    return Optional.ofNullable(offers.get(device))
        .map(told -> new Offer(told.update(), Duration.between(told.at(), clock.instant())));
  }

  synchronized void put(DeviceId device, UpdateId update) {
    Instant now = clock.instant();
    offers.remove(device);
    offers.put(device, new Told(update, now));
    Instant expired = now.minus(OfferLog.KEPT);
    Iterator<Told> eldest = offers.values().iterator();
    while (eldest.hasNext() && eldest.next().at().isBefore(expired)) {
      eldest.remove();
    }
  }

  synchronized void remove(Collection<DeviceId> devices) {
    devices.forEach(offers::remove);
  }
}
