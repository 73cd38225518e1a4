package io.groupota.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;

/**
 * Sums that registries read when they like: counting touches none of them, so it is as cheap before
 * a registry is bound and with several of them. Filled by one thread, then thread-safe.
 */
final class Totals {
  private record Total(Meter meter, Tags tags, LongAdder sum) {}

  private final List<Total> totals = new ArrayList<>();

  /**
   * What is counted.
   *
   * @param name lower-case, with dots
   * @param description for people
   */
  record Meter(String name, String description) {}

  LongAdder of(Meter meter) {
    return add(meter, Tags.empty());
  }

  /** One sum per value of a tag. */
  <K> Map<K, LongAdder> of(
      Meter meter, String tag, Collection<K> values, Function<K, String> text) {
    Map<K, LongAdder> sums = new HashMap<>();
    values.forEach(value -> sums.put(value, add(meter, Tags.of(tag, text.apply(value)))));
    return Map.copyOf(sums);
  }

  private LongAdder add(Meter meter, Tags tags) {
    LongAdder sum = new LongAdder();
    totals.add(new Total(meter, tags, sum));
    return sum;
  }

  void bindTo(MeterRegistry registry, Tags common) {
    for (Total total : totals) {
      FunctionCounter.builder(total.meter().name(), total.sum(), LongAdder::sum)
          .description(total.meter().description())
          .tags(common.and(total.tags()))
          .register(registry);
    }
  }
}
