-- The trigger of each group that serves something: due or not, claimed or not. In ota_latest a
-- claim and its end each wrote a wide row and five indexes, of which they changed one. The fill
-- factor leaves room on the page for both.
CREATE TABLE ota_trigger (
  group_id       VARCHAR(24) COLLATE "C" NOT NULL PRIMARY KEY,
  due            TIMESTAMP WITH TIME ZONE,
  reason         VARCHAR(8)  COLLATE "C",
  attempts       INTEGER DEFAULT 0 NOT NULL,
  lease          VARCHAR(36) COLLATE "C",
  lease_until    TIMESTAMP WITH TIME ZONE,
  superseded     BOOLEAN DEFAULT FALSE NOT NULL,
  last_triggered TIMESTAMP WITH TIME ZONE
) WITH (fillfactor = 50);
CREATE INDEX ota_trigger_by_due ON ota_trigger (due) WHERE due IS NOT NULL;

-- Older nodes go on with the columns of ota_latest, which are theirs from now on. What they make
-- due is due here too, since they may be gone before they have sent it: devices may be told twice.
CREATE FUNCTION ota_copy_trigger() RETURNS TRIGGER LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO ota_trigger (group_id, due, reason)
  VALUES (NEW.group_id, NEW.trigger_due, NEW.trigger_reason)
  ON CONFLICT (group_id) DO UPDATE SET due = EXCLUDED.due, attempts = 0,
    reason = CASE WHEN ota_trigger.due IS NOT NULL AND ota_trigger.reason = 'DEPLOYED'
      THEN 'DEPLOYED' ELSE EXCLUDED.reason END,
    superseded = (ota_trigger.lease IS NOT NULL);
  RETURN NULL;
END $$;

-- One statement, which is one transaction wherever it is run: the trigger locks writers out of
-- ota_latest until its rows are copied.
DO $$
BEGIN
  CREATE TRIGGER ota_latest_due AFTER INSERT OR UPDATE OF trigger_due ON ota_latest
    FOR EACH ROW WHEN (NEW.trigger_due IS NOT NULL) EXECUTE FUNCTION ota_copy_trigger();
  INSERT INTO ota_trigger (group_id, due, reason, attempts, last_triggered)
  SELECT group_id, trigger_due, trigger_reason, trigger_attempts, last_triggered FROM ota_latest;
END $$;

UPDATE ota_schema SET version = 9;
