package io.groupota.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.GroupOtaService;
import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import java.nio.file.Path;
import java.util.Optional;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OtaServletTest {
  private final GroupOtaService service = new FaultyService().service();
  private final Authenticator nobody = bearer -> Optional.empty();

  @Test
  void theBuilderNamesWhatIsMissing() {
    assertThatThrownBy(() -> OtaServlet.builder().authenticator(nobody).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Call service(...) before build()");
    assertThatThrownBy(() -> OtaServlet.builder().service(service).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Call authenticator(...) before build()");
    assertThatThrownBy(() -> OtaServlet.builder().service(null))
        .isInstanceOf(NullPointerException.class);
    for (long bytes : new long[] {0, -1, Long.MAX_VALUE}) {
      assertThatThrownBy(() -> OtaServlet.builder().maxUpload(bytes))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("maxUpload");
    }
  }

  @Test
  void everyPartGoesToTheDiskWithinTheLimits() {
    MultipartConfigElement config =
        OtaServlet.builder()
            .service(service)
            .authenticator(nobody)
            .maxUpload(1000)
            .spool(Path.of("spool"))
            .build()
            .multipartConfig();

    assertThat(config.getFileSizeThreshold()).isZero();
    assertThat(config.getMaxFileSize()).isNegative();
    assertThat(config.getMaxRequestSize()).isEqualTo(1000 + 524288 + 65536);
    assertThat(config.getLocation()).isEqualTo(Path.of("spool").toAbsolutePath().toString());
  }

  @Test
  void twoServletsForOneContextAreRefused() throws Exception {
    Server server = new Server();
    ServletContextHandler context = new ServletContextHandler("/");
    context.addServletContainerInitializer(
        (classes, c) -> {
          servlet().register(c);
          assertThatThrownBy(() -> servlet().register(c))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("group-ota");
          throw new ServletException("checked");
        });
    server.setHandler(context);
    assertThatThrownBy(server::start).hasStackTraceContaining("checked");
    server.stop();
  }

  @Test
  void aMappingThatIsTakenIsRefused() throws Exception {
    Server server = new Server();
    ServletContextHandler context = new ServletContextHandler("/");
    context.addServletContainerInitializer(
        (classes, c) -> {
          c.addServlet("other", new HttpServlet() {}).addMapping("/v1/ota/*");
          assertThatThrownBy(() -> servlet().register(c))
              .isInstanceOf(IllegalStateException.class)
              .hasMessageContaining("/v1/ota/*");
          throw new ServletException("checked");
        });
    server.setHandler(context);
    assertThatThrownBy(server::start).hasStackTraceContaining("checked");
    server.stop();
  }

  @Test
  void aHostThatForgetsTheMultipartConfigurationIsTold(@TempDir Path temp) throws Exception {
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    ServletContextHandler context = new ServletContextHandler("/");
    context.setTempDirectory(temp.toFile());
    OtaServlet servlet =
        OtaServlet.builder()
            .service(service)
            .authenticator(bearer -> Optional.of(HttpServer.OWNER))
            .build();
    context.addServlet(new ServletHolder(servlet), "/v1/ota/*");
    server.setHandler(context);
    server.start();
    try (LogCapture log = new LogCapture();
        RawHttp http = new RawHttp(connector.getLocalPort())) {
      byte[] body = new Form().field("group", "x").bytes();
      assertThat(http.send(Form.request(body)).read().status()).isEqualTo(500);
      assertThat(log.text()).contains("OtaServlet.multipartConfig()");
    } finally {
      server.stop();
    }
  }

  private OtaServlet servlet() {
    return OtaServlet.builder().service(service).authenticator(nobody).build();
  }
}
