/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "pkg/requirement.h"
#include "pkg/resolve.h"

/*
 * A universe as text, a version a line: "NAME VERSION: NAME REQUIREMENT; NAME REQUIREMENT". A "!"
 * before the name says that it is yanked.
 */
struct universe {
	struct wpkg_arena arena;
	struct row {
		struct wpkg_str name;
		struct wpkg_candidate candidate;
	} * rows;
	size_t count;
	size_t asked; /* names that were looked up */
};

static struct wpkg_dependencies parse_dependencies(struct wpkg_arena *arena, struct wpkg_str text)
{
	struct wpkg_dependency *items = wpkg_arena_alloc(arena, text.len + 1, sizeof(*items));
	size_t count = 0;
	struct wpkg_str part;
	while (wpkg_str_split(&text, ';', &part)) {
		part = wpkg_str_trim(part);
		size_t space = wpkg_str_find(part, ' ');
		if (part.len > 0)
			items[count++] =
				(struct wpkg_dependency){wpkg_str_slice(part, 0, space),
							 wpkg_str_from_offset(part, space + 1)};
	}
	return (struct wpkg_dependencies){items, count};
}

static void universe_add(struct universe *u, struct wpkg_str line)
{
	struct row *row = &u->rows[u->count];
	size_t colon = wpkg_str_find(line, ':');
	struct wpkg_str id = wpkg_str_slice(line, 0, colon);
	row->candidate.yanked = wpkg_str_starts(id, WPKG_LIT("!"));
	id = wpkg_str_from_offset(id, row->candidate.yanked);
	size_t space = wpkg_str_find(id, ' ');
	row->name = wpkg_str_slice(id, 0, space);
	row->candidate.version = wpkg_str_from_offset(id, space + 1);
	row->candidate.dependencies = parse_dependencies(
		&u->arena,
		colon < line.len ? wpkg_str_from_offset(line, colon + 1) : (struct wpkg_str){0});
	u->count++;
}

static void universe_init(struct universe *u, const char *text)
{
	struct wpkg_str line;
	*u = (struct universe){0};
	wpkg_arena_init(&u->arena, (size_t)256 << 20);
	struct wpkg_str rest = wpkg_arena_dup(&u->arena, wpkg_str_from(text));
	size_t lines = 1;
	for (size_t i = 0; i < rest.len; i++)
		lines += rest.ptr[i] == '\n';
	u->rows = wpkg_arena_alloc(&u->arena, lines, sizeof(*u->rows));
	while (wpkg_str_split(&rest, '\n', &line))
		if (wpkg_str_trim(line).len > 0)
			universe_add(u, wpkg_str_trim(line));
}

