-- The twin of sqlite/0003_runs.sql.

INSERT IGNORE INTO id (kind, next) VALUES ('run', 1);

CREATE TABLE IF NOT EXISTS run (
    id BIGINT NOT NULL PRIMARY KEY,
    kind BIGINT NOT NULL,
    cause BIGINT NOT NULL,
    state BIGINT NOT NULL DEFAULT 0,
    phase BIGINT NOT NULL DEFAULT 0,
    tenant BIGINT,
    scope BIGINT,
    store BIGINT,
    dry_run BIGINT NOT NULL,
    keep_source BIGINT NOT NULL,
    rehash BIGINT NOT NULL,
    repair BIGINT NOT NULL,
    actor VARCHAR(255) NOT NULL,
    findings BIGINT NOT NULL DEFAULT 0,
    created BIGINT NOT NULL,
    started BIGINT,
    ended BIGINT,
    INDEX run_state (state, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS run_task (
    run BIGINT NOT NULL,
    task BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    phase BIGINT NOT NULL,
    owner BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    urgency BIGINT NOT NULL,
    tenant BIGINT,
    scope BIGINT,
    store BIGINT,
    state BIGINT NOT NULL DEFAULT 0,
    is_open BIGINT NOT NULL DEFAULT 1,
    position TEXT,
    version BIGINT NOT NULL DEFAULT 0,
    total_chunks BIGINT,
    total_bytes BIGINT,
    done_chunks BIGINT NOT NULL DEFAULT 0,
    done_bytes BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    worked BIGINT NOT NULL DEFAULT 0,
    due BIGINT NOT NULL DEFAULT 0,
    waiting TEXT,
    waiting_since BIGINT,
    started BIGINT,
    ended BIGINT,
    PRIMARY KEY (run, task),
    INDEX run_task_owner (is_open, owner, owner_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS run_finding (
    run BIGINT NOT NULL,
    number BIGINT NOT NULL,
    task BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    code VARCHAR(255) NOT NULL,
    message TEXT NOT NULL,
    chunk BINARY(32),
    store BIGINT,
    scope BIGINT,
    location BIGINT,
    time BIGINT NOT NULL,
    PRIMARY KEY (run, number)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS maintenance_settings (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    version BIGINT NOT NULL,
    daily_at BIGINT,
    parallel BIGINT NOT NULL,
    bytes_per_second BIGINT,
    rest BIGINT NOT NULL,
    scrub_days BIGINT,
    scrub_bytes_per_second BIGINT NOT NULL,
    grace BIGINT NOT NULL,
    sweep BIGINT NOT NULL,
    change_days BIGINT,
    next_daily BIGINT,
    next_scrub BIGINT
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

INSERT IGNORE INTO maintenance_settings
    (one, version, daily_at, parallel, bytes_per_second, rest, scrub_days, scrub_bytes_per_second, grace, sweep, change_days, next_daily, next_scrub)
VALUES (1, 1, 120, 4, NULL, 25, 30, 16777216, 86400000, 1, NULL, NULL, NULL);
