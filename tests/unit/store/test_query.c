/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of versions, none of which needs a disk. */
#define REGISTRY_FOLDER "/dev/shm/wpkg-store-XXXXXX"
#include "registry.h"

static struct wpkg_query_result run(struct wpkg_query query)
{
	struct wpkg_err err;
	struct wpkg_query_result result;
	ck_ok(wpkg_query_run(&result, &arena, store, &query, &err), err);
	return result;
}

/* "NAME/VERSION NAME/VERSION ..." */
static void ck_found(struct wpkg_query query, const char *expected)
{
	struct wpkg_query_result result = run(query);
	struct wpkg_str text = WPKG_STR("");
	for (size_t i = 0; i < result.count; i++)
		text = wpkg_arena_format(&arena, "%.*s%s%.*s/%.*s", WPKG_STR_ARG(text),
					 i > 0 ? " " : "", WPKG_STR_ARG(result.records[i].name),
					 WPKG_STR_ARG(result.records[i].version));
	ck_assert_msg(wpkg_str_equal_text(text, expected), "%.*s, not %s", WPKG_STR_ARG(text),
		      expected);
	if (query.limit == 0 && query.offset == 0)
		ck_assert_uint_eq(result.total, result.count);
}

static int64_t add(const char *name, const char *version, const char *description)
{
	return publish(&(struct package){
		.name = name, .version = version, .description = description, .user = "jo"});
}

static void yank(int64_t id, const char *name, const char *version, const char *description)
{
	struct wpkg_err err;
	struct wpkg_invoice *invoice;
	const struct wpkg_act act = {0};
	struct package package = {.name = name,
				  .version = version,
				  .description = description,
				  .user = "jo",
				  .more = "yanked = true"};
	ck_ok(wpkg_record_yank(store, id, canonical(&invoice, &package), &act, &err), err);
}

static void fill(void)
{
	setup();
	add("b/tool", "1.0.0", "parses things");
	add("b/tool", "1.10.0", "parses more things");
	add("b/tool", "1.2.0", "parses things");
	add("a/lib", "0.1.0", "a \\\"quoted\\\" word");
	add("a/lib", "0.2.0-rc.1", NULL);
	add("K\xc3\xa4se/brot", "1.0.0", "Br\xc3\xb6tchen");
	yank(add("a/lib", "0.0.9", NULL), "a/lib", "0.0.9", NULL);
}

START_TEST(matches_are_by_name_then_precedence)
{
	fill();
	ck_found((struct wpkg_query){0}, "K\xc3\xa4se/brot/1.0.0 a/lib/0.2.0-rc.1 a/lib/0.1.0 "
					 "b/tool/1.10.0 b/tool/1.2.0 b/tool/1.0.0");
	ck_found((struct wpkg_query){.yanked = true, .text = WPKG_STR("lib")},
		 "a/lib/0.2.0-rc.1 a/lib/0.1.0 a/lib/0.0.9");
	ck_found((struct wpkg_query){.text = WPKG_STR("/t")},
		 "b/tool/1.10.0 b/tool/1.2.0 b/tool/1.0.0");
	ck_found((struct wpkg_query){.text = WPKG_STR("T")}, "");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_PREFIX, .text = WPKG_STR("a/")},
		 "a/lib/0.2.0-rc.1 a/lib/0.1.0");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_PREFIX, .text = WPKG_STR("K\xc3\xa4")},
		 "K\xc3\xa4se/brot/1.0.0");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_PREFIX, .text = WPKG_STR("lib")}, "");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_EXACT, .text = WPKG_STR("a/lib")},
		 "a/lib/0.2.0-rc.1 a/lib/0.1.0");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_EXACT, .text = WPKG_STR("a/li")}, "");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_EXACT}, "");
	teardown();
}
END_TEST

START_TEST(terms_stand_in_names_and_descriptions)
{
	fill();
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("things")},
		 "b/tool/1.10.0 b/tool/1.2.0 b/tool/1.0.0");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("more  tool ")},
		 "b/tool/1.10.0");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("parses lib")},
		 "");
	/* Within a word, short ones too, and signs that mean something to the index. */
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("hin oo")},
		 "b/tool/1.10.0 b/tool/1.2.0 b/tool/1.0.0");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("/l")},
		 "a/lib/0.2.0-rc.1 a/lib/0.1.0");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("\"quoted\"")},
		 "a/lib/0.1.0");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("\xc3\xb6tc")},
		 "K\xc3\xa4se/brot/1.0.0");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("things) OR (")},
		 "");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("* NOT \"")}, "");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("thin*")}, "");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR(" ")},
		 "K\xc3\xa4se/brot/1.0.0 a/lib/0.2.0-rc.1 a/lib/0.1.0 b/tool/1.10.0 "
		 "b/tool/1.2.0 b/tool/1.0.0");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("\xff\xfe\xfd")},
		 "");
	struct wpkg_err err;
	struct wpkg_query_result result;
	const struct wpkg_query many = {
		.match = WPKG_QUERY_TERMS,
		.text = WPKG_STR("a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a")};
	ck_status(wpkg_query_run(&result, &arena, store, &many, &err), WPKG_ELIMIT);
	teardown();
}
END_TEST

