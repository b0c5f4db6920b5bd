-- What the catalog knows of its own past. An older program refuses the file.

-- When ranges of location ids were handed out. Bytes that no row knows and that are older than the range of their id were
-- written by a later state of this catalog, which was restored since. Access: the greatest first_id up to an id, for bytes
-- that no row knows. One row for a thousand copies ever made.
CREATE TABLE location_range (
    first_id INTEGER NOT NULL PRIMARY KEY,
    given INTEGER NOT NULL
);

-- Bytes that uploads ever brought into the store; only grows.
ALTER TABLE store_space ADD COLUMN uploaded INTEGER NOT NULL DEFAULT 0;

-- The same at the beginning of a day (days since 1970), to tell what came in lately. Access: by store. Some nine rows per
-- store, one written a day.
CREATE TABLE store_intake (
    store INTEGER NOT NULL,
    day INTEGER NOT NULL,
    uploaded INTEGER NOT NULL,
    PRIMARY KEY (store, day)
) WITHOUT ROWID;

-- What lay in the stores before this time may be swept, whatever wrote it: an operator has turned sweeping on then.
ALTER TABLE maintenance_settings ADD COLUMN sweep_trusted INTEGER NOT NULL DEFAULT 0;
