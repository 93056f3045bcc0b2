-- Packages as lists and pages show them: derived from records, and made again when those change.

CREATE TABLE packages (
	name_id INTEGER PRIMARY KEY REFERENCES names (id) ON DELETE CASCADE,
	-- The version that stands for it: the highest release, else the highest prerelease, else the
	-- highest that was yanked. NULL: none is known yet.
	record_id INTEGER REFERENCES records (id) ON DELETE SET NULL,
	-- When its first and its last version came.
	published INTEGER NOT NULL DEFAULT 0,
	updated INTEGER NOT NULL DEFAULT 0,
	-- 1: something has changed since this row was made.
	stale INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX packages_record ON packages (record_id);
CREATE INDEX packages_published ON packages (published, name_id) WHERE record_id IS NOT NULL;
CREATE INDEX packages_updated ON packages (updated, name_id) WHERE record_id IS NOT NULL;
CREATE INDEX packages_stale ON packages (name_id) WHERE stale = 1;

-- What the version that stands for a package asks for.
CREATE TABLE package_dependencies (
	name_id INTEGER NOT NULL REFERENCES packages (name_id) ON DELETE CASCADE,
	dependency TEXT NOT NULL,
	requirement TEXT NOT NULL,
	PRIMARY KEY (name_id, dependency)
) STRICT, WITHOUT ROWID;

CREATE INDEX package_dependencies_of ON package_dependencies (dependency, name_id);

INSERT INTO packages (name_id, stale) SELECT id, 1 FROM names WHERE published + yanked > 0;
