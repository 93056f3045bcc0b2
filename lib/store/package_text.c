/* SPDX-License-Identifier: Apache-2.0 */
#include "store/package_text.h"

#include <unistd.h>

#include "base/utf8.h"
#include "data/json.h"
#include "pkg/annotation.h"
#include "store/blob.h"
#include "store/package_index.h"
#include "store/trait_index.h"

#define ARENA_MAX ((size_t)128 << 20)
#define TEXT_MAX ((size_t)16 << 10)   /* bytes of each text but the readme */
#define README_MAX ((size_t)32 << 10) /* its beginning; an index of whole books helps nobody */
#define COLUMNS 5

struct texts {
	struct wpkg_str columns[COLUMNS]; /* name, description, keywords, authors, readme */
	struct wpkg_str traits;		  /* as traits_write has them */
};

/* Words of names */

static bool is_word_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c & 0x80) != 0;
}

bool name_word_next(struct wpkg_str *out, char room[NAME_WORD_MAX], struct wpkg_str *rest)
{
	while (rest->len > 0) {
		size_t len = 0;
		while (len < rest->len && is_word_byte(rest->ptr[len]))
			len++;
		struct wpkg_str word = wpkg_str_slice(*rest, 0, len);
		*rest = wpkg_str_from_offset(*rest, len < rest->len ? len + 1 : len);
		if (len == 0 || len > NAME_WORD_MAX)
			continue;
		for (size_t i = 0; i < len; i++)
			room[i] = word.ptr[i] >= 'A' && word.ptr[i] <= 'Z'
					  ? (char)(word.ptr[i] - 'A' + 'a')
					  : word.ptr[i];
		*out = wpkg_str_of(room, len);
		return true;
	}
	return false;
}

static enum wpkg_status count_words(struct db *db, struct wpkg_str name, int step,
				    struct wpkg_err *err)
{
	char room[NAME_WORD_MAX];
	struct wpkg_str word;
	enum wpkg_status status = WPKG_OK;
	while (status == WPKG_OK && name_word_next(&word, room, &name)) {
		status = db_run(NULL, db,
				"INSERT INTO name_words VALUES ($1, $2) ON CONFLICT (word) "
				"DO UPDATE SET uses = name_words.uses + excluded.uses",
				DB_VALUES(db_text(word), db_integer(step)), err);
		if (status == WPKG_OK && step < 0)
			status = db_run(NULL, db,
					"DELETE FROM name_words WHERE word = $1 AND uses <= 0",
					DB_VALUES(db_text(word)), err);
	}
	return status;
}

/* What the version says */

/* No more than that many bytes, in whole characters. */
static struct wpkg_str cut(struct wpkg_str text, size_t most)
{
	text = wpkg_str_slice(text, 0, most);
	return wpkg_str_slice(text, 0, wpkg_utf8_invalid(text));
}

/* A readme that cannot be read says nothing: the package is found by all else. */
static struct wpkg_str read_readme(struct wpkg_store *store, struct wpkg_arena *arena,
				   const struct wpkg_invoice *invoice)
{
	struct wpkg_blob blob;
	struct wpkg_digest digest;
	struct wpkg_str text = {0};
	const struct wpkg_parcel *readme = wpkg_invoice_readme(invoice);
	if (!readme || !wpkg_digest_parse(&digest, readme->label.sha256) ||
	    wpkg_blob_open(&blob, store, &digest, NULL) != WPKG_OK)
		return text;
	size_t size = blob.size < README_MAX ? (size_t)blob.size : README_MAX;
	char *bytes = wpkg_arena_alloc(arena, size + 1, 1);
	if (bytes && blob.fd < 0) {
		memcpy(bytes, blob.bytes.ptr, size);
		text = wpkg_str_of(bytes, size);
	} else if (bytes) {
		ssize_t n = pread(blob.fd, bytes, size, 0);
		text = wpkg_str_of(bytes, n > 0 ? (size_t)n : 0);
	}
	wpkg_blob_close(&blob);
	return cut(text, README_MAX);
}

static struct wpkg_str join(struct wpkg_arena *arena, const struct wpkg_strings *strings)
{
	struct wpkg_str text = {0};
	for (size_t i = 0; i < strings->count && text.len < TEXT_MAX; i++)
		text = wpkg_arena_format(arena, "%.*s%s%.*s", WPKG_STR_ARG(text), i > 0 ? "\n" : "",
					 WPKG_STR_ARG(strings->items[i]));
	return text;
}

static enum wpkg_status find_traits(struct wpkg_str *out, struct wpkg_arena *arena, struct db *db,
				    int64_t record_id, const struct wpkg_invoice *invoice,
				    struct wpkg_err *err)
{
	struct wpkg_module_facts_list list;
	enum wpkg_status status = package_list_modules(&list, arena, db, record_id, err);
	if (status != WPKG_OK)
		return status;
	struct traits *traits = wpkg_arena_alloc(arena, 1, sizeof(*traits));
	if (!traits)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for traits");
	traits_add_invoice(traits, invoice);
	for (size_t i = 0; status == WPKG_OK && i < list.count; i++) {
		struct wpkg_value *facts = NULL;
		status = wpkg_json_read(&facts, arena, list.items[i].json, err);
		if (status == WPKG_OK)
			traits_add_facts(traits, facts);
		else if (status != WPKG_ENOMEM)
			status = WPKG_OK; /* what nobody can read says nothing */
	}
	if (status != WPKG_OK)
		return status;
	traits_sort(traits);
	*out = traits_write(traits, arena);
	return out->ptr ? WPKG_OK : WPKG_FAIL(err, WPKG_ENOMEM, "no memory for traits");
}

