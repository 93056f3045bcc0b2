-- The index of a store: names, versions, blobs, who may what, what happened.
--
-- Times are UNIX seconds, digests 32 bytes, texts UTF-8 in byte order. A user is the name by which
-- it logged in; the empty text is nobody.

CREATE TABLE names (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	-- What it can be mistaken for. NULL: an imported name whose skeleton another one had.
	skeleton TEXT UNIQUE,
	owner TEXT NOT NULL DEFAULT '',
	-- 1: an operator gave it to its owner; then it outlives its last version.
	given INTEGER NOT NULL DEFAULT 0,
	-- 1: something was published under it; then it is not free again, whatever is deleted.
	used INTEGER NOT NULL DEFAULT 0,
	-- How many of its versions are in that state.
	published INTEGER NOT NULL DEFAULT 0,
	yanked INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Listing and searching names reads this and nothing else.
CREATE INDEX names_visible ON names (name, published, yanked) WHERE published + yanked > 0;

-- The sums of those counts: one row.
CREATE TABLE totals (
	published INTEGER NOT NULL,
	yanked INTEGER NOT NULL
) STRICT;

INSERT INTO totals VALUES (0, 0);

-- What versions say of themselves. Most versions of a name say the same.
CREATE TABLE summaries (
	id INTEGER PRIMARY KEY,
	name_id INTEGER NOT NULL REFERENCES names (id) ON DELETE CASCADE,
	description TEXT NOT NULL,
	published INTEGER NOT NULL DEFAULT 0,
	yanked INTEGER NOT NULL DEFAULT 0,
	UNIQUE (name_id, description)
) STRICT;

-- Every text within a name or description, by groups of three characters. rowid is summaries.id.
CREATE VIRTUAL TABLE summary_search USING fts5 (
	name, description, content = '', tokenize = 'trigram case_sensitive 1'
);

CREATE TABLE records (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name_id INTEGER NOT NULL REFERENCES names (id),
	summary_id INTEGER NOT NULL REFERENCES summaries (id),
	version TEXT NOT NULL,
	-- Sorts as Semantic Versioning does; one to one with version.
	precedence BLOB NOT NULL,
	-- 0 incomplete, 1 checking, 2 published, 3 rejected, 4 yanked.
	state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
	-- Of the invoice without signatures and yank: what may never change.
	content BLOB NOT NULL,
	-- Of the text in record_texts.
	invoice_digest BLOB NOT NULL,
	pusher TEXT NOT NULL,
	created INTEGER NOT NULL,
	-- When it came into its state.
	changed INTEGER NOT NULL,
	published INTEGER NOT NULL DEFAULT 0,
	yanked INTEGER NOT NULL DEFAULT 0,
	yanked_by TEXT NOT NULL DEFAULT '',
	yank_reason TEXT NOT NULL DEFAULT '',
	-- Of its distinct parcels.
	size INTEGER NOT NULL,
	parcel_count INTEGER NOT NULL,
	UNIQUE (name_id, precedence)
) STRICT;

CREATE INDEX records_state ON records (state, id);
CREATE INDEX records_summary ON records (summary_id);
-- Which names have a version in a range.
CREATE INDEX records_precedence ON records (precedence, name_id) WHERE state IN (2, 4);

-- The long texts, apart so that lists do not read them.
CREATE TABLE record_texts (
	record_id INTEGER PRIMARY KEY REFERENCES records (id) ON DELETE CASCADE,
	invoice TEXT NOT NULL,
	verdict TEXT NOT NULL DEFAULT ''
) STRICT;

-- Versions that an operator removed for good: nobody can take their place.
CREATE TABLE removed_versions (
	name_id INTEGER NOT NULL REFERENCES names (id),
	version TEXT NOT NULL,
	removed INTEGER NOT NULL,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (name_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE blobs (
	id INTEGER PRIMARY KEY,
	digest BLOB NOT NULL UNIQUE,
	size INTEGER NOT NULL,
	-- 0 absent (a version waits for it), 1 in blob_bytes, 2 a file, 3 set aside as damaged.
	place INTEGER NOT NULL CHECK (place BETWEEN 0 AND 3),
	-- When it was last uploaded or asked for by a new version.
	touched INTEGER NOT NULL
) STRICT;

CREATE TABLE blob_bytes (
	blob_id INTEGER PRIMARY KEY REFERENCES blobs (id) ON DELETE CASCADE,
	bytes BLOB NOT NULL
) STRICT;

-- What admission found out about a module, as JSON.
CREATE TABLE facts (
	blob_id INTEGER PRIMARY KEY REFERENCES blobs (id) ON DELETE CASCADE,
	json TEXT NOT NULL
) STRICT;

-- The distinct parcels of a version in its invoice's order, with the size that the invoice says.
CREATE TABLE record_parcels (
	record_id INTEGER NOT NULL REFERENCES records (id) ON DELETE CASCADE,
	position INTEGER NOT NULL,
	blob_id INTEGER NOT NULL REFERENCES blobs (id),
	size INTEGER NOT NULL,
	PRIMARY KEY (record_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX record_parcels_blob ON record_parcels (blob_id);

-- Which incomplete versions were told that a blob is missing: its upload looks here, and not at
-- every version that ever named it.
CREATE TABLE waiting (
	blob_id INTEGER NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
	record_id INTEGER NOT NULL REFERENCES records (id) ON DELETE CASCADE,
	PRIMARY KEY (blob_id, record_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX waiting_record ON waiting (record_id);

CREATE TABLE grants (
	pattern TEXT NOT NULL,
	user_name TEXT NOT NULL,
	-- 1 read, 2 push, 4 yank, 8 own.
	access INTEGER NOT NULL CHECK (access IN (1, 2, 4, 8)),
	granted_by TEXT NOT NULL,
	created INTEGER NOT NULL,
	PRIMARY KEY (pattern, user_name, access)
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_user ON grants (user_name);

CREATE TABLE tokens (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	hash BLOB NOT NULL UNIQUE,
	user_name TEXT NOT NULL,
	scope TEXT NOT NULL,
	note TEXT NOT NULL,
	created INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	revoked INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX tokens_user ON tokens (user_name);

CREATE TABLE events (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	happened INTEGER NOT NULL,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	version TEXT NOT NULL,
	actor TEXT NOT NULL,
	detail TEXT NOT NULL
) STRICT;

CREATE INDEX events_name ON events (name, id);

-- One row that a check of readiness changes, to see whether a commit works.
CREATE TABLE heartbeat (
	beats INTEGER NOT NULL
) STRICT;

INSERT INTO heartbeat VALUES (0);