/* The rows of a name stand together. */
static enum wpkg_status universe_find(void *state, struct wpkg_candidates *out,
				      struct wpkg_str name, struct wpkg_err *err)
{
	struct universe *u = state;
	size_t count = 0;
	struct wpkg_candidate *items = wpkg_arena_alloc(&u->arena, u->count + 1, sizeof(*items));
	u->asked++;
	if (!items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	for (size_t i = 0; i < u->count; i++)
		if (wpkg_str_equal(u->rows[i].name, name))
			items[count++] = u->rows[i].candidate;
	*out = (struct wpkg_candidates){items, count};
	return WPKG_OK;
}

static enum wpkg_status resolve(struct wpkg_buf *out, struct universe *u, const char *root,
				const struct wpkg_resolve_options *options)
{
	struct wpkg_err err;
	struct wpkg_choices choices;
	struct wpkg_dependencies wanted = parse_dependencies(&u->arena, wpkg_str_from(root));
	const struct wpkg_resolve_source source = {u, universe_find};
	enum wpkg_status status = wpkg_resolve(&choices, &u->arena, WPKG_LIT("app"), &wanted,
					       &source, options, out, &err);
	for (size_t i = 0; status == WPKG_OK && i < choices.count; i++)
		wpkg_buf_append_format(out, "%s%.*s %.*s", i == 0 ? "" : ", ",
				       WPKG_STR_ARG(choices.items[i].name),
				       WPKG_STR_ARG(choices.items[i].version));
	return status;
}

/* Asserts what a root gets of a universe: choices, or sentences. */
static void expect(const char *text, const char *root, const char *answer)
{
	struct universe u;
	struct wpkg_buf out;
	universe_init(&u, text);
	wpkg_buf_init(&out, 1 << 20);
	enum wpkg_status status = resolve(&out, &u, root, NULL);
	ck_assert(status == WPKG_OK || status == WPKG_ENOTFOUND);
	ck_assert_str_eq(wpkg_buf_text(&out), answer);
	wpkg_buf_clear(&out);
	wpkg_arena_clear(&u.arena);
}

START_TEST(the_highest_versions_that_fit_are_chosen)
{
	expect("", "", "");
	expect("a 1.0.0\na 1.2.0\na 2.0.0", "a ^1", "a 1.2.0");
	expect("a 1.0.0: b ^1\nb 1.0.0: c *\nb 1.1.0: c =0.1.0\nc 0.1.0\nc 0.2.0", "a 1",
	       "a 1.0.0, b 1.1.0, c 0.1.0");
	/* A cycle is fine, and so is a package that needs itself as it is. */
	expect("a 1.0.0: b 1\nb 1.0.0: a 1", "a *", "a 1.0.0, b 1.0.0");
	expect("a 1.0.0: a ^1\na 1.1.0: a =1.0.0", "a *", "a 1.0.0");
}
END_TEST

START_TEST(a_lower_version_is_taken_where_a_higher_one_does_not_fit)
{
	expect("a 2.0.0: c ^2\na 1.0.0: c ^1\nb 1.0.0: c ^1\nc 1.5.0\nc 2.0.0", "a *; b *",
	       "a 1.0.0, b 1.0.0, c 1.5.0");
	/* What only the version that was given up needed is not in the answer. */
	expect("a 2.0.0: x 1; c ^2\na 1.0.0\nb 1.0.0: c ^1\nc 1.0.0\nc 2.0.0\nx 1.0.0", "a *; b *",
	       "a 1.0.0, b 1.0.0, c 1.0.0");
	/* The conflict is far from the decision that caused it. */
	expect("foo 1.1.0: left 1; right 1\nfoo 1.0.0\nleft 1.0.0: shared >=1\n"
	       "right 1.0.0: shared <2\nshared 2.0.0\nshared 1.0.0: target ^1\n"
	       "target 2.0.0\ntarget 1.0.0",
	       "foo 1; target ^2", "foo 1.0.0, target 2.0.0");
}
END_TEST

START_TEST(prereleases_and_yanked_versions_are_not_chosen_unasked)
{
	expect("a 1.0.0\na 1.1.0-rc.1", "a ^1", "a 1.0.0");
	expect("a 1.0.0\na 1.1.0-rc.1", "a ^1.1.0-rc.1", "a 1.1.0-rc.1");
	expect("a 1.0.0\n!a 1.1.0", "a ^1", "a 1.0.0");
	struct universe u;
	struct wpkg_buf out;
	struct wpkg_choice locked[] = {{WPKG_STR("a"), WPKG_STR("1.1.0")},
				       {WPKG_STR("b"), WPKG_STR("1.0.0")}};
	universe_init(&u, "a 1.0.0\n!a 1.1.0\nb 1.0.0\nb 1.0.1");
	wpkg_buf_init(&out, 1 << 16);
	const struct wpkg_resolve_options options = {.preferred = {locked, 2}};
	ck_status(resolve(&out, &u, "a ^1; b ^1", &options), WPKG_OK);
	ck_assert_str_eq(wpkg_buf_text(&out), "a 1.1.0, b 1.0.0");
	wpkg_buf_reset(&out);
	ck_status(resolve(&out, &u, "a ^1; b ^1.0.1", &options), WPKG_OK);
	ck_assert_str_eq(wpkg_buf_text(&out), "a 1.1.0, b 1.0.1");
	wpkg_buf_clear(&out);
	wpkg_arena_clear(&u.arena);
}
END_TEST

START_TEST(why_nothing_fits_is_said_in_sentences)
{
	expect("", "a ^1",
	       "Nothing fits: app needs a ^1, which has no version that may be used.\n");
	expect("a 1.0.0\na 1.5.0", "a ^2",
	       "Nothing fits: app needs a ^2, of which there is only 1.0.0 and 1.5.0.\n");
	expect("foo 1.0.0: bar ^2\nbar 2.0.0: baz ^3\nbaz 1.0.0\nbaz 3.0.0", "foo ^1; baz ^1",
	       "Because bar ^2 needs baz ^3 and foo ^1 needs bar ^2, foo ^1 needs baz ^3.\n"
	       "And because app needs foo ^1, app needs baz ^3.\n"
	       "And because app needs baz ^1, no versions fit together.\n");
	/* Two stories: the end of the first has a number. */
	expect("foo 1.0.0: a ^1; b ^1\nfoo 1.1.0: x ^1; y ^1\na 1.0.0: b ^2\nb 1.0.0\nb 2.0.0\n"
	       "x 1.0.0: y ^2\ny 1.0.0\ny 2.0.0",
	       "foo ^1",
	       "Because foo 1.0.0 needs a ^1 and a ^1 needs b ^2, foo 1.0.0 needs b ^2.\n"
	       "And because foo 1.0.0 needs b ^1, foo 1.0.0 cannot be used (1).\n"
	       "Because foo 1.1.0 needs x ^1 and x ^1 needs y ^2, foo 1.1.0 needs y ^2.\n"
	       "And because foo 1.1.0 needs y ^1, foo 1.1.0 cannot be used.\n"
	       "And because foo 1.0.0 cannot be used (1), every version of foo cannot be used.\n"
	       "And because app needs foo ^1, no versions fit together.\n");
}
END_TEST

/* Is there any choice of versions that keeps all requirements? Tries them all. */
struct brute {
	struct universe *u;
	size_t names;
	int chosen[8]; /* row, or -1 */
};

static bool keeps(const struct brute *b, const struct wpkg_dependencies *dependencies)
{
	for (size_t i = 0; i < dependencies->count; i++) {
		int row = b->chosen[dependencies->items[i].name.ptr[0] - 'a'];
		struct wpkg_requirement requirement;
		struct wpkg_version version;
		if (row < 0 ||
		    wpkg_requirement_parse(&requirement, dependencies->items[i].requirement,
					   NULL) != WPKG_OK ||
		    wpkg_version_parse(&version, b->u->rows[row].candidate.version, NULL) !=
			    WPKG_OK ||
		    !wpkg_requirement_matches(&requirement, &version))
			return false;
	}
	return true;
}

static bool can_choose(struct brute *b, size_t name, const struct wpkg_dependencies *root)
{
	if (name == b->names) {
		if (!keeps(b, root))
			return false;
		for (size_t i = 0; i < b->names; i++)
			if (b->chosen[i] >= 0 &&
			    !keeps(b, &b->u->rows[b->chosen[i]].candidate.dependencies))
				return false;
		return true;
	}
	b->chosen[name] = -1;
	if (can_choose(b, name + 1, root))
		return true;
	for (size_t i = 0; i < b->u->count; i++) {
		if (b->u->rows[i].name.ptr[0] != (char)('a' + name))
			continue;
		b->chosen[name] = (int)i;
		if (can_choose(b, name + 1, root))
			return true;
	}
	return false;
}

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245U + 12345U;
	return *seed >> 16;
}

