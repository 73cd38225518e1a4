package io.groupota.examples.stack;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a server listens. Immutable.
 *
 * @param host a name or an address of this machine, an IPv6 address without brackets
 * @param port 0 for any free port
 */
public record Address(String host, int port) {
  private static final Pattern FORMAT =
      Pattern.compile("(?:\\[([0-9a-fA-F:.]+)]|([^:\\[\\]\\s]+)):([0-9]{1,5})");

  /**
   * Checks the port.
   *
   * @throws IllegalArgumentException if the port is not 0 to 65535
   */
  public Address {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("the port must be 0 (any free one) to 65535");
    }
  }

  /**
   * Any free port of the loopback interface.
   *
   * @return the address
   */
  public static Address loopback() {
    return new Address("127.0.0.1", 0);
  }

  /**
   * Reads {@code HOST:PORT}, {@code [IPv6]:PORT}; the host must resolve.
   *
   * @param text the text
   * @return the address
   * @throws IllegalArgumentException if it is none
   */
  public static Address parse(String text) {
    Matcher matcher = FORMAT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("not HOST:PORT, write 127.0.0.1:8080");
    }
    String host = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
    Address address = new Address(host, Integer.parseInt(matcher.group(3)));
    address.resolve();
    return address;
  }

  /** The address in the form that sockets take. */
  InetAddress resolve() {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("no such host", e);
    }
  }

  /** Fails if nobody could listen here. */
  void requireFree(String option) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(resolve(), port));
    } catch (IOException e) {
      throw cannotListen(option, e);
    }
  }

  StartupException cannotListen(String option, Throwable cause) {
    return new StartupException(
        option + " " + this + ": the port is in use, or the address is not one of this machine",
        cause);
  }

  /** The same host, and the port that was free. */
  Address at(int boundPort) {
    return new Address(host, boundPort);
  }

  /** Where a client in this process connects to: 0.0.0.0 and :: are no places to connect to. */
  InetSocketAddress fromHere() {
    InetAddress bound = resolve();
    return new InetSocketAddress(
        bound.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : bound, port);
  }

  /** Returns {@code HOST:PORT}. */
  @Override
  public String toString() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
