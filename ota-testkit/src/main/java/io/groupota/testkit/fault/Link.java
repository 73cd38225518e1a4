package io.groupota.testkit.fault;

import io.groupota.testkit.fault.FaultyProxy.Ending;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import org.jspecify.annotations.Nullable;

/** One client's connection and the one to the target that belongs to it. */
final class Link {
  private static final int PIECE = 8 * 1024;

  private final Socket client;
  private @Nullable Socket target;
  private @Nullable FaultyProxy proxy;
  private volatile boolean ended;

  Link(Socket client) {
    this.client = client;
  }

  boolean hasEnded() {
    return ended;
  }

  /** Forwards until one side leaves; runs in the thread of the requests. */
  void forward(FaultyProxy owner) throws IOException {
    try {
      synchronized (this) {
        proxy = owner;
      }
      owner.faults().pass(this);
      if (ended) {
        return;
      }
      Socket connected = owner.connect();
      attach(connected);
      owner.run(() -> replies(connected, owner.faults()));
      requests(connected, owner.faults());
    } finally {
      end(false);
      owner.ended(this);
    }
  }

  /** A link that was ended while it connected closes what it got. */
  private synchronized void attach(Socket connected) throws IOException {
    target = connected;
    if (ended) {
      connected.close();
    }
  }

  private void requests(Socket connected, Faults faults) throws IOException {
    byte[] piece = new byte[PIECE];
    InputStream in = client.getInputStream();
    OutputStream out = connected.getOutputStream();
    for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
      faults.pass(this);
      out.write(piece, 0, count);
    }
  }

  private void replies(Socket connected, Faults faults) throws IOException {
    try {
      byte[] piece = new byte[PIECE];
      InputStream in = connected.getInputStream();
      OutputStream out = client.getOutputStream();
      for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
        faults.pass(this);
        Faults.Passage passage = faults.reply(count);
        out.write(piece, 0, passage.bytes());
        if (passage.ending() != null) {
          end(passage.ending(), faults);
          return;
        }
      }
    } finally {
      end(false);
    }
  }

  private void end(Ending ending, Faults faults) {
    if (ending == Ending.HANG) {
      faults.awaitEnd(this);
    } else {
      end(ending == Ending.RESET);
    }
  }

  /** Idempotent. */
  void end(boolean reset) {
    FaultyProxy owner;
    synchronized (this) {
      if (ended) {
        return;
      }
      ended = true;
      close(client, reset);
      close(target, reset);
      owner = proxy;
    }
    // Outside of the lock: those who wait in there ask this link.
    if (owner != null) {
      owner.faults().wake();
    }
  }

  private static void close(@Nullable Socket socket, boolean reset) {
    if (socket == null) {
      return;
    }
    try {
      if (reset) {
        socket.setSoLinger(true, 0);
      }
      socket.close();
    } catch (IOException e) {
      // It has gone already.
    }
  }
}
