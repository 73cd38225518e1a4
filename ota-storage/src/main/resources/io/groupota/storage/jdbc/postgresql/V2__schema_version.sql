-- Which schema this is, for nodes that do not migrate it themselves: its version, and the oldest
-- version that a node may be made for to work on it. Every later script updates the row.
CREATE TABLE ota_schema (
  version     INTEGER NOT NULL,
  usable_from INTEGER NOT NULL
);
INSERT INTO ota_schema (version, usable_from) VALUES (2, 1);
