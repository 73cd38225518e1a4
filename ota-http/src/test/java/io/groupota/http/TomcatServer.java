package io.groupota.http;

import io.groupota.GroupOtaService;
import jakarta.servlet.http.HttpServlet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.ErrorPage;

/** A real Tomcat with the servlet, on a free loopback port. */
final class TomcatServer implements AutoCloseable {
  private final Tomcat tomcat = new Tomcat();

  TomcatServer(GroupOtaService service, Path folder) throws LifecycleException {
    this(service, folder, Optional.empty(), Map.of());
  }

  /** Also answers what a servlet throws, as far as Tomcat lets it. */
  TomcatServer(GroupOtaService service, Path folder, HttpServlet errorPage)
      throws LifecycleException {
    this(service, folder, Optional.of(errorPage), Map.of());
  }

  /** A server that compresses what its clients let it, firmware too. */
  static TomcatServer compressing(GroupOtaService service, Path folder) throws LifecycleException {
    return new TomcatServer(
        service,
        folder,
        Optional.empty(),
        Map.of(
            "compression",
            "force",
            "compressibleMimeType",
            "application/octet-stream,application/json"));
  }

  private TomcatServer(
      GroupOtaService service,
      Path folder,
      Optional<HttpServlet> errorPage,
      Map<String, String> properties)
      throws LifecycleException {
    OtaServlet servlet =
        OtaServlet.builder()
            .service(service)
            .authenticator(HttpServer::authenticate)
            .spool(folder)
            .build();
    tomcat.setBaseDir(folder.toString());
    tomcat.setPort(0);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    properties.forEach(tomcat.getConnector()::setProperty);
    Context context = tomcat.addContext("", folder.toString());
    context.addServletContainerInitializer((classes, c) -> servlet.register(c), null);
    errorPage.ifPresent(page -> add(context, page));
    tomcat.start();
  }

  private static void add(Context context, HttpServlet servlet) {
    Tomcat.addServlet(context, "error", servlet);
    context.addServletMappingDecoded("/error", "error");
    ErrorPage page = new ErrorPage();
    page.setExceptionType(Throwable.class.getName());
    page.setLocation("/error");
    context.addErrorPage(page);
  }

  int port() {
    return tomcat.getConnector().getLocalPort();
  }

  @Override
  public void close() throws IOException {
    try {
      tomcat.stop();
      tomcat.destroy();
    } catch (LifecycleException e) {
      throw new IOException(e);
    }
  }
}
