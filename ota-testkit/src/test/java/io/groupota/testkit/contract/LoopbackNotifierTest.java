package io.groupota.testkit.contract;

class LoopbackNotifierTest implements UpdateNotifierContract {
  @Override
  public Link link() {
    return new LoopbackLink();
  }
}
