-- The twin of sqlite/0007_silo_addresses.sql.
CREATE TABLE IF NOT EXISTS silo_address (
    epoch BIGINT NOT NULL PRIMARY KEY,
    silo VARCHAR(63) NOT NULL,
    endpoint VARCHAR(255) NOT NULL,
    role VARCHAR(16) NOT NULL,
    version VARCHAR(64) NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
