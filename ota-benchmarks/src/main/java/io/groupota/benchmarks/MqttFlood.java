package io.groupota.benchmarks;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Publishes with QoS 0 as fast as a subscriber receives: writes packets of MQTT 3.1.1 to a socket,
 * which costs next to nothing. Never more than a window ahead of the subscriber, so that the broker
 * has no reason to drop messages. Used by one thread.
 */
final class MqttFlood implements AutoCloseable {
  private static final int WINDOW = 2_000;
  private static final int BURST = 100;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Socket socket;
  private final DataOutputStream out;

  private MqttFlood(Socket socket) throws IOException {
    this.socket = socket;
    this.out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 32 << 10));
  }

  /** A message. Immutable, as long as nobody writes to its arrays. */
  static final class Message {
    private final byte[] topic;
    private final byte[] payload;

    Message(byte[] topic, byte[] payload) {
      this.topic = topic;
      this.payload = payload;
    }
  }

  /** Makes one message after the other. */
  interface Messages {
    Message next();
  }

  static MqttFlood connect(InetSocketAddress broker) throws IOException {
    Socket socket = new Socket(broker.getAddress(), broker.getPort());
    socket.setTcpNoDelay(true);
    MqttFlood flood = new MqttFlood(socket);
    byte[] client = "ota-bench-flood".getBytes(StandardCharsets.US_ASCII);
    flood.out.writeByte(0x10);
    flood.writeLength(12 + client.length);
    flood.out.writeUTF("MQTT");
    // Level 4, clean session, no keep-alive.
    flood.out.writeByte(4);
    flood.out.writeByte(2);
    flood.out.writeShort(0);
    flood.out.writeShort(client.length);
    flood.out.write(client);
    flood.out.flush();
    byte[] acknowledgement = new byte[4];
    new DataInputStream(socket.getInputStream()).readFully(acknowledgement);
    if (acknowledgement[0] != 0x20 || acknowledgement[3] != 0) {
      socket.close();
      throw new IOException("The broker refused the connection of the flood");
    }
    return flood;
  }

  /** Publishes for a time; returns the messages per second that the subscriber received. */
  double run(Messages messages, LongSupplier received, Duration time) throws IOException {
    long before = received.getAsLong();
    long begin = System.nanoTime();
    long deadline = begin + time.toNanos();
    long sent = 0;
    while (System.nanoTime() < deadline) {
      awaitRoom(sent - WINDOW + before, received);
      for (int i = 0; i < BURST; i++) {
        publish(messages.next());
      }
      sent += BURST;
      out.flush();
    }
    // A rate needs a message, also on a machine that has no time for one.
    awaitRoom(before + 1, received);
    double rate = (received.getAsLong() - before) / ((System.nanoTime() - begin) / 1e9);
    awaitRoom(sent + before, received);
    return rate;
  }

  private static void awaitRoom(long count, LongSupplier received) throws IOException {
    long last = received.getAsLong();
    long patience = System.nanoTime() + PATIENCE.toNanos();
    while (received.getAsLong() < count) {
      LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(50));
      long now = received.getAsLong();
      if (now > last) {
        last = now;
        patience = System.nanoTime() + PATIENCE.toNanos();
      } else if (System.nanoTime() > patience) {
        throw new IOException("The broker lost " + (count - now) + " messages");
      }
    }
  }

  private void publish(Message message) throws IOException {
    out.writeByte(0x30);
    writeLength(2 + message.topic.length + message.payload.length);
    out.writeShort(message.topic.length);
    out.write(message.topic);
    out.write(message.payload);
  }

  private void writeLength(int length) throws IOException {
    int left = length;
    do {
      out.writeByte(left > 127 ? (left & 127) | 128 : left);
      left >>= 7;
    } while (left > 0);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
