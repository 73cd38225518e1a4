-- What devices of rollouts were told that they are to run, so that they can download just that.
CREATE TABLE IF NOT EXISTS ota_offer (
  device_id  VARCHAR(24) NOT NULL PRIMARY KEY,
  update_id  VARCHAR(24) NOT NULL,
  offered_at TIMESTAMP WITH TIME ZONE NOT NULL
);

-- When a rollout last lost its say in the group.
ALTER TABLE ota_rollout_hold ADD COLUMN IF NOT EXISTS released_at TIMESTAMP WITH TIME ZONE;

UPDATE ota_schema SET version = 8;
