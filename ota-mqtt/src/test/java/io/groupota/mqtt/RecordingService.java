package io.groupota.mqtt;

import io.groupota.DeviceReport;
import io.groupota.GroupOtaService;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A service that keeps its reports for the test to see. */
final class RecordingService {
  private final BlockingQueue<DeviceReport> reports = new LinkedBlockingQueue<>();
  private volatile Predicate<DeviceReport> answer = report -> true;

  /** The service; every other call than a report is a mistake. */
  GroupOtaService service() {
    return (GroupOtaService)
        Proxy.newProxyInstance(
            GroupOtaService.class.getClassLoader(),
            new Class<?>[] {GroupOtaService.class},
            (proxy, method, arguments) -> {
              if (!method.getName().equals("report")) {
                throw new AssertionError("Unexpected call: " + method);
              }
              DeviceReport report = (DeviceReport) arguments[0];
              boolean taken = answer.test(report);
              if (taken) {
                reports.add(report);
              }
              return taken;
            });
  }

  /** Decides what the service does with the next reports: takes, refuses or throws. */
  void answers(Predicate<DeviceReport> decision) {
    answer = decision;
  }

  /** The next report, within 20 s. */
  DeviceReport next() throws InterruptedException {
    DeviceReport report = reports.poll(20, TimeUnit.SECONDS);
    if (report == null) {
      throw new AssertionError("No report in 20 s");
    }
    return report;
  }

  int size() {
    return reports.size();
  }

  List<DeviceReport> drain() {
    List<DeviceReport> all = new ArrayList<>();
    reports.drainTo(all);
    return all;
  }
}
