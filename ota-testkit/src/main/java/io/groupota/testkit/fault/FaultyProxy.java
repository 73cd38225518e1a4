package io.groupota.testkit.fault;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A TCP proxy that stands between a client and a database, an object store or a broker, and breaks
 * their connections when a test asks for it:
 *
 * <pre>{@code
 * try (FaultyProxy proxy = FaultyProxy.to(database)) {
 *   proxy.hang();
 *   assertThatThrownBy(() -> service.deploy(request)).isInstanceOf(StorageException.class);
 *   proxy.restore();
 *   service.deploy(request);
 * }
 * }</pre>
 *
 * <p>It listens on a free port of the loopback interface and forwards bytes as they come. Faults
 * add up until {@link #restore()}. Thread-safe.
 */
public final class FaultyProxy implements AutoCloseable {
  /** How a connection ends in the middle of a reply. */
  public enum Ending {
    /** The client sees a reset (RST). */
    RESET,

    /** The client sees an orderly end of the stream (FIN). */
    CLOSE,

    /** The client sees nothing any more; the connection stays open until either side leaves. */
    HANG
  }

  private static final int BACKLOG = 200;

  private final InetSocketAddress target;
  private final InetSocketAddress address;
  private final Faults faults = new Faults();
  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private ServerSocket listening;
  private @Nullable Thread accepting;
  private boolean closed;

  private FaultyProxy(InetSocketAddress target) throws IOException {
    this.target = target;
    this.listening = listen(0);
    this.address =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), listening.getLocalPort());
  }

  /**
   * Starts a proxy.
   *
   * @param target where it forwards to; looked up and connected to once per connection
   * @return the proxy, which forwards everything
   * @throws UncheckedIOException if no port is free
   */
  public static FaultyProxy to(InetSocketAddress target) {
    try {
      FaultyProxy proxy = new FaultyProxy(requireNonNull(target, "target"));
      proxy.accept(proxy.listening);
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Where clients connect to.
   *
   * @return an address of the loopback interface; it stays the same
   */
  public InetSocketAddress address() {
    return address;
  }

  /**
   * The port that clients connect to.
   *
   * @return the port of {@link #address()}
   */
  public int port() {
    return address.getPort();
  }

  /** Refuses new connections until {@link #restore()}; those that are open go on. */
  public synchronized void refuse() {
    close(listening);
    // One that comes while the socket closes may still be accepted; after this it counts as open.
    awaitEnd(accepting);
  }

  /** Resets (RST) every connection that is open; new ones are not affected. */
  public void reset() {
    links.forEach(link -> link.end(true));
  }

  /**
   * Lets nothing through until {@link #restore()}: connections stay open, new ones are accepted, no
   * byte is forwarded in either direction. What was held back is forwarded afterwards.
   */
  public void hang() {
    faults.hang();
  }

  /**
   * Lets a number of bytes through to the clients, counted over all connections; then breaks, once,
   * the connection of the next one, which is not forwarded. With 0, what the client asks next
   * arrives and is done, and only the answer is lost.
   *
   * @param bytes how many, 0 or more
   * @param ending how the connection ends
   * @throws IllegalArgumentException if the number is negative
   */
  public void cutRepliesAfter(long bytes, Ending ending) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes must not be negative, but is " + bytes);
    }
    faults.cutAfter(bytes, requireNonNull(ending, "ending"));
  }

  /**
   * Holds back each piece of data, in both directions, until {@link #restore()}.
   *
   * @param delay how long; zero for not at all
   * @throws IllegalArgumentException if it is negative
   */
  public void delay(Duration delay) {
    if (delay.isNegative()) {
      throw new IllegalArgumentException("delay must not be negative, but is " + delay);
    }
    faults.delay(delay);
  }

  /**
   * Ends all faults. A connection that an {@link Ending} has hit stays as it is.
   *
   * @throws UncheckedIOException if the port was taken by somebody else meanwhile
   */
  public synchronized void restore() {
    faults.none();
    if (listening.isClosed() && !closed) {
      try {
        listening = listen(address.getPort());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      accept(listening);
    }
  }

  /**
   * How many connections of clients are open.
   *
   * @return the number; one that a client has left while the proxy hangs counts until {@link
   *     #restore()}
   */
  public int openConnections() {
    return links.size();
  }

  /** Closes all connections, refuses new ones, and waits until its threads have ended. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      close(listening);
    }
    boolean interrupted = false;
    while (!threads.isEmpty()) {
      links.forEach(link -> link.end(false));
      for (Thread thread : threads) {
        try {
          thread.join(Duration.ofSeconds(1).toMillis());
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      threads.removeIf(FaultyProxy::hasEnded);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static ServerSocket listen(int port) throws IOException {
    ServerSocket socket = new ServerSocket();
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), BACKLOG);
    return socket;
  }

  private void accept(ServerSocket server) {
    accepting =
        run(
            () -> {
              while (true) {
                Link link = new Link(server.accept());
                links.add(link);
                run(() -> link.forward(this));
              }
            });
  }

  private static boolean hasEnded(Thread thread) {
    return thread.getState() == Thread.State.TERMINATED;
  }

  private static void awaitEnd(@Nullable Thread thread) {
    boolean interrupted = false;
    while (thread != null && thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Called by a link when both of its directions have ended. */
  void ended(Link link) {
    links.remove(link);
  }

  Socket connect() throws IOException {
    return new Socket(target.getHostString(), target.getPort());
  }

  Faults faults() {
    return faults;
  }

  /** Runs a task in a thread that {@link #close()} waits for. */
  Thread run(Task task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } catch (IOException e) {
                // One side left, or the proxy was told to end it: nobody is waiting for this.
              }
            },
            "faulty-proxy-" + address.getPort());
    thread.setDaemon(true);
    // Not by the threads themselves: one that is about to end has not ended.
    threads.removeIf(FaultyProxy::hasEnded);
    threads.add(thread);
    try {
      thread.start();
    } catch (Error e) {
      threads.remove(thread);
      throw e;
    }
    return thread;
  }

  private static void close(ServerSocket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a thread does. */
  interface Task {
    void run() throws IOException;
  }
}
