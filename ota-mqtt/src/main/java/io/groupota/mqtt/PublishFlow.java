package io.groupota.mqtt;

import com.hivemq.client.rx.FlowableWithSingleSubscriber;
import java.util.function.BiConsumer;
import org.reactivestreams.Subscription;

/** Hands the flow of a subscription to a receiver. The only place that knows RxJava's signals. */
final class PublishFlow<P, A> implements FlowableWithSingleSubscriber<P, A>, MqttPort.Flow {
  private final MqttPort.Receiver receiver;
  private final BiConsumer<MqttPort.Receiver, P> delivery;
  private volatile boolean cancelled;
  private volatile Subscription upstream = NONE;

  private static final Subscription NONE =
      new Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
      };

  PublishFlow(MqttPort.Receiver receiver, BiConsumer<MqttPort.Receiver, P> delivery) {
    this.receiver = receiver;
    this.delivery = delivery;
  }

  @Override
  public void onSubscribe(Subscription subscription) {
    upstream = subscription;
    // The receiver never waits, so there is nothing to hold back.
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onSingle(A acknowledgement) {
    if (!cancelled) {
      receiver.granted();
    }
  }

  @Override
  public void onNext(P publish) {
    if (!cancelled) {
      delivery.accept(receiver, publish);
    }
  }

  @Override
  public void onError(Throwable error) {
    if (!cancelled) {
      receiver.ended();
    }
  }

  @Override
  public void onComplete() {
    if (!cancelled) {
      receiver.ended();
    }
  }

  @Override
  public void cancel() {
    cancelled = true;
    upstream.cancel();
  }
}
