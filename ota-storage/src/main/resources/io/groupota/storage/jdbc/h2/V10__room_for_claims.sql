-- Only PostgreSQL has pages to leave room on.
UPDATE ota_schema SET version = 10;
