package io.groupota.mqtt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.groupota.DeviceReport;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.statistics.Statistics;
import net.jqwik.api.statistics.StatisticsReport;

/**
 * Whatever a device sends: nothing is thrown, and only what is well-formed is a report. How many
 * inputs: {@code jqwik.tries.default}, which the build sets from {@code -Dota.fuzz}.
 */
class DeviceMessagesFuzzTest {
  private static final String TOPIC = "/Hcixd1Fx/devices/5e1b5774afd4e404d68aebd6/";
  private static final String STATUS =
      "{\"battery\":100,\"uptime\":5482,\"core_version\":\"5.0.0\",\"fw_version\":\"1.5.2\"}";

  /** The buffers of a parser, a text of the payload, an exception with its stack trace. */
  private static final long MEMORY = 128 << 10;

  private final DeviceMessages messages = new DeviceMessages();
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Property
  void anyBytesAreReadOrDropped(@ForAll byte[] payload, @ForAll boolean status) {
    DeviceReport report = read(TOPIC + (status ? "status" : "update-response"), payload);

    assertThat(report == null || report.version().isPresent() || report.code().isPresent())
        .isTrue();
  }

  @Property(edgeCases = EdgeCasesMode.NONE)
  @StatisticsReport(StatisticsReport.StatisticsReportMode.OFF)
  void aDocumentOfAnyFormIsReadIfAndOnlyIfItIsAStatus(
      @ForAll("documents") JsonDocument.Fields document) {
    DeviceReport report = read(TOPIC + "status", document.bytes());

    Optional<String> version = version(document.value("fw_version"));
    boolean whole = isWithinLimits(document) && version.isPresent() && isCoreVersion(document);
    assertThat(Optional.ofNullable(report).flatMap(DeviceReport::version))
        .isEqualTo(whole ? version : Optional.empty());
    // Else it would say little.
    Statistics.collect(whole);
    Statistics.coverage(
        documents -> documents.check(true).percentage(share -> share > 10 && share < 90));
  }

  @Property(edgeCases = EdgeCasesMode.NONE)
  void aDamagedDocumentIsReadOrDropped(
      @ForAll("documents") JsonDocument.Fields document,
      @ForAll("positions") int position,
      @ForAll byte value,
      @ForAll boolean status) {
    byte[] payload = document.bytes();
    payload[position % payload.length] = value;

    DeviceReport report = read(TOPIC + (status ? "status" : "update-response"), payload);

    assertThat(report == null || report.version().isPresent() || report.code().isPresent())
        .isTrue();
  }

  @Property
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

  @Property
  void aStatusCutShortIsDropped(@ForAll("positions") int length) {
    assertThat(read(TOPIC + "status", Arrays.copyOf(STATUS.getBytes(UTF_8), length))).isNull();
  }

  @Property
  void onlyTheTopicsOfTheProtocolAreRead(@ForAll("topics") String topic) {
    DeviceReport report = read(topic, STATUS.getBytes(UTF_8));

    assertThat(report != null)
        .isEqualTo(
            topic.matches(
                "(?!/\\$)/[^/+#\\p{Cc}\\p{Cs}\\x{FDD0}-\\x{FDEF}\\x{FFFE}\\x{FFFF}\\x{1FFFF}]{1,64}"
                    + "/devices/[0-9a-fA-F]{24}/status"));
  }

  @Property
  void noMessageTakesMuchMemory(
      @ForAll @Size(max = 3_000) byte[] payload, @ForAll("topics") String topic) {
    byte[] nested = "{\"x\":[".repeat(payload.length).getBytes(UTF_8);
    for (byte[] message : new byte[][] {payload, nested}) {
      // The first one of a kind loads classes.
      read(TOPIC + "status", message);
      long before = threads.getCurrentThreadAllocatedBytes();
      read(TOPIC + "status", message);
      read(topic, message);
      assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(MEMORY);
    }
  }

  private static boolean isWithinLimits(JsonDocument document) {
    return document.bytes().length <= DeviceMessages.MAX_PAYLOAD
        && document.depth() <= 4
        && !document.repeatsAName();
  }

  private static boolean isCoreVersion(JsonDocument.Fields document) {
    Optional<JsonDocument> given = document.value("core_version");
    boolean unset =
        given.isEmpty()
            || given.get().equals(new JsonDocument.Literal("null"))
            || given.get().equals(new JsonDocument.Text(""));
    return unset || version(given).isPresent();
  }

  private static Optional<String> version(Optional<JsonDocument> value) {
    return value
        .filter(JsonDocument.Text.class::isInstance)
        .map(text -> ((JsonDocument.Text) text).value())
        .filter(text -> !text.isEmpty() && text.length() <= 64)
        .filter(text -> text.chars().noneMatch(Character::isISOControl))
        .filter(text -> text.codePoints().noneMatch(c -> c >= 0xD800 && c <= 0xDFFF));
  }

  @Provide
  Arbitrary<JsonDocument.Fields> documents() {
    return Arbitraries.randomValue(JsonDocument::nearlyAStatus);
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
            "é",
            "\u0085",
            "\ufdd0",
            "\uffff",
            "\ud83f\udfff",
            "\ud83d")
        .list()
        .ofMaxSize(7)
        .map(levels -> "/" + String.join("/", levels))
        .flatMap(
            random ->
                Arbitraries.of(
                    random,
                    random + "/devices/5e1b5774afd4e404d68aebd6/status",
                    "/u/devices/5e1b5774afd4e404d68aebd6/status",
                    "/u/devices" + random));
  }

  private DeviceReport read(String topic, byte[] payload) {
    return messages.read(topic, Optional.of(ByteBuffer.wrap(payload)));
  }
}
