package io.groupota.storage.s3;

import io.minio.MinioAsyncClient;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Response;
import okhttp3.ResponseBody;

/** Injects a fault: the object store answers 503 a number of times before it does its work. */
record Busy(ObjectStore objects, AtomicInteger times) {
  private static final String BODY =
      "<Error><Code>SlowDown</Code><Message>Reduce your request rate</Message></Error>";

  MinioAsyncClient client() {
    OkHttpClient http =
        objects
            .http()
            .newBuilder()
            .addInterceptor(
                chain ->
                    times.getAndDecrement() > 0
                        ? new Response.Builder()
                            .request(chain.request())
                            .protocol(Protocol.HTTP_1_1)
                            .code(503)
                            .message("Slow Down")
                            .header("Content-Type", "application/xml")
                            .body(ResponseBody.create(BODY, MediaType.get("application/xml")))
                            .build()
                        : chain.proceed(chain.request()))
            .build();
    return objects.client(http, ObjectStore.SECRET_KEY);
  }
}
