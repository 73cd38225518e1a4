package io.groupota.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** An nginx that serves a folder, set up for speed. */
final class Nginx implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 20;

  private final Process process;
  private final InetSocketAddress address;

  private Nginx(Process process, InetSocketAddress address) {
    this.process = process;
    this.address = address;
  }

  static Nginx start(Path program, Path folder, Path files) throws IOException {
    InetSocketAddress address =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), Ports.free());
    Path home = Files.createDirectories(folder.resolve("nginx"));
    Path configuration = home.resolve("nginx.conf");
    Files.writeString(configuration, configuration(home, files, address.getPort()));
    Process process =
        Programs.start(
            new ProcessBuilder(
                    List.of(
                        program.toString(),
                        "-p",
                        home.toString(),
                        "-e",
                        home.resolve("error.log").toString(),
                        "-c",
                        configuration.toString()))
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("out.log").toFile()));
    Nginx nginx = new Nginx(process, address);
    try {
      Ports.awaitOpen(address, process, PATIENCE_SECONDS);
      return nginx;
    } catch (IOException e) {
      nginx.close();
      throw new IOException("nginx did not start: " + Files.readString(home.resolve("out.log")), e);
    }
  }

  InetSocketAddress address() {
    return address;
  }

  private static String configuration(Path home, Path files, int port) {
    // Files that the user of the benchmarks made are not readable by nobody.
    String user = "root".equals(System.getProperty("user.name")) ? "user root;" : "# its own user";
    return String.format(
        Locale.ROOT,
        """
        daemon off;
        %s
        worker_processes auto;
        pid %s/nginx.pid;
        events { worker_connections 1024; }
        http {
          access_log off;
          sendfile on;
          tcp_nopush on;
          open_file_cache max=100;
          keepalive_requests 1000000000;
          client_body_temp_path %s/body;
          proxy_temp_path %s/proxy;
          fastcgi_temp_path %s/fastcgi;
          uwsgi_temp_path %s/uwsgi;
          scgi_temp_path %s/scgi;
          server { listen 127.0.0.1:%d; root %s; }
        }
        """,
        user,
        home,
        home,
        home,
        home,
        home,
        home,
        port,
        files);
  }

  @Override
  public void close() {
    Programs.stop(process);
  }
}
