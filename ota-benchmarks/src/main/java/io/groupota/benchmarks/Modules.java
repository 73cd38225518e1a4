package io.groupota.benchmarks;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a host gets with each module: read from the lists that the build of the module resolved, and
 * from the class path of this process.
 */
final class Modules {
  private static final List<String> NAMES =
      List.of("ota-core", "ota-storage", "ota-mqtt", "ota-http", "ota-micrometer", "ota-testkit");

  private Modules() {}

  /**
   * A module.
   *
   * @param name its artifact id
   * @param kilobytes its own size
   * @param dependencies how many jars come with it
   */
  record Module(String name, double kilobytes, int dependencies) {}

  static List<Module> all() throws IOException {
    List<Module> modules = new ArrayList<>();
    for (String name : NAMES) {
      modules.add(new Module(name, bytes(name) / 1e3, dependencies(name).size()));
    }
    return modules;
  }

  /** Such as {@code org.slf4j:slf4j-api:jar:2.0.20}, of the scopes compile and runtime. */
  static List<String> dependencies(String module) throws IOException {
    String resource = "modules/" + module + "/target/runtime-dependencies.txt";
    try (InputStream in =
        Objects.requireNonNull(Modules.class.getResourceAsStream(resource), resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(String::strip)
          .filter(line -> line.contains(":jar:"))
          .map(line -> line.split(" ", 2)[0])
          .toList();
    }
  }

  private static long bytes(String module) throws IOException {
    for (Path entry : classPath()) {
      if (Files.isRegularFile(entry) && entry.getFileName().toString().startsWith(module + "-")) {
        return Files.size(entry);
      }
      if (Files.isDirectory(entry) && entry.endsWith(Path.of(module, "target", "classes"))) {
        try (Stream<Path> tree = Files.walk(entry)) {
          return tree.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
        }
      }
    }
    throw new IllegalStateException("The class path has no " + module);
  }

  /** With what the manifests of its jars add. */
  private static List<Path> classPath() throws IOException {
    List<Path> entries = new ArrayList<>();
    for (String text : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path entry = Path.of(text).toAbsolutePath();
      entries.add(entry);
      if (Files.isRegularFile(entry)) {
        try (JarFile jar = new JarFile(entry.toFile())) {
          @Nullable String more =
              jar.getManifest() == null
                  ? null
                  : jar.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
          if (more != null) {
            for (String name : more.split(" ", -1)) {
              entries.add(entry.resolveSibling(name));
            }
          }
        }
      }
    }
    return entries;
  }
}
