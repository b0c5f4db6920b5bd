-- The twin of sqlite/0013_copies_of_a_chunk.sql.

CREATE INDEX IF NOT EXISTS location_copies ON location (tenant, chunk, store, state);

DROP INDEX IF EXISTS location_chunk ON location;
