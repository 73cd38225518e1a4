-- The order in which updates were recorded, which the clocks of several nodes do not tell. Those of
-- before have none: 0.
CREATE SEQUENCE IF NOT EXISTS ota_update_seq;
ALTER TABLE ota_update ADD COLUMN IF NOT EXISTS seq BIGINT DEFAULT 0 NOT NULL;
ALTER TABLE ota_update ALTER COLUMN seq SET DEFAULT NEXT VALUE FOR ota_update_seq;

-- When the history of the group is looked at next, to remove what is not kept.
ALTER TABLE ota_latest
  ADD COLUMN IF NOT EXISTS prune_due TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL;

UPDATE ota_schema SET version = 3, usable_from = 1;
