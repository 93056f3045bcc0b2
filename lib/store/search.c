/* SPDX-License-Identifier: Apache-2.0 */
#include "store/search.h"

#include <stdlib.h>

#include "base/buf.h"
#include "store/package_index.h"
#include "store/package_text.h"
#include "store/trait_index.h"

#define EXPRESSION_MAX 32768
#define TEXT_MAX 4096
#define FEW WPKG_SEARCH_REACH /* matches that are ranked */

/* Names' ids, in the arena. */
struct ids {
	int64_t *items;
	size_t count;
};

struct searching {
	const struct wpkg_search *search;
	struct wpkg_arena *arena;
	struct db *db;
	struct wpkg_str terms[WPKG_SEARCH_TERMS_MAX]; /* as they were given */
	size_t term_count;
	struct wpkg_str words[WPKG_SEARCH_TERMS_MAX]; /* those that are no traits */
	size_t word_count;
	struct name_set having; /* the traits, if there are any */
	bool has_traits;
	bool begins; /* words need only begin so */
	struct ids page;
	struct wpkg_search_result result;
};

/* What is asked */

/* Has it anything that the index has words of? */
static bool has_word(struct wpkg_str term)
{
	char room[NAME_WORD_MAX];
	struct wpkg_str word;
	return name_word_next(&word, room, &term);
}

static bool is_term(struct wpkg_str text)
{
	return trait_is(text) || has_word(text);
}

bool wpkg_search_asks(struct wpkg_str text)
{
	struct wpkg_str term;
	while (wpkg_str_split(&text, ' ', &term))
		if (is_term(term))
			return true;
	return false;
}

static enum wpkg_status add_term(struct searching *searching, struct wpkg_str term,
				 struct wpkg_err *err)
{
	if (!is_term(term))
		return WPKG_OK;
	if (searching->term_count == WPKG_SEARCH_TERMS_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "a search has more than %d terms",
				 WPKG_SEARCH_TERMS_MAX);
	searching->terms[searching->term_count++] = term;
	return WPKG_OK;
}

static enum wpkg_status split(struct searching *searching, struct wpkg_err *err)
{
	struct wpkg_str rest = searching->search->text;
	struct wpkg_str term;
	enum wpkg_status status = WPKG_OK;
	if (rest.len > TEXT_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "a search is longer than %d bytes", TEXT_MAX);
	while (status == WPKG_OK && wpkg_str_split(&rest, ' ', &term))
		status = add_term(searching, term, err);
	if (status == WPKG_OK && searching->term_count == 0)
		return WPKG_FAIL(err, WPKG_EINVAL, "the search asks for nothing");
	return status;
}

static void choose_words(struct searching *searching)
{
	searching->word_count = 0;
	for (size_t i = 0; i < searching->term_count; i++)
		if (!trait_is(searching->terms[i]))
			searching->words[searching->word_count++] = searching->terms[i];
}

static enum wpkg_status find_having(struct searching *searching, struct wpkg_err *err)
{
	int64_t traits[WPKG_SEARCH_TERMS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < searching->term_count; i++)
		if (trait_is(searching->terms[i]))
			traits[count++] = trait_id(searching->terms[i]);
	searching->has_traits = count > 0;
	if (count == 0)
		return WPKG_OK;
	return trait_index_find(&searching->having, searching->arena, searching->db, traits, count,
				err);
}

/* In the arena. part: of which the words must stand in the name, or must not; neither is all. */
enum part { PART_ALL, PART_NAMES, PART_REST };

static enum wpkg_status expression_of(struct wpkg_str *out, struct searching *searching,
				      enum part part, struct wpkg_err *err)
{
	struct wpkg_buf text;
	const struct db_search search = {.words = searching->words,
					 .word_count = searching->word_count,
					 .only_names = part == PART_NAMES,
					 .not_names = part == PART_REST,
					 .begins = searching->begins};
	wpkg_buf_init(&text, EXPRESSION_MAX);
	searching->db->ops->text_expression(&text, &search);
	enum wpkg_status status = wpkg_buf_check(&text, "search", err);
	if (status == WPKG_OK) {
		*out = wpkg_arena_dup(searching->arena, wpkg_buf_str(&text));
		if (!out->ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "search: no memory");
	}
	wpkg_buf_clear(&text);
	return status;
}

