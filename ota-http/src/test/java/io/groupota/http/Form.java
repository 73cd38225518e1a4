package io.groupota.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;

/** A multipart body, part by part, right or wrong. */
final class Form {
  static final String BOUNDARY = "----iotaap7MA4YWxkTrZu0gW";

  private final ByteArrayOutputStream body = new ByteArrayOutputStream();

  static Form complete(String group, String token, String version, byte[] firmware) {
    return new Form()
        .field("group", group)
        .field("token", token)
        .field("version", version)
        .file("firmware", "firmware.bin", firmware);
  }

  Form field(String name, String value) {
    return part("name=\"" + name + "\"", value.getBytes(UTF_8));
  }

  Form file(String name, String fileName, byte[] bytes) {
    return part(
        "name=\""
            + name
            + "\"; filename=\""
            + fileName
            + "\"\r\nContent-Type: application/octet-stream",
        bytes);
  }

  Form part(String disposition, byte[] content) {
    body.writeBytes(
        ("--" + BOUNDARY + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n")
            .getBytes(UTF_8));
    body.writeBytes(content);
    body.writeBytes("\r\n".getBytes(UTF_8));
    return this;
  }

  byte[] unfinished() {
    return body.toByteArray();
  }

  byte[] bytes() {
    var all = new ByteArrayOutputStream();
    all.writeBytes(body.toByteArray());
    all.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(UTF_8));
    return all.toByteArray();
  }

  /** A whole request with the body. */
  static byte[] request(byte[] body) {
    var all = new ByteArrayOutputStream();
    all.writeBytes(head("Content-Length: " + body.length).getBytes(UTF_8));
    all.writeBytes(body);
    return all.toByteArray();
  }

  static String head(String framing) {
    return "POST /v1/ota/group HTTP/1.1\r\nHost: ota\r\nAuthorization: Bearer "
        + HttpServer.BEARER
        + "\r\nContent-Type: multipart/form-data; boundary="
        + BOUNDARY
        + "\r\n"
        + framing
        + "\r\n\r\n";
  }
}
