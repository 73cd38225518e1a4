package io.groupota.examples.embedding;

import io.groupota.OwnerId;
import io.groupota.event.Deployed;
import io.groupota.event.DeviceChanged;
import io.groupota.event.DeviceFellBack;
import io.groupota.event.DeviceUpdated;
import io.groupota.event.GroupEvent;
import io.groupota.event.OtaEvent;
import io.groupota.spi.OtaListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;

/**
 * A host that keeps an audit log: one line per event with the time, who did it, the group, the
 * kind, and what matters of it. Give it to {@code GroupOta.builder().listener(…)}: a line is
 * quickly written, and a deploy is answered when its line is there. Thread-safe.
 */
public final class AuditLog implements OtaListener {
  private final Writer out;

  /**
   * Writes lines.
   *
   * @param out where they go, stays open
   */
  public AuditLog(Writer out) {
    this.out = out;
  }

  @Override
  public synchronized void onEvent(OtaEvent event) {
    try {
      out.write(line(event) + System.lineSeparator());
      out.flush();
    } catch (IOException e) {
      // The service goes on and says in its log that this listener fails.
      throw new UncheckedIOException("The audit log cannot be written", e);
    }
  }

  private static String line(OtaEvent event) {
    String who = event.actor().map(OwnerId::value).orElse("-");
    String group = event instanceof GroupEvent of ? of.group().value() : "-";
    String kind = event.getClass().getSimpleName();
    return String.join(" ", event.at().toString(), who, group, kind, details(event));
  }

  /** What a reader of the log looks for; any other kind is written as it is, it holds no secret. */
  private static String details(OtaEvent event) {
    if (event instanceof Deployed deployed) {
      String before = deployed.previous().map(update -> update.version()).orElse("nothing");
      return before + " -> " + deployed.update().version() + " update " + deployed.update().id();
    }
    if (event instanceof DeviceUpdated device) {
      return device.device() + " " + device.from().orElse("unknown") + " -> " + device.version();
    }
    if (event instanceof DeviceFellBack device) {
      return device.device() + " " + device.from() + " -> " + device.version();
    }
    if (event instanceof DeviceChanged device) {
      return device.device() + " " + device.from().orElse("unknown") + " -> " + device.version();
    }
    return event.toString();
  }
}
