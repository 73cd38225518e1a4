package io.groupota.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3BlockingClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import io.groupota.examples.quickstart.Quickstart;
import io.groupota.examples.server.OtaServer;
import io.groupota.examples.simulator.RolloutSimulator;
import io.groupota.testkit.Esp32Image;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Holds the README to the truth: its Java is that of compiled classes, its first two commands are
 * those of the build, and its curl and mosquitto lines are carried out against a real server.
 */
class ReadmeTest {
  private static final Path MODULE = Path.of("").toAbsolutePath();
  private static final Path README = MODULE.resolveSibling("README.md");
  private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");

  @TempDir Path folder;

  @Test
  void itsJavaIsCompiled() throws IOException {
    List<String> snippets = fenced("java");
    assertThat(snippets).hasSize(2);
    assertThat(snippets.get(0)).isEqualTo(marked("FirstSteps") + "}\n");
    assertThat(snippets.get(1)).isEqualTo(marked("ProductionHost"));
  }

  @Test
  void itsFirstCommandsRunTheMainJobAndTheTests() throws IOException {
    List<String> commands = fenced("sh");
    assertThat(commands.get(0))
        .isEqualTo(
            "mvn -q -DskipTests package && java -jar ota-examples/target/ota-quickstart.jar\n");
    assertThat(commands.get(1)).isEqualTo("mvn verify\n");
    assertThat(Files.readString(MODULE.resolveSibling(".ci").resolve("run")))
        .contains("mvn -B -ntp verify");
    assertThat(Quickstart.class.getName()).isEqualTo(mainClass("quickstart"));
    assertThat(OtaServer.class.getName()).isEqualTo(mainClass("server"));
    assertThat(RolloutSimulator.class.getName()).isEqualTo(mainClass("simulator"));
  }

  @Test
  void workingCodeStandsBeforeLine40() throws IOException {
    assertThat(Files.readAllLines(README).indexOf("```java")).isBetween(1, 38);
  }

  @Test
  void theSessionWithTheExampleServerWorksAsPrinted() throws Exception {
    List<String> commands = fenced("sh");
    Files.writeString(folder.resolve("fleet.json"), fenced("json").get(0));
    Files.write(folder.resolve("firmware.bin"), Esp32Image.builder().build().bytes());
    List<String> printed = words(commands.get(2).strip());
    try (Server server = new Server(printed)) {
      List<String> owner = lines(commands.get(3));
      List<String> device = lines(commands.get(4));
      try (Subscription triggers = new Subscription(server, words(owner.get(0)))) {
        assertThat(server.curl(words(owner.get(1)))).contains("Firmware successfully deployed");
        assertThat(triggers.next())
            .isEqualTo("/Hcixd1Fx/groups/5e1b76bc4315b70eb242567a/update-trigger");
        assertThat(server.curl(words(owner.get(2)))).contains("\"version\":\"1.2.7\"");
        assertThat(server.curl(words(device.get(1)))).isEqualTo("{\"ver\":\"1.2.7\"}");
        server.curl(words(device.get(2)));
        assertThat(folder.resolve("downloaded.bin"))
            .hasSameBinaryContentAs(folder.resolve("firmware.bin"));
        // The retrigger interval of the command has to pass first, so the device says it again.
        String again;
        do {
          server.publish(words(device.get(0)));
          again = triggers.poll(1);
        } while (again == null);
        assertThat(again).isEqualTo("/Hcixd1Fx/groups/5e1b76bc4315b70eb242567a/update-trigger");
      }
    }
  }

  private static List<String> fenced(String language) throws IOException {
    Matcher matcher =
        Pattern.compile("(?ms)^```" + language + "\n(.*?)^```$").matcher(Files.readString(README));
    List<String> blocks = new ArrayList<>();
    while (matcher.find()) {
      blocks.add(matcher.group(1));
    }
    return blocks;
  }

  private static String marked(String example) throws IOException {
    String source =
        Files.readString(
            MODULE.resolve("src/main/java/io/groupota/examples/embedding/" + example + ".java"));
    String begin = "// readme:begin\n";
    String body =
        source.substring(source.indexOf(begin) + begin.length(), source.indexOf("// readme:end"));
    return body.stripTrailing().stripIndent() + "\n";
  }

  private static String mainClass(String jar) throws IOException {
    Matcher matcher =
        Pattern.compile("<Main-Class>(io\\.groupota\\.examples\\." + jar + "\\.\\w+)</Main-Class>")
            .matcher(Files.readString(MODULE.resolve("pom.xml")));
    assertThat(matcher.find()).isTrue();
    return matcher.group(1);
  }

  private static List<String> lines(String block) {
    return block.strip().lines().toList();
  }

  private static List<String> words(String line) {
    return WORD.matcher(line)
        .results()
        .map(word -> word.group(1) == null ? word.group(2) : word.group(1))
        .toList();
  }

  private static String option(List<String> words, String name) {
    int at = words.indexOf(name);
    assertThat(at).as(name).isNotNegative();
    return words.get(at + 1);
  }

  /** The server of the README's command, on free ports, as a process of its own. */
  private final class Server implements AutoCloseable {
    private final String printedHttp;
    private final Process process;
    private final String http;
    private final int mqttPort;
    private final HttpClient client = HttpClient.newHttpClient();

