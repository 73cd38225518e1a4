package io.groupota.examples.simulator;

import io.groupota.DeviceId;
import io.groupota.DeviceReport;
import io.groupota.GroupOtaService;
import io.groupota.OtaUpdate;
import io.groupota.UpdateCode;
import io.groupota.examples.simulator.ActionQueue.Action;
import java.util.Optional;

/**
 * Devices that behave as IoTaaP OS does: hear a trigger, wait, check, download, report the version.
 * One byte each, no threads. A status every five seconds would say the same again and is left out:
 * a device reports what changes, and what it runs when it comes online. Used by one thread.
 */
final class VirtualFleet {
  private static final long WAIT = 2_000;
  private static final long RETRY_REPORT = 3_600_000;

  private static final byte UPDATED = 1;
  private static final byte BUSY = 2;
  private static final byte LOADS_TARGET = 4;
  private static final byte TOUCHED = 8;
  private static final byte FELL_BACK = 16;

  private final FleetModel model;
  private final FleetDirectory directory;
  private final ActionQueue actions;
  private final VirtualTime time;
  private final GroupOtaService service;
  private final String target;
  private final byte[] devices;
  private int reports;
  private int updated;
  private int fellBack;

  VirtualFleet(FleetModel model, World world, GroupOtaService service, String target) {
    this.model = model;
    this.directory = world.directory();
    this.actions = world.actions();
    this.time = world.time();
    this.service = service;
    this.target = target;
    this.devices = new byte[model.devices()];
  }

  /** What devices act in. */
  record World(FleetDirectory directory, ActionQueue actions, VirtualTime time) {}

  /** Every device says once what it runs, and gets its habits. */
  void begin() {
    for (int device = 0; device < devices.length; device++) {
      report(DeviceReport.version(FleetDirectory.id(device), version(device)));
      actions.add(model.firstPoll(device), device, Action.POLL);
      if (!model.isAlwaysOnline(device)) {
        actions.add(model.morning(device), device, Action.COME_ONLINE);
      }
    }
    save();
  }

  /** Lets the devices act until a time, each at its own. */
  void act(long until) {
    while (actions.nextTime() <= until) {
      time.set(actions.nextTime());
      long next = actions.take();
      act(ActionQueue.device(next), ActionQueue.action(next));
    }
  }

  private void act(int device, Action action) {
    boolean online = model.isOnline(device, time.now());
    switch (action) {
      case HEAR -> {
        if (online) {
          code(device, UpdateCode.TRIGGER_RECEIVED);
          later(WAIT, device, Action.CHECK);
        }
      }
      case CHECK -> {
        if (online && !check(device)) {
          code(device, UpdateCode.UP_TO_DATE);
        }
      }
      case POLL -> {
        later(FleetModel.POLL, device, Action.POLL);
        if (online) {
          check(device);
        }
      }
      case FINISH -> finish(device, online);
      case FALL_BACK -> fallBack(device, online);
      case COME_ONLINE -> {
        later(FleetModel.DAY, device, Action.COME_ONLINE);
        reportVersion(device);
      }
    }
  }

  private void later(long delay, int device, Action action) {
    actions.add(time.now() + delay, device, action);
  }

  /** Starts a download if what is served is another version; returns whether the device is busy. */
  private boolean check(int device) {
    if (is(device, BUSY)) {
      return true;
    }
    Optional<String> wanted = served(device).map(OtaUpdate::version);
    if (wanted.isEmpty() || wanted.get().equals(version(device))) {
      return false;
    }
    boolean isTarget = wanted.get().equals(target);
    set(device, BUSY, true);
    set(device, LOADS_TARGET, isTarget);
    if (isTarget) {
      set(device, TOUCHED, true);
    }
    code(device, UpdateCode.DOWNLOAD_STARTED);
    later(model.downloadMillis(device), device, Action.FINISH);
    return true;
  }

  private Optional<OtaUpdate> served(int device) {
    Cohort cohort = directory.cohort(device);
    return cohort.isDeviceAddressed(device)
        ? service.served(FleetDirectory.id(device))
        : service.served(cohort.group().id());
  }

  /** A device that went offline meanwhile has lost its download, and nobody hears of it. */
  private void finish(int device, boolean online) {
    set(device, BUSY, false);
    if (!online) {
      return;
    }
    boolean isTarget = is(device, LOADS_TARGET);
    if (isTarget && model.fails(device)) {
      code(device, UpdateCode.FAILED);
      return;
    }
    run(device, isTarget);
    if (isTarget) {
      if (is(device, FELL_BACK)) {
        set(device, FELL_BACK, false);
        fellBack--;
      }
      if (model.fallsBack(device)) {
        later(model.trialMillis(device), device, Action.FALL_BACK);
      }
    }
  }

  private void fallBack(int device, boolean online) {
    if (!is(device, UPDATED) || is(device, BUSY)) {
      return;
    }
    if (!online) {
      // It would not be heard.
      later(RETRY_REPORT, device, Action.FALL_BACK);
      return;
    }
    set(device, FELL_BACK, true);
    fellBack++;
    run(device, false);
  }

  private void run(int device, boolean isTarget) {
    updated += (isTarget ? 1 : 0) - (is(device, UPDATED) ? 1 : 0);
    set(device, UPDATED, isTarget);
    reportVersion(device);
  }

  private void reportVersion(int device) {
    report(DeviceReport.version(FleetDirectory.id(device), version(device)));
  }

  private String version(int device) {
    return is(device, UPDATED) ? target : directory.cohort(device).version();
  }

  private void code(int device, UpdateCode code) {
    report(DeviceReport.code(FleetDirectory.id(device), code));
  }

  private void report(DeviceReport report) {
    if (reports >= Simulation.MOST_REPORTS) {
      save();
    }
    reports++;
    if (!service.report(report)) {
      throw new IllegalStateException("The service refused a report of device " + report.device());
    }
  }

  /** Lets the service do what is due now, the saving of reports first. */
  void save() {
    service.runOnce();
    reports = 0;
  }

  private boolean is(int device, byte flag) {
    return (devices[device] & flag) != 0;
  }

  private void set(int device, byte flag, boolean value) {
    devices[device] = (byte) (value ? devices[device] | flag : devices[device] & ~flag);
  }

  /** How many devices run the target version and have said so. */
  int updated() {
    return updated;
  }

  /** How many devices fell back to their old version and still run it. */
  int fellBack() {
    return fellBack;
  }

  /** Whether a device ever downloaded the target version. */
  boolean isTouched(DeviceId device) {
    return is(FleetDirectory.index(device), TOUCHED);
  }
}
