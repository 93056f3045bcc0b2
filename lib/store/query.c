/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three ways to an answer, by how much matches:
 *
 *   few texts      the engine's index of texts finds some hundreds of summaries at most: they are
 *                  read, sorted by name, and each name's versions are looked at
 *   few versions   a version filter leaves some hundreds of versions at most: the same with those
 *   many           all names are walked in order until the page is full; what matches often is met
 *                  soon
 *
 * so that no question reads every version, and only one that matches next to nothing by two broad
 * words reads every name. How many versions a name has that may be seen stands beside it, so that
 * names before the page are only added up.
 */
#include "store/query.h"

#include "base/buf.h"
#include "pkg/requirement.h"
#include "store/precedence.h"
#include "store/record_int.h"
#include "store/store_int.h"

#define TERMS_MAX 16
#define EXPRESSION_MAX 16384
#define FEW 800
#define VERSIONS_COST 5 /* of looking at a name's versions, in names */

struct terms {
	struct wpkg_str items[TERMS_MAX];
	size_t count;
};

/* One name that matches, with its summaries that do. */
struct match {
	int64_t name_id;
	bool whole; /* every version, whatever it says of itself */
	int64_t published;
	int64_t yanked;
	int64_t *summaries; /* in the arena; not for a whole one */
	size_t summary_count;
};

struct search {
	const struct wpkg_query *query;
	struct wpkg_arena *arena;
	struct db *db;
	bool filtered; /* by version */
	struct wpkg_requirement requirement;
	struct terms terms; /* of a substring: that text alone */
	uint64_t end;	    /* offset of what follows the page */
	uint64_t total;
	uint64_t walked; /* names looked at in their order, by what each costs */
	int64_t *ids;	 /* the page */
	size_t id_count;
	struct wpkg_query_result result;
};

/* What a name or a summary must be like */

static bool has_terms(const struct terms *terms, struct wpkg_str name, struct wpkg_str description)
{
	for (size_t i = 0; i < terms->count; i++)
		if (!wpkg_str_contains(name, terms->items[i]) &&
		    !wpkg_str_contains(description, terms->items[i]))
			return false;
	return true;
}

static bool is_matching_name(const struct search *search, struct wpkg_str name)
{
	const struct wpkg_str text = search->query->text;
	switch (search->query->match) {
	case WPKG_QUERY_PREFIX:
		return wpkg_str_starts(name, text);
	case WPKG_QUERY_EXACT:
		return wpkg_str_equal(name, text);
	case WPKG_QUERY_SUBSTRING:
	case WPKG_QUERY_TERMS:
		break;
	}
	return has_terms(&search->terms, name, (struct wpkg_str){0});
}

static bool is_matching(const struct search *search, struct wpkg_str name,
			struct wpkg_str description)
{
	return search->query->match == WPKG_QUERY_TERMS
		       ? has_terms(&search->terms, name, description)
		       : is_matching_name(search, name);
}

static bool is_matching_version(const struct search *search, struct wpkg_str text)
{
	struct wpkg_version version;
	return !search->filtered || (wpkg_version_parse(&version, text, NULL) == WPKG_OK &&
				     wpkg_requirement_matches(&search->requirement, &version));
}

/* The page, and what is counted */

static bool count_version(struct search *search, int64_t id)
{
	uint64_t at = search->total++;
	if (at < search->query->offset || at >= search->end)
		return true;
	search->ids =
		store_grow(search->arena, search->ids, search->id_count, sizeof(*search->ids));
	if (!search->ids)
		return false;
	search->ids[search->id_count++] = id;
	return true;
}

/* Is the page full, with something after it, and enough looked at to leave the rest uncounted? */
static bool is_enough(const struct search *search)
{
	return search->total > search->end && search->walked > FEW;
}

