package io.groupota.http;

import io.groupota.GroupOtaService;
import io.groupota.OwnerId;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.eclipse.jetty.compression.gzip.GzipCompression;
import org.eclipse.jetty.compression.server.CompressionConfig;
import org.eclipse.jetty.compression.server.CompressionHandler;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.gzip.GzipHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** A real Jetty with the servlet, on a free loopback port. */
final class HttpServer implements AutoCloseable {
  static final OwnerId OWNER = new OwnerId("5e10fc5e77ba18070312e171");
  static final String BEARER = "bearer-of-the-owner";
  static final long MAX_UPLOAD = 256 << 10;
  static final int MAX_HEADERS = 64 << 10;

  private final Server server;
  private final ServerConnector connector;
  private final Path spool;
  private final OtaServlet servlet;

  HttpServer(GroupOtaService service, Path spool) throws Exception {
    this(service, spool, HttpServer::authenticate);
  }

  HttpServer(GroupOtaService service, Path spool, Authenticator authenticator) throws Exception {
    this(service, spool, builder -> builder.authenticator(authenticator), new QueuedThreadPool());
  }

  HttpServer(GroupOtaService service, Path spool, Authenticator authenticator, int maxDownloads)
      throws Exception {
    this(
        service,
        spool,
        builder -> builder.authenticator(authenticator).maxDownloads(maxDownloads),
        new QueuedThreadPool());
  }

  /** A server with a thread for each of many slow downloads. */
  static HttpServer large(GroupOtaService service, Path spool, int maxDownloads, long maxUpload)
      throws Exception {
    return new HttpServer(
        service,
        spool,
        builder -> builder.maxDownloads(maxDownloads).maxUpload(maxUpload),
        new QueuedThreadPool(maxDownloads + 100));
  }

  /** A server with other settings than those that most tests need. */
  static HttpServer with(GroupOtaService service, Path spool, Consumer<OtaServlet.Builder> settings)
      throws Exception {
    return new HttpServer(service, spool, settings, new QueuedThreadPool());
  }

  /** A server with a filter before the servlet. */
  static HttpServer behind(Filter filter, GroupOtaService service, Path spool) throws Exception {
    return new HttpServer(
        service,
        spool,
        settings -> {},
        new QueuedThreadPool(),
        context ->
            context.addFilter(new FilterHolder(filter), "/*", EnumSet.of(DispatcherType.REQUEST)));
  }

  /** A server that compresses what its clients let it, but for what is compressed already. */
  @SuppressWarnings("removal") // Hosts still have it.
  static HttpServer compressing(GroupOtaService service, Path spool) throws Exception {
    return within(new GzipHandler(), service, spool);
  }

  /** The same with what follows Jetty's first handler for that. */
  static HttpServer compressingAnew(GroupOtaService service, Path spool) throws Exception {
    CompressionHandler handler = new CompressionHandler();
    handler.putCompression(new GzipCompression());
    handler.putConfiguration("/*", CompressionConfig.builder().build());
    return within(handler, service, spool);
  }

  private static HttpServer within(Handler.Singleton handler, GroupOtaService service, Path spool)
      throws Exception {
    return new HttpServer(
        service,
        spool,
        settings -> {},
        new QueuedThreadPool(),
        context -> context.insertHandler(handler));
  }

  private HttpServer(
      GroupOtaService service,
      Path spool,
      Consumer<OtaServlet.Builder> settings,
      QueuedThreadPool threads)
      throws Exception {
    this(service, spool, settings, threads, context -> {});
  }

  private HttpServer(
      GroupOtaService service,
      Path spool,
      Consumer<OtaServlet.Builder> settings,
      QueuedThreadPool threads,
      Consumer<ServletContextHandler> surroundings)
      throws Exception {
    server = new Server(threads);
    HttpConfiguration http = new HttpConfiguration();
    // More than by default, so that the servlet's own limits can be seen.
    http.setRequestHeaderSize(MAX_HEADERS);
    connector = new ServerConnector(server, new HttpConnectionFactory(http));
    // Little room between the servlet and a client that does not read.
    connector.setAcceptedSendBufferSize(16 << 10);
    this.spool = spool;
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    OtaServlet.Builder builder =
        OtaServlet.builder()
            .service(service)
            .authenticator(HttpServer::authenticate)
            .maxUpload(MAX_UPLOAD)
            .spool(spool)
            .retryAfter(Duration.ofSeconds(20));
    settings.accept(builder);
    servlet = builder.build();
    ServletContextHandler context = new ServletContextHandler("/");
    context.addServletContainerInitializer((classes, c) -> servlet.register(c));
    surroundings.accept(context);
    server.setHandler(context);
    server.start();
  }

  static Optional<OwnerId> authenticate(String bearer) {
    return BEARER.equals(bearer) ? Optional.of(OWNER) : Optional.empty();
  }

  /** Ends new connections on which nothing comes or goes for so long. */
  void endSilenceAfter(Duration timeout) {
    connector.setIdleTimeout(timeout.toMillis());
  }

  /** Gives the container another name than Jetty's, as hosts do that hide what they run on. */
  void call(String name) {
    server.setServerInfo(name);
  }

  int port() {
    return connector.getLocalPort();
  }

  DownloadCounts downloads() {
    return servlet.downloads();
  }

  List<String> endpoints() {
    return servlet.endpoints();
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
