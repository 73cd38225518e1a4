package io.groupota.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** A deploy that is nearly right, made up from random numbers. */
final class FuzzedForm {
  private static final List<String> BOUNDARIES =
      List.of(
          "",
          "-",
          "--",
          "\"quoted\"",
          "\"with spaces\"",
          "\"unclosed",
          "a;charset=utf-16",
          "x".repeat(70),
          "x".repeat(71),
          "x".repeat(5_000),
          ".*[a-z](+)\\",
          "=?utf-8?Q?b?=");

  private static final List<String> NAMES =
      List.of(
          "group",
          "token",
          "version",
          "firmware",
          "GROUP",
          "group ",
          "",
          "_charset_",
          "plan",
          "must_pass_through",
          "note",
          "x\\\"y",
          "../../etc/passwd",
          "no space left on device",
          "multipart config, max parts, too many, file size, max length",
          "\u00e9\u65e5",
          "x".repeat(3_000));

  /** Plans that are right, nearly right, and too much of anything. */
  private static final List<String> PLANS =
      List.of(
          "{\"stages\":[{\"percent\":100}]}",
          "{\"stages\":[{\"percent\":5,\"gate\":{\"proven_percent\":95,\"soak\":\"PT1H\"}},"
              + "{\"percent\":100}],\"pace\":{\"per_minute\":5},\"start\":\"2026-01-05T08:00:00Z\"}",
          "{\"stages\":[{\"percent\":100}],\"guards\":{\"constraint\":\">=1.0.0 & <2.0.0\"}}",
          "{\"stages\":[{\"percent\":100}],\"groups\":[{\"group\":\""
              + Fleet.FOREIGN_GROUP
              + "\",\"token\":\""
              + Fleet.FOREIGN_TOKEN
              + "\"}]}",
          "{\"stages\":[{\"percent\":1e400}]}",
          "{\"stages\":[{\"percent\":" + "9".repeat(70) + "}]}",
          "{\"stages\":" + "[".repeat(2_000),
          "{\"windows\":[{\"zone\":\"../../etc/localtime\"}],\"stages\":[]}",
          "null",
          "[]",
          "{\"",
          "\ufeff{}",
          "");

  private static final List<String> FILE_NAMES =
      List.of(
          "",
          "firmware.bin",
          "../../../etc/passwd",
          "/etc/passwd",
          "C:\\\\Windows\\\\x.bin",
          "\\\\\\\\host\\\\share",
          "a\u0000b",
          "\"",
          "no space left on device",
          "=?utf-8?B?Zg==?=",
          "\u65e5\u672c.bin",
          "x".repeat(4_000));

  private static final List<String> HEADERS =
      List.of(
          "Content-Type: text/plain; charset=utf-16",
          "Content-Type: text/plain; charset=nonsense",
          "Content-Type: multipart/mixed; boundary=inner",
          "Content-Type: ",
          "Content-Type",
          "Content-Transfer-Encoding: base64",
          "Content-Transfer-Encoding: quoted-printable",
          "Content-Length: 1",
          "Content-Length: -1",
          "Content-Disposition: form-data; name=\"version\"",
          "Content-Disposition: attachment",
          "X-Folded: a\r\n b",
          ": nothing",
          "X: " + "y".repeat(9_000));

  private static final List<String> VALUES =
      List.of(
          "",
          " ",
          Fleet.GROUP,
          Fleet.SECOND_GROUP,
          Fleet.FOREIGN_GROUP,
          Fleet.FOREIGN_TOKEN,
          "../../etc/passwd",
          "0".repeat(24),
          "1.2",
          "\ufffd",
          "\u0000",
          "x".repeat(1_024),
          "x".repeat(1_025),
          "--inner\r\nContent-Disposition: form-data; name=\"version\"\r\n\r\n9.9.9\r\n--inner--",
          "\r\n--",
          "No multipart configuration element",
          "\r\n".repeat(50));

  private final Random random;
  private final String boundary;
  private final byte[] body;

  private FuzzedForm(Random random) {
    this.random = random;
    this.boundary = random.nextInt(8) > 0 ? Form.BOUNDARY : pick(BOUNDARIES);
    this.body = damaged(assembled(parts()));
  }

  static FuzzedForm of(Random random) {
    return new FuzzedForm(random);
  }

  byte[] body() {
    return body;
  }

  /** The request, framed rightly, in chunks, or announcing more than comes. */
  byte[] request() {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    int framing = random.nextInt(20);
    if (framing == 0) {
      request.writeBytes(head("Content-Length: " + 10_000_000_000L).getBytes(ISO_8859_1));
    } else if (framing < 3) {
      request.writeBytes(head("Transfer-Encoding: chunked").getBytes(ISO_8859_1));
      writeChunks(request);
    } else {
      int missing = framing < 5 ? 1 + random.nextInt(100) : 0;
      request.writeBytes(head("Content-Length: " + (body.length + missing)).getBytes(ISO_8859_1));
      request.writeBytes(body);
    }
    return request.toByteArray();
  }

  private String head(String framing) {
    return Form.head(framing + "\r\nConnection: close").replace(Form.BOUNDARY, boundary);
  }

