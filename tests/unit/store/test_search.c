/* SPDX-License-Identifier: Apache-2.0 */
/* Search: where words stand, beginnings, typing errors, many matches, and memory that is out. */
#define REGISTRY_FOLDER "/dev/shm/wpkg-store-XXXXXX"
#include "registry.h"

#include "store/search.h"

static struct wpkg_arena scratch;

static int64_t add(const char *name, const char *version, const char *description)
{
	return publish(&(struct package){
		.name = name, .version = version, .description = description, .user = "jo"});
}

static struct wpkg_search_result run(const char *text, size_t offset, size_t limit)
{
	struct wpkg_err err;
	struct wpkg_search_result result;
	const struct wpkg_search search = {
		.text = wpkg_str_from(text), .offset = offset, .limit = limit};
	ck_ok(wpkg_search_run(&result, &arena, store, &search, &err), err);
	return result;
}

static void ck_found(const char *text, const char *expected)
{
	struct wpkg_search_result result = run(text, 0, 10);
	struct wpkg_str names = WPKG_STR("");
	for (size_t i = 0; i < result.packages.count; i++)
		names = wpkg_arena_format(&arena, "%.*s%.*s ", WPKG_STR_ARG(names),
					  WPKG_STR_ARG(result.packages.items[i].name));
	ck_assert_msg(wpkg_str_equal_text(names, expected), "%s: %.*s, not %s", text,
		      WPKG_STR_ARG(names), expected);
	ck_assert_uint_eq(result.total, result.packages.count);
}

START_TEST(what_is_in_names_comes_first)
{
	setup();
	add("z.example/json", "1.0.0", "reads");
	add("a.example/other", "1.0.0", "writes JSON");
	add("b.example/json-path", "1.0.0", NULL);
	add("json.example/tool", "1.0.0", NULL);
	ck_found("json", "z.example/json b.example/json-path json.example/tool a.example/other ");
	ck_found("Json writes", "a.example/other ");
	ck_found("jso", "b.example/json-path z.example/json a.example/other json.example/tool ");
	ck_found("none", "");
	teardown();
}
END_TEST

START_TEST(only_the_version_that_stands_for_a_package_is_found)
{
	struct wpkg_err err;
	const struct wpkg_act act = {0};
	setup();
	add("a.example/tool", "1.0.0", "parses");
	add("a.example/tool", "1.1.0", "prints");
	ck_found("parses", "");
	ck_found("prints", "a.example/tool ");
	ck_ok(wpkg_record_delete(store, WPKG_LIT("a.example/tool"), WPKG_LIT("1.1.0"), &act, &err),
	      err);
	ck_found("parses", "a.example/tool ");
	ck_found("prints", "");
	ck_ok(wpkg_record_delete(store, WPKG_LIT("a.example/tool"), WPKG_LIT("1.0.0"), &act, &err),
	      err);
	ck_found("parses", "");
	ck_found("tool", "");
	ck_fsck(0, 0);
	teardown();
}
END_TEST

START_TEST(near_words_of_names_stand_in_for_mistyped_ones)
{
	setup();
	add("a.example/greeter", "1.0.0", NULL);
	add("a.example/json", "1.0.0", NULL);
	ck_found("greetre", "a.example/greeter ");
	ck_assert(wpkg_str_equal_text(run("jsno", 0, 10).corrected, "json"));
	ck_assert_uint_eq(run("json", 0, 10).corrected.len, 0);
	ck_assert_uint_eq(run("quite", 0, 10).packages.count, 0);
	ck_assert_uint_eq(run("quite", 0, 10).corrected.len, 0);
	teardown();
}
END_TEST

/* More than are ranked: no page repeats or leaves out what another has. */
START_TEST(many_matches_come_page_by_page)
{
	size_t seen = 0;
	setup();
	for (unsigned i = 0; i < 1010; i++)
		add(wpkg_arena_format(&arena, "a.example/n%u", i).ptr, "1.0.0", "shared words");
	add("shared.example/first", "1.0.0", NULL);
	struct wpkg_search_result result = run("shared", 0, 300);
	ck_assert(wpkg_str_equal_text(result.packages.items[0].name, "shared.example/first"));
	ck_assert(result.total_is_least);
	ck_assert(wpkg_str_equal_text(result.packages.items[1].name, "a.example/n1009"));
	for (;;) {
		seen += result.packages.count;
		if (!result.more)
			break;
		struct wpkg_str last = result.packages.items[result.packages.count - 1].name;
		result = run("shared", seen, 300);
		struct wpkg_str next =
			wpkg_arena_format(&arena, "a.example/n%u", (unsigned)(1010 - seen));
		ck_assert(wpkg_str_equal(result.packages.items[0].name, next));
		ck_assert(!wpkg_str_equal(last, next));
	}
	ck_assert_uint_ge(seen, WPKG_SEARCH_REACH);
	teardown();
}
END_TEST

