-- Where the silos of a cluster are reached by each other, and what they do. One row per life that is in a cluster; rows of
-- ended lives are removed when a new life of that name begins.
-- Access: all, every two seconds by each silo; by epoch when it ends.
CREATE TABLE silo_address (
    epoch INTEGER NOT NULL PRIMARY KEY,
    silo TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    role TEXT NOT NULL,
    version TEXT NOT NULL
);
