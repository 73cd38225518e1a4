package io.groupota.http;

import io.groupota.FirmwareDownload;
import io.groupota.OtaUpdate;
import io.groupota.firmware.Firmware;
import io.groupota.firmware.ImageInfo;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers one download. Conditions are checked in the order of RFC 9110, then what the device says
 * of itself, then the range. After a rollback the file on offer may be older than the client's and
 * still be another: so {@code If-Modified-Since} is not looked at, and {@code If-Unmodified-Since}
 * holds for the very time that was given out with the file, and for no later one.
 */
final class DownloadHandler {
  /** One that the client does not refuse: some devices send {@code *;q=0}. */
  private static final Pattern COMPRESSION =
      Pattern.compile(
          "(?:^|,)\\s*(?:x-)?(?:gzip|deflate|br|zstd|\\*)\\s*(?:$|,|;(?!\\s*q=0(?:\\.0*)?\\s*(?:$|,)))",
          Pattern.CASE_INSENSITIVE);

  private static final Logger LOG = LoggerFactory.getLogger(DownloadHandler.class);

  private static final Pattern SIZE = Pattern.compile("[0-9]{1,18}");

  /** What the Servlet API says when a request has no such header. */
  private static final long NO_DATE = -1;

  private final DownloadSlots slots;
  private final FirmwareDownload download;
  private final OtaUpdate update;
  private final Firmware firmware;
  private final EntityTags tags;
  private final Redirects redirects;
  private final Failures failures;
  private final Scrubber scrubber;

  DownloadHandler(
      DownloadSlots slots,
      Redirects redirects,
      FirmwareDownload download,
      Failures failures,
      Scrubber scrubber) {
    this.slots = slots;
    this.redirects = redirects;
    this.download = download;
    this.update = download.update();
    this.firmware = update.firmware();
    this.tags = new EntityTags(firmware);
    this.failures = failures.about(subject());
    this.scrubber = scrubber;
  }

  void handle(HttpServletRequest request, HttpServletResponse response) throws IOException {
    if (isAnother(request)) {
      Reply.message(412, "The firmware is another")
          .with("ETag", tags.given())
          .send(request, response);
    } else if (tags.match(request.getHeaders("If-None-Match")) || isRunning(request)) {
      describe(response);
      response.setStatus(304);
      response.flushBuffer();
    } else if (cannotFit(request)) {
      // The device would download all of it, fail to flash it, and come back for it for ever.
      Reply.message(403, "The firmware is larger than the free space of the device")
          .send(request, response);
    } else {
      answer(request, response);
    }
  }

  /** Whether the client asks for another file than the one on offer, by its tag or its time. */
  private boolean isAnother(HttpServletRequest request) {
    return request.getHeader("If-Match") == null
        ? isOfAnotherTime(request)
        : tags.fail(request.getHeaders("If-Match"));
  }

  private boolean isOfAnotherTime(HttpServletRequest request) {
    try {
      long wanted = request.getDateHeader("If-Unmodified-Since");
      return wanted != NO_DATE && wanted != lastModified();
    } catch (IllegalArgumentException e) {
      // RFC 9110 has what is no date ignored.
      return false;
    }
  }

  /** The time of the file in milliseconds, to the second: HTTP has no fractions of one. */
  private long lastModified() {
    return update.createdAt().truncatedTo(ChronoUnit.SECONDS).toEpochMilli();
  }

  private void answer(HttpServletRequest request, HttpServletResponse response) throws IOException {
    ByteRange.Parsed parsed = range(request);
    if (parsed.unsatisfiable()) {
      Reply.message(416, "The range begins behind the end of the firmware")
          .with("Content-Range", "bytes */" + firmware.size())
          .send(request, response);
      return;
    }
    Optional<ByteRange> range = parsed.range();
    ByteRange bytes = range.orElseGet(() -> new ByteRange(0, firmware.size()));
    if (request.getMethod().equals("HEAD")) {
      begin(request, response, range, bytes);
      response.flushBuffer();
      return;
    }
    Optional<Reply> redirect = redirects.of(request, download, scrubber);
    if (redirect.isPresent()) {
      redirect.get().send(request, response);
    } else if (slots.enter()) {
      try {
        send(range, bytes, request, response);
      } finally {
        slots.leave();
      }
    } else {
      slots.refusal().send(request, response);
    }
  }

