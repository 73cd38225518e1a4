package io.groupota.benchmarks;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/**
 * The status messages of a fleet, each device in turn; one in a thousand has changed its version
 * since its last one. Used by one thread.
 */
final class StatusStream implements MqttFlood.Messages {
  /** What the groups serve, so that a thousandth of the fleet is behind or ahead. */
  static final String SERVED = Fleet.VERSION;

  static final String OTHER = "1.2.8";
  private static final int CHANGES_ONE_IN = 1_000;

  private static final byte[] SERVED_STATUS = payload(SERVED);
  private static final byte[] OTHER_STATUS = payload(OTHER);

  private final MqttFlood.Message[] served;
  private final MqttFlood.Message[] other;
  private final boolean[] changed;
  private final SplittableRandom random;
  private int next;

  StatusStream(Fleet fleet, Seed seed, int devices) {
    served = new MqttFlood.Message[devices];
    other = new MqttFlood.Message[devices];
    changed = new boolean[devices];
    random = new SplittableRandom(seed.value());
    for (int i = 0; i < devices; i++) {
      byte[] topic = topic(fleet, i).getBytes(StandardCharsets.UTF_8);
      served[i] = new MqttFlood.Message(topic, SERVED_STATUS);
      other[i] = new MqttFlood.Message(topic, OTHER_STATUS);
    }
  }

  static String topic(Fleet fleet, int device) {
    return "/" + Fleet.user(0) + "/devices/" + fleet.device(device) + "/status";
  }

  /** The document of the wire protocol. */
  static byte[] payload(String version) {
    return ("{\"battery\":100,\"uptime\":5482,\"core_version\":\"5.0.0\",\"fw_version\":\""
            + version
            + "\"}")
        .getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public MqttFlood.Message next() {
    int device = nextDevice();
    return changed[device] ? other[device] : served[device];
  }

  /** The device that speaks next; asks {@link #isOther} what it says. */
  int nextDevice() {
    int device = next;
    next = next + 1 == changed.length ? 0 : next + 1;
    if (random.nextInt(CHANGES_ONE_IN) == 0) {
      changed[device] = !changed[device];
    }
    return device;
  }

  boolean isOther(int device) {
    return changed[device];
  }
}
