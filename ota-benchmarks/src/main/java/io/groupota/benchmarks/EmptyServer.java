package io.groupota.benchmarks;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.CountDownLatch;

/** Jetty and H2 and nothing of ours, to see what their start takes. A program. */
public final class EmptyServer {
  private EmptyServer() {}

  /**
   * Starts, says so, and waits for its end.
   *
   * @param args the folder of the database
   * @throws Exception if something does not start
   */
  public static void main(String[] args) throws Exception {
    System.setProperty("logback.configurationFile", Benchmarks.LOGBACK);
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl("jdbc:h2:" + args[0] + "/empty");
    try (HikariDataSource pool = new HikariDataSource(config);
        WebServer web = WebServer.empty()) {
      try (Connection connection = pool.getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute("CREATE TABLE IF NOT EXISTS one (id BIGINT PRIMARY KEY)");
      }
      System.out.println("ready " + web.address());
      System.out.flush();
      new CountDownLatch(1).await();
    }
  }
}
