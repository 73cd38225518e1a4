-- The trigger of each group that serves something: due or not, claimed or not.
CREATE TABLE IF NOT EXISTS ota_trigger (
  group_id       VARCHAR(24) NOT NULL PRIMARY KEY,
  due            TIMESTAMP WITH TIME ZONE,
  reason         VARCHAR(8),
  attempts       INTEGER DEFAULT 0 NOT NULL,
  lease          VARCHAR(36),
  lease_until    TIMESTAMP WITH TIME ZONE,
  superseded     BOOLEAN DEFAULT FALSE NOT NULL,
  last_triggered TIMESTAMP WITH TIME ZONE
);
INSERT INTO ota_trigger (group_id, due, reason, attempts, last_triggered)
SELECT group_id, trigger_due, trigger_reason, trigger_attempts, last_triggered FROM ota_latest l
WHERE NOT EXISTS (SELECT 1 FROM ota_trigger t WHERE t.group_id = l.group_id);
CREATE INDEX IF NOT EXISTS ota_trigger_by_due ON ota_trigger (due);

-- The columns of ota_latest that this was in are of no use any more.
DROP INDEX IF EXISTS ota_latest_by_due;

-- An older node would neither see what is due here nor tell what it makes due itself.
UPDATE ota_schema SET version = 9, usable_from = 9;
