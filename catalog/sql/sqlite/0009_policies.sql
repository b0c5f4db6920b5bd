-- What policies need to find their work. An older program does not know populate_progress and refuses the file.

-- Least recently read first, per store; shrinking walks it from its beginning. Written with access: once per chunk and minute
-- at most. As many entries as access has rows.
CREATE INDEX access_at ON access (store, at, tenant, chunk);

-- How far a populated store is known to have all of a scope. Access: by key, a few times per maintenance task; by scope or by
-- store when an attachment goes. One row per populated attachment.
-- sequence: what the change log says up to here is there. walked: when all chunks of the scope were last compared with the
-- store without a failure; 0: to be compared again.
CREATE TABLE populate_progress (
    scope INTEGER NOT NULL,
    store INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    walked INTEGER NOT NULL,
    PRIMARY KEY (scope, store)
) WITHOUT ROWID;
