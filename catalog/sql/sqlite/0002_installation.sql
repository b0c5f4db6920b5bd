-- What is true of the whole installation: its id, and which of the first start's steps are done. An older program does not
-- know the table and refuses the file.

-- Access: by name, at the start of a silo. A handful of rows.
CREATE TABLE installation (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    created INTEGER NOT NULL
) WITHOUT ROWID;
