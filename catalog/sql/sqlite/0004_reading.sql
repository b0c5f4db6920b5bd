-- What reading needs beyond the first version: manifests outlive their last version for a while, so that downloads that are
-- under way end; copies that were read and were wrong wait for repair. An older program refuses the file.

-- Manifests of more chunks than a lookup carries, whose last version has left the namespace. next_index: how far their
-- references are uncounted. since: when the last one was; NULL until then. The chunks' rows in manifest_chunk stay for a
-- grace period after that, and go page by page.
-- Access: by key (uncounting, and reading such a manifest), by tenant and age. One row per such manifest of the last day:
-- thousands at most.
CREATE TABLE manifest_rest (
    tenant INTEGER NOT NULL,
    upload BLOB NOT NULL,
    next_index INTEGER NOT NULL,
    since INTEGER,
    PRIMARY KEY (tenant, upload)
) WITHOUT ROWID;

CREATE INDEX manifest_rest_since ON manifest_rest (tenant, since);

-- Copies whose bytes were not what their name says when they were read. due: when a repair is to be tried. Access: by store
-- in the order of locations (repair), by key. Empty at rest; a dead disk fills it with its readers' pace.
CREATE TABLE repair_queue (
    store INTEGER NOT NULL,
    location INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    chunk BLOB NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (store, location)
) WITHOUT ROWID;
