-- The twin of sqlite/0001_catalog.sql: same tables, columns and keys; access patterns and sizes are said there. An older
-- program refuses the database once a later migration was applied.
--
-- What differs, and why:
-- - Numbers are BIGINT throughout, so that both engines hold the same ranges. Text has a bounded length and a collation that
--   compares bytes and does not pad: no two names that differ in a byte are equal. Paths, hashes and upload ids are bytes.
-- - A path has 1,024 bytes at most; with the ids beside it a key stays below the 3,072 bytes of ROW_FORMAT=DYNAMIC.
-- - There are no partial indexes: state comes first where SQLite's index holds one state only.
-- - InnoDB clusters every table by its primary key, as WITHOUT ROWID does.
-- - Statements end implicit transactions here, so each one can be run again after a migration was cut off.

CREATE TABLE IF NOT EXISTS id (
    kind VARCHAR(32) NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

INSERT IGNORE INTO id (kind, next) VALUES ('tenant', 1), ('scope', 1), ('store', 1), ('location', 1), ('epoch', 1), ('writer', 1);

-- One row per connection that writes: the number of its last committed transaction, changed in each of them. When a
-- connection is lost at COMMIT, this row says what became of it. Access: by key. As many rows as connections of a week.
CREATE TABLE IF NOT EXISTS commit_marker (
    writer BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    opened BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS topology (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    version BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

INSERT IGNORE INTO topology (one, version) VALUES (1, 1);

CREATE TABLE IF NOT EXISTS tenant (
    id BIGINT NOT NULL PRIMARY KEY,
    name VARCHAR(255) NOT NULL UNIQUE,
    quota BIGINT,
    max_file BIGINT,
    requests_per_minute BIGINT,
    state BIGINT NOT NULL DEFAULT 0,
    created BIGINT NOT NULL,
    row_version BIGINT NOT NULL DEFAULT 1
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS tenant_store (
    tenant BIGINT NOT NULL,
    store BIGINT NOT NULL,
    PRIMARY KEY (tenant, store)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS scope (
    id BIGINT NOT NULL PRIMARY KEY,
    tenant BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    quota BIGINT,
    keep_versions BIGINT NOT NULL,
    keep_days BIGINT,
    state BIGINT NOT NULL DEFAULT 0,
    created BIGINT NOT NULL,
    UNIQUE (tenant, name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS scope_head (
    scope BIGINT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS `usage` (
    tenant BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    quota BIGINT,
    logical BIGINT NOT NULL DEFAULT 0,
    reserved BIGINT NOT NULL DEFAULT 0,
    files BIGINT NOT NULL DEFAULT 0,
    unique_bytes BIGINT NOT NULL DEFAULT 0,
    unique_chunks BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, scope)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS store (
    id BIGINT NOT NULL PRIMARY KEY,
    name VARCHAR(255) NOT NULL UNIQUE,
    backend VARCHAR(32) NOT NULL,
    configuration TEXT NOT NULL,
    secrets BLOB,
    silo VARCHAR(255),
    instance_wide BIGINT NOT NULL,
    soft_max_size BIGINT,
    max_size BIGINT,
    max_reads BIGINT NOT NULL,
    max_writes BIGINT NOT NULL,
    verify_by_backend BIGINT NOT NULL,
    state BIGINT NOT NULL DEFAULT 0,
    created BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS store_space (
    store BIGINT NOT NULL PRIMARY KEY,
    charged BIGINT NOT NULL DEFAULT 0,
    stored_bytes BIGINT NOT NULL DEFAULT 0,
    stored_chunks BIGINT NOT NULL DEFAULT 0
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- By epoch: a life gives its space back.
CREATE TABLE IF NOT EXISTS block (
    store BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    available BIGINT NOT NULL,
    PRIMARY KEY (store, epoch),
    INDEX block_epoch (epoch)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS attachment (
    scope BIGINT NOT NULL,
    store BIGINT NOT NULL,
    upload_priority BIGINT,
    download_priority BIGINT,
    populate BIGINT NOT NULL,
    drain BIGINT NOT NULL,
    drain_to BIGINT,
    read_only BIGINT NOT NULL,
    write_only BIGINT NOT NULL,
    soft_max_size BIGINT,
    state BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (scope, store),
    INDEX attachment_store (store)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- By tenant: deletion of a tenant's keys.
CREATE TABLE IF NOT EXISTS api_key (
    id VARCHAR(64) NOT NULL PRIMARY KEY,
    tenant BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    rights VARCHAR(255) NOT NULL,
    scopes TEXT,
    expires BIGINT,
    secret_hash VARBINARY(64) NOT NULL,
    created BIGINT NOT NULL,
    INDEX api_key_tenant (tenant)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- ended first: the few living ones, and those that ended long ago.
CREATE TABLE IF NOT EXISTS silo_epoch (
    id BIGINT NOT NULL PRIMARY KEY,
    silo VARCHAR(255) NOT NULL,
    started BIGINT NOT NULL,
    ended BIGINT,
    INDEX silo_epoch_silo (silo, ended)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS upload (
    id BINARY(16) NOT NULL PRIMARY KEY,
    tenant BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    state BIGINT NOT NULL DEFAULT 0,
    epoch BIGINT,
    path VARBINARY(1024),
    declared BIGINT,
    reserved BIGINT NOT NULL DEFAULT 0,
    received BIGINT NOT NULL DEFAULT 0,
    chunk_count BIGINT NOT NULL DEFAULT 0,
    last_index BIGINT NOT NULL DEFAULT -1,
    pending BIGINT NOT NULL DEFAULT 0,
    deduplicated BIGINT NOT NULL DEFAULT 0,
    version_refs BIGINT NOT NULL DEFAULT 0,
    first_chunk BINARY(32),
    first_size BIGINT,
    result_version BIGINT,
    result_sequence BIGINT,
    result_created BIGINT,
    created BIGINT NOT NULL,
    INDEX upload_state (state, tenant, scope, epoch)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS manifest_chunk (
    upload BINARY(16) NOT NULL,
    idx BIGINT NOT NULL,
    chunk BINARY(32) NOT NULL,
    size BIGINT NOT NULL,
    PRIMARY KEY (upload, idx)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- unreferenced_since is NULL for nearly all: they lie together, and no search comes near them.
CREATE TABLE IF NOT EXISTS chunk (
    tenant BIGINT NOT NULL,
    hash BINARY(32) NOT NULL,
    size BIGINT NOT NULL,
    refs BIGINT NOT NULL,
    unreferenced_since BIGINT,
    PRIMARY KEY (tenant, hash),
    INDEX chunk_unreferenced (tenant, unreferenced_since)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS chunk_reference (
    tenant BIGINT NOT NULL,
    chunk BINARY(32) NOT NULL,
    upload BINARY(16) NOT NULL,
    PRIMARY KEY (tenant, chunk, upload)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS scope_chunk (
    tenant BIGINT NOT NULL,
    chunk BINARY(32) NOT NULL,
    scope BIGINT NOT NULL,
    refs BIGINT NOT NULL,
    PRIMARY KEY (tenant, chunk, scope),
    INDEX scope_chunk_scope (scope, chunk)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

-- location_writing: epoch and upload are NULL once a copy is stored.
CREATE TABLE IF NOT EXISTS location (
    id BIGINT NOT NULL PRIMARY KEY,
    tenant BIGINT NOT NULL,
    chunk BINARY(32) NOT NULL,
    store BIGINT NOT NULL,
    state BIGINT NOT NULL,
    length BIGINT NOT NULL,
    epoch BIGINT,
    upload BINARY(16),
    created BIGINT NOT NULL,
    INDEX location_chunk (tenant, chunk),
    INDEX location_writing (epoch, upload),
    INDEX location_store (store, state)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS access (
    store BIGINT NOT NULL,
    tenant BIGINT NOT NULL,
    chunk BINARY(32) NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (store, tenant, chunk)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS file (
    tenant BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    path VARBINARY(1024) NOT NULL,
    version BIGINT NOT NULL,
    size BIGINT NOT NULL,
    etag VARBINARY(64),
    etag_text VARCHAR(255),
    sha256 BINARY(32),
    chunk_count BIGINT NOT NULL,
    content_type VARCHAR(1024),
    modified BIGINT NOT NULL,
    committed BIGINT NOT NULL,
    manifest BINARY(16) NOT NULL,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (tenant, scope, path)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS file_version (
    tenant BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    path VARBINARY(1024) NOT NULL,
    version BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    superseded BIGINT NOT NULL,
    size BIGINT NOT NULL,
    etag VARBINARY(64),
    etag_text VARCHAR(255),
    sha256 BINARY(32),
    chunk_count BIGINT NOT NULL,
    content_type VARCHAR(1024),
    modified BIGINT NOT NULL,
    committed BIGINT NOT NULL,
    manifest BINARY(16),
    sequence BIGINT NOT NULL,
    PRIMARY KEY (tenant, scope, path, version)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS `change` (
    tenant BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    time BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    path VARBINARY(1024) NOT NULL,
    old_path VARBINARY(1024),
    version BIGINT NOT NULL,
    size BIGINT NOT NULL,
    actor VARCHAR(255) NOT NULL,
    PRIMARY KEY (tenant, scope, sequence)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS operation (
    tenant BIGINT NOT NULL,
    name VARCHAR(255) NOT NULL,
    fingerprint VARCHAR(255) NOT NULL,
    result MEDIUMTEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (tenant, name),
    INDEX operation_created (created)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
