-- Updates that older devices get before any newer one; retention never removes them.
ALTER TABLE ota_update ADD COLUMN IF NOT EXISTS must_pass_through BOOLEAN DEFAULT FALSE NOT NULL;
CREATE INDEX IF NOT EXISTS ota_update_to_pass ON ota_update (group_id, must_pass_through, seq);

-- How much space a device said that it has for a firmware, in bytes, and when it last did.
ALTER TABLE ota_device_state ADD COLUMN IF NOT EXISTS free_space BIGINT;
ALTER TABLE ota_device_state ADD COLUMN IF NOT EXISTS free_space_seen TIMESTAMP WITH TIME ZONE;

-- What stages choose devices by: a JSON object of texts, NULL for none.
ALTER TABLE ota_device ADD COLUMN IF NOT EXISTS attributes VARCHAR;

-- A rollout and where it is. The plan and the pace are JSON. Whoever changes a rollout, its groups,
-- its devices' states or its counts holds the lock of this row.
CREATE TABLE IF NOT EXISTS ota_rollout (
  id             VARCHAR(24) NOT NULL PRIMARY KEY,
  owner          VARCHAR(128) NOT NULL,
  version        VARCHAR(64) NOT NULL,
  plan           CHARACTER LARGE OBJECT NOT NULL,
  created_at     TIMESTAMP WITH TIME ZONE NOT NULL,
  state          VARCHAR(17) NOT NULL,
  reason         VARCHAR(24),
  stage          INTEGER NOT NULL,
  stage_since    TIMESTAMP WITH TIME ZONE NOT NULL,
  gate_met_since TIMESTAMP WITH TIME ZONE,
  despite_guards BOOLEAN NOT NULL,
  accepted       BIGINT NOT NULL,
  pace           VARCHAR NOT NULL,
  tokens         DOUBLE PRECISION NOT NULL,
  tokens_at      TIMESTAMP WITH TIME ZONE NOT NULL,
  enrol_group    INTEGER NOT NULL,
  enrol_after    VARCHAR(24),
  enrol_places   VARCHAR NOT NULL,
  enrol_complete BOOLEAN NOT NULL,
  started_at     TIMESTAMP WITH TIME ZONE,
  ended_at       TIMESTAMP WITH TIME ZONE,
  due            TIMESTAMP WITH TIME ZONE,
  revision       BIGINT DEFAULT 0 NOT NULL,
  wakes          BIGINT DEFAULT 0 NOT NULL
);
CREATE INDEX IF NOT EXISTS ota_rollout_by_owner ON ota_rollout (owner, created_at, id);
CREATE INDEX IF NOT EXISTS ota_rollout_by_due ON ota_rollout (due);

-- What a rollout brings to each of its groups.
CREATE TABLE IF NOT EXISTS ota_rollout_group (
  rollout_id  VARCHAR(24) NOT NULL,
  group_id    VARCHAR(24) NOT NULL,
  ordinal     INTEGER NOT NULL,
  target      VARCHAR(24) NOT NULL,
  base        VARCHAR(24),
  record_id   VARCHAR(24) NOT NULL,
  path        VARCHAR NOT NULL,
  complete_in INTEGER NOT NULL,
  status      VARCHAR(8) NOT NULL,
  previous    VARCHAR(24),
  PRIMARY KEY (rollout_id, group_id)
);

-- Which rollout has a say in a group, NULL for none. Whoever changes what a group serves locks its
-- row first, also when there is nothing else of the group that could be locked yet.
CREATE TABLE IF NOT EXISTS ota_rollout_hold (
  group_id    VARCHAR(24) NOT NULL PRIMARY KEY,
  rollout_id  VARCHAR(24),
  released_at TIMESTAMP WITH TIME ZONE
);

-- Every device of every rollout. Each index costs at every step of every device.
CREATE TABLE IF NOT EXISTS ota_rollout_device (
  rollout_id VARCHAR(24) NOT NULL,
  device_id  VARCHAR(24) NOT NULL,
  group_id   VARCHAR(24) NOT NULL,
  addressing VARCHAR(6) NOT NULL,
  stage      INTEGER NOT NULL,
  place      BIGINT NOT NULL,
  state      VARCHAR(11) NOT NULL,
  attempts   INTEGER DEFAULT 0 NOT NULL,
  attempt_at TIMESTAMP WITH TIME ZONE,
  since      TIMESTAMP WITH TIME ZONE NOT NULL,
  due        TIMESTAMP WITH TIME ZONE,
  base       VARCHAR(24),
  revision   BIGINT DEFAULT 0 NOT NULL,
  PRIMARY KEY (rollout_id, device_id)
);
CREATE INDEX IF NOT EXISTS ota_rollout_device_by_due ON ota_rollout_device (due);
CREATE INDEX IF NOT EXISTS ota_rollout_device_queue
  ON ota_rollout_device (rollout_id, state, addressing, stage, place, device_id);
CREATE INDEX IF NOT EXISTS ota_rollout_device_by_state ON ota_rollout_device (rollout_id, state, device_id);
CREATE INDEX IF NOT EXISTS ota_rollout_device_by_group
  ON ota_rollout_device (rollout_id, group_id, addressing, state, device_id);

-- How many devices of a rollout are in each state: changes in the transactions that change them.
CREATE TABLE IF NOT EXISTS ota_rollout_count (
  rollout_id VARCHAR(24) NOT NULL,
  stage      INTEGER NOT NULL,
  addressing VARCHAR(6) NOT NULL,
  state      VARCHAR(11) NOT NULL,
  devices    BIGINT NOT NULL,
  PRIMARY KEY (rollout_id, stage, addressing, state)
);

-- Older nodes do no harm until there is a rollout: opening the first one raises usable_from.
UPDATE ota_schema SET version = 6, usable_from = 1;
