-- The twin of sqlite/0007_upload_session.sql.

CREATE TABLE IF NOT EXISTS upload_session (
    upload BINARY(16) NOT NULL PRIMARY KEY,
    tenant BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    state BIGINT NOT NULL DEFAULT 0,
    path VARBINARY(1024),
    size BIGINT,
    chunk_size BIGINT NOT NULL,
    sha256 BINARY(32),
    content_type VARCHAR(1024),
    modified BIGINT,
    if_match TEXT,
    metadata MEDIUMTEXT,
    parts MEDIUMTEXT,
    short_index BIGINT,
    writer BIGINT NOT NULL DEFAULT 0,
    checked_count BIGINT,
    result MEDIUMTEXT,
    expires BIGINT NOT NULL,
    created BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE INDEX IF NOT EXISTS upload_session_due ON upload_session (tenant, state, expires);

CREATE INDEX IF NOT EXISTS upload_session_scope ON upload_session (tenant, scope, state, upload);
