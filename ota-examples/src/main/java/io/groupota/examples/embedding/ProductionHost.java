package io.groupota.examples.embedding;

import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.firmware.Esp32ImageInspector;
import io.groupota.http.Authenticator;
import io.groupota.http.OtaServlet;
import io.groupota.mqtt.MqttDeviceListener;
import io.groupota.mqtt.MqttLink;
import io.groupota.spi.BlobStore;
import io.groupota.spi.EntitlementPolicy;
import io.groupota.storage.cache.CachingBlobStore;
import io.groupota.storage.jdbc.JdbcGroupRegistry;
import io.groupota.storage.jdbc.JdbcOtaRepository;
import io.groupota.storage.s3.S3BlobStore;
import io.minio.MinioAsyncClient;
import jakarta.servlet.ServletContext;
import java.nio.file.Path;
import javax.sql.DataSource;

/** A host with a broker of its own and the HTTP API. The README shows the body of its start. */
public final class ProductionHost implements AutoCloseable {
  private final MqttLink mqtt;
  private final GroupOtaService ota;
  private final MqttDeviceListener listener;

  private ProductionHost(MqttLink mqtt, GroupOtaService ota, MqttDeviceListener listener) {
    this.mqtt = mqtt;
    this.ota = ota;
    this.listener = listener;
  }

  /**
   * Starts the service in a servlet container that is starting.
   *
   * @param dataSource the host's pool, stays open
   * @param minio the client of the object store, with a bucket named firmware; stays open
   * @param password of the MQTT user
   * @param plans which owners may deploy
   * @param bearers how a bearer token becomes an owner
   * @param servletContext where the HTTP API is registered
   * @return the running host
   */
  public static ProductionHost start(
      DataSource dataSource,
      MinioAsyncClient minio,
      String password,
      EntitlementPolicy plans,
      Authenticator bearers,
      ServletContext servletContext) {
    // readme:begin
    MqttLink mqtt =
        MqttLink.builder().host("broker.example.org").user("ota").password(password).build();
    BlobStore firmware = S3BlobStore.using(minio, "firmware"); // a MinioAsyncClient, a bucket
    GroupOtaService ota =
        GroupOta.builder()
            .repository(JdbcOtaRepository.using(dataSource))
            .blobStore(CachingBlobStore.of(firmware, Path.of("/var/cache/ota"), 10L << 30))
            .groups(JdbcGroupRegistry.using(dataSource)) // or your own GroupDirectory
            .notifier(mqtt.notifier())
            .inspector(Esp32ImageInspector.strict()) // refuse what no ESP32 could run
            .entitlement(plans) // which owners may deploy
            .build();
    MqttDeviceListener listener = MqttDeviceListener.builder(mqtt, ota).sharedAs("ota").build();
    OtaServlet.builder().service(ota).authenticator(bearers).build().register(servletContext);
    mqtt.start();
    ota.start();
    listener.start();
    // readme:end
    return new ProductionHost(mqtt, ota, listener);
  }

  @Override
  public void close() {
    listener.close();
    ota.close();
    mqtt.close();
  }
}
