package io.groupota.storage.jdbc;

import static java.util.Objects.requireNonNull;

import io.groupota.BlobKey;
import io.groupota.DeviceId;
import io.groupota.DeviceState;
import io.groupota.GroupId;
import io.groupota.OtaPage;
import io.groupota.OtaQuery;
import io.groupota.OtaUpdate;
import io.groupota.OwnerId;
import io.groupota.Retention;
import io.groupota.UpdateId;
import io.groupota.UpdatePage;
import io.groupota.rollout.Rollout;
import io.groupota.rollout.RolloutDevicePage;
import io.groupota.rollout.RolloutDeviceState;
import io.groupota.rollout.RolloutId;
import io.groupota.rollout.RolloutPage;
import io.groupota.rollout.RolloutQuery;
import io.groupota.rollout.RolloutState;
import io.groupota.spi.Addressing;
import io.groupota.spi.OtaRepository;
import io.groupota.spi.RolloutProgress;
import io.groupota.spi.RolloutStep;
import io.groupota.spi.TrackedRollout;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the state of the library in tables {@code ota_*} of H2 or PostgreSQL 14 or newer, in the
 * current schema of the host's connections. Any number of nodes may share the database; its own
 * clock decides what is due.
 *
 * <p>Every call takes one connection from the data source, runs one transaction, and gives the
 * connection back as it was, whether its autocommit is on or off. A transaction that loses a race
 * inside the database (a unique violation, a deadlock, a serialization failure) is rolled back and
 * repeated as a whole, a few times. Every method throws {@link io.groupota.StorageException} when
 * the database fails; neither its message nor its cause quotes a value of a row. Thread-safe. The
 * data source stays the host's and is never closed.
 *
 * <p>On H2 the writes of all repositories and registries that have the same data source take turns,
 * each holding the monitor of that object: a process that is killed while H2 saves one transaction
 * would find half of another one. Whoever writes to the same H2 file in another way takes that
 * risk.
 */
public final class JdbcOtaRepository implements OtaRepository {
  private static final String PART = "OTA repository";

  private final SqlUpdateLog updates;
  private final SqlBlobLedger blobs;
  private final SqlRetention retained;
  private final SqlTriggerQueue triggers;
  private final SqlDeviceStates devices;
  private final SqlRolloutLog rollouts;
  private final SqlOfferLog offers;
  private final SqlRolloutQueue queue;

  private JdbcOtaRepository(Database database) {
    this.updates = new SqlUpdateLog(database);
    this.blobs = new SqlBlobLedger(database);
    this.retained = new SqlRetention(database);
    this.triggers = new SqlTriggerQueue(database);
    this.devices = new SqlDeviceStates(database);
    this.rollouts = new SqlRolloutLog(database);
    this.offers = new SqlOfferLog(database);
    this.queue = new SqlRolloutQueue(database);
  }

  /**
   * A repository that creates and upgrades its tables now and runs on the database's clock.
   *
   * @param dataSource the host's data source, a connection pool usually
   * @return the repository
   * @throws io.groupota.StorageException if the database cannot be reached or the tables cannot be
   *     created
   * @throws IllegalArgumentException if the database is neither H2 nor PostgreSQL with the encoding
   *     UTF8
   */
  public static JdbcOtaRepository using(DataSource dataSource) {
    return builder(dataSource).build();
  }

  /**
   * A repository with settings of its own.
   *
   * @param dataSource the host's data source, a connection pool usually
   * @return a builder
   */
  public static Builder builder(DataSource dataSource) {
    return new Builder(requireNonNull(dataSource, "dataSource"));
  }

  /** Builds a repository. Not thread-safe. */
  public static final class Builder {
    private final DataSource dataSource;
    private boolean migrate = true;
    private @Nullable Clock clock;

    private Builder(DataSource dataSource) {
      this.dataSource = dataSource;
    }

    /**
     * Replaces the clock that decides what is due, for tests and simulations. Default: the clock of
     * the database, which is one for all nodes.
     *
     * @param clock the clock
     * @return this builder
     */
    public Builder clock(Clock clock) {
      this.clock = requireNonNull(clock, "clock");
      return this;
    }

    /**
     * Whether {@link #build()} creates and upgrades the tables, on PostgreSQL with a Flyway history
     * of its own ({@code ota_schema_history}), which takes two connections at once. A host that
     * migrates tables of its own in the same schema with Flyway does so first, since Flyway refuses
     * a schema that is neither empty nor its own. Without, the host runs what {@link #writeSchema}
     * writes. Default: true.
     *
     * @param migrate whether to
     * @return this builder
     */
    public Builder migrate(boolean migrate) {
      this.migrate = migrate;
      return this;
    }

    /**
     * Writes the SQL that creates the tables, or that upgrades those of an older release, for hosts
     * that own their DDL. Changes nothing in the database; looks only which it is and which version
     * of the tables it holds. Writes nothing if that is the present one.
     *
     * @param out where the statements go, each ended by a semicolon
     * @throws io.groupota.StorageException if the database cannot be read
     * @throws IllegalArgumentException if the database is neither H2 nor PostgreSQL with the
     *     encoding UTF8
     * @throws java.io.IOException if they cannot be written
     */
    public void writeSchema(Appendable out) throws IOException {
      Schema.write(Database.look(dataSource, PART), out);
    }

