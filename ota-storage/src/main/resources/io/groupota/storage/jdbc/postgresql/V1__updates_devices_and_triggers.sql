-- Identifiers and versions are compared byte by byte, hence the "C" collation.

-- The built-in group directory. A host with tables of its own leaves these two empty.
CREATE TABLE ota_group (
  id         VARCHAR(24)  COLLATE "C" NOT NULL PRIMARY KEY,
  owner      VARCHAR(128) COLLATE "C" NOT NULL,
  token      VARCHAR(64)  COLLATE "C" NOT NULL,
  name       VARCHAR(128) NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL
);

-- No foreign key: a device may be saved before its group.
CREATE TABLE ota_device (
  id         VARCHAR(24) COLLATE "C" NOT NULL PRIMARY KEY,
  token      VARCHAR(64) COLLATE "C" NOT NULL,
  group_id   VARCHAR(24) COLLATE "C",
  mqtt_user  VARCHAR(64) COLLATE "C" NOT NULL,
  addressing VARCHAR(6)  COLLATE "C" NOT NULL
);
CREATE INDEX ota_device_by_group ON ota_device (group_id, addressing, id, mqtt_user);

-- What devices report; of its own, since the directory may be the host's.
-- The fill factor leaves room on the page for the refreshes of last_seen.
CREATE TABLE ota_device_state (
  device_id           VARCHAR(24) COLLATE "C" NOT NULL PRIMARY KEY,
  group_id            VARCHAR(24) COLLATE "C" NOT NULL,
  mqtt_user           VARCHAR(64) COLLATE "C" NOT NULL,
  addressing          VARCHAR(6)  COLLATE "C" NOT NULL,
  reported_version    VARCHAR(64) COLLATE "C",
  version_since       TIMESTAMP WITH TIME ZONE,
  core_version        VARCHAR(64) COLLATE "C",
  last_seen           TIMESTAMP WITH TIME ZONE NOT NULL,
  trigger_received_at TIMESTAMP WITH TIME ZONE,
  download_started_at TIMESTAMP WITH TIME ZONE,
  up_to_date_at       TIMESTAMP WITH TIME ZONE,
  failed_at           TIMESTAMP WITH TIME ZONE
) WITH (fillfactor = 80);
CREATE INDEX ota_device_state_by_version
  ON ota_device_state (group_id, addressing, reported_version, device_id, mqtt_user);

-- The history: one row per deploy, never changed.
CREATE TABLE ota_update (
  id            VARCHAR(24)  COLLATE "C" NOT NULL PRIMARY KEY,
  group_id      VARCHAR(24)  COLLATE "C" NOT NULL,
  owner         VARCHAR(128) COLLATE "C" NOT NULL,
  version       VARCHAR(64)  COLLATE "C" NOT NULL,
  size          BIGINT NOT NULL,
  md5           VARCHAR(32)  COLLATE "C" NOT NULL,
  sha256        VARCHAR(64)  COLLATE "C" NOT NULL,
  image_chip    VARCHAR,
  image_project VARCHAR,
  image_version VARCHAR,
  image_idf     VARCHAR,
  image_sha256  VARCHAR(64)  COLLATE "C",
  blob_key      VARCHAR(200) COLLATE "C" NOT NULL,
  redeploy_of   VARCHAR(24)  COLLATE "C",
  created_at    TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE INDEX ota_update_by_group ON ota_update (group_id, created_at DESC, id DESC);

-- What each group serves, and its trigger: due or not, claimed or not.
CREATE TABLE ota_latest (
  group_id            VARCHAR(24)  COLLATE "C" NOT NULL PRIMARY KEY,
  record_id           VARCHAR(24)  COLLATE "C" NOT NULL,
  update_id           VARCHAR(24)  COLLATE "C" NOT NULL,
  owner               VARCHAR(128) COLLATE "C" NOT NULL,
  version             VARCHAR(64)  COLLATE "C" NOT NULL,
  path                VARCHAR      COLLATE "C" NOT NULL,
  last_updated        TIMESTAMP WITH TIME ZONE NOT NULL,
  trigger_due         TIMESTAMP WITH TIME ZONE,
  trigger_reason      VARCHAR(8)   COLLATE "C",
  trigger_attempts    INTEGER DEFAULT 0 NOT NULL,
  trigger_lease       VARCHAR(36)  COLLATE "C",
  trigger_lease_until TIMESTAMP WITH TIME ZONE,
  trigger_superseded  BOOLEAN DEFAULT FALSE NOT NULL,
  last_triggered      TIMESTAMP WITH TIME ZONE
);
CREATE INDEX ota_latest_by_owner ON ota_latest (owner, last_updated, record_id);
CREATE INDEX ota_latest_by_due ON ota_latest (trigger_due) WHERE trigger_due IS NOT NULL;

-- Every blob from before it is written: RESERVED, then RECORDED; or ABANDONED, then CLAIMED.
CREATE TABLE ota_blob (
  blob_key VARCHAR(200) COLLATE "C" NOT NULL PRIMARY KEY,
  state    VARCHAR(9)   COLLATE "C" NOT NULL,
  since    TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE INDEX ota_blob_by_state ON ota_blob (state, since) WHERE state <> 'RECORDED';
