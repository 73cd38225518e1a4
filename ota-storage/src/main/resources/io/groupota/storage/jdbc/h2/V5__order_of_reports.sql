-- When the version and that of the operating system were last reported, so that a report which is
-- saved late changes nothing that was reported after it. Older nodes leave them as they are.
ALTER TABLE ota_device_state ADD COLUMN IF NOT EXISTS version_seen TIMESTAMP WITH TIME ZONE;
ALTER TABLE ota_device_state ADD COLUMN IF NOT EXISTS core_version_seen TIMESTAMP WITH TIME ZONE;

UPDATE ota_schema SET version = 5, usable_from = 1;
