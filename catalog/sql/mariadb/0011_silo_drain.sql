-- The twin of sqlite/0011_silo_drain.sql.
CREATE TABLE IF NOT EXISTS silo_drain (
    silo VARCHAR(63) NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    actor VARCHAR(200) NOT NULL,
    run BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
