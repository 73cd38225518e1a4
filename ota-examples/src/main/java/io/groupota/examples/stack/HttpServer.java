package io.groupota.examples.stack;

import io.groupota.http.OtaServlet;
import java.io.IOException;
import java.util.concurrent.LinkedBlockingQueue;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ContextHandlerCollection;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Jetty with the servlet of the library and nothing else. It opens its port when it has the
 * servlet; what else it needs is there before, since that takes a while.
 */
final class HttpServer implements AutoCloseable {
  // Jetty's own defaults.
  private static final int MAX_THREADS = 200;
  private static final int MIN_THREADS = 8;

  private final Server server;
  private final ContextHandlerCollection contexts;
  private final ServerConnector connector;
  private final Address address;

  private HttpServer(Address address) {
    this.address = address;
    // With Jetty's own queue: its class looks up a flag of the JVM, by way of all of JMX.
    QueuedThreadPool threads =
        new QueuedThreadPool(MAX_THREADS, MIN_THREADS, new LinkedBlockingQueue<>());
    threads.setName("ota-http");
    server = new Server(threads);
    contexts = new ContextHandlerCollection();
    server.setHandler(contexts);
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    connector = new ServerConnector(server, new HttpConnectionFactory(http));
    connector.setHost(address.host());
    connector.setPort(address.port());
  }

  /** A server that listens nowhere yet. */
  static HttpServer prepare(Address address) {
    HttpServer server = new HttpServer(address);
    try {
      server.server.start();
      return server;
    } catch (Exception e) {
      throw failed(e);
    }
  }

  void serve(OtaServlet servlet) {
    ServletContextHandler context = new ServletContextHandler("/");
    context.addServletContainerInitializer(
        (classes, servletContext) -> servlet.register(servletContext));
    try {
      contexts.addHandler(context);
      context.start();
      server.addConnector(connector);
      connector.start();
    } catch (IOException e) {
      throw address.cannotListen("--http", e);
    } catch (Exception e) {
      throw failed(e);
    }
  }

  private static StartupException failed(Exception cause) {
    return new StartupException("The HTTP server failed to start: " + cause.getMessage(), cause);
  }

  /** Where it listens, once it serves. */
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
