/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db_sqlite.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"

#define BUSY_MS 30000	      /* how long a writer waits for another process */
#define LENGTH_MAX (16 << 20) /* bytes of a value or a row */
#define SLOTS 256	      /* of prepared statements; a power of two */
#define READER_CACHE "-1000"  /* KiB, negated as SQLite wants it */
#define WRITER_CACHE "-2000"

#define PARAMETERS 32 /* of a statement, at most: $1 to $32 */

/* A statement that was prepared for a text. Taken while rows are open. */
struct slot {
	const char *sql;
	sqlite3_stmt *statement;
	bool taken;
	/* SQLite's number of "$1" and so on, which need not appear in that order; 0: it does not.
	 */
	uint8_t numbers[PARAMETERS];
};

struct sqlite {
	struct db db;
	sqlite3 *handle;
	const volatile uint8_t *wal_index; /* NULL: not known */
	struct slot slots[SLOTS];
};

static struct sqlite *of(struct db *db)
{
	return (struct sqlite *)db;
}

static enum wpkg_status status_of(sqlite3 *handle, int code)
{
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return WPKG_ENOMEM;
	case SQLITE_FULL:
		return WPKG_EFULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return WPKG_EBUSY;
	case SQLITE_TOOBIG:
		return WPKG_ELIMIT;
	case SQLITE_CONSTRAINT:
		return WPKG_EEXISTS;
	case SQLITE_IOERR:
		/* A write into reserved space is FULL; what fails later, at a sync, is this. */
		if (code == SQLITE_IOERR_NOMEM)
			return WPKG_ENOMEM;
		if (sqlite3_system_errno(handle) == ENOSPC ||
		    sqlite3_system_errno(handle) == EDQUOT)
			return WPKG_EFULL;
		return WPKG_EIO;
	default:
		return WPKG_EIO;
	}
}

static enum wpkg_status fail(sqlite3 *handle, int code, struct wpkg_err *err)
{
	enum wpkg_status status = status_of(handle, code);
	return WPKG_FAIL(err, status, "database: %s",
			 handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
}

static void sqlite_close(struct db *db)
{
	struct sqlite *self = of(db);
	for (size_t i = 0; i < SLOTS; i++)
		sqlite3_finalize(self->slots[i].statement);
	sqlite3_close(self->handle);
	wpkg_mem_free(self);
}

static enum wpkg_status sqlite_script(struct db *db, const char *sql, struct wpkg_err *err)
{
	int code = sqlite3_exec(of(db)->handle, sql, NULL, NULL, NULL);
	return code == SQLITE_OK ? WPKG_OK : fail(of(db)->handle, code, err);
}

static bool sqlite_in_transaction(struct db *db)
{
	return sqlite3_get_autocommit(of(db)->handle) == 0;
}

/* The slot of a text: its own, or a free one; NULL when it is in use or the table is full. */
static struct slot *find_slot(struct sqlite *self, const char *sql)
{
	size_t start = ((uintptr_t)sql >> 3) * 31;
	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &self->slots[(start + i) & (SLOTS - 1)];
		if (slot->sql == sql)
			return slot->taken ? NULL : slot;
		if (!slot->sql)
			return slot;
	}
	return NULL;
}

static void number_parameters(struct slot *slot)
{
	for (int i = sqlite3_bind_parameter_count(slot->statement); i > 0; i--) {
		const char *name = sqlite3_bind_parameter_name(slot->statement, i);
		long number = name ? strtol(name + 1, NULL, 10) : 0;
		if (number >= 1 && number <= PARAMETERS)
			slot->numbers[number - 1] = (uint8_t)i;
	}
}

static enum wpkg_status prepare(struct slot **out, struct sqlite *self, const char *sql,
				struct wpkg_err *err)
{
	struct slot *slot = find_slot(self, sql);
	bool stays = slot != NULL;
	if (stays && slot->statement) {
		slot->taken = true;
		*out = slot;
		return WPKG_OK;
	}
	if (!stays)
		slot = wpkg_mem_calloc(1, sizeof(*slot));
	if (!slot)
		return WPKG_FAIL(err, WPKG_ENOMEM, "database: no memory");
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v3(self->handle, sql, -1, stays ? SQLITE_PREPARE_PERSISTENT : 0,
				      &statement, NULL);
	if (code != SQLITE_OK) {
		if (!stays)
			wpkg_mem_free(slot);
		return fail(self->handle, code, err);
	}
	*slot = (struct slot){.sql = sql, .statement = statement, .taken = true};
	number_parameters(slot);
	*out = slot;
	return WPKG_OK;
}

