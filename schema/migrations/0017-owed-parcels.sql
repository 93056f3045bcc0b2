-- 1: the version has to be sent the blob itself; that somebody else has it, or sends it, does not
-- count. So it is where not everybody may read what is there.
ALTER TABLE waiting ADD COLUMN owed INTEGER NOT NULL DEFAULT 0;
