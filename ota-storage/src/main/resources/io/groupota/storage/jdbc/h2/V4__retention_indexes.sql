-- Of their own, as on PostgreSQL, where other nodes go on reading while an index is built.
CREATE INDEX IF NOT EXISTS ota_update_by_seq ON ota_update (group_id, seq, created_at, id);
CREATE INDEX IF NOT EXISTS ota_update_by_blob ON ota_update (blob_key);
CREATE INDEX IF NOT EXISTS ota_latest_by_prune ON ota_latest (prune_due, group_id);

UPDATE ota_schema SET version = 4, usable_from = 1;
