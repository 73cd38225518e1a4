package io.groupota.examples.simulator;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;

/**
 * The most heap that was in use whenever it was read, garbage included. Not the sum of the peaks of
 * the memory pools: those are of different moments, and together can be more than there is.
 */
final class HeapMeter {
  private final MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
  private long most;

  void read() {
    most = Math.max(most, memory.getHeapMemoryUsage().getUsed());
  }

  long megabytes() {
    return most >> 20;
  }
}
