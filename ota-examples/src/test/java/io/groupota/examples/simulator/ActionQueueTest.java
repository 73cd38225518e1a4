package io.groupota.examples.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.examples.simulator.ActionQueue.Action;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ActionQueueTest {
  @Test
  void theEarliestComesFirstAsItWasPutIn() {
    ActionQueue queue = new ActionQueue();
    Random random = new Random(1);
    List<Action> actions = List.of(Action.values());
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      long time = random.nextInt(1_000) * 60_000_000L;
      int device = ActionQueue.MOST_DEVICES - 1 - i;
      Action action = actions.get(i % actions.size());
      queue.add(time, device, action);
      expected.add(String.format("%012d %08d %s", time, device, action));
    }
    List<String> taken = new ArrayList<>();
    while (queue.nextTime() < Long.MAX_VALUE) {
      long time = queue.nextTime();
      long next = queue.take();
      taken.add(
          String.format("%012d %08d %s", time, ActionQueue.device(next), ActionQueue.action(next)));
    }
    assertThat(taken).isEqualTo(expected.stream().sorted().toList());
  }
}
