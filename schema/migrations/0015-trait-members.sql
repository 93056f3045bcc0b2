-- What modules are leaves the index of words: a set of packages for each trait, so that what many
-- have in common is found without looking at each of them. All of it is derived: it is made again.

DROP TABLE package_search;
DROP TABLE package_texts;
DELETE FROM name_words;

CREATE TABLE package_texts (
	name_id INTEGER PRIMARY KEY REFERENCES packages (name_id),
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	keywords TEXT NOT NULL,
	authors TEXT NOT NULL,
	readme TEXT NOT NULL,
	-- The ids of its traits, 8 bytes each, the smallest first: see trait.h.
	traits BLOB NOT NULL
) STRICT;

CREATE VIRTUAL TABLE package_search USING fts5 (
	name, description, keywords, authors, readme,
	content = 'package_texts', content_rowid = 'name_id',
	tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

-- The packages that have a trait, 4096 name ids to a row: see trait_index.h.
CREATE TABLE trait_members (
	trait INTEGER NOT NULL,
	part INTEGER NOT NULL,
	members BLOB NOT NULL,
	PRIMARY KEY (trait, part)
) STRICT, WITHOUT ROWID;

UPDATE packages SET stale = 1;