static bool has_summary(const struct match *match, int64_t summary)
{
	for (size_t i = 0; i < match->summary_count; i++)
		if (match->summaries[i] == summary)
			return true;
	return match->whole;
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
		if (db_rows_integer(&rows, 2) == WPKG_RECORD_YANKED && !search->query->yanked)
			continue;
		if (!has_summary(match, db_rows_integer(&rows, 3)) ||
		    !is_matching_version(search, db_rows_bytes(&rows, 1)))
			continue;
		if (!count_version(search, db_rows_integer(&rows, 0)))
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a query's result");
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

/* Few texts: rows of summaries, by name */

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
		if (!is_matching(search, db_rows_bytes(rows, 1), db_rows_bytes(rows, 3)))
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

/* *done is false when there are too many, or the terms are too short or too long to look for. */
static enum wpkg_status search_few_texts(bool *done, struct search *search, struct wpkg_err *err)
{
	struct db_rows rows;
	struct wpkg_buf expression;
	bool found = false;
	int64_t count = 0;
	bool only_names = search->query->match == WPKG_QUERY_SUBSTRING;
	wpkg_buf_init(&expression, EXPRESSION_MAX);
	search->db->ops->search_expression(&expression, search->terms.items, search->terms.count,
					   only_names);
	bool too_long = expression.failed == WPKG_ELIMIT;
	enum wpkg_status status = too_long ? WPKG_OK : wpkg_buf_check(&expression, "query", err);
	if (status == WPKG_OK && !too_long && expression.len > 0) {
		struct db_value text = db_text(wpkg_buf_str(&expression));
		status = db_find_integer(&found, &count, search->db, search->db->ops->search_count,
					 DB_VALUES(text, db_integer(FEW + 1)), err);
		*done = status == WPKG_OK && count <= FEW;
		if (*done) {
			db_rows_open(&rows, search->db, search->db->ops->search_find,
				     DB_VALUES(text));
			status = walk_summaries(search, &rows, err);
		}
	}
	wpkg_buf_clear(&expression);
	return status;
}

/* Few versions: those in the range of the filter, by name and precedence */

static enum wpkg_status count_range(int64_t *out, struct search *search,
				    const struct precedence_range *range, struct wpkg_err *err)
{
	bool found = false;
	return db_find_integer(&found, out, search->db,
			       "SELECT count(*) FROM (SELECT 1 FROM records WHERE state IN (2, 4) "
			       "AND precedence >= $1 AND precedence < $2 LIMIT $3)",
			       DB_VALUES(db_bytes(wpkg_str_of(range->low, range->low_length)),
					 db_bytes(wpkg_str_of(range->high, range->high_length)),
					 db_integer(FEW + 1)),
			       err);
}

static enum wpkg_status search_few_versions(bool *done, struct search *search, struct wpkg_err *err)
{
	static const char names_only[] =
		"SELECT r.id, r.version, r.state, n.name, '' FROM records r "
		"JOIN names n ON n.id = r.name_id WHERE r.state IN (2, 4) "
		"AND r.precedence >= $1 AND r.precedence < $2 ORDER BY n.name, r.precedence DESC";
	static const char with_summaries[] =
		"SELECT r.id, r.version, r.state, n.name, s.description FROM records r "
		"JOIN names n ON n.id = r.name_id JOIN summaries s ON s.id = r.summary_id "
		"WHERE r.state IN (2, 4) AND r.precedence >= $1 AND r.precedence < $2 "
		"ORDER BY n.name, r.precedence DESC";
	const struct precedence_range range = precedence_range_of(&search->requirement);
	struct db_rows rows;
	int64_t count = 0;
	if (!search->filtered || range.high_length == 0)
		return WPKG_OK;
	enum wpkg_status status = count_range(&count, search, &range, err);
	*done = status == WPKG_OK && count <= FEW;
	if (!*done)
		return status;
	db_rows_open(&rows, search->db, search->terms.count > 0 ? with_summaries : names_only,
		     DB_VALUES(db_bytes(wpkg_str_of(range.low, range.low_length)),
			       db_bytes(wpkg_str_of(range.high, range.high_length))));
	while (db_rows_next(&rows)) {
		if (db_rows_integer(&rows, 2) == WPKG_RECORD_YANKED && !search->query->yanked)
			continue;
		if (!is_matching(search, db_rows_bytes(&rows, 3), db_rows_bytes(&rows, 4)) ||
		    !is_matching_version(search, db_rows_bytes(&rows, 1)))
			continue;
		if (!count_version(search, db_rows_integer(&rows, 0)))
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a query's result");
	}
	return db_rows_close(&rows, err);
}

/* Many: names in order */

static enum wpkg_status add_summaries(struct search *search, int64_t name_id, struct wpkg_str name,
				      struct wpkg_err *err)
{
	struct db_rows rows;
	struct match match = {.name_id = name_id};
	db_rows_open(&rows, search->db,
		     "SELECT name_id, '', id, description, published, yanked FROM summaries "
		     "WHERE name_id = $1 AND published + yanked > 0",
		     DB_VALUES(db_integer(name_id)));
	while (db_rows_next(&rows)) {
		if (has_terms(&search->terms, name, db_rows_bytes(&rows, 3)) &&
		    !add_summary(search, &match, &rows))
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a query's result");
	}
	enum wpkg_status status = db_rows_close(&rows, err);
	return status == WPKG_OK ? add_match(search, &match, err) : status;
}

static enum wpkg_status add_name(struct search *search, struct db_rows *rows, struct wpkg_err *err)
{
	struct wpkg_str name = db_rows_bytes(rows, 1);
	const struct match match = {.name_id = db_rows_integer(rows, 0),
				    .whole = true,
				    .published = db_rows_integer(rows, 2),
				    .yanked = db_rows_integer(rows, 3)};
	if (is_matching_name(search, name))
		return add_match(search, &match, err);
	if (search->query->match == WPKG_QUERY_TERMS)
		return add_summaries(search, match.name_id, name, err);
	return WPKG_OK;
}

#define NAMES_SELECT "SELECT id, name, published, yanked FROM names WHERE published + yanked > 0 "

static enum wpkg_status open_names(struct db_rows *rows, struct search *search,
				   struct wpkg_err *err)
{
	/* Above every name that begins with the prefix: no name holds that character. */
	static const char last[] = "\xf4\x8f\xbf\xbf";
	const struct wpkg_query *query = search->query;
	if (query->match == WPKG_QUERY_EXACT) {
		db_rows_open(rows, search->db, NAMES_SELECT "AND name = $1",
			     DB_VALUES(db_text(query->text)));
	} else if (query->match == WPKG_QUERY_PREFIX && query->text.len > 0) {
		struct wpkg_str above =
			wpkg_arena_format(search->arena, "%.*s%s", WPKG_STR_ARG(query->text), last);
		if (!above.ptr)
			return WPKG_FAIL(err, WPKG_ENOMEM, "query: no memory");
		db_rows_open(rows, search->db,
			     NAMES_SELECT "AND name >= $1 AND name < $2 ORDER BY name",
			     DB_VALUES(db_text(query->text), db_text(above)));
	} else {
		db_rows_open(rows, search->db, NAMES_SELECT "ORDER BY name", DB_NO_VALUES);
	}
	return WPKG_OK;
}

static enum wpkg_status search_names(struct search *search, struct wpkg_err *err)
{
	struct db_rows rows;
	enum wpkg_status status = open_names(&rows, search, err);
	if (status != WPKG_OK)
		return status;
	while (status == WPKG_OK && !is_enough(search) && db_rows_next(&rows)) {
		status = add_name(search, &rows, err);
		search->walked += search->filtered ? VERSIONS_COST : 1;
	}
	search->result.total_is_least = is_enough(search);
	enum wpkg_status read = db_rows_close(&rows, status == WPKG_OK ? err : NULL);
	return status == WPKG_OK ? read : status;
}

/* All there is needs no counting. */
static enum wpkg_status count_all(struct search *search, struct wpkg_err *err)
{
	bool found = false;
	int64_t total = 0;
	enum wpkg_status status = db_find_integer(
		&found, &total, search->db,
		"SELECT published + CASE WHEN $1 <> 0 THEN yanked ELSE 0 END FROM totals",
		DB_VALUES(db_integer(search->query->yanked)), err);
	if (status == WPKG_OK) {
		search->total = (uint64_t)total;
		search->result.total_is_least = false;
	}
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
	search->result.records = list.items;
	search->result.count = list.count;
	search->result.total = search->total;
	return status;
}

static enum wpkg_status run(struct wpkg_store *store, struct db *db, void *arguments,
			    struct wpkg_err *err)
{
	struct search *search = arguments;
	const struct wpkg_query *query = search->query;
	bool by_text = query->match == WPKG_QUERY_TERMS || query->match == WPKG_QUERY_SUBSTRING;
	enum wpkg_status status = WPKG_OK;
	bool done = false;
	(void)store;
	search->db = db;
	if (by_text && search->terms.count > 0)
		status = search_few_texts(&done, search, err);
	if (status == WPKG_OK && !done && query->match != WPKG_QUERY_EXACT)
		status = search_few_versions(&done, search, err);
	if (status == WPKG_OK && !done)
		status = search_names(search, err);
	if (status == WPKG_OK && by_text && search->terms.count == 0 && !search->filtered)
		status = count_all(search, err);
	return status == WPKG_OK ? read_page(search, err) : status;
}

static enum wpkg_status split_terms(struct terms *out, const struct wpkg_query *query,
				    struct wpkg_err *err)
{
	struct wpkg_str rest = query->text;
	struct wpkg_str term;
	if (query->match == WPKG_QUERY_SUBSTRING && rest.len > 0) {
		out->items[out->count++] = rest;
		return WPKG_OK;
	}
	while (query->match == WPKG_QUERY_TERMS && wpkg_str_split(&rest, ' ', &term)) {
		if (term.len == 0)
			continue;
		if (out->count == TERMS_MAX)
			return WPKG_FAIL(err, WPKG_ELIMIT, "a query has more than %d terms",
					 TERMS_MAX);
		out->items[out->count++] = term;
	}
	return WPKG_OK;
}

enum wpkg_status wpkg_query_run(struct wpkg_query_result *out, struct wpkg_arena *arena,
				struct wpkg_store *store, const struct wpkg_query *query,
				struct wpkg_err *err)
{
	struct search search = {.query = query, .arena = arena};
	enum wpkg_status status = split_terms(&search.terms, query, err);
	search.end = query->limit > 0 && query->limit < UINT64_MAX - query->offset
			     ? query->offset + query->limit
			     : UINT64_MAX;
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
