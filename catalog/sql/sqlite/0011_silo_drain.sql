-- Silos that are to leave: their local stores take nothing new and are emptied. Kept until an operator takes it back, so
-- that a silo that starts again stays drained. One row per such silo, seldom any.
-- Access: by silo, from every transaction that chooses where bytes go.
-- An older server does not look here and would write to such a store again.
CREATE TABLE silo_drain (
    silo TEXT NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL,
    actor TEXT NOT NULL,
    run INTEGER NOT NULL
);