static void append_dependencies(struct wpkg_buf *text, unsigned names, unsigned *seed)
{
	static const char *const requirements[] = {"*", "^1", "^2", "=1.0.0", ">=2", "<2"};
	for (unsigned n = next_random(seed) % 4; n > 0; n--)
		wpkg_buf_append_format(text, "%c %s; ", (int)('a' + next_random(seed) % names),
				       requirements[next_random(seed) % 6]);
}

/* Is what was chosen closed, and does it keep every requirement? */
static void check_answer(struct universe *u, struct wpkg_str answer,
			 const struct wpkg_dependencies *root)
{
	struct brute b = {.u = u, .names = 6, .chosen = {-1, -1, -1, -1, -1, -1, -1, -1}};
	struct wpkg_str part;
	while (wpkg_str_split(&answer, ',', &part)) {
		part = wpkg_str_trim(part);
		for (size_t i = 0; i < u->count; i++)
			if (part.len > 0 && u->rows[i].name.ptr[0] == part.ptr[0] &&
			    wpkg_str_equal(u->rows[i].candidate.version,
					   wpkg_str_from_offset(part, 2)))
				b.chosen[part.ptr[0] - 'a'] = (int)i;
	}
	ck_assert(keeps(&b, root));
	for (size_t i = 0; i < b.names; i++)
		ck_assert(b.chosen[i] < 0 ||
			  keeps(&b, &u->rows[b.chosen[i]].candidate.dependencies));
}

