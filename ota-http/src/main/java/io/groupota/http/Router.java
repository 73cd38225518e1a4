package io.groupota.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds who answers a path, and makes sure that no exception but one reaches the container. */
final class Router {
  private static final Logger LOG = LoggerFactory.getLogger(Router.class);

  private final ManagementApi management;
  private final DeviceApi devices;

  Router(ManagementApi management, DeviceApi devices) {
    this.management = management;
    this.devices = devices;
  }

  /** All that is answered, each as method and path: the test that walks them misses none. */
  List<String> endpoints() {
    return Stream.concat(management.endpoints().stream(), DeviceRoute.endpoints()).toList();
  }

  /**
   * Throws nothing but {@link CutShort}: containers log what a servlet throws together with the
   * URL, which has tokens.
   *
   * @throws CutShort to a container that ends the connection of a broken answer for nothing less,
   *     and logs no URL with it
   */
  void handle(HttpServletRequest request, HttpServletResponse response) throws CutShort {
    try {
      route(request, response);
    } catch (CutShort e) {
      throw e;
    } catch (IOException e) {
      LOG.debug("The client went away before it had its answer: {}", e.getClass().getName());
    } catch (RuntimeException | Error e) {
      LOG.error("A request failed", Scrubber.none().scrub(e));
      fail(request, response);
    }
  }

  private void route(HttpServletRequest request, HttpServletResponse response) throws IOException {
    String path = request.getPathInfo();
    if (path == null) {
      path = "";
    }
    // Devices first: they ask a thousand times as often.
    Optional<DeviceRoute> route = DeviceRoute.of(path);
    if (route.isPresent()) {
      devices.handle(route.get(), request, response);
      return;
    }
    List<ManagementCall> calls = management.at(path);
    Reply reply =
        calls.isEmpty() ? Reply.message(404, "Not found") : management.handle(calls, request);
    reply.send(request, response);
  }

  private static void fail(HttpServletRequest request, HttpServletResponse response)
      throws CutShort {
    if (response.isCommitted()) {
      CutShort.end(request, response);
      return;
    }
    response.reset();
    try {
      Reply.error("Internal server error", Failures.INTERNAL).send(request, response);
    } catch (IOException e) {
      LOG.debug("The client went away before it had its answer: {}", e.getClass().getName());
    }
  }
}
