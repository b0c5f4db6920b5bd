-- Copies that are missing or damaged (location.state 3). An older program does not know the state and refuses the file.

-- Access: by store, when it is verified, and when it is asked whether it is empty. Empty at rest.
CREATE INDEX location_damaged ON location (store, id) WHERE state = 3;
