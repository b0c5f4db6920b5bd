-- The twin of sqlite/0009_policies.sql.

CREATE INDEX IF NOT EXISTS access_at ON access (store, at, tenant, chunk);

CREATE TABLE IF NOT EXISTS populate_progress (
    scope BIGINT NOT NULL,
    store BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    walked BIGINT NOT NULL,
    PRIMARY KEY (scope, store)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
