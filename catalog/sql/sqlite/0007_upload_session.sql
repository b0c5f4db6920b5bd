-- Upload sessions: resumable uploads that outlive connections and silos (docs/uploads.md). An older program that meets open
-- ones leaves them alone: their rows in upload have no epoch.
--
-- One row per session beside its row in upload, with the same id. Access: by id; by (tenant, state, expires) for what is due;
-- by (tenant, scope, state, id) for the list of a scope. Thousands of rows: ended ones stay for a week, so that a repeated
-- request gets the same answer, and are then removed by their due time.
-- kind: 0 parts (native API), 1 tus, 2 tus partial, 3 tus final.
-- state: 0 open, 1 completed, 2 aborted, 3 expired, 4 refused (the whole did not have its digest).
-- short_index: of an upload of unknown length, the part that is shorter than chunk_size, which must be the last.
-- writer: number of the request that may append (tus); a request with a lower number is not listened to any more.
-- checked_count: tus; manifest rows from here on belong to a request whose checksum is not known to be right yet.
-- modified: as in file. result: the answer of the commit, as JSON. expires: of an ended session when its row goes.
CREATE TABLE upload_session (
    upload BLOB NOT NULL PRIMARY KEY,
    tenant INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    path BLOB,
    size INTEGER,
    chunk_size INTEGER NOT NULL,
    sha256 BLOB,
    content_type TEXT,
    modified INTEGER,
    if_match TEXT,
    metadata TEXT,
    parts TEXT,
    short_index INTEGER,
    writer INTEGER NOT NULL DEFAULT 0,
    checked_count INTEGER,
    result TEXT,
    expires INTEGER NOT NULL,
    created INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX upload_session_due ON upload_session (tenant, state, expires);
CREATE INDEX upload_session_scope ON upload_session (tenant, scope, state, upload);
