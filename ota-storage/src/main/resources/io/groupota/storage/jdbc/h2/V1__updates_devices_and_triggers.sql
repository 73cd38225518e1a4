-- H2 commits each statement by itself, so a process that is killed leaves a part of a script: each
-- script can be run again, whatever part of it was run before. Hence IF NOT EXISTS everywhere.
-- New tables get the columns of later scripts at once: H2 copies a table for each that is added.
-- H2 counts the length of a text in UTF-16 units: 64 characters of an MQTT user may be 128.

-- The built-in group directory. A host with tables of its own leaves these two empty.
CREATE TABLE IF NOT EXISTS ota_group (
  id         VARCHAR(24) NOT NULL PRIMARY KEY,
  owner      VARCHAR(128) NOT NULL,
  token      VARCHAR(64) NOT NULL,
  name       VARCHAR(128) NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL
);

-- No foreign key: a device may be saved before its group.
CREATE TABLE IF NOT EXISTS ota_device (
  id         VARCHAR(24) NOT NULL PRIMARY KEY,
  token      VARCHAR(64) NOT NULL,
  group_id   VARCHAR(24),
  mqtt_user  VARCHAR(128) NOT NULL,
  addressing VARCHAR(6) NOT NULL,
  attributes VARCHAR
);
CREATE INDEX IF NOT EXISTS ota_device_by_group ON ota_device (group_id, addressing, id, mqtt_user);

-- What devices report; of its own, since the directory may be the host's.
CREATE TABLE IF NOT EXISTS ota_device_state (
  device_id           VARCHAR(24) NOT NULL PRIMARY KEY,
  group_id            VARCHAR(24) NOT NULL,
  mqtt_user           VARCHAR(128) NOT NULL,
  addressing          VARCHAR(6) NOT NULL,
  reported_version    VARCHAR(64),
  version_since       TIMESTAMP WITH TIME ZONE,
  core_version        VARCHAR(64),
  last_seen           TIMESTAMP WITH TIME ZONE NOT NULL,
  trigger_received_at TIMESTAMP WITH TIME ZONE,
  download_started_at TIMESTAMP WITH TIME ZONE,
  up_to_date_at       TIMESTAMP WITH TIME ZONE,
  failed_at           TIMESTAMP WITH TIME ZONE,
  version_seen        TIMESTAMP WITH TIME ZONE,
  core_version_seen   TIMESTAMP WITH TIME ZONE,
  free_space          BIGINT,
  free_space_seen     TIMESTAMP WITH TIME ZONE
);
CREATE INDEX IF NOT EXISTS ota_device_state_by_version
  ON ota_device_state (group_id, addressing, reported_version, device_id, mqtt_user);

-- The history: one row per deploy, never changed.
CREATE TABLE IF NOT EXISTS ota_update (
  id                VARCHAR(24) NOT NULL PRIMARY KEY,
  group_id          VARCHAR(24) NOT NULL,
  owner             VARCHAR(128) NOT NULL,
  version           VARCHAR(64) NOT NULL,
  size              BIGINT NOT NULL,
  md5               VARCHAR(32) NOT NULL,
  sha256            VARCHAR(64) NOT NULL,
  image_chip        VARCHAR,
  image_project     VARCHAR,
  image_version     VARCHAR,
  image_idf         VARCHAR,
  image_sha256      VARCHAR(64),
  blob_key          VARCHAR(200) NOT NULL,
  redeploy_of       VARCHAR(24),
  created_at        TIMESTAMP WITH TIME ZONE NOT NULL,
  seq               BIGINT DEFAULT 0 NOT NULL,
  must_pass_through BOOLEAN DEFAULT FALSE NOT NULL
);
CREATE INDEX IF NOT EXISTS ota_update_by_group ON ota_update (group_id, created_at DESC, id DESC);

-- What each group serves, and its trigger: due or not, claimed or not.
CREATE TABLE IF NOT EXISTS ota_latest (
  group_id            VARCHAR(24) NOT NULL PRIMARY KEY,
  record_id           VARCHAR(24) NOT NULL,
  update_id           VARCHAR(24) NOT NULL,
  owner               VARCHAR(128) NOT NULL,
  version             VARCHAR(64) NOT NULL,
  path                VARCHAR NOT NULL,
  last_updated        TIMESTAMP WITH TIME ZONE NOT NULL,
  trigger_due         TIMESTAMP WITH TIME ZONE,
  trigger_reason      VARCHAR(8),
  trigger_attempts    INTEGER DEFAULT 0 NOT NULL,
  trigger_lease       VARCHAR(36),
  trigger_lease_until TIMESTAMP WITH TIME ZONE,
  trigger_superseded  BOOLEAN DEFAULT FALSE NOT NULL,
  last_triggered      TIMESTAMP WITH TIME ZONE,
  prune_due           TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE INDEX IF NOT EXISTS ota_latest_by_owner ON ota_latest (owner, last_updated, record_id);
CREATE INDEX IF NOT EXISTS ota_latest_by_due ON ota_latest (trigger_due);

-- Every blob from before it is written: RESERVED, then RECORDED; or ABANDONED, then CLAIMED.
CREATE TABLE IF NOT EXISTS ota_blob (
  blob_key VARCHAR(200) NOT NULL PRIMARY KEY,
  state    VARCHAR(9) NOT NULL,
  since    TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE INDEX IF NOT EXISTS ota_blob_by_state ON ota_blob (state, since);