  private void writeChunks(ByteArrayOutputStream request) {
    int at = 0;
    while (at < body.length) {
      int length = Math.min(1 + random.nextInt(2_000), body.length - at);
      request.writeBytes((Integer.toHexString(length) + "\r\n").getBytes(ISO_8859_1));
      request.write(body, at, length);
      request.writeBytes("\r\n".getBytes(ISO_8859_1));
      at += length;
    }
    request.writeBytes("0\r\n\r\n".getBytes(ISO_8859_1));
  }

  /** The four parts in any order, some of them missing, altered, repeated, or among others. */
  private List<byte[]> parts() {
    List<byte[]> parts = new ArrayList<>();
    parts.add(field("group", random.nextInt(20) == 0 ? Fleet.FOREIGN_GROUP : Fleet.GROUP));
    parts.add(field("token", Fleet.GROUP_TOKEN));
    parts.add(field("version", "1.2." + random.nextInt(1_000_000)));
    parts.add(file("firmware", "firmware.bin", firmware()));
    if (random.nextInt(4) == 0) {
      parts.add(plan());
    }
    if (random.nextInt(10) == 0) {
      parts.add(field("must_pass_through", pick(List.of("true", "false", "TRUE", ""))));
    }
    Collections.shuffle(parts, random);
    for (int changes = random.nextInt(4); changes > 0 && !parts.isEmpty(); changes--) {
      int at = random.nextInt(parts.size());
      switch (random.nextInt(6)) {
        case 0 -> parts.remove(at);
        case 1 -> parts.add(parts.get(at));
        case 2 -> parts.set(at, field(pick(NAMES), pick(VALUES)));
        case 3 -> parts.add(at, file(pick(NAMES), pick(FILE_NAMES), firmware()));
        default -> parts.add(at, field(pick(NAMES), pick(VALUES)));
      }
    }
    if (random.nextInt(500) == 0) {
      int count = pick(List.of(50, 96, 97, 120, 1_200));
      byte[] one = field("x", "");
      parts.addAll(Collections.nCopies(count, one));
    }
    return parts;
  }

  private byte[] plan() {
    String plan = random.nextInt(3) == 0 ? PLANS.get(0) : pick(PLANS);
    byte[] bytes = random.nextBoolean() ? plan.getBytes(UTF_8) : damaged(plan.getBytes(UTF_8));
    return random.nextBoolean()
        ? file("plan", "plan.json", bytes)
        : part("form-data; name=\"plan\"", bytes);
  }

  private byte[] field(String name, String value) {
    return part("form-data; name=\"" + name + "\"", value.getBytes(UTF_8));
  }

  private byte[] file(String name, String fileName, byte[] content) {
    String parameters = "name=\"" + name + "\"; filename=\"" + fileName + "\"";
    if (random.nextInt(20) == 0) {
      parameters += "; filename*=UTF-8''x%2Fy";
    }
    return part("form-data; " + parameters, content);
  }

  private byte[] part(String disposition, byte[] content) {
    String header = random.nextInt(10) == 0 ? pick(HEADERS) + "\r\n" : "";
    String head = "Content-Disposition: " + disposition + "\r\n" + header + "\r\n";
    ByteArrayOutputStream part = new ByteArrayOutputStream();
    part.writeBytes(head.getBytes(UTF_8));
    part.writeBytes(content);
    return part.toByteArray();
  }

  private byte[] firmware() {
    // One in a while is larger than a firmware may be, or than a whole body.
    int size =
        random.nextInt(400) == 0
            ? pick(List.of((int) HttpServer.MAX_UPLOAD + 1, 1_000_000))
            : random.nextInt(1_500);
    return size == 0 ? new byte[0] : Fleet.firmware(size, random.nextLong());
  }

  private byte[] assembled(List<byte[]> parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] delimiter = ("--" + boundary + "\r\n").getBytes(ISO_8859_1);
    for (byte[] part : parts) {
      all.writeBytes(delimiter);
      all.writeBytes(part);
      all.writeBytes("\r\n".getBytes(ISO_8859_1));
    }
    all.writeBytes(("--" + boundary + "--\r\n").getBytes(ISO_8859_1));
    return all.toByteArray();
  }

  private byte[] damaged(byte[] whole) {
    byte[] bytes = whole;
    for (int damages = Math.max(0, random.nextInt(5) - 2); damages > 0; damages--) {
      if (bytes.length == 0) {
        return bytes;
      }
      int at = random.nextInt(bytes.length);
      byte[] before = bytes;
      switch (random.nextInt(4)) {
        case 0 -> bytes = Arrays.copyOf(before, 1 + at);
        case 1 -> bytes[at] = (byte) random.nextInt();
        case 2 -> {
          bytes = Arrays.copyOf(before, before.length + 1);
          System.arraycopy(before, at, bytes, at + 1, before.length - at);
          bytes[at] = "\r\n-\"\0".getBytes(ISO_8859_1)[random.nextInt(5)];
        }
        default -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      }
    }
    return bytes;
  }

  private <T> T pick(List<T> choice) {
    return choice.get(random.nextInt(choice.size()));
  }

  /** Shown when a property fails; a byte is a character. */
  @Override
  public String toString() {
    String text = new String(body, ISO_8859_1);
    String shown =
        text.length() < 5_000
            ? text
            : text.substring(0, 2_000) + " ... " + text.substring(text.length() - 2_000);
    return "boundary " + boundary + ", " + body.length + " bytes, body " + shown;
  }
}
