-- The twin of sqlite/0006_retention.sql.

ALTER TABLE scope ADD COLUMN IF NOT EXISTS legal_hold BIGINT NOT NULL DEFAULT 0;

ALTER TABLE scope ADD COLUMN IF NOT EXISTS holds BIGINT NOT NULL DEFAULT 0;

ALTER TABLE file_version ADD COLUMN IF NOT EXISTS expirable BIGINT;

CREATE INDEX IF NOT EXISTS file_version_expirable ON file_version (tenant, scope, expirable);

CREATE TABLE IF NOT EXISTS version_walk (
    tenant BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    path VARBINARY(1024) NOT NULL,
    at_path VARBINARY(1024) NOT NULL,
    at_version BIGINT NOT NULL,
    PRIMARY KEY (tenant, scope, path)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

INSERT IGNORE INTO version_walk (tenant, scope, path, at_path, at_version) SELECT tenant, id, x'', x'', 0 FROM scope;

CREATE TABLE IF NOT EXISTS file_hold (
    tenant BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    path VARBINARY(1024) NOT NULL,
    since BIGINT NOT NULL,
    actor VARCHAR(255) NOT NULL,
    reason TEXT,
    PRIMARY KEY (tenant, scope, path)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
