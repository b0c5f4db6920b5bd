-- Copies of a chunk with where and what they are, so that asking whether a store has it reads no row. An older program works
-- with it as before.

-- Access: by chunk (every read and placement), by chunk and store (walks of policies over all chunks of a scope). As many
-- entries as location has rows.
CREATE INDEX location_copies ON location (tenant, chunk, store, state);

DROP INDEX location_chunk;
