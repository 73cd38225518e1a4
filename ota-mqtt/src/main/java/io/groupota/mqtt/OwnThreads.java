package io.groupota.mqtt;

import com.hivemq.client.mqtt.MqttClientExecutorConfig;
import io.reactivex.schedulers.Schedulers;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The threads of a client that this library made: one for its sockets, one for its callbacks. */
final class OwnThreads implements AutoCloseable {
  // The queue holds the few tasks of RxJava's workers, not messages. Discards after close(): what
  // the client still says then has nobody to hear it.
  private final ThreadPoolExecutor callbacks =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          task -> daemon(task, "ota-mqtt-callback"),
          new ThreadPoolExecutor.DiscardPolicy());

  MqttClientExecutorConfig config() {
    return MqttClientExecutorConfig.builder()
        // The client ends its event loop, and so this thread, whenever it is disconnected.
        .nettyExecutor(task -> daemon(task, "ota-mqtt-io").start())
        .nettyThreads(1)
        .applicationScheduler(Schedulers.from(callbacks))
        .build();
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void close() {
    callbacks.shutdown();
  }
}
