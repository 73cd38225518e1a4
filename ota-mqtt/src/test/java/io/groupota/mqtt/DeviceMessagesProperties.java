package io.groupota.mqtt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.DeviceReport;
import java.nio.ByteBuffer;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever a device sends: nothing is thrown, and only what is well-formed is a report. */
class DeviceMessagesProperties {
  private static final String TOPIC = "/Hcixd1Fx/devices/5e1b5774afd4e404d68aebd6/";
  private static final String STATUS =
      "{\"battery\":100,\"uptime\":5482,\"core_version\":\"5.0.0\",\"fw_version\":\"1.5.2\"}";

  private final DeviceMessages messages = new DeviceMessages();

  @Property(tries = 2000)
  void anyBytesAreReadOrDropped(@ForAll byte[] payload, @ForAll boolean status) {
    DeviceReport report = read(TOPIC + (status ? "status" : "update-response"), payload);

    assertThat(report == null || report.version().isPresent() || report.code().isPresent())
        .isTrue();
  }

  @Property(tries = 2000)
  void aStatusWithOneByteChangedIsReadOrDropped(
      @ForAll("positions") int position, @ForAll byte value) {
    byte[] payload = STATUS.getBytes(UTF_8);
    payload[position] = value;

    DeviceReport report = read(TOPIC + "status", payload);

    if (report != null) {
      assertThat(report.version()).isPresent();
      assertThat(new String(payload, UTF_8)).contains(report.version().get());
    }
  }

  @Property(tries = 500)
  void aStatusCutShortIsDropped(@ForAll("positions") int length) {
    byte[] whole = STATUS.getBytes(UTF_8);
    byte[] payload = new byte[length];
    System.arraycopy(whole, 0, payload, 0, length);

    assertThat(read(TOPIC + "status", payload)).isNull();
  }

  @Property(tries = 2000)
  void onlyTheTopicsOfTheProtocolAreRead(@ForAll("topics") String topic) {
    DeviceReport report = read(topic, STATUS.getBytes(UTF_8));

    assertThat(report != null)
        .isEqualTo(
            topic.matches(
                "/[^/+#$\\p{Cntrl}][^/+#\\p{Cntrl}]{0,63}/devices/[0-9a-fA-F]{24}/status"));
  }

  @Provide
  Arbitrary<Integer> positions() {
    return Arbitraries.integers().between(0, STATUS.length() - 1);
  }

  @Provide
  Arbitrary<String> topics() {
    return Arbitraries.of(
            "u",
            "$u",
            "",
            "a+",
            "#",
            "devices",
            "groups",
            "5e1b5774afd4e404d68aebd6",
            "5E1B5774AFD4E404D68AEBDX",
            "status",
            "update-response",
            "é")
        .list()
        .ofMaxSize(7)
        .map(levels -> "/" + String.join("/", levels))
        .flatMap(
            random ->
                Arbitraries.of(
                    random, "/u/devices/5e1b5774afd4e404d68aebd6/status", "/u/devices" + random));
  }

  private DeviceReport read(String topic, byte[] payload) {
    return messages.read(topic, Optional.of(ByteBuffer.wrap(payload)));
  }
}
