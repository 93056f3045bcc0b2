-- What OCI clients see under a name: a repository of blobs, manifests and tags.

-- The same bytes by SHA-512.
CREATE TABLE blob_aliases (
	digest BLOB PRIMARY KEY,
	blob_id INTEGER NOT NULL REFERENCES blobs (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX blob_aliases_blob ON blob_aliases (blob_id);

-- Blobs that were uploaded or mounted to a repository.
CREATE TABLE repository_blobs (
	name_id INTEGER NOT NULL REFERENCES names (id),
	blob_id INTEGER NOT NULL REFERENCES blobs (id),
	touched INTEGER NOT NULL,
	PRIMARY KEY (name_id, blob_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX repository_blobs_blob ON repository_blobs (blob_id);
CREATE INDEX repository_blobs_touched ON repository_blobs (touched);

CREATE TABLE manifests (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name_id INTEGER NOT NULL REFERENCES names (id),
	-- Its bytes.
	blob_id INTEGER NOT NULL REFERENCES blobs (id),
	-- What its pusher called it by: 0 SHA-256, 1 SHA-512.
	algorithm INTEGER NOT NULL CHECK (algorithm IN (0, 1)),
	media_type TEXT NOT NULL,
	artifact_type TEXT NOT NULL,
	-- JSON object, or empty.
	annotations TEXT NOT NULL,
	-- Digest of what it is about, 32 or 64 bytes, or empty.
	subject BLOB NOT NULL,
	pushed INTEGER NOT NULL,
	pusher TEXT NOT NULL,
	-- 1: made of a version's invoice; it can be made again.
	made INTEGER NOT NULL DEFAULT 0,
	UNIQUE (name_id, blob_id)
) STRICT;

CREATE INDEX manifests_blob ON manifests (blob_id);
CREATE INDEX manifests_subject ON manifests (name_id, subject, id) WHERE subject <> x'';

-- The blobs that a manifest names, an index's manifests among them.
CREATE TABLE manifest_parts (
	manifest_id INTEGER NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
	blob_id INTEGER NOT NULL REFERENCES blobs (id),
	name_id INTEGER NOT NULL,
	PRIMARY KEY (manifest_id, blob_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX manifest_parts_blob ON manifest_parts (blob_id, name_id);

CREATE TABLE tags (
	name_id INTEGER NOT NULL REFERENCES names (id),
	tag TEXT NOT NULL,
	manifest_id INTEGER NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
	moved INTEGER NOT NULL,
	PRIMARY KEY (name_id, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_manifest ON tags (manifest_id);

-- A version's own manifest, and the referrer that holds its signed invoice.
ALTER TABLE records ADD COLUMN manifest_id INTEGER REFERENCES manifests (id);
ALTER TABLE records ADD COLUMN referrer_id INTEGER REFERENCES manifests (id);

CREATE INDEX records_manifest ON records (manifest_id);
CREATE INDEX records_referrer ON records (referrer_id);

-- Uploads that come in several requests, as far as they are durable.
CREATE TABLE sessions (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	pusher TEXT NOT NULL,
	size INTEGER NOT NULL,
	size_limit INTEGER NOT NULL,
	algorithm INTEGER NOT NULL,
	started INTEGER NOT NULL,
	touched INTEGER NOT NULL,
	-- 1: the bytes are a file; else they stand here.
	in_file INTEGER NOT NULL,
	bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_touched ON sessions (touched);