  private ByteRange.Parsed range(HttpServletRequest request) {
    // RFC 9110 defines ranges for GET alone.
    if (!request.getMethod().equals("GET")) {
      return ByteRange.WHOLE;
    }
    String condition = request.getHeader("If-Range");
    if (condition != null && !tags.has(condition)) {
      return ByteRange.WHOLE;
    }
    return ByteRange.parse(request.getHeaders("Range"), firmware.size());
  }

  private void begin(
      HttpServletRequest request,
      HttpServletResponse response,
      Optional<ByteRange> range,
      ByteRange bytes) {
    describe(response);
    response.setStatus(range.isPresent() ? 206 : 200);
    response.setHeader("Content-Type", "application/octet-stream");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("x-MD5", firmware.md5());
    range.ifPresent(r -> response.setHeader("Content-Range", r.contentRange(firmware.size())));
    response.setContentLengthLong(bytes.length());
    if (namesCompression(request)) {
      // Containers that compress would do so to ranges too, and drop the length. They leave alone
      // what says that it has a coding. Nobody else is sent a compressed answer, or this header.
      response.setHeader("Content-Encoding", "identity");
    }
  }

  private static boolean namesCompression(HttpServletRequest request) {
    return Collections.list(request.getHeaders("Accept-Encoding")).stream()
        .anyMatch(value -> COMPRESSION.matcher(value).find());
  }

  private void describe(HttpServletResponse response) {
    response.setHeader("ETag", tags.given());
    response.setHeader("Accept-Ranges", "bytes");
    response.setHeader("Cache-Control", "private, no-cache");
    response.setDateHeader("Last-Modified", lastModified());
  }

  private void send(
      Optional<ByteRange> range,
      ByteRange bytes,
      HttpServletRequest request,
      HttpServletResponse response)
      throws IOException {
    try (InputStream in = download.open(bytes.offset(), bytes.length())) {
      begin(request, response, range, bytes);
      copy(in, response.getOutputStream(), bytes.length());
      flush(response);
    } catch (ClientGone e) {
      LOG.debug("The client went away during a download ({}): {}", subject(), e.getMessage());
    } catch (IOException | RuntimeException e) {
      if (response.isCommitted()) {
        LOG.error("A download was cut short ({})", subject(), scrubber.scrub(e));
        CutShort.end(request, response);
      } else {
        response.reset();
        failures.answer(e, scrubber).send(request, response);
      }
    }
  }

  private void copy(InputStream in, OutputStream out, long length) throws IOException {
    byte[] buffer = new byte[(int) Math.min(slots.bufferSize(), length)];
    long left = length;
    while (left > 0) {
      int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
      if (read < 0) {
        throw new EOFException("The stored firmware ends " + left + " bytes early");
      }
      try {
        out.write(buffer, 0, read);
      } catch (IOException e) {
        throw new ClientGone(e);
      }
      left -= read;
    }
  }

  /** Sends what the container has kept of the file, to a client that may have gone meanwhile. */
  private static void flush(HttpServletResponse response) throws ClientGone {
    try {
      response.flushBuffer();
    } catch (IOException e) {
      throw new ClientGone(e);
    }
  }

  /** For the log. */
  private String subject() {
    return "group " + update.group() + ", update " + update.id();
  }

  private boolean isRunning(HttpServletRequest request) {
    String running = request.getHeader("x-ESP32-sketch-sha256");
    return running != null
        && !running.isBlank()
        && firmware
            .image()
            .map(ImageInfo::sha256)
            .filter(running.strip()::equalsIgnoreCase)
            .isPresent();
  }

  private boolean cannotFit(HttpServletRequest request) {
    OptionalLong free = freeSpace(request);
    return free.isPresent() && free.getAsLong() < firmware.size();
  }

  /** How much space a device says that it has, in bytes. */
  static OptionalLong freeSpace(HttpServletRequest request) {
    String free = request.getHeader("x-ESP32-free-space");
    return free != null && SIZE.matcher(free.strip()).matches()
        ? OptionalLong.of(Long.parseLong(free.strip()))
        : OptionalLong.empty();
  }

  /** The connection failed, as opposed to the store. */
  private static final class ClientGone extends IOException {
    private static final long serialVersionUID = 1L;

    ClientGone(IOException cause) {
      super(cause.getClass().getName(), cause);
    }
  }
}