static enum wpkg_status make_texts(struct texts *out, struct wpkg_arena *arena,
				   struct wpkg_store *store, struct db *db, int64_t record_id,
				   const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct wpkg_str traits = {0};
	enum wpkg_status status = find_traits(&traits, arena, db, record_id, invoice, err);
	*out = (struct texts){
		{invoice->name, cut(invoice->description, TEXT_MAX),
		 cut(wpkg_map_find(&invoice->annotations, WPKG_ANNOTATION_KEYWORDS), TEXT_MAX),
		 cut(join(arena, &invoice->authors), TEXT_MAX), read_readme(store, arena, invoice)},
		traits};
	return status;
}

/* The index */

#define INDEXED (1 + COLUMNS) /* values that the index of words takes */
#define VALUES (INDEXED + 1)

static void set_values(struct db_value values[VALUES], int64_t name_id, const struct texts *texts)
{
	values[0] = db_integer(name_id);
	for (size_t i = 0; i < COLUMNS; i++)
		values[i + 1] = db_text(texts->columns[i]);
	values[INDEXED] = db_bytes(texts->traits);
}

static enum wpkg_status find_old(bool *found, struct texts *out, struct wpkg_arena *arena,
				 struct db *db, int64_t name_id, struct wpkg_err *err)
{
	struct db_rows rows;
	db_rows_open(&rows, db,
		     "SELECT name, description, keywords, authors, readme, traits "
		     "FROM package_texts WHERE name_id = $1",
		     DB_VALUES(db_integer(name_id)));
	*found = db_rows_next(&rows);
	for (int i = 0; *found && i < COLUMNS; i++)
		out->columns[i] = store_keep_text(arena, &rows, i);
	if (*found)
		out->traits = store_keep_text(arena, &rows, COLUMNS);
	return db_rows_close(&rows, err);
}

/* The index keeps none of its texts: to take one out, it must be given as it was put in. */
static enum wpkg_status take_out(struct db *db, int64_t name_id, const struct texts *old,
				 struct wpkg_err *err)
{
	struct db_value values[VALUES];
	set_values(values, name_id, old);
	enum wpkg_status status = db_run(NULL, db, db->ops->text_remove, values, INDEXED, err);
	if (status == WPKG_OK)
		status = db_run(NULL, db, "DELETE FROM package_texts WHERE name_id = $1",
				DB_VALUES(db_integer(name_id)), err);
	return status == WPKG_OK ? count_words(db, old->columns[0], -1, err) : status;
}

static enum wpkg_status put_in(struct db *db, int64_t name_id, const struct texts *texts,
			       struct wpkg_err *err)
{
	struct db_value values[VALUES];
	set_values(values, name_id, texts);
	enum wpkg_status status =
		db_run(NULL, db, "INSERT INTO package_texts VALUES ($1, $2, $3, $4, $5, $6, $7)",
		       values, VALUES, err);
	if (status == WPKG_OK)
		status = db_run(NULL, db, db->ops->text_add, values, INDEXED, err);
	return status == WPKG_OK ? count_words(db, texts->columns[0], 1, err) : status;
}

static enum wpkg_status change_traits(struct wpkg_arena *arena, struct db *db, int64_t name_id,
				      struct wpkg_str old, struct wpkg_str fresh,
				      struct wpkg_err *err)
{
	struct traits *both = wpkg_arena_alloc(arena, 2, sizeof(*both));
	if (!both)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for traits");
	traits_read(&both[0], old);
	traits_read(&both[1], fresh);
	return trait_index_change(db, name_id, &both[0], &both[1], err);
}

static bool is_equal(const struct texts *a, const struct texts *b)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (!wpkg_str_equal(a->columns[i], b->columns[i]))
			return false;
	return wpkg_str_equal(a->traits, b->traits);
}

/* Most versions of a package say the same: then nothing is written. */
enum wpkg_status package_text_renew(struct wpkg_store *store, struct db *db, int64_t name_id,
				    int64_t record_id, const struct wpkg_invoice *invoice,
				    struct wpkg_err *err)
{
	struct wpkg_arena arena;
	struct texts old = {0};
	struct texts fresh = {0};
	bool had = false;
	wpkg_arena_init(&arena, ARENA_MAX);
	enum wpkg_status status = find_old(&had, &old, &arena, db, name_id, err);
	if (status == WPKG_OK && invoice)
		status = make_texts(&fresh, &arena, store, db, record_id, invoice, err);
	bool is_same = had && invoice && is_equal(&old, &fresh);
	if (status == WPKG_OK && had && !is_same)
		status = take_out(db, name_id, &old, err);
	if (status == WPKG_OK && invoice && !is_same)
		status = put_in(db, name_id, &fresh, err);
	if (status == WPKG_OK && !is_same)
		status = change_traits(&arena, db, name_id, old.traits, fresh.traits, err);
	wpkg_arena_clear(&arena);
	return status;
}
