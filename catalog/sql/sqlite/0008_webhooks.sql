-- Webhooks: where a scope's changes are sent to, and what was sent. An older program does not know the tables and refuses the
-- file.

INSERT INTO id (kind, next) VALUES ('webhook', 1);

-- Access: by id (each attempt), by scope (lists, and which to wake at a change), and the active ones when a silo starts.
-- A few per scope. state: 0 active, 1 paused. secret: encrypted. position: the change up to which deliveries were made.
-- pending: the delivery that waits to be accepted; due: when it is tried, NULL without one.
CREATE TABLE webhook (
    id INTEGER NOT NULL PRIMARY KEY,
    tenant INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    url TEXT NOT NULL,
    prefix BLOB,
    secret BLOB NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    position INTEGER NOT NULL,
    pending BLOB,
    due INTEGER,
    created INTEGER NOT NULL
);

CREATE INDEX webhook_scope ON webhook (scope, id);

-- Deliveries of a webhook, in the order of their ids, which begin with their time: the one that waits and the newest of those
-- that were accepted, some hundred per webhook. Access: by webhook, newest first; by whole key.
-- Changes after first_after, up to up_to, were sent. state: 0 waiting, 1 delivered, 2 given up.
-- again: 1 while an operator's wish to send it again waits.
CREATE TABLE webhook_delivery (
    webhook INTEGER NOT NULL,
    id BLOB NOT NULL,
    first_after INTEGER NOT NULL,
    up_to INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0,
    again INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    error TEXT,
    created INTEGER NOT NULL,
    attempted INTEGER,
    PRIMARY KEY (webhook, id)
) WITHOUT ROWID;
