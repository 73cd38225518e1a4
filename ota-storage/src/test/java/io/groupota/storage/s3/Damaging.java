package io.groupota.storage.s3;

import io.minio.MinioAsyncClient;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Response;
import okhttp3.ResponseBody;

/** Injects a fault: the object store's answers have other bytes than were stored. */
record Damaging(ObjectStore objects) {
  MinioAsyncClient client(byte[] instead) {
    OkHttpClient http =
        objects
            .http()
            .newBuilder()
            .addInterceptor(
                chain -> {
                  Response response = chain.proceed(chain.request());
                  if (!chain.request().method().equals("GET")) {
                    return response;
                  }
                  response.close();
                  return response
                      .newBuilder()
                      .body(ResponseBody.create(instead, MediaType.get("application/octet-stream")))
                      .build();
                })
            .build();
    return objects.client(http, ObjectStore.SECRET_KEY);
  }
}
