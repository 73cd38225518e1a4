-- How many devices report which version, how many a group has, how many groups an owner: kept by
-- triggers, so that older nodes and hosts that load rows themselves are counted too. A change only
-- adds rows, of what came and what went; a count is the sum of its rows. So no transaction waits
-- for another one. Now and then a writer replaces the rows of its groups by their sums: those that
-- nobody else is just replacing.
CREATE TABLE ota_version_count (
  group_id         VARCHAR(24) COLLATE "C" NOT NULL,
  addressing       VARCHAR(6)  COLLATE "C" NOT NULL,
  mqtt_user        VARCHAR(64) COLLATE "C" NOT NULL,
  reported_version VARCHAR(64) COLLATE "C",
  devices          BIGINT NOT NULL
);
CREATE INDEX ota_version_count_by_group ON ota_version_count (group_id);

CREATE TABLE ota_member_count (
  group_id   VARCHAR(24) COLLATE "C" NOT NULL,
  addressing VARCHAR(6)  COLLATE "C" NOT NULL,
  mqtt_user  VARCHAR(64) COLLATE "C" NOT NULL,
  devices    BIGINT NOT NULL
);
CREATE INDEX ota_member_count_by_group ON ota_member_count (group_id);

CREATE TABLE ota_owner_count (
  owner   VARCHAR(128) COLLATE "C" NOT NULL,
  updates BIGINT NOT NULL
);
CREATE INDEX ota_owner_count_by_owner ON ota_owner_count (owner);

-- "came" and "went" are the rows of one statement.
CREATE FUNCTION ota_count_versions() RETURNS TRIGGER LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  groups VARCHAR[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    WITH n AS (
      INSERT INTO ota_version_count
      SELECT group_id, addressing, mqtt_user, reported_version, COUNT(*) FROM came
      GROUP BY group_id, addressing, mqtt_user, reported_version RETURNING group_id)
    SELECT ARRAY_AGG(DISTINCT group_id) INTO groups FROM n;
  ELSIF TG_OP = 'DELETE' THEN
    WITH n AS (
      INSERT INTO ota_version_count
      SELECT group_id, addressing, mqtt_user, reported_version, -COUNT(*) FROM went
      GROUP BY group_id, addressing, mqtt_user, reported_version RETURNING group_id)
    SELECT ARRAY_AGG(DISTINCT group_id) INTO groups FROM n;
  ELSIF TG_OP = 'UPDATE' THEN
    WITH n AS (
      INSERT INTO ota_version_count
      SELECT group_id, addressing, mqtt_user, reported_version, SUM(devices) FROM (
        SELECT group_id, addressing, mqtt_user, reported_version, 1 AS devices FROM came
        UNION ALL
        SELECT group_id, addressing, mqtt_user, reported_version, -1 FROM went) c
      GROUP BY group_id, addressing, mqtt_user, reported_version HAVING SUM(devices) <> 0
      RETURNING group_id)
    SELECT ARRAY_AGG(DISTINCT group_id) INTO groups FROM n;
  ELSE
    DELETE FROM ota_version_count;
  END IF;
  IF groups IS NOT NULL AND random() < 0.02 THEN
    WITH gone AS (
      DELETE FROM ota_version_count WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ota_version_count WHERE group_id = ANY (groups)
        FOR UPDATE SKIP LOCKED))
      RETURNING *)
    INSERT INTO ota_version_count
    SELECT group_id, addressing, mqtt_user, reported_version, SUM(devices) FROM gone
    GROUP BY group_id, addressing, mqtt_user, reported_version HAVING SUM(devices) <> 0;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION ota_count_members() RETURNS TRIGGER LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  groups VARCHAR[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    WITH n AS (
      INSERT INTO ota_member_count
      SELECT group_id, addressing, mqtt_user, COUNT(*) FROM came WHERE group_id IS NOT NULL
      GROUP BY group_id, addressing, mqtt_user RETURNING group_id)
    SELECT ARRAY_AGG(DISTINCT group_id) INTO groups FROM n;
  ELSIF TG_OP = 'DELETE' THEN
    WITH n AS (
      INSERT INTO ota_member_count
      SELECT group_id, addressing, mqtt_user, -COUNT(*) FROM went WHERE group_id IS NOT NULL
      GROUP BY group_id, addressing, mqtt_user RETURNING group_id)
    SELECT ARRAY_AGG(DISTINCT group_id) INTO groups FROM n;
  ELSIF TG_OP = 'UPDATE' THEN
    WITH n AS (
      INSERT INTO ota_member_count
      SELECT group_id, addressing, mqtt_user, SUM(devices) FROM (
        SELECT group_id, addressing, mqtt_user, 1 AS devices FROM came
        UNION ALL
        SELECT group_id, addressing, mqtt_user, -1 FROM went) c
      WHERE group_id IS NOT NULL
      GROUP BY group_id, addressing, mqtt_user HAVING SUM(devices) <> 0
      RETURNING group_id)
    SELECT ARRAY_AGG(DISTINCT group_id) INTO groups FROM n;
  ELSE
    DELETE FROM ota_member_count;
  END IF;
  IF groups IS NOT NULL AND random() < 0.02 THEN
    WITH gone AS (
      DELETE FROM ota_member_count WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ota_member_count WHERE group_id = ANY (groups)
        FOR UPDATE SKIP LOCKED))
      RETURNING *)
    INSERT INTO ota_member_count
    SELECT group_id, addressing, mqtt_user, SUM(devices) FROM gone
    GROUP BY group_id, addressing, mqtt_user HAVING SUM(devices) <> 0;
  END IF;
  RETURN NULL;