START_TEST(random_universes_have_the_answer_that_trying_everything_finds)
{
	unsigned seed = 7;
	unsigned unsolvable = 0;
	for (int round = 0; round < 3000; round++) {
		struct wpkg_buf text, root, out;
		struct universe u;
		wpkg_buf_init(&text, 1 << 16);
		wpkg_buf_init(&root, 1 << 16);
		wpkg_buf_init(&out, 1 << 20);
		for (unsigned name = 0; name < 6; name++)
			for (unsigned v = 1 + next_random(&seed) % 3; v > 0; v--) {
				wpkg_buf_append_format(&text, "%c %u.0.0: ", (int)('a' + name), v);
				append_dependencies(&text, 6, &seed);
				wpkg_buf_append_text(&text, "\n");
			}
		wpkg_buf_append_text(&root, "a *; ");
		append_dependencies(&root, 6, &seed);
		universe_init(&u, wpkg_buf_text(&text));
		struct wpkg_dependencies wanted = parse_dependencies(&u.arena, wpkg_buf_str(&root));
		struct brute brute = {.u = &u, .names = 6};
		bool possible = can_choose(&brute, 0, &wanted);
		unsolvable += !possible;
		enum wpkg_status status = resolve(&out, &u, wpkg_buf_text(&root), NULL);
		ck_assert_msg(status == (possible ? WPKG_OK : WPKG_ENOTFOUND), "%s\napp: %s\n%s",
			      wpkg_buf_text(&text), wpkg_buf_text(&root), wpkg_buf_text(&out));
		ck_assert(out.len > 0);
		if (possible)
			check_answer(&u, wpkg_buf_str(&out), &wanted);
		wpkg_arena_clear(&u.arena);
		wpkg_buf_clear(&text);
		wpkg_buf_clear(&root);
		wpkg_buf_clear(&out);
	}
	/* Both kinds must be there, or the test shows nothing. */
	ck_assert_uint_gt(unsolvable, 300);
	ck_assert_uint_lt(unsolvable, 2700);
}
END_TEST

