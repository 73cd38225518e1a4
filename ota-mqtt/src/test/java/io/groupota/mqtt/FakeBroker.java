package io.groupota.mqtt;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The other end of an MQTT 3.1.1 or 5 connection, by hand: shows the bytes on the wire,
 * acknowledges a publish only when told to, and is as late as the test wants it.
 */
final class FakeBroker implements AutoCloseable {
  /** Where a CONNECT has the version of the protocol. */
  private static final int LEVEL = 8;

  private static final int CONNECT = 1;
  private static final int PUBLISH = 3;
  private static final int SUBSCRIBE = 8;
  private static final int UNSUBSCRIBE = 10;
  private static final int PING = 12;
  private static final int DISCONNECT = 14;

  private final ServerSocket server;
  private final BlockingQueue<byte[]> connects = new LinkedBlockingQueue<>();
  private final BlockingQueue<byte[]> publishes = new LinkedBlockingQueue<>();
  private final BlockingQueue<byte[]> subscribes = new LinkedBlockingQueue<>();
  private final BlockingQueue<byte[]> unsubscribes = new LinkedBlockingQueue<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final AtomicInteger connections = new AtomicInteger();
  private volatile int grant;
  private volatile int version;
  private volatile boolean hesitates;
  private volatile boolean confirms;

  FakeBroker() {
    this(0);
  }

  /** On a port, 0 for any. */
  FakeBroker(int port) {
    try {
      server = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    thread(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** The next packet of a CONNECT, whole. */
  byte[] nextConnect() throws InterruptedException {
    return next(connects);
  }

  /** The next packet of a PUBLISH, whole. */
  byte[] nextPublish() throws InterruptedException {
    return next(publishes);
  }

  /** The next packet of a SUBSCRIBE, whole. */
  byte[] nextSubscribe() throws InterruptedException {
    return next(subscribes);
  }

  /** The next packet of an UNSUBSCRIBE, whole. */
  byte[] nextUnsubscribe() throws InterruptedException {
    return next(unsubscribes);
  }

  int waitingPublishes() {
    return publishes.size();
  }

  int waitingSubscribes() {
    return subscribes.size();
  }

  /** Answers subscriptions with this return code: 0x80 is a refusal. */
  void grants(int returnCode) {
    grant = returnCode;
  }

  /** Answers a CONNECT from now on only when told to. */
  void hesitate() {
    hesitates = true;
  }

  /** Answers the last CONNECT: the client is welcome. */
  void welcome() throws IOException {
    if (version == 5) {
      // Its name is c: a client without one is to be given one.
      send(0x20, 0x07, 0x00, 0x00, 0x04, 0x12, 0x00, 0x01, 'c');
    } else {
      send(0x20, 0x02, 0x00, 0x00);
    }
  }

  /** Confirms every UNSUBSCRIBE from now on at once. */
  void confirmsAtOnce() {
    confirms = true;
  }

  /** Confirms a packet of an UNSUBSCRIBE. */
  void confirm(byte[] unsubscribe) throws IOException {
    if (version == 5) {
      send(0xb0, 0x04, unsubscribe[2], unsubscribe[3], 0x00, 0x00);
    } else {
      send(0xb0, 0x02, unsubscribe[2], unsubscribe[3]);
    }
  }

  /** Publishes to the client with QoS 1. */
  void publish(int packetId, String topic, String payload) throws IOException {
    byte[] name = topic.getBytes(UTF_8);
    byte[] text = payload.getBytes(UTF_8);
    // In version 5 there is the length of the properties, none, before the payload.
    int properties = version == 5 ? 1 : 0;
    int[] packet = new int[2 + 2 + name.length + 2 + properties + text.length];
    packet[0] = 0x32;
    packet[1] = packet.length - 2;
    packet[3] = name.length;
    copy(name, packet, 4);
    packet[4 + name.length] = packetId >> 8;
    packet[5 + name.length] = packetId;
    copy(text, packet, 6 + name.length + properties);
    send(packet);
  }

  private static void copy(byte[] from, int[] to, int position) {
    for (int i = 0; i < from.length; i++) {
      to[position + i] = from[i];
    }
  }

  /** How many connections neither side has ended. */
  int connections() {
    return connections.get();
  }

  /** Acknowledges a packet of a PUBLISH with QoS 1. */
  void acknowledge(byte[] publish) throws IOException {
    int topicLength = ((publish[2] & 0xff) << 8) | (publish[3] & 0xff);
    send(0x40, 0x02, publish[4 + topicLength], publish[5 + topicLength]);
  }

  /** Refuses a packet of a PUBLISH with QoS 1, for a reason of MQTT 5. */
  void refuse(byte[] publish, int reason) throws IOException {
    int topicLength = ((publish[2] & 0xff) << 8) | (publish[3] & 0xff);
    send(0x40, 0x03, publish[4 + topicLength], publish[5 + topicLength], reason);
  }

  /** Closes every connection; new ones are welcome. */
  void cut() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    sockets.clear();
  }

  @Override
  public void close() throws IOException {
    server.close();
    cut();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        sockets.add(socket);
        connections.incrementAndGet();
        thread(() -> serve(socket));
      }
    } catch (IOException e) {
      // Closed: the test is over.
    }
  }

  private void serve(Socket socket) {
    try {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      while (true) {
        byte[] packet = packet(in);
        switch ((packet[0] & 0xff) >> 4) {
          case CONNECT -> {
            version = packet[LEVEL];
            connects.add(packet);
            if (!hesitates) {
              welcome();
            }
          }
          case PUBLISH -> publishes.add(packet);
          case SUBSCRIBE -> {
            subscribes.add(packet);
            if (version == 5) {
              send(0x90, 0x04, packet[2], packet[3], 0x00, grant);
            } else {
              send(0x90, 0x03, packet[2], packet[3], grant);
            }
          }
          case UNSUBSCRIBE -> {
            unsubscribes.add(packet);
            if (confirms) {
              confirm(packet);
            }
          }
          case PING -> send(0xd0, 0x00);
          // A client waits for the broker to close.
          case DISCONNECT -> socket.close();
          default -> {
            // Nothing else matters here.
          }
        }
      }
    } catch (IOException e) {
      // Cut, or the client left.
    } finally {
      connections.decrementAndGet();
    }
  }

  /** A whole packet; none here is longer than 127 bytes, so its length is one byte. */
  private static byte[] packet(DataInputStream in) throws IOException {
    ByteArrayOutputStream packet = new ByteArrayOutputStream();
    packet.write(in.readUnsignedByte());
    int length = in.readUnsignedByte();
    if (length > 127) {
      throw new IOException("A longer packet than this fake can read");
    }
    packet.write(length);
    packet.write(in.readNBytes(length));
    return packet.toByteArray();
  }

  private synchronized void send(int... bytes) throws IOException {
    byte[] packet = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      packet[i] = (byte) bytes[i];
    }
    OutputStream out = sockets.get(sockets.size() - 1).getOutputStream();
    out.write(packet);
    out.flush();
  }

  private static byte[] next(BlockingQueue<byte[]> packets) throws InterruptedException {
    byte[] packet = packets.poll(20, TimeUnit.SECONDS);
    if (packet == null) {
      throw new AssertionError("No packet in 20 s");
    }
    return packet;
  }

  private static void thread(Runnable task) {
    Thread thread = new Thread(task, "fake-broker");
    thread.setDaemon(true);
    thread.start();
  }
}
