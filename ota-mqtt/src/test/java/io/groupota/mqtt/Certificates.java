package io.groupota.mqtt;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.TrustManagerFactory;

/** A private authority, made for one run with the JDK's keytool, and what it signed. */
final class Certificates {
  static final String PASSWORD = "changeit";

  private final Path folder;

  private Certificates(Path folder) {
    this.folder = folder;
  }

  /** An authority, a server named localhost, and a client. */
  static Certificates make(Path folder) throws Exception {
    Certificates made = new Certificates(Files.createDirectories(folder));
    made.pair("ca", "-ext", "bc:c");
    made.keytool("ca", "-exportcert", "-rfc", "-file", made.pem("ca").toString());
    made.pair("server");
    made.sign("server", "-ext", "san=dns:localhost");
    made.pair("client");
    made.sign("client");
    for (String name : List.of("server", "client")) {
      made.writeKey(name);
      made.writeChain(name);
    }
    made.writeTrust();
    return made;
  }

  Path pem(String name) {
    return folder.resolve(name + ".pem");
  }

  /** The private key, in PEM. */
  Path key(String name) {
    return folder.resolve(name + ".key");
  }

  /** Key and chain in one store. */
  Path store(String name) {
    return folder.resolve(name + "-chain.p12");
  }

  TrustManagerFactory trust() throws GeneralSecurityException, IOException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(load(store("trust")));
    return factory;
  }

  KeyManagerFactory client() throws GeneralSecurityException, IOException {
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(load(store("client")), PASSWORD.toCharArray());
    return factory;
  }

  private void pair(String name, String... more) throws Exception {
    List<String> options = new ArrayList<>(List.of("-genkeypair", "-keyalg", "EC"));
    options.addAll(List.of("-dname", "CN=" + name, "-validity", "2"));
    options.addAll(List.of(more));
    keytool(name, options.toArray(String[]::new));
  }

  private void sign(String name, String... more) throws Exception {
    Path request = folder.resolve(name + ".csr");
    keytool(name, "-certreq", "-file", request.toString());
    List<String> options = new ArrayList<>(List.of("-gencert", "-rfc", "-validity", "2"));
    options.addAll(List.of("-infile", request.toString(), "-outfile", pem(name).toString()));
    options.addAll(List.of(more));
    keytool("ca", options.toArray(String[]::new));
  }

  private void keytool(String store, String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(options));
    command.addAll(List.of("-alias", store, "-storepass", PASSWORD));
    command.addAll(List.of("-keystore", folder.resolve(store + ".p12").toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("keytool.log").toFile())
            .start();
    if (process.waitFor() != 0) {
      throw new AssertionError(Files.readString(folder.resolve("keytool.log")));
    }
  }

  private void writeKey(String name) throws Exception {
    Key key = load(folder.resolve(name + ".p12")).getKey(name, PASSWORD.toCharArray());
    String base64 = Base64.getMimeEncoder().encodeToString(key.getEncoded());
    Files.writeString(
        key(name), "-----BEGIN PRIVATE KEY-----\n" + base64 + "\n-----END PRIVATE KEY-----\n");
  }

  private void writeChain(String name) throws Exception {
    Key key = load(folder.resolve(name + ".p12")).getKey(name, PASSWORD.toCharArray());
    KeyStore chain = empty();
    Certificate[] certificates = {certificate(name), certificate("ca")};
    chain.setKeyEntry(name, key, PASSWORD.toCharArray(), certificates);
    save(chain, store(name));
  }

  private void writeTrust() throws Exception {
    KeyStore trust = empty();
    trust.setCertificateEntry("ca", certificate("ca"));
    save(trust, store("trust"));
  }

  private Certificate certificate(String name) throws GeneralSecurityException, IOException {
    try (InputStream in = Files.newInputStream(pem(name))) {
      return CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static KeyStore load(Path file) throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD.toCharArray());
    }
    return store;
  }

  private static void save(KeyStore store, Path file) throws GeneralSecurityException, IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, PASSWORD.toCharArray());
    }
  }
}
