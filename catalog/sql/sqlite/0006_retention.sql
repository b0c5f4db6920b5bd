-- Retention without a commit, and legal holds. An older program would prune what a hold keeps, and refuses the file.

-- legal_hold: nothing of the scope is removed for good. holds: how many of its files are held by themselves, so that a
-- commit looks for one only where there is one.
ALTER TABLE scope ADD COLUMN legal_hold INTEGER NOT NULL DEFAULT 0;

ALTER TABLE scope ADD COLUMN holds INTEGER NOT NULL DEFAULT 0;

-- When a kept version was superseded, set once keepVersions protects it no more; NULL before that, so that what days alone
-- protect lies in the order in which it falls due, and a changed number of days takes effect at once.
ALTER TABLE file_version ADD COLUMN expirable INTEGER;

-- What falls due next in a scope. Access: from the front, each minute per scope. As many rows as days alone protect.
CREATE INDEX file_version_expirable ON file_version (tenant, scope, expirable) WHERE expirable IS NOT NULL;

-- Walks over kept versions that find out anew which of them keepVersions protects: of a scope (path is empty) after its
-- setting was lowered, of one path after its hold ended. at_path, at_version: the last one that was seen. Access: by tenant.
-- Empty at rest.
CREATE TABLE version_walk (
    tenant INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    path BLOB NOT NULL,
    at_path BLOB NOT NULL,
    at_version INTEGER NOT NULL,
    PRIMARY KEY (tenant, scope, path)
) WITHOUT ROWID;

INSERT INTO version_walk (tenant, scope, path, at_path, at_version) SELECT tenant, id, x'', x'', 0 FROM scope;

-- Files under legal hold. Access: by key, in commits of scopes that have any; lists walk the key. As many rows as files are
-- held. actor: the credential that set it.
CREATE TABLE file_hold (
    tenant INTEGER NOT NULL,
    scope INTEGER NOT NULL,
    path BLOB NOT NULL,
    since INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (tenant, scope, path)
) WITHOUT ROWID;
