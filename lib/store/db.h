/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_STORE_DB_H
#define WPKG_STORE_DB_H

/*
 * The index's database behind a small seam: an engine is a struct db_ops, SQLite's stands in
 * db_sqlite.c. Above the seam the SQL is one for all engines: values are $1, $2, ..., types are
 * integer, text and bytes, and ON CONFLICT DO NOTHING decides who came first.
 *
 * A statement is a static text. An engine keeps what it prepared under the text's address, so a
 * text must never change. A connection is used by one thread at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/content_digest.h"
#include "crypto/digest.h"
#include "store/store.h"

/* What a statement is given. Borrowed until the rows are closed. */
struct db_value {
	enum { DB_INTEGER, DB_TEXT, DB_BYTES, DB_NULL } kind;
	int64_t integer;
	struct wpkg_str bytes;
};

struct db_value db_null(void);
struct db_value db_integer(int64_t integer);
struct db_value db_size(uint64_t size); /* above INT64_MAX: that */
struct db_value db_text(struct wpkg_str text);
struct db_value db_bytes(struct wpkg_str bytes);
struct db_value db_digest(const struct wpkg_digest *digest);
struct db_value db_content_digest(const struct wpkg_content_digest *digest);

/* The values of a call and their number, as two arguments. */
#define DB_VALUES(...)                                                                             \
	(const struct db_value[]){__VA_ARGS__},                                                    \
		sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value)
#define DB_NO_VALUES NULL, 0

enum db_access {
	DB_READ,  /* sees one moment from the first statement on */
	DB_WRITE, /* nobody else writes meanwhile: waits for its turn, WPKG_EBUSY after a while */
};

struct db;
struct db_rows;

/* What packages are searched by: all of the words, of which there is at least one. */
struct db_search {
	const struct wpkg_str *words; /* anywhere in its texts; what divides words makes a phrase */
	size_t word_count;
	bool only_names; /* in its name */
	bool not_names;	 /* not all of them in its name: what only_names leaves */
	bool begins;	 /* a word need only begin so */
};

struct db_ops {
	/* The index of summaries' texts is the engine's own. $1 summary, $2 name, $3 description.
	 */
	const char *search_add;
	const char *search_remove; /* the texts as they were added */
	/* How many summaries an expression ($1) finds, counted no further than $2. */
	const char *search_count;
	/* name id, name, summary id, description, published, yanked of those, by name. */
	const char *search_find;
	/* Appends the expression for summaries that hold all these terms, in the name or, unless
	 * only_names, the description. Terms that the engine cannot look for are left out; without
	 * any it is empty. */
	void (*search_expression)(struct wpkg_buf *buf, const struct wpkg_str *terms, size_t count,
				  bool only_names);
	/* The index of packages' texts. $1 name id; $2 to $6 name, description, keywords, authors,
	 * readme. To be removed they must be as they were added. */
	const char *text_add;
	const char *text_remove;
	/* name id of what an expression ($1) finds, the latest first, each as it is asked for. */
	const char *text_find;
	/* Appends the expression of a search. */
	void (*text_expression)(struct wpkg_buf *buf, const struct db_search *search);
	void (*close)(struct db *db);
	enum wpkg_status (*begin)(struct db *db, enum db_access access, struct wpkg_err *err);
	enum wpkg_status (*commit)(struct db *db, struct wpkg_err *err);
	void (*rollback)(struct db *db);
	/* False also when the engine gave up a transaction by itself. */
	bool (*in_transaction)(struct db *db);
	/* Several statements without values or rows. */
	enum wpkg_status (*script)(struct db *db, const char *sql, struct wpkg_err *err);
	enum wpkg_status (*open)(struct db_rows *rows, const char *sql,
				 const struct db_value *values, size_t count, struct wpkg_err *err);
	enum wpkg_status (*next)(struct db_rows *rows, bool *row, struct wpkg_err *err);
	int64_t (*integer)(const struct db_rows *rows, int column);
	struct wpkg_str (*bytes)(struct db_rows *rows, int column);
	uint64_t (*changed)(const struct db_rows *rows);
	void (*end)(struct db_rows *rows);
	/* wpkg_store_moment. Any thread, at any time while the connection is open. */
	bool (*moment)(struct wpkg_moment *out, const struct db *db);
	/* A database of its own at a path that is free: what the connection's transaction sees,
	 * after the script was run on it. Durable. */
	enum wpkg_status (*copy)(struct db *db, const char *path, const char *script,
				 struct wpkg_err *err);
	/* The engine's own proof that its files are sound: each problem found is a text. */
	enum wpkg_status (*check)(struct db *db, void (*found)(void *user, struct wpkg_str problem),
				  void *user, struct wpkg_err *err);
};

struct db {
	const struct db_ops *ops;
};

void db_close(struct db *db); /* NULL is fine */

WPKG_MUST_CHECK enum wpkg_status db_begin(struct db *db, enum db_access access,
					  struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status db_commit(struct db *db, struct wpkg_err *err);
void db_rollback(struct db *db); /* fine without a transaction */

/*
 * What a statement gives, row by row. Failures stick, as in a buffer, and close returns the first:
 *
 *	db_rows_open(&rows, db, "SELECT ...", DB_VALUES(db_integer(id)));
 *	while (db_rows_next(&rows))
 *		... db_rows_integer(&rows, 0) ...
 *	status = db_rows_close(&rows, err);
 */
struct db_rows {
	struct db *db;
	void *statement; /* the engine's; NULL when none is open */
	struct wpkg_err err;
};

void db_rows_open(struct db_rows *rows, struct db *db, const char *sql,
		  const struct db_value *values, size_t count);
bool db_rows_next(struct db_rows *rows);
int64_t db_rows_integer(const struct db_rows *rows, int column);
/* A text's or bytes' content, borrowed until the next row. NULL is the empty text. */
struct wpkg_str db_rows_bytes(struct db_rows *rows, int column);
/* False, and a failure that sticks, when the column is none. */
bool db_rows_digest(struct wpkg_digest *out, struct db_rows *rows, int column);
/* A failure of the reader's own, unless there is one already. */
void db_rows_fail(struct db_rows *rows, enum wpkg_status status, const char *text);
WPKG_MUST_CHECK enum wpkg_status db_rows_close(struct db_rows *rows, struct wpkg_err *err);

/* A statement whose rows nobody needs; *changed, which may be NULL, is how many it changed. */
WPKG_MUST_CHECK enum wpkg_status db_run(uint64_t *changed, struct db *db, const char *sql,
					const struct db_value *values, size_t count,
					struct wpkg_err *err);

/* The first column of the first row; *found says whether there is one. */
WPKG_MUST_CHECK enum wpkg_status db_find_integer(bool *found, int64_t *out, struct db *db,
						 const char *sql, const struct db_value *values,
						 size_t count, struct wpkg_err *err);

#endif
