-- Granary's metadata, first version. An older program refuses the file once a later migration was applied.
--
-- Times are milliseconds since 1970 (UTC). Ids of tenants, scopes, stores, locations and silo epochs are integers from the
-- table id; upload ids are 16 bytes with a time prefix, so that rows of one time lie together. Chunk names are the 32 bytes
-- of a SHA-256. Paths are UTF-8 bytes, so that BLOB order is path order. Every key of a tenant's data starts with the
-- tenant (or with an id that belongs to one), so that tenants can be spread over databases later.
-- WITHOUT ROWID wherever the key is the access path: the row lies where it is looked for.

-- Next id of each kind. Access: by kind, when a range is used up. Five rows.
CREATE TABLE id (
    kind TEXT NOT NULL PRIMARY KEY,
    next INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO id (kind, next) VALUES ('tenant', 1), ('scope', 1), ('store', 1), ('location', 1), ('epoch', 1);

-- One row. version goes up with every change of tenants, scopes, attachments, stores and keys, in the same transaction, so
-- that caches know when to read those tables again.
CREATE TABLE topology (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL
);

INSERT INTO topology (one, version) VALUES (1, 1);

-- Tenants. Access: by id, by name, all. Few thousand rows.
-- state: 0 active, 1 deleting (name has ~id added, which no valid name has, so that the name is free again).
CREATE TABLE tenant (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    quota INTEGER,
    max_file INTEGER,
    requests_per_minute INTEGER,
    state INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    row_version INTEGER NOT NULL DEFAULT 1
);

-- Stores that a tenant may attach. Access: by tenant; by store when one is deleted (few rows: scanned).
CREATE TABLE tenant_store (
    tenant INTEGER NOT NULL,
    store INTEGER NOT NULL,
    PRIMARY KEY (tenant, store)
) WITHOUT ROWID;

-- Scopes. Access: by id (each upload and commit checks the state), by (tenant, name). About 1,000 rows.
-- state: 0 active, 1 deleting (name as with tenants).
CREATE TABLE scope (
    id INTEGER NOT NULL PRIMARY KEY,
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    quota INTEGER,
    keep_versions INTEGER NOT NULL,
    keep_days INTEGER,
    state INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    UNIQUE (tenant, name)
);

-- Where a scope's change log ends. One row per scope, written by every group of commits; apart from scope, so that
-- commits never rewrite settings. First in the order of locks.
CREATE TABLE scope_head (
    scope INTEGER NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL
);

-- Logical bytes and reservations, one row per tenant (scope = 0) and per scope. Access: by key, in nearly every write;
-- last in the order of locks. quota repeats the setting, so that a reservation is one conditional update.
-- unique_bytes and unique_chunks (scopes only) follow scope_chunk.
CREATE TABLE usage (
    tenant INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    quota INTEGER,
    logical INTEGER NOT NULL DEFAULT 0,
    reserved INTEGER NOT NULL DEFAULT 0,
    files INTEGER NOT NULL DEFAULT 0,
    unique_bytes INTEGER NOT NULL DEFAULT 0,
    unique_chunks INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, scope)
) WITHOUT ROWID;

-- File stores. Access: by id, by name, all. About 50 rows. state: 0 active, 1 deleting (name as with tenants).
CREATE TABLE store (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    backend TEXT NOT NULL,
    configuration TEXT NOT NULL,
    secrets BLOB,
    silo TEXT,
    instance_wide INTEGER NOT NULL,
    soft_max_size INTEGER,
    max_size INTEGER,
    max_reads INTEGER NOT NULL,
    max_writes INTEGER NOT NULL,
    verify_by_backend INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL
);

-- Space of a store. charged = unused blocks + writing + stored + deleting, always, and never above the store's max_size.
-- One row per store, written by grants and by every copy that becomes stored or goes.
CREATE TABLE store_space (
    store INTEGER NOT NULL PRIMARY KEY,
    charged INTEGER NOT NULL DEFAULT 0,
    stored_bytes INTEGER NOT NULL DEFAULT 0,
    stored_chunks INTEGER NOT NULL DEFAULT 0
);

-- Space that a silo's life may still use in a store. Access: by key, in every placement. Stores x silos rows.
CREATE TABLE block (
    store INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    available INTEGER NOT NULL,
    PRIMARY KEY (store, epoch)
) WITHOUT ROWID;