    /**
     * Builds the repository.
     *
     * @return the repository
     * @throws io.groupota.StorageException if the database cannot be reached, the tables cannot be
     *     created, or with migration off the tables are not those that this release needs
     * @throws IllegalArgumentException if the database is neither H2 nor PostgreSQL with the
     *     encoding UTF8
     */
    public JdbcOtaRepository build() {
      return new JdbcOtaRepository(Database.open(dataSource, PART, migrate, clock));
    }
  }

  @Override
  public Recording record(Entry entry) {
    return updates.record(entry);
  }

  @Override
  public Optional<OtaUpdate> served(GroupId group) {
    return updates.served(group);
  }

  @Override
  public Map<GroupId, OtaUpdate> served(Collection<GroupId> groups) {
    return updates.served(groups);
  }

  @Override
  public Optional<OtaUpdate> update(UpdateId id) {
    return updates.update(id);
  }

  @Override
  public OtaPage latest(OwnerId owner, OtaQuery query) {
    return updates.latest(owner, query);
  }

  @Override
  public UpdatePage history(GroupId group, long offset, int limit) {
    return updates.history(group, offset, limit);
  }

  @Override
  public Optional<Changes> changes(@Nullable String mark) {
    return updates.changes(mark);
  }

  @Override
  public List<OtaUpdate> mustPassThrough(GroupId group) {
    return updates.mustPassThrough(group);
  }

  @Override
  public Optional<Pruned> prune(Retention retention) {
    return retained.prune(retention);
  }

  @Override
  public void reserve(Collection<BlobKey> keys) {
    blobs.reserve(keys);
  }

  @Override
  public List<BlobKey> claimAbandoned(Duration grace, int limit) {
    return blobs.claimAbandoned(grace, limit);
  }

  @Override
  public void abandon(BlobKey key) {
    blobs.abandon(key);
  }

  @Override
  public void forget(Collection<BlobKey> keys) {
    blobs.forget(keys);
  }

  @Override
  public void markBehind(Collection<GroupId> groups, Duration interval) {
    triggers.markBehind(groups, interval);
  }

  @Override
  public List<Claim> claimDue(Duration lease, int limit) {
    return triggers.claimDue(lease, limit);
  }

  @Override
  public Set<Claim> extend(Collection<Claim> claims, Duration lease) {
    return triggers.extend(claims, lease);
  }

  @Override
  public Set<Claim> complete(Collection<Claim> claims) {
    return triggers.complete(claims);
  }

  @Override
  public boolean retry(Claim claim, Duration delay) {
    return triggers.retry(claim, delay);
  }

  @Override
  public Saved save(Collection<Sighting> sightings) {
    return devices.save(sightings);
  }

  @Override
  public Map<DeviceId, DeviceState> states(Collection<DeviceId> ids) {
    return devices.states(ids);
  }

  @Override
  public Map<GroupId, List<VersionCount>> versionCounts(Collection<GroupId> groups) {
    return devices.versionCounts(groups);
  }

  @Override
  public List<DeviceState> reporting(
      GroupId group,
      Collection<String> versions,
      @Nullable Addressing addressing,
      @Nullable DeviceId after,
      int limit) {
    return devices.reporting(group, versions, addressing, after, limit);
  }

  @Override
  public void forgetDevices(Collection<DeviceId> ids) {
    devices.forgetDevices(ids);
  }

  @Override
  public Outcome open(Opening opening) {
    return rollouts.open(opening);
  }

  @Override
  public Optional<TrackedRollout> rollout(RolloutId id) {
    return rollouts.rollout(id);
  }

  @Override
  public RolloutPage rollouts(OwnerId owner, RolloutQuery<RolloutState> query) {
    return rollouts.rollouts(owner, query);
  }

  @Override
  public RolloutDevicePage rolloutDevices(Rollout rollout, RolloutQuery<RolloutDeviceState> query) {
    return rollouts.rolloutDevices(rollout, query);
  }

  @Override
  public Holds holds(Collection<GroupId> groups, Duration within) {
    return rollouts.holds(groups, within);
  }

  @Override
  public Map<DeviceId, Assignment> assignments(Map<DeviceId, Hold> held) {
    return rollouts.assignments(held);
  }

  @Override
  public List<TrackedRollout> claimRollouts(Duration lease, int limit) {
    return queue.claimRollouts(lease, limit);
  }

  @Override
  public OptionalLong advance(TrackedRollout seen, RolloutProgress next, RolloutStep step) {
    return queue.advance(seen, next, step);
  }

  @Override
  public void enrollLate(RolloutId rollout, Collection<RolloutStep.Enrolled> joining) {
    queue.enrollLate(rollout, joining);
  }

  @Override
  public OptionalLong place(RolloutId rollout, long rank) {
    return queue.place(rollout, rank);
  }

  @Override
  public Set<GroupId> unfinished(RolloutId rollout, Set<GroupId> groups) {
    return queue.unfinished(rollout, groups);
  }

  @Override
  public List<DueMember> claimDevices(Duration lease, int limit) {
    return queue.claimDevices(lease, limit);
  }

  @Override
  public List<Move> move(Collection<Move> moves) {
    return queue.move(moves);
  }

  @Override
  public Optional<Offer> offer(DeviceId device) {
    return offers.offer(device);
  }

  @Override
  public void offer(DeviceId device, UpdateId update) {
    offers.offer(device, update);
  }

  @Override
  public void withdrawOffer(DeviceId device) {
    offers.withdrawOffer(device);
  }
}
