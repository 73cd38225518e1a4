package io.groupota.storage.s3;

import io.minio.MinioAsyncClient;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;

/** A real S3 endpoint in this process, which verifies signatures. */
final class ObjectStore implements AutoCloseable {
  static final String ACCESS_KEY = "access";
  static final String SECRET_KEY = "secret-of-the-test";
  static final String BUCKET = "firmware";

  private final TransientNio2BlobStore blobs = new TransientNio2BlobStore();
  private final S3Proxy proxy;
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final OkHttpClient http =
      new OkHttpClient.Builder()
          .addInterceptor(
              chain -> {
                requests.add(chain.request());
                return chain.proceed(chain.request());
              })
          .build();

  ObjectStore() throws Exception {
    blobs.createContainer(BUCKET);
    proxy =
        S3Proxy.builder()
            .blobStore(blobs)
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V4, ACCESS_KEY, SECRET_KEY)
            .stopTimeout(0)
            .build();
    proxy.start();
  }

  MinioAsyncClient client() {
    return client(http, SECRET_KEY);
  }

  MinioAsyncClient client(String secretKey) {
    return client(http, secretKey);
  }

  OkHttpClient http() {
    return http;
  }

  MinioAsyncClient client(OkHttpClient http, String secretKey) {
    return client(http, proxy.getPort(), secretKey);
  }

  int port() {
    return proxy.getPort();
  }

  MinioAsyncClient client(OkHttpClient http, int port, String secretKey) {
    return MinioAsyncClient.builder()
        .endpoint("http://127.0.0.1:" + port)
        .region("us-east-1")
        .credentials(ACCESS_KEY, secretKey)
        .httpClient(http, false)
        .build();
  }

  /** What was asked since the last call. */
  List<Request> requests() {
    List<Request> all = List.copyOf(requests);
    requests.removeAll(all);
    return all;
  }

  /** The object store itself, behind its HTTP API. */
  TransientNio2BlobStore blobs() {
    return blobs;
  }

  @Override
  public void close() throws IOException {
    try {
      proxy.stop();
    } catch (Exception e) {
      throw new IOException(e);
    } finally {
      http.dispatcher().executorService().shutdown();
      http.connectionPool().evictAll();
      blobs.close();
    }
  }
}
