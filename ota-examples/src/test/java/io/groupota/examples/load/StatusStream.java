package io.groupota.examples.load;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One MQTT connection that publishes the messages of many devices, QoS 0, as fast as it is told to:
 * the packets are all that it knows of MQTT 3.1.1, so that it leaves the machine to the others.
 */
final class StatusStream implements AutoCloseable {
  private static final byte[] CONNECTED = {0x20, 2, 0, 0};

  private final Socket socket;
  private final DataOutputStream out;

  StatusStream(int port, String clientId) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 1 << 16));
    out.writeByte(0x10);
    writeLength(10 + 2 + clientId.length());
    out.writeUTF("MQTT");
    // Version 3.1.1, clean session, no keep-alive.
    out.write(new byte[] {4, 2, 0, 0});
    out.writeUTF(clientId);
    out.flush();
    byte[] answer = new byte[CONNECTED.length];
    new DataInputStream(socket.getInputStream()).readFully(answer);
    if (!Arrays.equals(answer, CONNECTED)) {
      throw new IOException("The broker does not let the stream in");
    }
  }

  void publish(String topic, byte[] payload) throws IOException {
    byte[] name = topic.getBytes(StandardCharsets.US_ASCII);
    out.writeByte(0x30);
    writeLength(2 + name.length + payload.length);
    out.writeShort(name.length);
    out.write(name);
    out.write(payload);
  }

  void flush() {
    try {
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void writeLength(int length) throws IOException {
    int left = length;
    do {
      int low = left & 0x7F;
      left >>= 7;
      out.writeByte(left == 0 ? low : low | 0x80);
    } while (left > 0);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
