-- Tables as older builds made them, which have got columns since.
CREATE TABLE ota_device (
  id         VARCHAR(24) NOT NULL PRIMARY KEY,
  token      VARCHAR(64) NOT NULL,
  group_id   VARCHAR(24),
  mqtt_user  VARCHAR(128) NOT NULL,
  addressing VARCHAR(6) NOT NULL
);
CREATE TABLE ota_device_state (
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
  failed_at           TIMESTAMP WITH TIME ZONE
);
CREATE TABLE ota_update (
  id            VARCHAR(24) NOT NULL PRIMARY KEY,
  group_id      VARCHAR(24) NOT NULL,
  owner         VARCHAR(128) NOT NULL,
  version       VARCHAR(64) NOT NULL,
  size          BIGINT NOT NULL,
  md5           VARCHAR(32) NOT NULL,
  sha256        VARCHAR(64) NOT NULL,
  image_chip    VARCHAR,
  image_project VARCHAR,
  image_version VARCHAR,
  image_idf     VARCHAR,
  image_sha256  VARCHAR(64),
  blob_key      VARCHAR(200) NOT NULL,
  redeploy_of   VARCHAR(24),
  created_at    TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE TABLE ota_latest (
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
  last_triggered      TIMESTAMP WITH TIME ZONE
);
CREATE TABLE ota_rollout_hold (
  group_id   VARCHAR(24) NOT NULL PRIMARY KEY,
  rollout_id VARCHAR(24)
);