START_TEST(version_filters_are_bindles)
{
	fill();
	ck_found((struct wpkg_query){.version = WPKG_STR("^1.2")}, "b/tool/1.10.0 b/tool/1.2.0");
	ck_found((struct wpkg_query){.version = WPKG_STR("1.0.0")},
		 "K\xc3\xa4se/brot/1.0.0 b/tool/1.0.0");
	ck_found((struct wpkg_query){.version = WPKG_STR(">=0.2.0-alpha, <1")}, "a/lib/0.2.0-rc.1");
	ck_found((struct wpkg_query){.version = WPKG_STR("not a version")}, "");
	ck_found((struct wpkg_query){.version = WPKG_STR("*"),
				     .match = WPKG_QUERY_TERMS,
				     .text = WPKG_STR("more")},
		 "b/tool/1.10.0");
	teardown();
}
END_TEST

START_TEST(pages_cut_the_same_list)
{
	fill();
	for (int filtered = 0; filtered < 2; filtered++) {
		struct wpkg_query query = {.version = wpkg_str_from(filtered ? ">=0.0.0-0" : "")};
		struct wpkg_query_result all = run(query);
		for (uint64_t offset = 0; offset <= all.count; offset++) {
			for (uint64_t limit = 1; limit <= all.count; limit++) {
				query.offset = offset;
				query.limit = limit;
				struct wpkg_query_result page = run(query);
				uint64_t left = all.count - offset;
				ck_assert_uint_eq(page.total, all.total);
				ck_assert_uint_eq(page.count, left < limit ? left : limit);
				for (size_t i = 0; i < page.count; i++)
					ck_assert_int_eq(page.records[i].id,
							 all.records[offset + i].id);
			}
		}
	}
	ck_assert_uint_eq(run((struct wpkg_query){.offset = UINT64_MAX, .limit = UINT64_MAX}).count,
			  0);
	teardown();
}
END_TEST

/* More than a few matches are walked in order, and counted only as far as it matters. */
START_TEST(what_matches_by_thousands_is_cut_short)
{
	const unsigned count = 4200;
	setup();
	for (unsigned i = 0; i < count; i++)
		publish(&(struct package){.name = wpkg_arena_format(&arena, "n/%05u", i).ptr,
					  .version = i == 4100 ? "2.0.0" : "1.0.0",
					  .description = i % 2 ? "common word" : "common thing"});
	const struct wpkg_query queries[] = {
		{.match = WPKG_QUERY_TERMS, .text = WPKG_STR("common"), .limit = 3},
		{.match = WPKG_QUERY_TERMS, .text = WPKG_STR("n/ on"), .limit = 3},
		{.text = WPKG_STR("n/0"), .limit = 3},
		{.match = WPKG_QUERY_PREFIX, .text = WPKG_STR("n"), .limit = 3},
		{.version = WPKG_STR(">=1"), .limit = 3},
		{.match = WPKG_QUERY_TERMS,
		 .text = WPKG_STR("common"),
		 .version = WPKG_STR(">=1"),
		 .limit = 3},
	};
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct wpkg_query query = queries[i];
		ck_found(query, "n/00000/1.0.0 n/00001/1.0.0 n/00002/1.0.0");
		struct wpkg_query_result result = run(query);
		ck_assert(result.total_is_least);
		ck_assert_uint_gt(result.total, 3);
		query.offset = count - 2;
		ck_found(query, "n/04198/1.0.0 n/04199/1.0.0");
		result = run(query);
		ck_assert(!result.total_is_least);
		ck_assert_uint_eq(result.total, count);
	}
	struct wpkg_query_result all = run((struct wpkg_query){.limit = 1});
	ck_assert(!all.total_is_least);
	ck_assert_uint_eq(all.total, count);
	/* Few again: by one of two words, or by the version. */
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("common 00013")},
		 "n/00013/1.0.0");
	ck_found((struct wpkg_query){.version = WPKG_STR("^2")}, "n/04100/2.0.0");
	ck_found((struct wpkg_query){.version = WPKG_STR("2.0.0"),
				     .match = WPKG_QUERY_TERMS,
				     .text = WPKG_STR("common")},
		 "n/04100/2.0.0");
	ck_found((struct wpkg_query){.version = WPKG_STR("^3")}, "");
	/* What fits in few is counted to the end. */
	ck_assert_uint_eq(run((struct wpkg_query){.match = WPKG_QUERY_TERMS,
						  .text = WPKG_STR("common n/030"),
						  .limit = 1})
				  .total,
			  100);
	teardown();
}
END_TEST

START_TEST(what_is_deleted_is_found_no_more)
{
	struct wpkg_err err;
	const struct wpkg_act act = {0};
	fill();
	ck_ok(wpkg_record_delete(store, WPKG_LIT("b/tool"), WPKG_LIT("1.10.0"), &act, &err), err);
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("things")},
		 "b/tool/1.2.0 b/tool/1.0.0");
	ck_found((struct wpkg_query){.match = WPKG_QUERY_TERMS, .text = WPKG_STR("more")}, "");
	ck_found((struct wpkg_query){.text = WPKG_STR("tool")}, "b/tool/1.2.0 b/tool/1.0.0");
	ck_fsck(0, 0);
	teardown();
}
END_TEST

UNIT_MAIN(matches_are_by_name_then_precedence, terms_stand_in_names_and_descriptions,
	  version_filters_are_bindles, pages_cut_the_same_list,
	  what_matches_by_thousands_is_cut_short, what_is_deleted_is_found_no_more)
