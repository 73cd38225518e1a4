package io.groupota.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.groupota.memory.InMemoryOtaRepository;
import io.groupota.spi.OtaRepository;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Shows that a contract fails for an implementation that breaks it. */
final class Proof {
  /** A call of a method that is broken; the arguments may be changed. */
  @FunctionalInterface
  interface Fault {
    Object call(Object[] arguments) throws Throwable;
  }

  private Proof() {}

  /** Runs one test of a contract and expects it to fail. */
  static void catches(Object contract, String test) throws Exception {
    Method method = contract.getClass().getMethod(test);
    assertThat(method.isAnnotationPresent(Test.class)).as("%s is a test", test).isTrue();
    method.setAccessible(true);
    Throwable failure = null;
    try {
      method.invoke(contract);
    } catch (InvocationTargetException e) {
      failure = e.getCause();
    }
    assertThat(failure)
        .as("failure of %s", test)
        .isNotNull()
        .isNotInstanceOf(IllegalStateException.class);
  }

  /** Waits for what another racer does for sure, so that no proof depends on luck. */
  static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("The other racer did not come");
      }
      Thread.onSpinWait();
    }
  }

  /** An implementation that works but for some methods. */
  static <T> T breaking(Class<T> type, T sound, Map<String, Fault> faults) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, called, arguments) -> {
              Fault fault = faults.get(called.getName());
              if (fault != null) {
                return fault.call(arguments);
              }
              try {
                return called.invoke(sound, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  /** The contract of a repository that works but for one method. */
  static OtaRepositoryContract repository(String method, Function<OtaRepository, Fault> fault) {
    return clock -> {
      OtaRepository sound = new InMemoryOtaRepository(clock);
      return breaking(OtaRepository.class, sound, Map.of(method, fault.apply(sound)));
    };
  }
}
