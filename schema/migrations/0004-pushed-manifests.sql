-- What a version was pushed as, while admission has not spoken.
CREATE TABLE pushed_manifests (
	record_id INTEGER PRIMARY KEY REFERENCES records (id) ON DELETE CASCADE,
	media_type TEXT NOT NULL,
	bytes BLOB NOT NULL
) STRICT;
