-- The twin of sqlite/0008_webhooks.sql.

INSERT IGNORE INTO id (kind, next) VALUES ('webhook', 1);

CREATE TABLE IF NOT EXISTS webhook (
    id BIGINT NOT NULL PRIMARY KEY,
    tenant BIGINT NOT NULL,
    scope BIGINT NOT NULL,
    url TEXT NOT NULL,
    prefix VARBINARY(1024),
    secret BLOB NOT NULL,
    state BIGINT NOT NULL DEFAULT 0,
    reason TEXT,
    position BIGINT NOT NULL,
    pending BINARY(16),
    due BIGINT,
    created BIGINT NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;

CREATE INDEX IF NOT EXISTS webhook_scope ON webhook (scope, id);

CREATE TABLE IF NOT EXISTS webhook_delivery (
    webhook BIGINT NOT NULL,
    id BINARY(16) NOT NULL,
    first_after BIGINT NOT NULL,
    up_to BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    state BIGINT NOT NULL DEFAULT 0,
    again BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0,
    status BIGINT,
    error TEXT,
    created BIGINT NOT NULL,
    attempted BIGINT,
    PRIMARY KEY (webhook, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin;
