package io.groupota.http;

import io.groupota.GroupOtaService;
import io.groupota.OwnerId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** A real Jetty with the servlet, on a free loopback port. */
final class HttpServer implements AutoCloseable {
  static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  static final String BEARER = "bearer-of-the-owner";
  static final long MAX_UPLOAD = 256 << 10;

  private final Server server;
  private final ServerConnector connector;
  private final Path spool;
  private final OtaServlet servlet;

  HttpServer(GroupOtaService service, Path spool) throws Exception {
    this(service, spool, b -> BEARER.equals(b) ? Optional.of(OWNER) : Optional.empty());
  }

  HttpServer(GroupOtaService service, Path spool, Authenticator authenticator) throws Exception {
    this(service, spool, authenticator, 128);
  }

  HttpServer(GroupOtaService service, Path spool, Authenticator authenticator, int maxDownloads)
      throws Exception {
    this(service, spool, authenticator, maxDownloads, MAX_UPLOAD, new QueuedThreadPool());
  }

  /** A server with a thread for each of many slow downloads. */
  static HttpServer large(GroupOtaService service, Path spool, int maxDownloads, long maxUpload)
      throws Exception {
    return new HttpServer(
        service,
        spool,
        b -> BEARER.equals(b) ? Optional.of(OWNER) : Optional.empty(),
        maxDownloads,
        maxUpload,
        new QueuedThreadPool(maxDownloads + 100));
  }

  private HttpServer(
      GroupOtaService service,
      Path spool,
      Authenticator authenticator,
      int maxDownloads,
      long maxUpload,
      QueuedThreadPool threads)
      throws Exception {
    server = new Server(threads);
    connector = new ServerConnector(server);
    // Little room between the servlet and a client that does not read.
    connector.setAcceptedSendBufferSize(16 << 10);
    this.spool = spool;
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    servlet =
        OtaServlet.builder()
            .service(service)
            .authenticator(authenticator)
            .maxUpload(maxUpload)
            .spool(spool)
            .maxDownloads(maxDownloads)
            .retryAfter(Duration.ofSeconds(20))
            .build();
    ServletContextHandler context = new ServletContextHandler("/");
    context.addServletContainerInitializer((classes, c) -> servlet.register(c));
    server.setHandler(context);
    server.start();
  }

  int port() {
    return connector.getLocalPort();
  }

  DownloadCounts downloads() {
    return servlet.downloads();
  }

  RawHttp raw() throws IOException {
    return new RawHttp(port());
  }

  /** The files of uploads that are in progress. */
  List<Path> spooled() {
    if (!Files.exists(spool)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(spool)) {
      return files.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      server.stop();
    } catch (Exception e) {
      throw new IOException(e);
    }
  }
}
