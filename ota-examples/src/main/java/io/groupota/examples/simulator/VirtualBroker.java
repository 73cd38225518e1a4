package io.groupota.examples.simulator;

import io.groupota.examples.simulator.ActionQueue.Action;
import io.groupota.spi.UpdateNotifier;
import io.groupota.spi.UpdateTrigger;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Brings triggers to the devices that they are for; those that are offline miss them there. */
final class VirtualBroker implements UpdateNotifier {
  private final FleetDirectory directory;
  private final ActionQueue actions;
  private final VirtualTime time;

  VirtualBroker(FleetDirectory directory, ActionQueue actions, VirtualTime time) {
    this.directory = directory;
    this.actions = actions;
    this.time = time;
  }

  @Override
  public CompletionStage<?> trigger(UpdateTrigger trigger) {
    if (trigger.device().isPresent()) {
      actions.add(time.now(), FleetDirectory.index(trigger.device().get()), Action.HEAR);
    } else {
      Cohort cohort = directory.cohort(trigger.group());
      for (int i = cohort.first() + cohort.deviceAddressed(); i < cohort.end(); i++) {
        actions.add(time.now(), i, Action.HEAR);
      }
    }
    return CompletableFuture.completedFuture(null);
  }
}
