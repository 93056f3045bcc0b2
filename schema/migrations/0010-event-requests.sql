-- The request that an event is owed to, by the id that log and answer have.
ALTER TABLE events ADD COLUMN request TEXT NOT NULL DEFAULT '';
