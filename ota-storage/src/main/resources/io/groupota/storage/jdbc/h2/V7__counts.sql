-- Only PostgreSQL keeps counts: where H2 is used, they are counted when they are asked for.
UPDATE ota_schema SET version = 7;