static bool add_id(struct ids *ids, struct wpkg_arena *arena, int64_t id)
{
	ids->items = store_grow(arena, ids->items, ids->count, sizeof(*ids->items));
	if (!ids->items)
		return false;
	ids->items[ids->count++] = id;
	return true;
}

/* A walk through matches: some are passed over, then some are taken. */
struct walk {
	struct ids *ids;
	size_t offset, limit;
};

static bool is_over(const struct walk *walk)
{
	return walk->ids->count >= walk->limit;
}

/* False when memory is out. */
static bool meet(struct walk *walk, struct wpkg_arena *arena, int64_t id)
{
	if (walk->offset > 0) {
		walk->offset--;
		return true;
	}
	return add_id(walk->ids, arena, id);
}

static enum wpkg_status walk_having(struct walk *walk, struct searching *searching,
				    struct wpkg_err *err)
{
	const struct name_set *set = &searching->having;
	int64_t id = name_set_below(set, set->end);
	for (; id >= 0 && !is_over(walk); id = name_set_below(set, id))
		if (!meet(walk, searching->arena, id))
			return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a search's result");
	return WPKG_OK;
}

/* Each match is looked up in the set of those that have the traits, which costs nothing beside
 * coming to it. */
static enum wpkg_status walk_words(struct walk *walk, struct searching *searching,
				   struct wpkg_str expression, struct wpkg_err *err)
{
	struct db_rows rows;
	db_rows_open(&rows, searching->db, searching->db->ops->text_find,
		     DB_VALUES(db_text(expression)));
	while (!is_over(walk) && db_rows_next(&rows)) {
		int64_t id = db_rows_integer(&rows, 0);
		if (searching->has_traits && !name_set_has(&searching->having, id))
			continue;
		if (!meet(walk, searching->arena, id))
			db_rows_fail(&rows, WPKG_ENOMEM, "no memory for a search's result");
	}
	return db_rows_close(&rows, err);
}

/* Adds what is found, the latest first, after the first offset, until there are limit. */
static enum wpkg_status find_ids(struct ids *ids, struct searching *searching,
				 struct wpkg_str expression, size_t limit, size_t offset,
				 struct wpkg_err *err)
{
	struct walk walk = {.ids = ids, .limit = limit, .offset = offset};
	return searching->word_count > 0 ? walk_words(&walk, searching, expression, err)
					 : walk_having(&walk, searching, err);
}

/* Few matches: ranked */

struct match {
	int64_t name_id;
	struct wpkg_str name;
	unsigned score;
};

static bool is_word_of(struct wpkg_str text, struct wpkg_str wanted)
{
	char room[NAME_WORD_MAX];
	struct wpkg_str word;
	while (name_word_next(&word, room, &text))
		if (wpkg_str_equal_nocase(word, wanted))
			return true;
	return false;
}

/* The last part of a name is what people call it. */
static unsigned score_of(struct wpkg_str term, struct wpkg_str name, struct wpkg_str description,
			 struct wpkg_str keywords)
{
	size_t slash = wpkg_str_find_last(name, '/');
	struct wpkg_str last = wpkg_str_from_offset(name, slash < name.len ? slash + 1 : 0);
	if (wpkg_str_equal_nocase(name, term) || wpkg_str_equal_nocase(last, term))
		return 32;
	if (is_word_of(last, term))
		return 16;
	if (wpkg_str_contains(last, term) || is_word_of(name, term))
		return 8;
	if (is_word_of(keywords, term))
		return 4;
	return is_word_of(description, term) ? 2 : 1;
}

static int compare(const void *a, const void *b)
{
	const struct match *left = a;
	const struct match *right = b;
	if (left->score != right->score)
		return left->score > right->score ? -1 : 1;
	return wpkg_str_compare(left->name, right->name);
}

static enum wpkg_status read_match(struct match *out, struct searching *searching, int64_t name_id,
				   struct wpkg_err *err)
{
	struct db_rows rows;
	*out = (struct match){.name_id = name_id};
	db_rows_open(&rows, searching->db,
		     "SELECT name, description, keywords FROM package_texts WHERE name_id = $1",
		     DB_VALUES(db_integer(name_id)));
	if (db_rows_next(&rows)) {
		out->name = store_keep_text(searching->arena, &rows, 0);
		for (size_t i = 0; i < searching->word_count; i++)
			out->score += score_of(searching->words[i], out->name,
					       db_rows_bytes(&rows, 1), db_rows_bytes(&rows, 2));
	}
	return db_rows_close(&rows, err);
}

