/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A search walks the names that match, in order, and adds up how many versions each has: the counts
 * stand beside the names. Only names within the wanted page are looked into. A version filter has
 * no counts: then each matching name's versions are walked.
 */
#include "store/query.h"

#include "base/buf.h"
#include "pkg/requirement.h"
#include "store/record_int.h"
#include "store/store_int.h"

#define TERMS_MAX 16
#define EXPRESSION_MAX 16384

struct terms {
	struct wpkg_str items[TERMS_MAX];
	size_t count;
};

/* One name that matches, with its summaries that do (none listed: all of them). */
struct match {
	int64_t name_id;
	int64_t published;
	int64_t yanked;
	int64_t *summaries; /* in the arena */
	size_t summary_count;
};

struct search {
	const struct wpkg_query *query;
	struct wpkg_arena *arena;
	struct db *db;
	bool filtered; /* by version */
	struct wpkg_requirement requirement;
	struct terms terms;
	uint64_t end; /* offset of what follows the page */
	uint64_t total;
	int64_t *ids; /* the page */
	size_t id_count;
	struct wpkg_query_result result;
};

/* Versions of a name that matches */

static bool is_wanted(const struct search *search, const struct match *match, struct db_rows *rows)
{
	struct wpkg_version version;
	int64_t summary = db_rows_integer(rows, 3);
	bool listed = match->summary_count == 0;
	if (db_rows_integer(rows, 2) == WPKG_RECORD_YANKED && !search->query->yanked)
		return false;
	for (size_t i = 0; !listed && i < match->summary_count; i++)
		listed = match->summaries[i] == summary;
	if (!listed || !search->filtered)
		return listed;
	return wpkg_version_parse(&version, db_rows_bytes(rows, 1), NULL) == WPKG_OK &&
	       wpkg_requirement_matches(&search->requirement, &version);
}

static bool add_id(struct search *search, int64_t id)
{
	search->ids =
		store_grow(search->arena, search->ids, search->id_count, sizeof(*search->ids));
	if (!search->ids)
		return false;
	search->ids[search->id_count++] = id;
	return true;
}

static enum wpkg_status walk_versions(struct search *search, const struct match *match,
				      struct wpkg_err *err)
{
	struct db_rows rows;
	db_rows_open(&rows, search->db,
		     "SELECT id, version, state, summary_id FROM records "
		     "WHERE name_id = $1 AND state IN (2, 4) ORDER BY precedence DESC",
		     DB_VALUES(db_integer(match->name_id)));
	while (db_rows_next(&rows)) {
		if (!is_wanted(search, match, &rows))
			continue;
		bool in_page =
			search->total >= search->query->offset && search->total < search->end;
		if (in_page && !add_id(search, db_rows_integer(&rows, 0)))
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a query's result");
		search->total++;
	}
	return db_rows_close(&rows, err);
}

static enum wpkg_status add_match(struct search *search, const struct match *match,
				  struct wpkg_err *err)
{
	uint64_t count = (uint64_t)(match->published + (search->query->yanked ? match->yanked : 0));
	if (count == 0)
		return WPKG_OK;
	bool outside =
		search->total + count <= search->query->offset || search->total >= search->end;
	if (search->filtered || !outside)
		return walk_versions(search, match, err);
	search->total += count;
	return WPKG_OK;
}

/* Names that match, in order */

static enum wpkg_status walk_names(struct search *search, struct db_rows *rows,
				   struct wpkg_err *err)
{
	bool scan = search->query->match == WPKG_QUERY_SUBSTRING;
	enum wpkg_status status = WPKG_OK;
	while (status == WPKG_OK && db_rows_next(rows)) {
		struct match match = {.name_id = db_rows_integer(rows, 0),
				      .published = db_rows_integer(rows, 2),
				      .yanked = db_rows_integer(rows, 3)};
		if (!scan || wpkg_str_contains(db_rows_bytes(rows, 1), search->query->text))
			status = add_match(search, &match, err);
	}
	enum wpkg_status read = db_rows_close(rows, status == WPKG_OK ? err : NULL);
	return status == WPKG_OK ? read : status;
}

#define NAMES_SELECT "SELECT id, name, published, yanked FROM names WHERE published + yanked > 0 "

static enum wpkg_status search_names(struct search *search, struct wpkg_err *err)
{
	/* Above every name that begins with the prefix: no name holds that character. */
	static const char last[] = "\xf4\x8f\xbf\xbf";
	const struct wpkg_query *query = search->query;
	struct db_rows rows;
	if (query->match == WPKG_QUERY_EXACT) {
		db_rows_open(&rows, search->db, NAMES_SELECT "AND name = $1",
			     DB_VALUES(db_text(query->text)));
	} else if (query->match == WPKG_QUERY_PREFIX && query->text.len > 0) {
		struct wpkg_str above =
			wpkg_arena_format(search->arena, "%.*s%s", WPKG_STR_ARG(query->text), last);
		if (!above.ptr)
			return WPKG_FAIL(err, WPKG_ENOMEM, "query: no memory");
		db_rows_open(&rows, search->db,
			     NAMES_SELECT "AND name >= $1 AND name < $2 ORDER BY name",
			     DB_VALUES(db_text(query->text), db_text(above)));
	} else {
		db_rows_open(&rows, search->db, NAMES_SELECT "ORDER BY name", DB_NO_VALUES);
	}
	return walk_names(search, &rows, err);
}

