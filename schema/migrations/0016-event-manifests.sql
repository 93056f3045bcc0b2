-- The content address of what an event published: by the time that it is told of, the version may
-- be gone. Empty: none.
ALTER TABLE events ADD COLUMN manifest BLOB NOT NULL DEFAULT x'';