static void add_tagged(const char *name, const char *version, const char *keywords)
{
	const char *more = wpkg_arena_format(&arena,
					     "[annotations]\n"
					     "\"dev.wpkg.keywords\" = \"%s\"\n",
					     keywords)
				   .ptr;
	publish(&(struct package){.name = name,
				  .version = version,
				  .description = "all alike",
				  .more = more,
				  .user = "jo"});
}

/* Alone, beside each other and beside words; and no longer than the version that stands. */
START_TEST(traits_are_of_the_version_that_stands)
{
	setup();
	add_tagged("a.example/one", "1.0.0", "fast, small");
	add_tagged("a.example/two", "1.0.0", "fast");
	add_tagged("a.example/three", "1.0.0", "small");
	ck_found("keyword:fast", "a.example/one a.example/two ");
	ck_found("keyword:FAST keyword:small", "a.example/one ");
	ck_found("keyword:small alike", "a.example/one a.example/three ");
	ck_found("keyword:small two", "");
	ck_found("keyword:slow", "");
	add_tagged("a.example/one", "1.1.0", "slow, small");
	ck_found("keyword:fast", "a.example/two ");
	ck_found("keyword:slow", "a.example/one ");
	ck_found("keyword:small", "a.example/one a.example/three ");
	teardown();
}
END_TEST

/* With and without a word beside the trait, in the order of the latest. */
START_TEST(many_of_a_trait_come_page_by_page)
{
	static const char *const texts[] = {"keyword:even", "keyword:even alike"};
	setup();
	for (unsigned i = 0; i < 2010; i++)
		add_tagged(wpkg_arena_format(&arena, "a.example/n%u", i).ptr, "1.0.0",
			   i % 2 == 0 ? "even" : "odd");
	for (size_t t = 0; t < 2; t++) {
		size_t seen = 0;
		struct wpkg_search_result result;
		do {
			result = run(texts[t], seen, 300);
			ck_assert(result.total_is_least);
			for (size_t i = 0; i < result.packages.count; i++) {
				struct wpkg_str name = wpkg_arena_format(&arena, "a.example/n%zu",
									 2008 - 2 * (seen + i));
				ck_assert(wpkg_str_equal(result.packages.items[i].name, name));
			}
			seen += result.packages.count;
		} while (result.more);
		ck_assert_uint_ge(seen, WPKG_SEARCH_REACH);
	}
	teardown();
}
END_TEST

static enum wpkg_status search_once(struct wpkg_search_result *out)
{
	struct wpkg_err err;
	const struct wpkg_search search = {.text = WPKG_LIT("tol kind:module"), .limit = 10};
	wpkg_arena_clear(&scratch);
	return wpkg_search_run(out, &scratch, store, &search, &err);
}

START_TEST(each_allocation_that_fails_is_said)
{
	struct wpkg_search_result result;
	setup();
	wpkg_arena_init(&scratch, (size_t)16 << 20);
	add("a.example/tool", "1.0.0", NULL);
	unit_fail_each_allocation(search_once(&result));
	wpkg_arena_clear(&scratch);
	teardown();
}
END_TEST

START_TEST(what_asks_for_nothing_or_too_much_is_refused)
{
	struct wpkg_err err;
	struct wpkg_search_result result;
	struct wpkg_search search = {.text = WPKG_LIT(" ! / "), .limit = 10};
	setup();
	ck_status(wpkg_search_run(&result, &arena, store, &search, &err), WPKG_EINVAL);
	search.text = WPKG_LIT("a b c d e f g h i j k l m n o p q");
	ck_status(wpkg_search_run(&result, &arena, store, &search, &err), WPKG_ELIMIT);
	teardown();
}
END_TEST

UNIT_MAIN(what_is_in_names_comes_first, only_the_version_that_stands_for_a_package_is_found,
	  near_words_of_names_stand_in_for_mistyped_ones, many_matches_come_page_by_page,
	  traits_are_of_the_version_that_stands, many_of_a_trait_come_page_by_page,
	  each_allocation_that_fails_is_said, what_asks_for_nothing_or_too_much_is_refused)