/* Terms: in names and descriptions, by the engine's index of texts */

static enum wpkg_status split_terms(struct terms *out, struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_str term;
	while (wpkg_str_split(&text, ' ', &term)) {
		if (term.len == 0)
			continue;
		if (out->count == TERMS_MAX)
			return WPKG_FAIL(err, WPKG_ELIMIT, "a query has more than %d terms",
					 TERMS_MAX);
		out->items[out->count++] = term;
	}
	return WPKG_OK;
}

/* The index knows no shorter texts than three characters: those are looked for in what it found. */
static bool has_terms(const struct search *search, struct wpkg_str name,
		      struct wpkg_str description)
{
	for (size_t i = 0; i < search->terms.count; i++)
		if (!wpkg_str_contains(name, search->terms.items[i]) &&
		    !wpkg_str_contains(description, search->terms.items[i]))
			return false;
	return true;
}

static bool add_summary(struct search *search, struct match *match, struct db_rows *rows)
{
	match->summaries = store_grow(search->arena, match->summaries, match->summary_count,
				      sizeof(*match->summaries));
	if (!match->summaries)
		return false;
	match->summaries[match->summary_count++] = db_rows_integer(rows, 2);
	match->published += db_rows_integer(rows, 4);
	match->yanked += db_rows_integer(rows, 5);
	return true;
}

static enum wpkg_status walk_summaries(struct search *search, struct db_rows *rows,
				       struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	struct match match = {0};
	while (status == WPKG_OK && db_rows_next(rows)) {
		if (!has_terms(search, db_rows_bytes(rows, 1), db_rows_bytes(rows, 3)))
			continue;
		if (db_rows_integer(rows, 0) != match.name_id) {
			status = add_match(search, &match, err);
			match = (struct match){.name_id = db_rows_integer(rows, 0)};
		}
		if (!add_summary(search, &match, rows))
			db_rows_fail(rows, WPKG_ENOMEM, "no memory for a query's result");
	}
	enum wpkg_status read = db_rows_close(rows, status == WPKG_OK ? err : NULL);
	if (status == WPKG_OK)
		status = read;
	return status == WPKG_OK ? add_match(search, &match, err) : status;
}

static enum wpkg_status search_terms(struct search *search, struct wpkg_err *err)
{
	struct db_rows rows;
	struct wpkg_buf expression;
	wpkg_buf_init(&expression, EXPRESSION_MAX);
	search->db->ops->search_expression(&expression, search->terms.items, search->terms.count);
	enum wpkg_status status = wpkg_buf_check(&expression, "query", err);
	if (status == WPKG_OK) {
		if (expression.len > 0)
			db_rows_open(&rows, search->db, search->db->ops->search_terms,
				     DB_VALUES(db_text(wpkg_buf_str(&expression))));
		else
			db_rows_open(&rows, search->db,
				     "SELECT n.id, n.name, s.id, s.description, s.published, "
				     "s.yanked FROM names n JOIN summaries s ON s.name_id = n.id "
				     "WHERE n.published + n.yanked > 0 ORDER BY n.name",
				     DB_NO_VALUES);
		status = walk_summaries(search, &rows, err);
	}
	wpkg_buf_clear(&expression);
	return status;
}

/* The page */

static enum wpkg_status read_page(struct search *search, struct wpkg_err *err)
{
	struct wpkg_record_list list = {0};
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < search->id_count; i++) {
		struct db_rows rows;
		db_rows_open(&rows, search->db,
			     "SELECT " RECORD_COLUMNS " FROM " RECORD_TABLES " WHERE r.id = $1",
			     DB_VALUES(db_integer(search->ids[i])));
		record_list_rows(&list, search->arena, &rows);
		status = db_rows_close(&rows, err);
	}
	search->result = (struct wpkg_query_result){
		.records = list.items, .count = list.count, .total = search->total};
	return status;
}

static enum wpkg_status run(struct wpkg_store *store, struct db *db, void *arguments,
			    struct wpkg_err *err)
{
	struct search *search = arguments;
	(void)store;
	search->db = db;
	enum wpkg_status status =
		search->terms.count > 0 ? search_terms(search, err) : search_names(search, err);
	return status == WPKG_OK ? read_page(search, err) : status;
}

enum wpkg_status wpkg_query_run(struct wpkg_query_result *out, struct wpkg_arena *arena,
				struct wpkg_store *store, const struct wpkg_query *query,
				struct wpkg_err *err)
{
	struct search search = {.query = query, .arena = arena};
	enum wpkg_status status = WPKG_OK;
	search.end = query->limit > 0 && query->limit < UINT64_MAX - query->offset
			     ? query->offset + query->limit
			     : UINT64_MAX;
	if (query->match == WPKG_QUERY_TERMS)
		status = split_terms(&search.terms, query->text, err);
	search.filtered = query->version.len > 0;
	if (search.filtered &&
	    wpkg_requirement_parse_filter(&search.requirement, query->version, NULL) != WPKG_OK) {
		*out = (struct wpkg_query_result){0};
		return WPKG_OK;
	}
	if (status == WPKG_OK)
		status = store_read(store, run, &search, err);
	if (status == WPKG_OK)
		*out = search.result;
	return status;
}
