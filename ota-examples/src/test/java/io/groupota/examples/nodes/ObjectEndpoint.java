package io.groupota.examples.nodes;

import java.io.IOException;
import java.net.URI;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;

/** A real S3 endpoint in this process, which verifies signatures. */
final class ObjectEndpoint implements AutoCloseable {
  static final String SECRET_KEY = "s3-secret-of-the-test";
  private static final String BUCKET = "firmware";

  private final TransientNio2BlobStore blobs = new TransientNio2BlobStore();
  private final S3Proxy proxy;

  ObjectEndpoint() throws Exception {
    blobs.createContainer(BUCKET);
    proxy =
        S3Proxy.builder()
            .blobStore(blobs)
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V4, "access", SECRET_KEY)
            .stopTimeout(0)
            .build();
    proxy.start();
  }

  /** The options of a server that keeps its firmware here. */
  String[] options() {
    return new String[] {
      "--s3",
      url(),
      "--s3-bucket",
      BUCKET,
      "--s3-access-key",
      "access",
      "--s3-secret-key",
      SECRET_KEY
    };
  }

  String url() {
    return "http://127.0.0.1:" + proxy.getPort();
  }

  /** How many objects there are. */
  int count() {
    return blobs.list(BUCKET).contents().size();
  }

  @Override
  public void close() throws IOException {
    try {
      proxy.stop();
    } catch (Exception e) {
      throw new IOException(e);
    } finally {
      blobs.close();
    }
  }
}