END $$;

-- Row by row: groups get their first update one at a time, and an owner rarely changes.
CREATE FUNCTION ota_count_updates() RETURNS TRIGGER LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM ota_owner_count;
    RETURN NULL;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO ota_owner_count VALUES (NEW.owner, 1);
  END IF;
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO ota_owner_count VALUES (OLD.owner, -1);
  END IF;
  IF random() < 0.02 THEN
    WITH gone AS (
      DELETE FROM ota_owner_count WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ota_owner_count
        WHERE owner = CASE WHEN TG_OP = 'DELETE' THEN OLD.owner ELSE NEW.owner END
        FOR UPDATE SKIP LOCKED))
      RETURNING *)
    INSERT INTO ota_owner_count
    SELECT owner, SUM(updates) FROM gone GROUP BY owner HAVING SUM(updates) <> 0;
  END IF;
  RETURN NULL;
END $$;

-- One statement, which is one transaction wherever it is run: the first trigger locks writers out
-- of the table until its rows are counted.
DO $$
BEGIN
  CREATE TRIGGER ota_device_state_came AFTER INSERT ON ota_device_state
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION ota_count_versions();
  CREATE TRIGGER ota_device_state_changed AFTER UPDATE ON ota_device_state
    REFERENCING NEW TABLE AS came OLD TABLE AS went
    FOR EACH STATEMENT EXECUTE FUNCTION ota_count_versions();
  CREATE TRIGGER ota_device_state_went AFTER DELETE ON ota_device_state
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION ota_count_versions();
  CREATE TRIGGER ota_device_state_emptied AFTER TRUNCATE ON ota_device_state
    FOR EACH STATEMENT EXECUTE FUNCTION ota_count_versions();
  INSERT INTO ota_version_count
  SELECT group_id, addressing, mqtt_user, reported_version, COUNT(*) FROM ota_device_state
  GROUP BY group_id, addressing, mqtt_user, reported_version;
END $$;

DO $$
BEGIN
  CREATE TRIGGER ota_device_came AFTER INSERT ON ota_device
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION ota_count_members();
  CREATE TRIGGER ota_device_changed AFTER UPDATE ON ota_device
    REFERENCING NEW TABLE AS came OLD TABLE AS went
    FOR EACH STATEMENT EXECUTE FUNCTION ota_count_members();
  CREATE TRIGGER ota_device_went AFTER DELETE ON ota_device
    REFERENCING OLD TABLE AS went FOR EACH STATEMENT EXECUTE FUNCTION ota_count_members();
  CREATE TRIGGER ota_device_emptied AFTER TRUNCATE ON ota_device
    FOR EACH STATEMENT EXECUTE FUNCTION ota_count_members();
  INSERT INTO ota_member_count
  SELECT group_id, addressing, mqtt_user, COUNT(*) FROM ota_device WHERE group_id IS NOT NULL
  GROUP BY group_id, addressing, mqtt_user;
END $$;

DO $$
BEGIN
  CREATE TRIGGER ota_latest_came_or_went AFTER INSERT OR DELETE ON ota_latest
    FOR EACH ROW EXECUTE FUNCTION ota_count_updates();
  CREATE TRIGGER ota_latest_changed AFTER UPDATE ON ota_latest
    FOR EACH ROW WHEN (OLD.owner <> NEW.owner) EXECUTE FUNCTION ota_count_updates();
  CREATE TRIGGER ota_latest_emptied AFTER TRUNCATE ON ota_latest
    FOR EACH STATEMENT EXECUTE FUNCTION ota_count_updates();
  INSERT INTO ota_owner_count SELECT owner, COUNT(*) FROM ota_latest GROUP BY owner;
END $$;

-- The transaction by which a group came to serve what it does, by which nodes learn what is new. Of
-- what is there already it is not known, and not news.
ALTER TABLE ota_latest ADD COLUMN served_by XID8 DEFAULT '0' NOT NULL;
ALTER TABLE ota_latest ALTER COLUMN served_by SET DEFAULT pg_current_xact_id();
CREATE INDEX ota_latest_by_transaction ON ota_latest (served_by, group_id);

CREATE FUNCTION ota_note_transaction() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  NEW.served_by := pg_current_xact_id();
  RETURN NEW;
END $$;
CREATE TRIGGER ota_latest_serves BEFORE UPDATE ON ota_latest
  FOR EACH ROW WHEN (OLD.update_id <> NEW.update_id) EXECUTE FUNCTION ota_note_transaction();

UPDATE ota_schema SET version = 7;
