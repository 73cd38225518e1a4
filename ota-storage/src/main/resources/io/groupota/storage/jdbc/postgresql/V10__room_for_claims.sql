-- A row grows by almost half when it is claimed, and most are claimed soon after they became due: on
-- a page with room for three more versions of each, a claim writes no index.
ALTER TABLE ota_trigger SET (fillfactor = 25);

UPDATE ota_schema SET version = 10;
