package io.groupota.testkit.device;

/** Hears what a simulated device does, such as for a progress bar. */
@FunctionalInterface
public interface DeviceListener {
  /**
   * Called after every change, in order for one device, for several devices from several threads.
   * Must not block: it is called in the threads that move the devices. What it throws is logged.
   *
   * @param device the device
   * @param progress what it does now
   */
  void changed(SimulatedDevice device, DeviceProgress progress);
}
