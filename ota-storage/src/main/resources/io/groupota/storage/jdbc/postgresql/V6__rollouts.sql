-- Updates that older devices get before any newer one; retention never removes them.
ALTER TABLE ota_update ADD COLUMN must_pass_through BOOLEAN DEFAULT FALSE NOT NULL;
CREATE INDEX ota_update_to_pass ON ota_update (group_id, seq) WHERE must_pass_through;

-- How much space a device said that it has for a firmware, in bytes, and when it last did.
ALTER TABLE ota_device_state ADD COLUMN free_space BIGINT;
ALTER TABLE ota_device_state ADD COLUMN free_space_seen TIMESTAMP WITH TIME ZONE;

-- What stages choose devices by: a JSON object of texts, NULL for none.
ALTER TABLE ota_device ADD COLUMN attributes VARCHAR;

-- A rollout and where it is. The plan and the pace are JSON. Whoever changes a rollout, its groups,
-- its devices' states or its counts holds the lock of this row.
CREATE TABLE ota_rollout (
  id             VARCHAR(24)  COLLATE "C" NOT NULL PRIMARY KEY,
  owner          VARCHAR(128) COLLATE "C" NOT NULL,
  version        VARCHAR(64)  COLLATE "C" NOT NULL,
  plan           TEXT NOT NULL,
  created_at     TIMESTAMP WITH TIME ZONE NOT NULL,
  state          VARCHAR(17)  COLLATE "C" NOT NULL,
  reason         VARCHAR(24)  COLLATE "C",
  stage          INTEGER NOT NULL,
  stage_since    TIMESTAMP WITH TIME ZONE NOT NULL,
  gate_met_since TIMESTAMP WITH TIME ZONE,
  despite_guards BOOLEAN NOT NULL,
  accepted       BIGINT NOT NULL,
  pace           VARCHAR NOT NULL,
  tokens         DOUBLE PRECISION NOT NULL,
  tokens_at      TIMESTAMP WITH TIME ZONE NOT NULL,
  enrol_group    INTEGER NOT NULL,
  enrol_after    VARCHAR(24)  COLLATE "C",
  enrol_places   VARCHAR NOT NULL,
  enrol_complete BOOLEAN NOT NULL,
  started_at     TIMESTAMP WITH TIME ZONE,
  ended_at       TIMESTAMP WITH TIME ZONE,
  due            TIMESTAMP WITH TIME ZONE,
  revision       BIGINT DEFAULT 0 NOT NULL,
  wakes          BIGINT DEFAULT 0 NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX ota_rollout_by_owner ON ota_rollout (owner, created_at, id);
CREATE INDEX ota_rollout_by_due ON ota_rollout (due) WHERE due IS NOT NULL;

-- What a rollout brings to each of its groups.
CREATE TABLE ota_rollout_group (
  rollout_id  VARCHAR(24) COLLATE "C" NOT NULL,
  group_id    VARCHAR(24) COLLATE "C" NOT NULL,
  ordinal     INTEGER NOT NULL,
  target      VARCHAR(24) COLLATE "C" NOT NULL,
  base        VARCHAR(24) COLLATE "C",
  record_id   VARCHAR(24) COLLATE "C" NOT NULL,
  path        VARCHAR     COLLATE "C" NOT NULL,
  complete_in INTEGER NOT NULL,
  status      VARCHAR(8)  COLLATE "C" NOT NULL,
  previous    VARCHAR(24) COLLATE "C",
  PRIMARY KEY (rollout_id, group_id)
);

-- Which rollout has a say in a group, NULL for none. Whoever changes what a group serves locks its
-- row first, also when there is nothing else of the group that could be locked yet.
CREATE TABLE ota_rollout_hold (
  group_id   VARCHAR(24) COLLATE "C" NOT NULL PRIMARY KEY,
  rollout_id VARCHAR(24) COLLATE "C"
);

-- Every device of every rollout. Each index costs at every step of every device.
CREATE TABLE ota_rollout_device (
  rollout_id VARCHAR(24) COLLATE "C" NOT NULL,
  device_id  VARCHAR(24) COLLATE "C" NOT NULL,
  group_id   VARCHAR(24) COLLATE "C" NOT NULL,
  addressing VARCHAR(6)  COLLATE "C" NOT NULL,
  stage      INTEGER NOT NULL,
  place      BIGINT NOT NULL,
  state      VARCHAR(11) COLLATE "C" NOT NULL,
  attempts   INTEGER DEFAULT 0 NOT NULL,
  attempt_at TIMESTAMP WITH TIME ZONE,
  since      TIMESTAMP WITH TIME ZONE NOT NULL,
  due        TIMESTAMP WITH TIME ZONE,
  base       VARCHAR(24) COLLATE "C",
  revision   BIGINT DEFAULT 0 NOT NULL,
  PRIMARY KEY (rollout_id, device_id)
);
CREATE INDEX ota_rollout_device_by_due ON ota_rollout_device (due) WHERE due IS NOT NULL;
CREATE INDEX ota_rollout_device_queue ON ota_rollout_device (rollout_id, stage, place, device_id)
  WHERE state = 'QUEUED' AND addressing = 'DEVICE';
CREATE INDEX ota_rollout_device_by_state ON ota_rollout_device (rollout_id, state, device_id);
CREATE INDEX ota_rollout_device_by_group
  ON ota_rollout_device (rollout_id, group_id, addressing, state, device_id);

-- How many devices of a rollout are in each state: changes in the transactions that change them.
CREATE TABLE ota_rollout_count (
  rollout_id VARCHAR(24) COLLATE "C" NOT NULL,
  stage      INTEGER NOT NULL,
  addressing VARCHAR(6)  COLLATE "C" NOT NULL,
  state      VARCHAR(11) COLLATE "C" NOT NULL,
  devices    BIGINT NOT NULL,
  PRIMARY KEY (rollout_id, stage, addressing, state)
) WITH (fillfactor = 50);

-- Older nodes do no harm until there is a rollout: opening the first one raises usable_from.
UPDATE ota_schema SET version = 6, usable_from = 1;
