package io.groupota.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.groupota.DeviceId;
import io.groupota.GroupId;
import io.groupota.StorageException;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.spi.Addressing;
import io.groupota.spi.RolloutQueue;
import io.groupota.spi.RolloutQueue.DueMember;
import io.groupota.spi.RolloutQueue.Member;
import io.groupota.spi.RolloutQueue.Move;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each claim is one of the answers that a test has prepared, in their order. */
@Timeout(60)
class MemberClaimsTest {
  private static final RolloutId ROLLOUT = new RolloutId("bbbbbbbbbbbbbbbbbbbbbbbb");
  private static final GroupId GROUP = new GroupId("aaaaaaaaaaaaaaaaaaaaaaaa");
  private static final List<DueMember> FULL = due(MemberClaims.SIZE);
  private final StorageException down = new StorageException("The database is down", null);

  private final Queue<Supplier<List<DueMember>>> answers = new ArrayDeque<>();
  private final Queue<Collection<Move>> moved = new ArrayDeque<>();

  private final ElapsedTime time = new ElapsedTime(Clock.systemUTC());

  private final MemberClaims claims =
      new MemberClaims(
          (RolloutQueue)
              Proxy.newProxyInstance(
                  MemberClaimsTest.class.getClassLoader(),
                  new Class<?>[] {RolloutQueue.class},
                  (proxy, method, arguments) -> {
                    if (method.getName().equals("claimDevices")) {
                      return answers.remove().get();
                    }
                    moved.add(moves(arguments[0]));
                    return List.of();
                  }),
          Duration.ofMinutes(1),
          time);

  @SuppressWarnings("unchecked")
  private static Collection<Move> moves(Object argument) {
    return (Collection<Move>) argument;
  }

  private static List<DueMember> due(int devices) {
    Instant now = Instant.parse("2026-01-01T00:00:00Z");
    return IntStream.range(0, devices)
        .mapToObj(
            n ->
                new Member(
                    ROLLOUT,
                    new DeviceId(String.format("%024x", n)),
                    GROUP,
                    Addressing.DEVICE,
                    RolloutDeviceState.ADMITTED,
                    2,
                    Optional.of(now),
                    now,
                    7))
        .map(member -> new DueMember(member, Optional.empty(), now))
        .toList();
  }

  private void answer(List<DueMember> due) {
    answers.add(() -> due);
  }

  @Test
  void theNextBatchIsClaimedWhileTheLastOneIsUsed() throws InterruptedException {
    CountDownLatch second = new CountDownLatch(1);
    answer(FULL);
    answers.add(
        () -> {
          second.countDown();
          return due(3);
        });
    assertThat(claims.next().due()).isEqualTo(FULL);
    assertThat(second.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(claims.next().due()).isEqualTo(due(3));
  }

  @Test
  void nothingIsClaimedAheadOfABatchThatIsNotFull() {
    answer(due(MemberClaims.SIZE - 1));
    answer(due(1));
    claims.next();
    claims.close();
    assertThat(answers).hasSize(1);
    assertThat(moved).isEmpty();
  }

  @Test
  void whatBecameDueSinceAnEmptyClaimIsClaimed() {
    answer(FULL);
    answer(List.of());
    answer(due(2));
    claims.next();
    assertThat(claims.next().due()).hasSize(2);
  }

  @Test
  void anEmptyBatchIsClaimedOnce() {
    answer(List.of());
    assertThat(claims.next().due()).isEmpty();
    assertThat(answers).isEmpty();
  }

  @Test
  void closingGivesBackWhatWasClaimedAhead() {
    answer(FULL);
    answer(due(2));
    claims.next();
    claims.close();
    assertThat(moved).hasSize(1);
    assertThat(moved.remove())
        .containsExactlyElementsOf(
            due(2).stream().map(DueMember::member).map(MemberClaimsTest::asItWas).toList());
    claims.close();
    assertThat(moved).isEmpty();
  }

  private static Move asItWas(Member member) {
    return new Move(
        member, RolloutDeviceState.ADMITTED, 2, member.attemptAt(), Optional.of(Duration.ZERO));
  }

  @Test
  void theLeaseOfABatchIsHalfOverOnceHalfOfItHasPassed() {
    assertThat(claims.isHalfOver(claimedBefore(Duration.ofSeconds(15)))).isFalse();
    assertThat(claims.isHalfOver(claimedBefore(Duration.ofSeconds(30)))).isTrue();
  }

  private MemberClaims.Batch claimedBefore(Duration ago) {
    return new MemberClaims.Batch(due(1), time.now() - ago.toNanos());
  }

  @Test
  void whatFailsMeanwhileFailsWhenItIsNeeded() {
    answer(FULL);
    answers.add(this::fail);
    answer(due(1));
    claims.next();
    assertThatThrownBy(claims::next).isSameAs(down);
    assertThat(claims.next().due()).hasSize(1);
  }

  @Test
  void closingDoesNotFailForWhatFailedMeanwhile() {
    answer(FULL);
    answers.add(this::fail);
    claims.next();
    claims.close();
    assertThat(moved).isEmpty();
  }

  private List<DueMember> fail() {
    throw down;
  }
}