-- Which stores a scope uses, how. Access: by scope (each placement reads them again), by store when a store changes.
-- A handful per scope. state: 0 active, 1 leaving.
CREATE TABLE attachment (
    scope INTEGER NOT NULL,
    store INTEGER NOT NULL,
    upload_priority INTEGER,
    download_priority INTEGER,
    populate INTEGER NOT NULL,
    drain INTEGER NOT NULL,
    drain_to INTEGER,
    read_only INTEGER NOT NULL,
    write_only INTEGER NOT NULL,
    soft_max_size INTEGER,
    state INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (scope, store)
) WITHOUT ROWID;

CREATE INDEX attachment_store ON attachment (store);

-- API keys; of the secret only its SHA-256. Access: all at once, into the topology. Few thousand rows.
-- rights and scopes are lists separated by commas; scopes is NULL for all.
CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    rights TEXT NOT NULL,
    scopes TEXT,
    expires INTEGER,
    secret_hash BLOB NOT NULL,
    created INTEGER NOT NULL
) WITHOUT ROWID;

-- Lives of silo processes. Access: by id in every upload step, by name when a silo starts. One row per start; ended ones
-- are removed when nothing points at them any more.
CREATE TABLE silo_epoch (
    id INTEGER NOT NULL PRIMARY KEY,
    silo TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER
);

CREATE INDEX silo_epoch_silo ON silo_epoch (silo) WHERE ended IS NULL;

-- Uploads, and the heads of the manifests they leave behind. One row per upload, kept as long as a version points at it
-- (10 million). Access: by id.
-- state: 0 open, 1 committed, 2 released (no version points at it any more), 3 aborted.
-- The first chunk lies in the row, so that a file of one chunk has no manifest rows.
-- epoch: the silo life it dies with, NULL for sessions and after the commit. path: NULL after the commit.
-- result_*: what the commit answered, for a repeated commit.
CREATE TABLE upload (
    id BLOB NOT NULL PRIMARY KEY,
    tenant INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER,
    path BLOB,
    declared INTEGER,
    reserved INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0,
    chunk_count INTEGER NOT NULL DEFAULT 0,
    last_index INTEGER NOT NULL DEFAULT -1,
    pending INTEGER NOT NULL DEFAULT 0,
    deduplicated INTEGER NOT NULL DEFAULT 0,
    version_refs INTEGER NOT NULL DEFAULT 0,
    first_chunk BLOB,
    first_size INTEGER,
    result_version INTEGER,
    result_sequence INTEGER,
    result_created INTEGER,
    created INTEGER NOT NULL
) WITHOUT ROWID;

-- Open uploads by tenant and life: which died with their silo. As many rows as uploads are open.
CREATE INDEX upload_open ON upload (tenant, scope, epoch) WHERE state = 0;

-- What waits to be uncounted. Empty at rest.
CREATE INDEX upload_gone ON upload (tenant, id) WHERE state >= 2;

-- Manifests beyond the first chunk. Access: by (upload, index), in order. 50 million rows at most, written in order.
CREATE TABLE manifest_chunk (
    upload BLOB NOT NULL,
    idx INTEGER NOT NULL,
    chunk BLOB NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (upload, idx)
) WITHOUT ROWID;

-- Chunks of a tenant. Access: by key in every placement. 50 million rows. refs counts the rows of chunk_reference.
-- unreferenced_since: set while refs is 0; starts the grace period of collection.
CREATE TABLE chunk (
    tenant INTEGER NOT NULL,
    hash BLOB NOT NULL,
    size INTEGER NOT NULL,
    refs INTEGER NOT NULL,
    unreferenced_since INTEGER,
    PRIMARY KEY (tenant, hash)
) WITHOUT ROWID;

-- What collection looks for. Few rows of many.
CREATE INDEX chunk_unreferenced ON chunk (tenant, unreferenced_since) WHERE unreferenced_since IS NOT NULL;

-- Who keeps a chunk: one row per distinct chunk of an upload. Access: by chunk (explain, the recount before a delete), by
-- whole key (placing and uncounting). As many rows as manifests have distinct chunks.
CREATE TABLE chunk_reference (
    tenant INTEGER NOT NULL,
    chunk BLOB NOT NULL,
    upload BLOB NOT NULL,
    PRIMARY KEY (tenant, chunk, upload)
) WITHOUT ROWID;

