package io.groupota.http;

import io.groupota.FirmwareDownload;
import io.groupota.firmware.Firmware;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends clients to the blob store for the bytes, if that is wanted and they can follow. HTTP has no
 * way to say that one can, so whoever shows a sign of the contrary is served here: IoTaaP OS, and
 * all that is of its kind, follows no redirect and would never get an update. Immutable.
 */
final class Redirects {
  private static final Logger LOG = LoggerFactory.getLogger(Redirects.class);

  /** ESP32-http-Update is IoTaaP OS; the other clients of such chips have names of this kind. */
  private static final String AGENTS_OF_DEVICES = "esp";

  private static final String HEADERS_OF_DEVICES = "x-esp";
  private static final List<String> PROTOCOLS_OF_DEVICES = List.of("HTTP/0.9", "HTTP/1.0");

  /** How a proxy says that its client spoke HTTP/1.0 or older (RFC 9110, section 7.6.3). */
  private static final Pattern VIA_OF_DEVICES =
      Pattern.compile("(^|,)\\s*(HTTP/)?(0\\.9|1\\.0)\\s", Pattern.CASE_INSENSITIVE);

  /**
   * What a client repeats at the store. The store knows the file by another tag and another time,
   * so it would judge the first four otherwise than we do, and some clients would take a bearer
   * along to it.
   */
  private static final List<String> NOT_FOR_THE_STORE =
      List.of("If-Match", "If-Range", "If-Modified-Since", "If-Unmodified-Since", "Authorization");

  private final Optional<Duration> validity;

  /** Redirects to URLs that work for so long, or does not redirect at all. */
  Redirects(Optional<Duration> validity) {
    this.validity = validity;
  }

  /** Where a client gets the file instead of here, empty if it is to be served here. */
  Optional<Reply> of(HttpServletRequest request, FirmwareDownload download, Scrubber scrubber) {
    if (validity.isEmpty() || !canFollow(request)) {
      return Optional.empty();
    }
    try {
      return download
          .presign(validity.get())
          .map(url -> redirect(url, download.update().firmware()));
    } catch (RuntimeException e) {
      // Whatever it is: the file may well be readable, in a cache for example.
      LOG.warn("The blob store gave no URL, a download is served here", scrubber.scrub(e));
      return Optional.empty();
    }
  }

  /**
   * 302, which every client knows that follows redirects at all: only {@code GET} is redirected, so
   * there is no method that could change on the way. The URL is a secret; the reply is not stored.
   */
  private static Reply redirect(URI url, Firmware firmware) {
    return Reply.message(302, "The firmware is at the location")
        .with("Location", url.toASCIIString())
        .with("x-MD5", firmware.md5())
        .with("ETag", new EntityTags(firmware).given());
  }

  private static boolean canFollow(HttpServletRequest request) {
    return request.getMethod().equals("GET")
        && !PROTOCOLS_OF_DEVICES.contains(request.getProtocol())
        && NOT_FOR_THE_STORE.stream().allMatch(name -> request.getHeader(name) == null)
        && !isDevice(request);
  }

  private static boolean isDevice(HttpServletRequest request) {
    List<String> agents = values(request.getHeaders("User-Agent"));
    return agents.isEmpty()
        || agents.stream()
            .anyMatch(agent -> agent.isEmpty() || startsWith(agent, AGENTS_OF_DEVICES))
        || values(request.getHeaderNames()).stream()
            .anyMatch(name -> startsWith(name, HEADERS_OF_DEVICES))
        || values(request.getHeaders("Via")).stream()
            .anyMatch(via -> VIA_OF_DEVICES.matcher(via).find());
  }

  /** None if the container does not tell; then there is no User-Agent either. */
  private static List<String> values(@Nullable Enumeration<String> headers) {
    return headers == null
        ? List.of()
        : Collections.list(headers).stream().map(String::strip).toList();
  }

  private static boolean startsWith(String text, String start) {
    return text.regionMatches(true, 0, start, 0, start.length());
  }
}