/* A slot of the table stays prepared; one beside it, of a text that was in use or of one too many,
 * goes. */
static void put_back(struct sqlite *self, struct slot *slot)
{
	/* No code but SQLITE_OK is success: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	sqlite3_reset(slot->statement);
	sqlite3_clear_bindings(slot->statement);
	slot->taken = false;
	if (slot >= self->slots && slot < self->slots + SLOTS)
		return;
	sqlite3_finalize(slot->statement);
	wpkg_mem_free(slot);
}

/* Each read has these around it, so they are prepared as well. */
static enum wpkg_status run_word(struct db *db, const char *sql, struct wpkg_err *err)
{
	struct sqlite *self = of(db);
	struct slot *slot = NULL;
	enum wpkg_status status = prepare(&slot, self, sql, err);
	if (status != WPKG_OK)
		return status;
	/* No code but SQLITE_OK is success: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	int code = sqlite3_step(slot->statement);
	if (code != SQLITE_DONE)
		status = fail(self->handle, code, err);
	put_back(self, slot);
	return status;
}

static enum wpkg_status sqlite_begin(struct db *db, enum db_access access, struct wpkg_err *err)
{
	static const char begin[] = "BEGIN";
	static const char begin_immediate[] = "BEGIN IMMEDIATE";
	return run_word(db, access == DB_WRITE ? begin_immediate : begin, err);
}

static enum wpkg_status sqlite_commit(struct db *db, struct wpkg_err *err)
{
	static const char commit[] = "COMMIT";
	return run_word(db, commit, err);
}

static void sqlite_rollback(struct db *db)
{
	static const char rollback[] = "ROLLBACK";
	/* Whatever it answers, the transaction is over: a failed rollback has happened already. */
	(void)run_word(db, rollback, NULL);
}

static int bind(const struct slot *slot, size_t number, const struct db_value *value)
{
	sqlite3_stmt *statement = slot->statement;
	int index = number <= PARAMETERS ? slot->numbers[number - 1] : 0;
	const char *bytes = value->bytes.ptr ? value->bytes.ptr : "";
	switch (value->kind) {
	case DB_NULL:
		return sqlite3_bind_null(statement, index);
	case DB_INTEGER:
		return sqlite3_bind_int64(statement, index, value->integer);
	case DB_TEXT:
		return sqlite3_bind_text64(statement, index, bytes, value->bytes.len, SQLITE_STATIC,
					   SQLITE_UTF8);
	case DB_BYTES:
		return sqlite3_bind_blob64(statement, index, bytes, value->bytes.len,
					   SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

static enum wpkg_status sqlite_open(struct db_rows *rows, const char *sql,
				    const struct db_value *values, size_t count,
				    struct wpkg_err *err)
{
	struct sqlite *self = of(rows->db);
	struct slot *slot = NULL;
	enum wpkg_status status = prepare(&slot, self, sql, err);
	if (status != WPKG_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		int code = bind(slot, i + 1, &values[i]);
		if (code != SQLITE_OK) {
			status = fail(self->handle, code, err);
			put_back(self, slot);
			return status;
		}
	}
	rows->statement = slot;
	return WPKG_OK;
}

static sqlite3_stmt *statement_of(const struct db_rows *rows)
{
	return ((const struct slot *)rows->statement)->statement;
}

static enum wpkg_status sqlite_next(struct db_rows *rows, bool *row, struct wpkg_err *err)
{
	int code = sqlite3_step(statement_of(rows));
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return fail(of(rows->db)->handle, code, err);
	*row = code == SQLITE_ROW;
	return WPKG_OK;
}

static int64_t sqlite_integer(const struct db_rows *rows, int column)
{
	return sqlite3_column_int64(statement_of(rows), column);
}

static struct wpkg_str sqlite_bytes(struct db_rows *rows, int column)
{
	const void *bytes = sqlite3_column_blob(statement_of(rows), column);
	int length = sqlite3_column_bytes(statement_of(rows), column);
	if (length > 0 && !bytes)
		db_rows_fail(rows, WPKG_ENOMEM, "database: no memory");
	return bytes ? wpkg_str_of(bytes, (size_t)length) : (struct wpkg_str){0};
}

static uint64_t sqlite_changed(const struct db_rows *rows)
{
	return (uint64_t)sqlite3_changes64(of(rows->db)->handle);
}

static void sqlite_end(struct db_rows *rows)
{
	put_back(of(rows->db), rows->statement);
}

static enum wpkg_status sqlite_check(struct db *db,
				     void (*found)(void *user, struct wpkg_str problem), void *user,
				     struct wpkg_err *err)
{
	struct db_rows rows;
	db_rows_open(&rows, db, "PRAGMA integrity_check", DB_NO_VALUES);
	while (db_rows_next(&rows)) {
		struct wpkg_str problem = db_rows_bytes(&rows, 0);
		if (!wpkg_str_equal_text(problem, "ok"))
			found(user, problem);
	}
	enum wpkg_status status = db_rows_close(&rows, err);
	if (status != WPKG_OK)
		return status;
	db_rows_open(&rows, db, "PRAGMA foreign_key_check", DB_NO_VALUES);
	while (db_rows_next(&rows)) {
		char text[128];
		struct wpkg_str table = db_rows_bytes(&rows, 0);
		sqlite3_snprintf(sizeof(text), text, "row %lld of %.*s refers to nothing",
				 (long long)db_rows_integer(&rows, 1), (int)table.len, table.ptr);
		found(user, wpkg_str_from(text));
	}
	return db_rows_close(&rows, err);
}

/* Triggers are those of our migrations; one may be set off by a row that goes with another. */
static int harden(sqlite3 *handle)
{
	static const struct {
		int option;
		int on;
	} settings[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},	     {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
		{SQLITE_DBCONFIG_ENABLE_TRIGGER, 1}, {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0}, {SQLITE_DBCONFIG_DQS_DML, 0},
		{SQLITE_DBCONFIG_DQS_DDL, 0},	     {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
	};
	static const struct {
		int limit;
		int value;
	} limits[] = {
		{SQLITE_LIMIT_LENGTH, LENGTH_MAX},
		{SQLITE_LIMIT_SQL_LENGTH, 65536},
		{SQLITE_LIMIT_ATTACHED, 0},
		{SQLITE_LIMIT_EXPR_DEPTH, 100},
		{SQLITE_LIMIT_TRIGGER_DEPTH, 3},
		{SQLITE_LIMIT_VARIABLE_NUMBER, PARAMETERS},
		{SQLITE_LIMIT_COMPOUND_SELECT, 10},
		{SQLITE_LIMIT_FUNCTION_ARG, 16},
		{SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1024},
		{SQLITE_LIMIT_WORKER_THREADS, 0},
	};
	int code = SQLITE_OK;
	for (size_t i = 0; code == SQLITE_OK && i < sizeof(settings) / sizeof(settings[0]); i++)
		code = sqlite3_db_config(handle, settings[i].option, settings[i].on, NULL);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(handle, limits[i].limit, limits[i].value);
	return code;
}

/*
 * The reader's transaction holds its moment, so the copy never begins anew however much is written
 * meanwhile. While it runs the write-ahead log cannot be reused from its start.
 */
static int copy_pages(sqlite3 *to, sqlite3 *from)
{
	const int pages = 2048; /* at a time */
	int code = SQLITE_OK;
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	if (!backup)
		return sqlite3_errcode(to);
	while (code == SQLITE_OK)
		code = sqlite3_backup_step(backup, pages);
	int finished = sqlite3_backup_finish(backup);
	return code == SQLITE_DONE ? finished : code;
}

static enum wpkg_status sqlite_copy(struct db *db, const char *path, const char *script,
				    struct wpkg_err *err)
{
	sqlite3 *to = NULL;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE |
		    SQLITE_OPEN_CREATE;
	int code = sqlite3_open_v2(path, &to, flags, NULL);
	if (code == SQLITE_OK)
		code = harden(to);
	if (code == SQLITE_OK)
		code = copy_pages(to, of(db)->handle);
	/* One file, without a log beside it. */
	if (code == SQLITE_OK)
		code = sqlite3_exec(to, "PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE",
				    NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(to, script, NULL, NULL, NULL);
	enum wpkg_status status = code == SQLITE_OK ? WPKG_OK : fail(to, code, err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "%s", path);
	sqlite3_close(to);
	return status;
}

/* Groups of three characters are indexed, so a term needs three. Within quotes nothing but the
 * quote itself means anything. */
static void search_expression(struct wpkg_buf *buf, const struct wpkg_str *terms, size_t count,
			      bool only_names)
{
	for (size_t i = 0; i < count; i++) {
		struct wpkg_str rest = terms[i];
		uint32_t character;
		size_t characters = 0;
		while (characters < 3 && wpkg_utf8_next(&rest, &character))
			characters++;
		if (characters < 3)
			continue;
		wpkg_buf_append_text(buf, buf->len > 0 ? " AND " : "");
		wpkg_buf_append_text(buf, only_names ? "name : \"" : "\"");
		for (size_t at = 0; at < terms[i].len; at++) {
			if (terms[i].ptr[at] == '"')
				wpkg_buf_append_byte(buf, '"');
			wpkg_buf_append_byte(buf, (uint8_t)terms[i].ptr[at]);
		}
		wpkg_buf_append_byte(buf, '"');
	}
}

/*
 * The WAL index ("WAL-mode File Format", 2.1) is memory that all connections of all processes
 * share. It begins with a header of 48 bytes that counts transactions, has the number of frames and
 * a checksum of all of them, and is written last in a commit: a reader looks here, too, for whether
 * what it knows is still so. SQLite keeps the first part of it where it is until the last
 * connection of the process is closed.
 */
static void find_wal_index(struct sqlite *self)
{
	const int part = 32768;
	sqlite3_file *file = NULL;
	void volatile *address = NULL;
	/* A transaction, so that there is one. */
	sqlite3_exec(self->handle, "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL, NULL);
	if (sqlite3_file_control(self->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) ==
		    SQLITE_OK &&
	    file && file->pMethods && file->pMethods->iVersion >= 2 &&
	    file->pMethods->xShmMap(file, 0, part, 0, &address) == SQLITE_OK)
		self->wal_index = address;
}

static bool sqlite_moment(struct wpkg_moment *out, const struct db *db)
{
	const struct sqlite *self = (const struct sqlite *)db;
	if (!self->wal_index)
		return false;
	for (size_t i = 0; i < sizeof(out->bytes); i++)
		out->bytes[i] = self->wal_index[i];
	atomic_thread_fence(memory_order_acquire);
	return true;
}

static void append_quoted(struct wpkg_buf *buf, struct wpkg_str text)
{
	wpkg_buf_append_byte(buf, '"');
	for (size_t at = 0; at < text.len; at++) {
		if (text.ptr[at] == '"')
			wpkg_buf_append_byte(buf, '"');
		wpkg_buf_append_byte(buf, (uint8_t)text.ptr[at]);
	}
	wpkg_buf_append_byte(buf, '"');
}

static void append_words(struct wpkg_buf *buf, const char *column, const struct db_search *search)
{
	for (size_t i = 0; i < search->word_count; i++) {
		wpkg_buf_append_text(buf, i > 0 ? " AND " : "");
		wpkg_buf_append_text(buf, column);
		append_quoted(buf, search->words[i]);
		/* Words that begin with one letter are too many to look at. */
		wpkg_buf_append_text(buf, search->begins && search->words[i].len > 1 ? " *" : "");
	}
}

static void text_expression(struct wpkg_buf *buf, const struct db_search *search)
{
	static const char name[] = "name : ";
	wpkg_buf_append_text(buf, search->not_names ? "(" : "");
	append_words(buf, search->only_names ? name : "", search);
	if (search->not_names) {
		wpkg_buf_append_text(buf, ") NOT (");
		append_words(buf, name, search);
		wpkg_buf_append_text(buf, ")");
	}
}

static const struct db_ops ops = {
	.text_add = "INSERT INTO package_search (rowid, name, description, keywords, authors, "
		    "readme) VALUES ($1, $2, $3, $4, $5, $6)",
	.text_remove = "INSERT INTO package_search (package_search, rowid, name, description, "
		       "keywords, authors, readme) "
		       "VALUES ('delete', $1, $2, $3, $4, $5, $6)",
	.text_find = "SELECT rowid FROM package_search WHERE package_search MATCH $1 "
		     "ORDER BY rowid DESC",
	.text_expression = text_expression,
	.search_add = "INSERT INTO summary_search (rowid, name, description) VALUES ($1, $2, $3)",
	.search_remove = "INSERT INTO summary_search (summary_search, rowid, name, description) "
			 "VALUES ('delete', $1, $2, $3)",
	.search_count = "SELECT count(*) FROM (SELECT rowid FROM summary_search "
			"WHERE summary_search MATCH $1 LIMIT $2)",
	.search_find = "SELECT n.id, n.name, s.id, s.description, s.published, s.yanked "
		       "FROM summary_search f JOIN summaries s ON s.id = f.rowid "
		       "JOIN names n ON n.id = s.name_id "
		       "WHERE summary_search MATCH $1 ORDER BY n.name, s.id",
	.search_expression = search_expression,
	.close = sqlite_close,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.in_transaction = sqlite_in_transaction,
	.script = sqlite_script,
	.open = sqlite_open,
	.next = sqlite_next,
	.integer = sqlite_integer,
	.bytes = sqlite_bytes,
	.changed = sqlite_changed,
	.end = sqlite_end,
	.moment = sqlite_moment,
	.copy = sqlite_copy,
	.check = sqlite_check,
};

static enum wpkg_status set_up(sqlite3 *handle, enum db_access access, struct wpkg_err *err)
{
	/* FULL: in write-ahead mode each commit is synced before it returns. */
	static const char writer[] = "PRAGMA page_size = 4096;"
				     "PRAGMA journal_mode = WAL;"
				     "PRAGMA synchronous = FULL;"
				     "PRAGMA cell_size_check = ON;"
				     /* What a savepoint keeps needs no file. */
				     "PRAGMA temp_store = MEMORY;"
				     "PRAGMA cache_size = " WRITER_CACHE;
	static const char reader[] = "PRAGMA query_only = ON;"
				     "PRAGMA cell_size_check = ON;"
				     "PRAGMA cache_size = " READER_CACHE;
	sqlite3_extended_result_codes(handle, 1);
	sqlite3_busy_timeout(handle, BUSY_MS);
	int code = harden(handle);
	if (code == SQLITE_OK)
		code = sqlite3_exec(handle, access == DB_WRITE ? writer : reader, NULL, NULL, NULL);
	return code == SQLITE_OK ? WPKG_OK : fail(handle, code, err);
}

/* Counting memory would cost each allocation a lock, and nobody asks for the count. */
static void configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum wpkg_status db_sqlite_open(struct db **out, const char *path, enum db_access access,
				struct wpkg_err *err)
{
	static pthread_once_t configured = PTHREAD_ONCE_INIT;
	pthread_once(&configured, configure);
	struct sqlite *self = wpkg_mem_calloc(1, sizeof(*self));
	if (!self)
		return WPKG_FAIL(err, WPKG_ENOMEM, "database: no memory");
	self->db.ops = &ops;
	/* A connection is one thread's at a time: no locks of SQLite's own. */
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	flags |= access == DB_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
				    : SQLITE_OPEN_READONLY;
	int code = sqlite3_open_v2(path, &self->handle, flags, NULL);
	enum wpkg_status status = code == SQLITE_OK ? set_up(self->handle, access, err)
						    : fail(self->handle, code, err);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "%s", path);
		sqlite_close(&self->db);
		return status;
	}
	if (access == DB_WRITE)
		find_wal_index(self);
	*out = &self->db;
	return WPKG_OK;
}
