-- Maintenance runs: what was asked for, how far each task is, what was found. An older program refuses the file.

INSERT INTO id (kind, next) VALUES ('run', 1);

-- Runs. Access: by id (downwards in lists), open ones of a state. Some per day and as many as policies change; removed 30
-- days after their end.
-- kind: 0 maintenance, 1 fsck, 2 scrub. cause: who asked (RunTrigger). state: 0 running, 1 paused, 2 cancelled, 3 done,
-- 4 failed. phase: tasks of later phases wait. tenant, scope, store: what it is limited to.
CREATE TABLE run (
    id INTEGER NOT NULL PRIMARY KEY,
    kind INTEGER NOT NULL,
    cause INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    phase INTEGER NOT NULL DEFAULT 0,
    tenant INTEGER,
    scope INTEGER,
    store INTEGER,
    dry_run INTEGER NOT NULL,
    keep_source INTEGER NOT NULL,
    rehash INTEGER NOT NULL,
    repair INTEGER NOT NULL,
    actor TEXT NOT NULL,
    findings INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    started INTEGER,
    ended INTEGER
);

CREATE INDEX run_state ON run (state, id);

-- Tasks of runs. Access: by run; the open ones of an owner, in the order in which it does them. A run has some per scope
-- and store: 100,000 rows.
-- owner and owner_id: the grain that does it: 0 tenant, 1 scope, 2 store. urgency: 0 first.
-- is_open: 1 until it ended. position: where it goes on, the task's own text; NULL at the beginning.
-- due: not to be tried before. waiting: why nothing is possible now, waiting_since: for how long.
-- version: counts the saved steps, so that of two activations only one counts its step.
-- worked: milliseconds of its steps and the rests between them.
CREATE TABLE run_task (
    run INTEGER NOT NULL,
    task INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    phase INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    owner_id INTEGER NOT NULL,
    urgency INTEGER NOT NULL,
    tenant INTEGER,
    scope INTEGER,
    store INTEGER,
    state INTEGER NOT NULL DEFAULT 0,
    is_open INTEGER NOT NULL DEFAULT 1,
    position TEXT,
    version INTEGER NOT NULL DEFAULT 0,
    total_chunks INTEGER,
    total_bytes INTEGER,
    done_chunks INTEGER NOT NULL DEFAULT 0,
    done_bytes INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    worked INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL DEFAULT 0,
    waiting TEXT,
    waiting_since INTEGER,
    started INTEGER,
    ended INTEGER,
    PRIMARY KEY (run, task)
) WITHOUT ROWID;

CREATE INDEX run_task_owner ON run_task (is_open, owner, owner_id);

-- What runs found. Access: by run, in order. At most 10,000 rows per run; what is beyond is only counted.
CREATE TABLE run_finding (
    run INTEGER NOT NULL,
    number INTEGER NOT NULL,
    task INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    chunk BLOB,
    store INTEGER,
    scope INTEGER,
    location INTEGER,
    time INTEGER NOT NULL,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;

-- Settings of maintenance and when its timed work is due next. One row. Access: whole.
-- daily_at: minutes after midnight UTC, NULL for never. parallel: copies at one time per store. bytes_per_second: of
-- copying per store, NULL for no limit. scrub_days: a store is read once in so many days, NULL for never.
-- grace: milliseconds that an unreferenced chunk stays. sweep: 0 while nothing may be swept, as after a restore.
-- change_days: how long the change log is kept at least, NULL for good.
CREATE TABLE maintenance_settings (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL,
    daily_at INTEGER,
    parallel INTEGER NOT NULL,
    bytes_per_second INTEGER,
    rest INTEGER NOT NULL,
    scrub_days INTEGER,
    scrub_bytes_per_second INTEGER NOT NULL,
    grace INTEGER NOT NULL,
    sweep INTEGER NOT NULL,
    change_days INTEGER,
    next_daily INTEGER,
    next_scrub INTEGER
);

INSERT INTO maintenance_settings
    (one, version, daily_at, parallel, bytes_per_second, rest, scrub_days, scrub_bytes_per_second, grace, sweep, change_days, next_daily, next_scrub)
VALUES (1, 1, 120, 4, NULL, 25, 30, 16777216, 86400000, 1, NULL, NULL, NULL);