/* Pigeons: each of n packages needs a hole of its own among n - 1, in every way it can be said. */
START_TEST(a_universe_made_to_defeat_the_search_ends_with_an_answer)
{
	enum { PIGEONS = 9 };
	struct wpkg_buf text, root, out;
	struct universe u;
	wpkg_buf_init(&text, 1 << 20);
	wpkg_buf_init(&root, 1 << 16);
	wpkg_buf_init(&out, 1 << 24);
	for (unsigned p = 0; p < PIGEONS; p++) {
		wpkg_buf_append_format(&root, "pigeon%u *; ", p);
		for (unsigned hole = 1; hole < PIGEONS; hole++)
			wpkg_buf_append_format(&text, "pigeon%u %u.0.0: hole%u =%u.0.0\n", p, hole,
					       hole, p + 1);
	}
	for (unsigned hole = 1; hole < PIGEONS; hole++)
		for (unsigned p = 1; p <= PIGEONS; p++)
			wpkg_buf_append_format(&text, "hole%u %u.0.0:\n", hole, p);
	universe_init(&u, wpkg_buf_text(&text));
	const struct wpkg_resolve_options few = {.conflicts = 50};
	ck_status(resolve(&out, &u, wpkg_buf_text(&root), &few), WPKG_ELIMIT);
	enum wpkg_status status = resolve(&out, &u, wpkg_buf_text(&root), NULL);
	ck_assert(status == WPKG_ENOTFOUND || status == WPKG_ELIMIT);
	wpkg_buf_clear(&text);
	wpkg_buf_clear(&root);
	wpkg_buf_clear(&out);
	wpkg_arena_clear(&u.arena);
}
END_TEST

/* Packages "0" to "9999", each at 1.0.0 to 3.0.0; what they need is made when they are asked for.
 */
#define LARGE 10000
#define LARGE_VERSIONS 3
#define LARGE_NEEDS 3

struct large {
	struct wpkg_arena arena;
	size_t count;
	bool conflicts; /* the highest versions need a lower one of what the others have higher */
};

static struct wpkg_dependencies large_needs(struct large *large, size_t package, size_t version)
{
	const size_t wanted[LARGE_NEEDS] = {2 * package + 1, 2 * package + 2,
					    (package * 7919 + version) % large->count};
	struct wpkg_dependency *needs =
		wpkg_arena_alloc(&large->arena, LARGE_NEEDS, sizeof(*needs));
	size_t count = 0;
	ck_assert_ptr_nonnull(needs);
	for (size_t i = 0; i < LARGE_NEEDS; i++)
		if (wanted[i] > package && wanted[i] < large->count)
			needs[count++] = (struct wpkg_dependency){
				wpkg_arena_format(&large->arena, "%zu", wanted[i]),
				WPKG_LIT(">=2")};
	if (large->conflicts && version == LARGE_VERSIONS && count > 1)
		needs[count - 1].requirement = WPKG_LIT("<2");
	return (struct wpkg_dependencies){needs, count};
}

static enum wpkg_status large_find(void *state, struct wpkg_candidates *out, struct wpkg_str name,
				   struct wpkg_err *err)
{
	static const char *const versions[LARGE_VERSIONS] = {"1.0.0", "2.0.0", "3.0.0"};
	struct large *large = state;
	struct wpkg_candidate *items =
		wpkg_arena_alloc(&large->arena, LARGE_VERSIONS, sizeof(*items));
	(void)err;
	ck_assert_ptr_nonnull(items);
	for (size_t i = 0; i < LARGE_VERSIONS; i++) {
		items[i].version = wpkg_str_from(versions[i]);
		items[i].dependencies = large_needs(large, strtoull(name.ptr, NULL, 10), i + 1);
	}
	*out = (struct wpkg_candidates){items, LARGE_VERSIONS};
	return WPKG_OK;
}

/* What was chosen, by package: 0 is nothing. */
static void check_large(struct large *large, const struct wpkg_choices *choices)
{
	size_t *chosen = wpkg_arena_alloc(&large->arena, large->count, sizeof(*chosen));
	ck_assert_ptr_nonnull(chosen);
	for (size_t i = 0; i < choices->count; i++)
		chosen[strtoull(choices->items[i].name.ptr, NULL, 10)] =
			(size_t)(choices->items[i].version.ptr[0] - '0');
	for (size_t package = 0; package < large->count; package++) {
		struct wpkg_dependencies needs = large_needs(large, package, chosen[package]);
		ck_assert_uint_gt(chosen[package], 0);
		for (size_t i = 0; i < needs.count; i++) {
			bool lower = needs.items[i].requirement.ptr[0] == '<';
			size_t got = chosen[strtoull(needs.items[i].name.ptr, NULL, 10)];
			ck_assert_msg(lower ? got == 1 : got >= 2, "%zu needs %s %s, has %zu",
				      package, needs.items[i].name.ptr,
				      needs.items[i].requirement.ptr, got);
		}
	}
}

