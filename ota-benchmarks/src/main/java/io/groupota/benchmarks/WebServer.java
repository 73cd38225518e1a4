package io.groupota.benchmarks;

import io.groupota.GroupOtaService;
import io.groupota.OwnerId;
import io.groupota.http.OtaServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import org.eclipse.jetty.ee10.servlet.ResourceServlet;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** Jetty with the servlet of the library, and beside it a constant and files. */
final class WebServer implements AutoCloseable {
  static final String CONSTANT = "/constant";
  static final String FILES = "/files/";

  private final Server server = new Server();
  private final ServerConnector connector;
  private final ServletContextHandler context = new ServletContextHandler("/");

  private WebServer() {
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    connector = new ServerConnector(server, new HttpConnectionFactory(http));
    connector.setHost(InetAddress.getLoopbackAddress().getHostAddress());
    server.addConnector(connector);
    server.setHandler(context);
  }

  /** The library, every bearer being the owner, and files of a folder. */
  static WebServer start(GroupOtaService service, OwnerId owner, Path files) throws Exception {
    WebServer web = new WebServer();
    OtaServlet servlet =
        OtaServlet.builder()
            .service(service)
            .authenticator(bearer -> Optional.of(owner))
            .maxUpload(512L << 20)
            .build();
    web.context.addServletContainerInitializer((classes, context) -> servlet.register(context));
    web.context.addServlet(new ServletHolder(new Constant()), CONSTANT);
    web.context.setBaseResourceAsPath(files);
    web.context.addServlet(new ServletHolder("files", ResourceServlet.class), FILES + "*");
    web.server.start();
    return web;
  }

  /** Nothing but the server. */
  static WebServer empty() throws Exception {
    WebServer web = new WebServer();
    web.server.start();
    return web;
  }

  InetSocketAddress address() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), connector.getLocalPort());
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("Jetty failed to stop", e);
    }
  }

  /** What a check is answered with, with the same headers, and no work to find it. */
  private static final class Constant extends HttpServlet {
    private static final long serialVersionUID = 1L;
    private static final byte[] BODY = {
      '{', '"', 'v', 'e', 'r', '"', ':', '"', '1', '.', '2', '.', '7', '"', '}'
    };

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      response.setStatus(200);
      response.setHeader("Content-Type", "application/json; charset=utf-8");
      response.setHeader("Cache-Control", "no-store");
      response.setHeader("X-Content-Type-Options", "nosniff");
      response.setContentLength(BODY.length);
      response.getOutputStream().write(BODY);
      response.flushBuffer();
    }
  }
}
