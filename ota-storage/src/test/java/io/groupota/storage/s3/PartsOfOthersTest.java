package io.groupota.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.spi.BlobStore;
import io.minio.CompleteMultipartUploadArgs;
import io.minio.CreateMultipartUploadArgs;
import io.minio.MinioAsyncClient;
import io.minio.UploadPartArgs;
import io.minio.messages.Part;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that another tool copied into the bucket, in parts of its own size. */
class PartsOfOthersTest {
  private static final BlobKey KEY = new BlobKey("group/update");
  private static final int MIB = 1 << 20;

  private ObjectStore objects;

  @BeforeEach
  void startObjectStore() throws Exception {
    objects = new ObjectStore();
  }

  @AfterEach
  void stopObjectStore() throws Exception {
    objects.close();
  }

  @ParameterizedTest
  @CsvSource({
    "5, 5242880",
    "9, 5242880",
    "9, 6291456",
    "9, 8388608",
    "10, 9437184",
    "14, 6291456",
    "15, 7340032",
    "25, 6291456",
    "26, 5242880",
    "12, 16777216",
    "9, 10485760",
    "17, 16777216",
    "20, 8388608",
    "20, 15728640",
    "20, 17179870"
  })
  void anIntactFileIsRead(int mebibytes, int part) throws Exception {
    for (int size : new int[] {mebibytes * MIB, mebibytes * MIB - 4_321}) {
      byte[] file = bytes(size);
      upload(file, part);
      assertThat(Arrays.equals(read(objects.client(), size), file)).as("%d bytes", size).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "5, 5242880",
    "9, 5242880",
    "9, 8388608",
    "10, 9437184",
    "15, 7340032",
    "25, 6291456",
    "26, 5242880",
    "12, 16777216"
  })
  void aDamagedOneIsNoticedIfItsPartsAreKnown(int mebibytes, int part) throws Exception {
    byte[] file = bytes(mebibytes * MIB);
    upload(file, part);
    for (int damage : new int[] {0, file.length / 2, file.length - 1}) {
      byte[] damaged = file.clone();
      damaged[damage] ^= 1;
      assertThatThrownBy(() -> read(new Damaging(objects).client(damaged), file.length))
          .as("damaged at %d", damage)
          .isInstanceOf(IOException.class)
          .hasMessageContaining("damaged");
    }
  }

  private void upload(byte[] file, int part) throws Exception {
    MinioAsyncClient client = objects.client();
    String id =
        client
            .createMultipartUpload(
                CreateMultipartUploadArgs.builder()
                    .bucket(ObjectStore.BUCKET)
                    .object(KEY.value())
                    .build())
            .get()
            .result()
            .uploadId();
    List<Part> parts = new ArrayList<>();
    for (int from = 0; from < file.length; from += part) {
      byte[] bytes = Arrays.copyOfRange(file, from, Math.min(file.length, from + part));
      UploadPartArgs args =
          UploadPartArgs.builder()
              .bucket(ObjectStore.BUCKET)
              .object(KEY.value())
              .uploadId(id)
              .partNumber(parts.size() + 1)
              .data(bytes, bytes.length)
              .build();
      parts.add(client.uploadPart(args).get().part());
    }
    client
        .completeMultipartUpload(
            CompleteMultipartUploadArgs.builder()
                .bucket(ObjectStore.BUCKET)
                .object(KEY.value())
                .uploadId(id)
                .parts(parts.toArray(Part[]::new))
                .build())
        .get();
  }

  private static byte[] read(MinioAsyncClient client, int size) throws IOException {
    BlobStore store = S3BlobStore.using(client, ObjectStore.BUCKET);
    try (InputStream in = store.open(KEY, 0, size)) {
      return in.readAllBytes();
    }
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }
}
