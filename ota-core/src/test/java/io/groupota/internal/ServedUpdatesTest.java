package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.BlobKey;
import io.groupota.GroupId;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.StorageException;
import io.groupota.Token;
import io.groupota.UpdateId;
import io.groupota.firmware.Firmware;
import io.groupota.spi.Group;
import io.groupota.spi.GroupDirectory;
import io.groupota.spi.UpdateLog;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** On a log that is asked how often and can fail; the real ones have their contract. */
class ServedUpdatesTest {
  private static final Duration TTL = Duration.ofMillis(500);
  private static final GroupId GROUP = new GroupId("5e1b76bc4315b70eb242567a");
  private static final GroupId OTHER = new GroupId("5e1b76bc4315b70eb242567b");

  /** In which the directory is asked again for any group. */
  private static final long RENEWABLE = 300_000;

  private final Map<GroupId, OtaUpdate> served = new ConcurrentHashMap<>();
  private final List<GroupId> changes = new ArrayList<>();
  private boolean tells = true;
  private boolean fails;
  private boolean known = true;
  private Runnable whenRead = () -> {};
  private int loads;
  private int looks;
  private Instant now = Instant.parse("2026-07-01T12:00:00Z");

  private final ServedUpdates updates =
      new ServedUpdates(
          proxy(
              GroupDirectory.class,
              name -> {
                Optional<Group> group =
                    known
                        ? Optional.of(new Group(GROUP, owner(), Token.of("t"), ""))
                        : Optional.empty();
                return name.equals("groups")
                    ? group.map(some -> Map.of(GROUP, some)).orElse(Map.of())
                    : group;
              }),
          proxy(UpdateLog.class, this::log),
          TTL,
          new Clock() {
            @Override
            public ZoneOffset getZone() {
              return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
              return this;
            }

            @Override
            public Instant instant() {
              return now;
            }
          });

  @Test
  void oneLookRenewsAnAnswerHoweverOld() {
    serve("1.0.0");
    assertThat(version()).contains("1.0.0");
    for (int i = 0; i < 100; i++) {
      pass(400);
      assertThat(version()).contains("1.0.0");
    }
    // The first one was loaded before the log had told where it begins.
    assertThat(loads).isLessThanOrEqualTo(2);
    assertThat(looks).isEqualTo(101);
  }

  @Test
  void whatAnotherNodeDeploysIsServedWithinTheTimeToLive() {
    serve("1.0.0");
    version();
    pass(600);
    version();
    pass(600);
    version();
    serve("1.0.1");
    changes.add(GROUP);
    pass(250);
    assertThat(version()).contains("1.0.1");
  }

  @Test
  void aLogThatCannotTellIsAskedForEachAnswer() {
    tells = false;
    serve("1.0.0");
    for (int i = 0; i < 10; i++) {
      pass(500);
      assertThat(version()).contains("1.0.0");
    }
    assertThat(loads).isEqualTo(10);
    assertThat(looks).isEqualTo(1);
  }

  @Test
  void whileTheLogFailsNoAnswerBecomesOlderThanItMay() {
    serve("1.0.0");
    version();
    pass(600);
    version();
    fails = true;
    pass(300);
    assertThat(version()).contains("1.0.0");
    pass(300);
    assertThatThrownBy(this::version).isInstanceOf(StorageException.class);
    fails = false;
    serve("1.0.1");
    changes.add(GROUP);
    pass(250);
    assertThat(version()).contains("1.0.1");
  }

  @Test
  void aGroupThatIsGoneIsNotServedForEver() {
    serve("1.0.0");
    version();
    known = false;
    for (int i = 0; i < 600; i++) {
      pass(501);
      version();
    }
    assertThat(version()).isEmpty();
  }

  @Test
  void thatAGroupServesNothingIsAskedAgainSoon() {
    assertThat(version()).isEmpty();
    pass(600);
    assertThat(version()).isEmpty();
    serve("1.0.0");
    pass(600);
    assertThat(version()).contains("1.0.0");
  }

  @Test
  void whatIsForgottenWhileItIsReadIsReadAgain() {
    serve("1.0.0");
    whenRead =
        () -> {
          whenRead = () -> {};
          serve("1.0.1");
          updates.invalidate(GROUP);
        };
    assertThat(version()).as("read before").contains("1.0.0");
    assertThat(version()).contains("1.0.1");
    assertThat(version()).contains("1.0.1");
    assertThat(loads).isEqualTo(2);
  }

  @Test
  void whatTheLogTellsOfWhileItIsReadIsReadAgain() {
    serve("1.0.0");
    version();
    pass(RENEWABLE);
    whenRead =
        () -> {
          whenRead = () -> {};
          serve("1.0.1");
          changes.add(GROUP);
          pass(250);
          ask(updates, OTHER);
        };
    assertThat(version()).as("read before").contains("1.0.0");
    assertThat(version()).contains("1.0.1");
  }

  @Test
  void answersAreRenewedAgainAfterTheClockWasSetBack() {
    serve("1.0.0");
    version();
    pass(-86_400_000);
    version();
    loads = 0;
    for (int i = 0; i < 100; i++) {
      pass(600);
      assertThat(version()).contains("1.0.0");
    }
    assertThat(loads).isEqualTo(1);
  }

  @Test
  void whatWasLoadedBeforeTheClockWasSetBackDoesNotComeBackWithItsTime() {
    serve("1.0.0");
    version();
    pass(600);
    assertThat(version()).contains("1.0.0");
    serve("1.0.1");
    pass(-700);
    ask(updates, OTHER);
    pass(1_500);
    ask(updates, OTHER);
    assertThat(version()).as("nobody tells of a change before a new beginning").contains("1.0.1");
  }

  private Optional<String> version() {
    return ask(updates, GROUP).map(OtaUpdate::version);
  }

  Optional<OtaUpdate> ask(ServedUpdates asked, GroupId group) {
    return asked.get(group);
  }

  private void serve(String version) {
    served.put(
        GROUP,
        new OtaUpdate(
            new UpdateId("5e1bc21cdfa10030ab7ea212"),
            GROUP,
            owner(),
            version,
            new Firmware(1, "0a".repeat(16), "0b".repeat(32), Optional.empty()),
            new BlobKey("blob"),
            Optional.empty(),
            false,
            now));
  }

  private void pass(long millis) {
    now = now.plusMillis(millis);
  }

  private static OwnerId owner() {
    return new OwnerId("owner");
  }

  private Object log(String method) {
    if (fails) {
      throw new StorageException("The database is away", null);
    }
    if (method.equals("served")) {
      loads++;
      return read(Optional.ofNullable(served.get(GROUP)));
    }
    if (method.equals("servedByGroup")) {
      loads++;
      return read(Map.copyOf(served));
    }
    looks++;
    List<GroupId> told = List.copyOf(changes);
    changes.clear();
    return tells ? Optional.of(new UpdateLog.Changes(told, "mark")) : Optional.empty();
  }

  private Object read(Object answer) {
    whenRead.run();
    return answer;
  }

  private interface Answer {
    Object to(String method);
  }

  private static <T> T proxy(Class<T> type, Answer answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, args) ->
                answer.to(
                    method.getName().equals("served") && args[0] instanceof Collection
                        ? "servedByGroup"
                        : method.getName())));
  }
}
