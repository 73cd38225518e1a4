-- Which schema this is, for nodes that do not migrate it themselves: its version, and the oldest
-- version that a node may be made for to work on it. Every later script updates the row.
CREATE TABLE IF NOT EXISTS ota_schema (
  version     INTEGER NOT NULL,
  usable_from INTEGER NOT NULL
);
INSERT INTO ota_schema (version, usable_from)
SELECT 2, 1 WHERE NOT EXISTS (SELECT 1 FROM ota_schema);
