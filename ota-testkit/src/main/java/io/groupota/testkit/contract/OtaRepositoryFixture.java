package io.groupota.testkit.contract;

import io.groupota.spi.OtaRepository;
import java.time.Clock;

/** Supplies the repository that the contracts of its roles test. */
public interface OtaRepositoryFixture {
  /**
   * Supplies the repository. Called once per test.
   *
   * @param clock the clock of the storage: it decides when something is due. It stands still until
   *     the test moves it
   * @return a repository that has no data
   */
  OtaRepository repository(Clock clock);

  /**
   * Supplies another node: a repository of its own on the same storage. Default: the same object,
   * for storages that live in one.
   *
   * @param repository what {@link #repository} supplied
   * @param clock the clock of the storage, the same one
   * @return a repository that sees the same data
   */
  default OtaRepository anotherNode(OtaRepository repository, Clock clock) {
    return repository;
  }
}
