package io.groupota.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** A short answer, complete in memory, so that its length is known and it is sent whole. */
final class Reply {
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8).build();

  private final int status;
  private final byte[] body;
  private final Map<String, String> headers = new LinkedHashMap<>();

  private Reply(int status, String contentType, byte[] body) {
    this.status = status;
    this.body = body;
    headers.put("Content-Type", contentType);
    headers.put("Cache-Control", "no-store");
    headers.put("X-Content-Type-Options", "nosniff");
  }

  /** Writes one JSON value. */
  interface JsonBody {
    void write(JsonGenerator json) throws IOException;
  }

  static Reply json(int status, JsonBody body) {
    var bytes = new ByteArrayOutputStream(512);
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      body.write(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Reply(status, "application/json; charset=utf-8", bytes.toByteArray());
  }

  static Reply message(int status, String message) {
    return json(
        status,
        json -> {
          json.writeStartObject();
          json.writeStringField("message", message);
          json.writeEndObject();
        });
  }

  static Reply error(String message, String information) {
    return json(
        500,
        json -> {
          json.writeStartObject();
          json.writeStringField("message", message);
          json.writeStringField("error", information);
          json.writeEndObject();
        });
  }

  static Reply unauthorized() {
    return new Reply(
            401, "text/plain; charset=utf-8", "Unauthorized".getBytes(StandardCharsets.US_ASCII))
        .with("WWW-Authenticate", "Bearer");
  }

  static Reply methodNotAllowed(String allowed) {
    return message(405, "Method not allowed").with("Allow", allowed);
  }

  /** Adds a header to this reply. */
  Reply with(String name, String value) {
    headers.put(name, value);
    return this;
  }

  void send(HttpServletRequest request, HttpServletResponse response) throws IOException {
    response.setStatus(status);
    headers.forEach(response::setHeader);
    response.setContentLength(body.length);
    UnreadBody.settle(request, response);
    if (!request.getMethod().equals("HEAD")) {
      response.getOutputStream().write(body);
    }
    response.flushBuffer();
  }
}