/* Adds those from offset on, by rank, until the page is full. */
static enum wpkg_status add_ranked(struct searching *searching, const struct ids *found,
				   size_t offset, struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	struct match *matches =
		wpkg_arena_alloc(searching->arena, found->count + 1, sizeof(*matches));
	if (!matches)
		return WPKG_FAIL(err, WPKG_ENOMEM, "search: no memory");
	for (size_t i = 0; status == WPKG_OK && i < found->count; i++)
		status = read_match(&matches[i], searching, found->items[i], err);
	if (status != WPKG_OK)
		return status;
	if (found->count > 0)
		qsort(matches, found->count, sizeof(*matches), compare);
	for (size_t i = offset;
	     i < found->count && searching->page.count < searching->search->limit; i++)
		if (!add_id(&searching->page, searching->arena, matches[i].name_id))
			return WPKG_FAIL(err, WPKG_ENOMEM, "search: no memory");
	return WPKG_OK;
}

/* Many: the latest first */

static enum wpkg_status add_latest(struct searching *searching, struct wpkg_str expression,
				   size_t offset, struct wpkg_err *err)
{
	return find_ids(&searching->page, searching, expression, searching->search->limit, offset,
			err);
}

/* Those with the words in their names, then the others. */
static enum wpkg_status add_many(struct searching *searching, struct wpkg_str expression,
				 struct wpkg_err *err)
{
	const size_t offset = searching->search->offset;
	struct wpkg_str names = {0};
	struct wpkg_str rest = {0};
	struct ids named = {0};
	if (searching->word_count == 0)
		return add_latest(searching, expression, offset, err);
	enum wpkg_status status = expression_of(&names, searching, PART_NAMES, err);
	if (status == WPKG_OK)
		status = expression_of(&rest, searching, PART_REST, err);
	if (status == WPKG_OK)
		status = find_ids(&named, searching, names, FEW + 1, 0, err);
	if (status == WPKG_OK && named.count > FEW)
		return add_latest(searching, names, offset, err);
	if (status == WPKG_OK && offset < named.count)
		status = add_ranked(searching, &named, offset, err);
	if (status == WPKG_OK && searching->page.count < searching->search->limit)
		status = add_latest(searching, rest,
				    offset > named.count ? offset - named.count : 0, err);
	return status;
}

/* *count: how many, few at most and one more. */
static enum wpkg_status look(size_t *count, struct searching *searching, struct wpkg_err *err)
{
	struct wpkg_str expression = {0};
	struct ids found = {0};
	choose_words(searching);
	enum wpkg_status status = expression_of(&expression, searching, PART_ALL, err);
	if (status == WPKG_OK)
		status = find_ids(&found, searching, expression, FEW + 1, 0, err);
	*count = found.count;
	if (status != WPKG_OK || found.count == 0)
		return status;
	return found.count > FEW ? add_many(searching, expression, err)
				 : add_ranked(searching, &found, searching->search->offset, err);
}

/* Typing errors */

/* Words of names that begin with the first or second character of the mistyped one: nobody mistypes
 * both, and it spares looking at all words. */
static enum wpkg_status find_near(struct wpkg_str *out, struct searching *searching,
				  struct wpkg_str word, struct wpkg_err *err)
{
	unsigned nearest = word.len < 4 ? 2 : word.len < 8 ? 3 : 4; /* below that */
	int64_t uses = 0;
	struct db_rows rows;
	db_rows_open(&rows, searching->db,
		     "SELECT word, uses FROM name_words WHERE word >= $1 AND word < $2 "
		     "UNION ALL "
		     "SELECT word, uses FROM name_words WHERE word >= $3 AND word < $4",
		     DB_VALUES(db_text(wpkg_str_of((const char[]){word.ptr[0]}, 1)),
			       db_text(wpkg_str_of((const char[]){(char)(word.ptr[0] + 1)}, 1)),
			       db_text(wpkg_str_of((const char[]){word.ptr[1]}, 1)),
			       db_text(wpkg_str_of((const char[]){(char)(word.ptr[1] + 1)}, 1))));
	while (db_rows_next(&rows)) {
		struct wpkg_str near = db_rows_bytes(&rows, 0);
		size_t longer = near.len > word.len ? near.len - word.len : word.len - near.len;
		if (longer > nearest)
			continue;
		unsigned distance = wpkg_str_distance(near, word);
		bool nearer = distance < nearest;
		if (distance == 0 || (!nearer && (distance > nearest || uses == 0 ||
						  db_rows_integer(&rows, 1) <= uses)))
			continue;
		nearest = distance;
		uses = db_rows_integer(&rows, 1);
		*out = store_keep_text(searching->arena, &rows, 0);
	}
	return db_rows_close(&rows, err);
}

