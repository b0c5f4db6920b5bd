-- The twin of sqlite/0004_reading.sql.

CREATE TABLE IF NOT EXISTS manifest_rest (
    tenant BIGINT NOT NULL,
    upload BINARY(16) NOT NULL,
    next_index BIGINT NOT NULL,
    since BIGINT,
    PRIMARY KEY (tenant, upload),
    INDEX manifest_rest_since (tenant, since)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS repair_queue (
    store BIGINT NOT NULL,
    location BIGINT NOT NULL,
    tenant BIGINT NOT NULL,
    chunk BINARY(32) NOT NULL,
    due BIGINT NOT NULL,
    PRIMARY KEY (store, location)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
