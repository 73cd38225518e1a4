package io.groupota.http;

import io.groupota.BlobKey;
import io.groupota.GroupId;
import io.groupota.GroupOta;
import io.groupota.GroupOtaService;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.memory.InMemoryGroupRegistry;
import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.spi.BlobStore;
import io.groupota.spi.Group;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A program: a server for {@link SmallHeapTest}. For each line on its input it prints its counts.
 */
final class SmallHeapServer {
  static final int DOWNLOADS = 1_000;
  static final long MAX_UPLOAD = 512L << 20;

  private SmallHeapServer() {}

  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    InMemoryGroupRegistry registry = new InMemoryGroupRegistry();
    registry.saveGroups(
        List.of(
            new Group(
                new GroupId(Fleet.GROUP), HttpServer.OWNER, Token.of(Fleet.GROUP_TOKEN), "")));
    try (GroupOtaService service =
            GroupOta.builder()
                .repository(new InMemoryOtaRepository(Clock.systemUTC()))
                .blobStore(new Folder(folder))
                .groups(registry)
                .maxFirmwareSize(MAX_UPLOAD)
                .build();
        HttpServer server = HttpServer.large(service, folder, DOWNLOADS, MAX_UPLOAD);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      System.out.println(server.port());
      while (lines.readLine() != null) {
        System.out.println(server.downloads().active());
      }
    }
  }

  /** As little of a store as the server needs; the real ones are in a module of their own. */
  private record Folder(Path folder) implements BlobStore {
    @Override
    public void put(BlobKey key, InputStream bytes) {
      try {
        Files.copy(bytes, file(key));
      } catch (IOException e) {
        throw new StorageException("The file could not be written", e);
      }
    }

    @Override
    public InputStream open(BlobKey key, long offset, long length) {
      try {
        InputStream in =
            length == 0 ? new ByteArrayInputStream(new byte[0]) : Files.newInputStream(file(key));
        in.skipNBytes(offset);
        return in;
      } catch (IOException e) {
        throw new StorageException("The file could not be read", e);
      }
    }

    @Override
    public OptionalLong size(BlobKey key) {
      return Optional.of(file(key).toFile())
          .filter(file -> file.exists())
          .map(file -> OptionalLong.of(file.length()))
          .orElseGet(OptionalLong::empty);
    }

    @Override
    public boolean delete(BlobKey key) {
      return file(key).toFile().delete();
    }

    private Path file(BlobKey key) {
      return folder.resolve(key.value().replace('/', '_') + ".bin");
    }
  }
}
