package io.groupota.examples.stack;

import io.groupota.http.OtaServlet;
import java.io.IOException;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** Jetty with the servlet of the library and nothing else. */
final class HttpServer implements AutoCloseable {
  private final Server server;
  private final ServerConnector connector;
  private final Address address;

  HttpServer(Address address, OtaServlet servlet) {
    this.address = address;
    QueuedThreadPool threads = new QueuedThreadPool();
    threads.setName("ota-http");
    server = new Server(threads);
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    connector = new ServerConnector(server, new HttpConnectionFactory(http));
    connector.setHost(address.host());
    connector.setPort(address.port());
    server.addConnector(connector);
    ServletContextHandler context = new ServletContextHandler("/");
    context.addServletContainerInitializer(
        (classes, servletContext) -> servlet.register(servletContext));
    server.setHandler(context);
  }

  void start() {
    try {
      server.start();
    } catch (IOException e) {
      throw address.cannotListen("--http", e);
    } catch (Exception e) {
      throw new StartupException("The HTTP server failed to start: " + e.getMessage(), e);
    }
  }

  /** Where it listens, once it has started. */
  Address address() {
    return address.at(connector.getLocalPort());
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("The HTTP server failed to stop", e);
    }
  }
}
