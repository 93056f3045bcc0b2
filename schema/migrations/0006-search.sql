-- What packages are found by: texts of the version that stands for each, and what its modules are.

CREATE TABLE package_texts (
	name_id INTEGER PRIMARY KEY REFERENCES packages (name_id),
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	keywords TEXT NOT NULL,
	authors TEXT NOT NULL,
	readme TEXT NOT NULL,
	-- What its modules are ("exports:add"), a word of fixed length for each: see trait.h.
	traits TEXT NOT NULL
) STRICT;

CREATE VIRTUAL TABLE package_search USING fts5 (
	name, description, keywords, authors, readme, traits,
	content = 'package_texts', content_rowid = 'name_id',
	tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);

-- The words of names, for who mistyped one. uses: in how many names.
CREATE TABLE name_words (
	word TEXT PRIMARY KEY,
	uses INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

UPDATE packages SET stale = 1;