    Server(List<String> printed) throws IOException {
      assertThat(printed.subList(0, 3))
          .containsExactly("java", "-jar", "ota-examples/target/ota-server.jar");
      printedHttp = "http://" + option(printed, "--http");
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      // The jar is packed after the tests; its main class is held by another test.
      command.addAll(
          List.of("-cp", System.getProperty("java.class.path"), OtaServer.class.getName()));
      for (String word : printed.subList(3, printed.size())) {
        command.add(word.startsWith("127.0.0.1:") ? "127.0.0.1:0" : word);
      }
      process =
          new ProcessBuilder(command)
              .directory(folder.toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String ready = readLine(process.getInputStream());
      Matcher matcher =
          Pattern.compile("ready (http://\\S+) mqtt://127\\.0\\.0\\.1:(\\d+)").matcher(ready);
      assertThat(matcher.find()).as(ready).isTrue();
      http = matcher.group(1);
      mqttPort = Integer.parseInt(matcher.group(2));
    }

    private String readLine(InputStream in) throws IOException {
      BufferedReader reader =
          new BufferedReader(new java.io.InputStreamReader(in, StandardCharsets.UTF_8));
      return String.valueOf(reader.readLine());
    }

    /** Does what curl would do with these words. */
    String curl(List<String> words) throws IOException, InterruptedException {
      assertThat(words.get(0)).isEqualTo("curl");
      String url = words.get(words.size() - 1);
      assertThat(url).startsWith(printedHttp);
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(http + url.substring(printedHttp.length())));
      ByteArrayOutputStream form = new ByteArrayOutputStream();
      Path output = null;
      for (int i = 1; i < words.size() - 1; i += 2) {
        String value = words.get(i + 1);
        switch (words.get(i)) {
          case "-H" -> request.header(value.split(": ", 2)[0], value.split(": ", 2)[1]);
          case "-F" -> addPart(form, value.split("=", 2)[0], value.split("=", 2)[1]);
          case "-o" -> output = folder.resolve(value);
          default -> throw new IllegalArgumentException("curl " + words.get(i));
        }
      }
      if (form.size() > 0) {
        form.writeBytes("--b--\r\n".getBytes(StandardCharsets.US_ASCII));
        request
            .header("Content-Type", "multipart/form-data; boundary=b")
            .POST(HttpRequest.BodyPublishers.ofByteArray(form.toByteArray()));
      }
      HttpResponse<byte[]> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      assertThat(response.statusCode()).isBetween(200, 201);
      if (output != null) {
        Files.write(output, response.body());
      }
      return new String(response.body(), StandardCharsets.UTF_8);
    }

    private void addPart(ByteArrayOutputStream form, String name, String value) throws IOException {
      boolean file = value.startsWith("@");
      String head =
          "--b\r\nContent-Disposition: form-data; name=\""
              + name
              + (file ? "\"; filename=\"" + value.substring(1) : "")
              + "\"\r\n\r\n";
      form.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
      form.writeBytes(
          file
              ? Files.readAllBytes(folder.resolve(value.substring(1)))
              : value.getBytes(StandardCharsets.US_ASCII));
      form.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    /** Does what mosquitto_pub would do with these words. */
    void publish(List<String> words) {
      assertThat(words.get(0)).isEqualTo("mosquitto_pub");
      Mqtt3BlockingClient publisher = connect();
      publisher
          .publishWith()
          .topic(option(words, "-t"))
          .payload(option(words, "-m").getBytes(StandardCharsets.UTF_8))
          .send();
      publisher.disconnect();
    }

    Mqtt3BlockingClient connect() {
      Mqtt3BlockingClient connected =
          Mqtt3Client.builder().serverHost("127.0.0.1").serverPort(mqttPort).buildBlocking();
      connected.connect();
      return connected;
    }

    @Override
    public void close() {
      process.destroy();
      assertThat(process.onExit().orTimeout(20, TimeUnit.SECONDS).join().exitValue()).isIn(0, 143);
    }
  }

  /** What mosquitto_sub would print. */
  private static final class Subscription implements AutoCloseable {
    private final Mqtt3BlockingClient client;
    private final Mqtt3BlockingClient.Mqtt3Publishes publishes;

    Subscription(Server server, List<String> words) {
      assertThat(words.get(0)).isEqualTo("mosquitto_sub");
      client = server.connect();
      publishes = client.publishes(com.hivemq.client.mqtt.MqttGlobalPublishFilter.SUBSCRIBED);
      client.subscribeWith().topicFilter(option(words, "-t")).qos(MqttQos.AT_MOST_ONCE).send();
    }

    String next() throws InterruptedException {
      String topic = poll(20);
      assertThat(topic).as("a trigger within 20 s").isNotNull();
      return topic;
    }

    String poll(int seconds) throws InterruptedException {
      return publishes
          .receive(seconds, TimeUnit.SECONDS)
          .map(publish -> publish.getTopic().toString())
          .orElse(null);
    }

    @Override
    public void close() {
      publishes.close();
      client.disconnect();
    }
  }
}