-- Which scopes need a chunk, and how many of a scope's uploads and versions do. Access: by chunk (placing, draining,
-- collecting) and by scope (populate and counts walk it). Up to one row per chunk and scope.
CREATE TABLE scope_chunk (
    tenant INTEGER NOT NULL,
    chunk BLOB NOT NULL,
    scope INTEGER NOT NULL,
    refs INTEGER NOT NULL,
    PRIMARY KEY (tenant, chunk, scope)
) WITHOUT ROWID;

CREATE INDEX scope_chunk_scope ON scope_chunk (scope, chunk);

-- Copies of chunks. Access: by id (reports of writes and deletes), by chunk (every read and placement), by store in the
-- order of ids (maintenance walks), and the few that are being written or deleted. One row per copy: 50 million and more.
-- state: 0 writing, 1 stored, 2 deleting. upload and epoch: who writes it; NULL once stored.
CREATE TABLE location (
    id INTEGER NOT NULL PRIMARY KEY,
    tenant INTEGER NOT NULL,
    chunk BLOB NOT NULL,
    store INTEGER NOT NULL,
    state INTEGER NOT NULL,
    length INTEGER NOT NULL,
    epoch INTEGER,
    upload BLOB,
    created INTEGER NOT NULL
);

CREATE INDEX location_chunk ON location (tenant, chunk);
CREATE INDEX location_writing ON location (epoch, upload) WHERE state = 0;
CREATE INDEX location_stored ON location (store, id) WHERE state = 1;
CREATE INDEX location_deleting ON location (store, id) WHERE state = 2;

-- Last read of a chunk in a store, to the minute. Access: by key (written in small batches); (store, at) comes with the
-- maintenance that needs it. At most one row per copy.
CREATE TABLE access (
    store INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    chunk BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (store, tenant, chunk)
) WITHOUT ROWID;

-- Current versions, with all that a GET or a listing needs. Access: by key; listings walk the key. 10 million rows.
-- Tombstones are elsewhere, so that a listing never walks over them.
-- etag: 32 bytes, of which the chunk count gives the text; etag_text only where it has another form.
-- sha256: NULL where it is the etag or unknown.
-- modified: the client's time in units of 100 ns since 1970, because files get it back exactly.
CREATE TABLE file (
    tenant INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    path BLOB NOT NULL,
    version INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag BLOB,
    etag_text TEXT,
    sha256 BLOB,
    chunk_count INTEGER NOT NULL,
    content_type TEXT,
    modified INTEGER NOT NULL,
    committed INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (tenant, scope, path)
) WITHOUT ROWID;

-- Superseded versions that retention keeps, and tombstones. The newest tombstone of a path without a current version
-- stays for good: it remembers the last number, so that numbers never restart. Access: by (path, version).
CREATE TABLE file_version (
    tenant INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    path BLOB NOT NULL,
    version INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    superseded INTEGER NOT NULL,
    size INTEGER NOT NULL,
    etag BLOB,
    etag_text TEXT,
    sha256 BLOB,
    chunk_count INTEGER NOT NULL,
    content_type TEXT,
    modified INTEGER NOT NULL,
    committed INTEGER NOT NULL,
    manifest BLOB,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (tenant, scope, path, version)
) WITHOUT ROWID;

-- The change log: one row per change, without gaps. Access: by scope in order of sequence. Grows with every change until
-- retention cuts its beginning. kind: 1 created, 2 updated, 3 deleted, 4 moved.
CREATE TABLE change (
    tenant INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    time INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    path BLOB NOT NULL,
    old_path BLOB,
    version INTEGER NOT NULL,
    size INTEGER NOT NULL,
    actor TEXT NOT NULL,
    PRIMARY KEY (tenant, scope, sequence)
) WITHOUT ROWID;

-- Answers to requests that carried an idempotency key. Access: by key; by age when they are removed after 7 days.
-- tenant 0: commands of the operator that belong to no tenant.
CREATE TABLE operation (
    tenant INTEGER NOT NULL,
    name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    result TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

CREATE INDEX operation_created ON operation (created);