START_TEST(ten_thousand_packages_are_resolved)
{
	for (int conflicts = 0; conflicts < 2; conflicts++) {
		struct wpkg_err err;
		struct wpkg_choices choices;
		struct large large = {.count = conflicts ? LARGE / 8 : LARGE,
				      .conflicts = conflicts};
		wpkg_arena_init(&large.arena, (size_t)256 << 20);
		const struct wpkg_dependency root = {WPKG_STR("0"), WPKG_STR("*")};
		const struct wpkg_dependencies wanted = {&root, 1};
		const struct wpkg_resolve_source source = {&large, large_find};
		ck_ok(wpkg_resolve(&choices, &large.arena, WPKG_LIT("app"), &wanted, &source, NULL,
				   NULL, &err),
		      err);
		ck_assert_uint_eq(choices.count, large.count);
		check_large(&large, &choices);
		wpkg_arena_clear(&large.arena);
	}
}
END_TEST

START_TEST(a_requirement_that_is_none_names_its_package)
{
	struct universe u;
	struct wpkg_err err;
	struct wpkg_choices choices;
	universe_init(&u, "a 1.0.0: b banana\nb 1.0.0");
	const struct wpkg_dependency wanted = {WPKG_STR("a"), WPKG_STR("*")};
	const struct wpkg_dependencies dependencies = {&wanted, 1};
	const struct wpkg_resolve_source source = {&u, universe_find};
	ck_status(wpkg_resolve(&choices, &u.arena, WPKG_LIT("app"), &dependencies, &source, NULL,
			       NULL, &err),
		  WPKG_EFORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, "b: 'banana'"));
	wpkg_arena_clear(&u.arena);
}
END_TEST

static enum wpkg_status resolve_once(void)
{
	struct universe u;
	struct wpkg_err err;
	struct wpkg_choices choices;
	static const struct wpkg_dependency wanted[2] = {{WPKG_STR("a"), WPKG_STR("*")},
							 {WPKG_STR("b"), WPKG_STR("*")}};
	static const struct wpkg_candidate a = {.version = WPKG_STR("1.0.0"),
						.dependencies = {&wanted[1], 1}};
	static const struct wpkg_candidate b[2] = {
		{.version = WPKG_STR("1.0.0")},
		{.version = WPKG_STR("2.0.0"), .dependencies = {wanted, 1}}};
	u = (struct universe){.rows = (struct row[3]){{WPKG_STR("a"), a},
						      {WPKG_STR("b"), b[0]},
						      {WPKG_STR("b"), b[1]}},
			      .count = 3};
	wpkg_arena_init(&u.arena, 1 << 20);
	const struct wpkg_dependencies dependencies = {wanted, 2};
	const struct wpkg_resolve_source source = {&u, universe_find};
	enum wpkg_status status = wpkg_resolve(&choices, &u.arena, WPKG_LIT("app"), &dependencies,
					       &source, NULL, NULL, &err);
	wpkg_arena_clear(&u.arena);
	return status;
}

START_TEST(every_failed_allocation_is_no_memory)
{
	unit_fail_each_allocation(resolve_once());
}
END_TEST

UNIT_MAIN(the_highest_versions_that_fit_are_chosen,
	  a_lower_version_is_taken_where_a_higher_one_does_not_fit,
	  prereleases_and_yanked_versions_are_not_chosen_unasked,
	  why_nothing_fits_is_said_in_sentences,
	  random_universes_have_the_answer_that_trying_everything_finds,
	  a_universe_made_to_defeat_the_search_ends_with_an_answer,
	  ten_thousand_packages_are_resolved, a_requirement_that_is_none_names_its_package,
	  every_failed_allocation_is_no_memory)