static enum wpkg_status is_known(bool *out, struct searching *searching, struct wpkg_str word,
				 struct wpkg_err *err)
{
	int64_t uses = 0;
	return db_find_integer(out, &uses, searching->db,
			       "SELECT uses FROM name_words WHERE word = $1",
			       DB_VALUES(db_text(word)), err);
}

/* A term of one word that is in no name is replaced by the nearest that is. */
static enum wpkg_status correct_term(bool *changed, struct searching *searching,
				     struct wpkg_str *term, struct wpkg_err *err)
{
	char room[NAME_WORD_MAX];
	struct wpkg_str rest = *term;
	struct wpkg_str word = {0};
	struct wpkg_str near = {0};
	bool known = false;
	if (trait_is(*term) || !name_word_next(&word, room, &rest) || word.len != term->len ||
	    word.len < 3 || (word.ptr[0] & 0x80) || (word.ptr[1] & 0x80))
		return WPKG_OK;
	enum wpkg_status status = is_known(&known, searching, word, err);
	if (status == WPKG_OK && !known)
		status = find_near(&near, searching, word, err);
	if (status == WPKG_OK && near.len > 0) {
		*term = near;
		*changed = true;
	}
	return status;
}

static enum wpkg_status correct(bool *changed, struct searching *searching, struct wpkg_err *err)
{
	struct wpkg_str text = WPKG_STR("");
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < searching->term_count; i++) {
		status = correct_term(changed, searching, &searching->terms[i], err);
		text = wpkg_arena_format(searching->arena, "%.*s%s%.*s", WPKG_STR_ARG(text),
					 i > 0 ? " " : "", WPKG_STR_ARG(searching->terms[i]));
	}
	if (status == WPKG_OK && *changed)
		searching->result.corrected = text;
	return status;
}

/* The way through the three */

static enum wpkg_status finish(struct searching *searching, size_t found, struct wpkg_err *err)
{
	struct wpkg_search_result *result = &searching->result;
	const struct wpkg_search *search = searching->search;
	size_t end = search->offset + searching->page.count;
	result->total = found > FEW ? FEW : found;
	result->total_is_least = found > FEW;
	result->more = end < result->total && end < WPKG_SEARCH_REACH && searching->page.count > 0;
	if (found == 0)
		result->corrected = (struct wpkg_str){0};
	return package_list_ids(&result->packages, searching->arena, searching->db,
				searching->page.items, searching->page.count, err);
}

static enum wpkg_status run(struct wpkg_store *store, struct db *db, void *arguments,
			    struct wpkg_err *err)
{
	struct searching *searching = arguments;
	size_t found = 0;
	bool changed = false;
	(void)store;
	searching->db = db;
	enum wpkg_status status = find_having(searching, err);
	if (status == WPKG_OK && searching->has_traits &&
	    name_set_below(&searching->having, searching->having.end) < 0)
		return finish(searching, 0, err);
	if (status == WPKG_OK)
		status = look(&found, searching, err);
	if (status == WPKG_OK && found == 0 && searching->word_count > 0) {
		searching->begins = true;
		status = look(&found, searching, err);
	}
	if (status == WPKG_OK && found == 0)
		status = correct(&changed, searching, err);
	if (status == WPKG_OK && changed) {
		searching->begins = false;
		status = look(&found, searching, err);
	}
	return status == WPKG_OK ? finish(searching, found, err) : status;
}

enum wpkg_status wpkg_search_run(struct wpkg_search_result *out, struct wpkg_arena *arena,
				 struct wpkg_store *store, const struct wpkg_search *search,
				 struct wpkg_err *err)
{
	struct searching searching = {.search = search, .arena = arena};
	enum wpkg_status status = split(&searching, err);
	if (status == WPKG_OK)
		status = store_read(store, run, &searching, err);
	if (status == WPKG_OK)
		*out = searching.result;
	return status;
}
