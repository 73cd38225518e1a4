package io.groupota.http;

import io.groupota.DeployRequest;
import io.groupota.DeviceId;
import io.groupota.FirmwareDownload;
import io.groupota.GroupId;
import io.groupota.GroupOtaService;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Token;
import io.groupota.rollout.Rollouts;
import java.lang.reflect.Proxy;
import java.util.Optional;

/** A service whose every answer is made up: for faults that real parts do not have on demand. */
class FaultyService {
  OtaPage latestUpdates(OwnerId owner, OtaQuery query) {
    throw new UnsupportedOperationException("latestUpdates");
  }

  OtaUpdate deploy(DeployRequest request) {
    throw new UnsupportedOperationException("deploy");
  }

  Optional<OtaUpdate> served(GroupId group) {
    throw new UnsupportedOperationException("served");
  }

  Optional<FirmwareDownload> download(GroupId group, Token token) {
    throw new UnsupportedOperationException("download");
  }

  Rollouts rollouts() {
    throw new UnsupportedOperationException("rollouts");
  }

  GroupOtaService service() {
    return (GroupOtaService)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {GroupOtaService.class},
            (proxy, method, args) -> {
              if (method.getName().equals("latestUpdates")) {
                return latestUpdates((OwnerId) args[0], (OtaQuery) args[1]);
              } else if (method.getName().equals("deploy")) {
                return deploy((DeployRequest) args[0]);
              } else if (method.getName().equals("rollouts")) {
                return rollouts();
              } else if (method.getName().equals("served") && args[0] instanceof GroupId group) {
                return served(group);
              } else if (method.getName().equals("download") && args[0] instanceof GroupId group) {
                return download(group, (Token) args[1]);
              } else if (args != null && args[0] instanceof DeviceId) {
                return Optional.empty();
              }
              throw new UnsupportedOperationException(method.getName());
            });
  }
}
