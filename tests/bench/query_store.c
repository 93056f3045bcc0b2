/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures what people wait for in a store that fill_store filled: query_store FOLDER NAMES.
 * Prints a line for each kind of question: how often, then median, 99th percentile and slowest in
 * milliseconds as a clock on the wall shows them, and the same 99th percentile in processor time,
 * which other programs on the machine do not lengthen.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"
#include "store/query.h"
#include "store/search.h"
#include "store/store.h"
#include "words.h"

static struct wpkg_store *store;
static uint64_t names;

typedef enum wpkg_status question(struct wpkg_arena *arena, uint64_t number, struct wpkg_err *err);

static enum wpkg_status ask(struct wpkg_arena *arena, const struct wpkg_query *query,
			    struct wpkg_err *err)
{
	struct wpkg_query_result result;
	return wpkg_query_run(&result, arena, store, query, err);
}

static enum wpkg_status page(struct wpkg_arena *arena, uint64_t number, struct wpkg_err *err)
{
	const struct wpkg_viewer nobody = {0};
	struct wpkg_record_list list;
	char name[BENCH_NAME];
	bench_name(name, mix(number) % names);
	return wpkg_record_versions(&list, arena, store, wpkg_str_from(name), &nobody, err);
}

static enum wpkg_status one_term(struct wpkg_arena *arena, uint64_t number, struct wpkg_err *err)
{
	const struct wpkg_query query = {.match = WPKG_QUERY_TERMS,
					 .text = wpkg_str_from(words[mix(number) % WORDS]),
					 .limit = 20};
	return ask(arena, &query, err);
}

static enum wpkg_status two_terms(struct wpkg_arena *arena, uint64_t number, struct wpkg_err *err)
{
	struct wpkg_str text =
		wpkg_arena_format(arena, "%s %s", word_of(mix(number)), word_of(mix(number + 7)));
	const struct wpkg_query query = {.match = WPKG_QUERY_TERMS, .text = text, .limit = 20};
	return ask(arena, &query, err);
}

/* What stands in every name: the worst that anybody can ask. */
static enum wpkg_status broad_term(struct wpkg_arena *arena, uint64_t number, struct wpkg_err *err)
{
	const struct wpkg_query query = {.match = WPKG_QUERY_TERMS,
					 .text = number % 2 == 0 ? WPKG_LIT("example")
								 : WPKG_LIT("er"),
					 .limit = 20};
	return ask(arena, &query, err);
}

static enum wpkg_status substring(struct wpkg_arena *arena, uint64_t number, struct wpkg_err *err)
{
	const struct wpkg_query query = {.text = wpkg_str_from(words[mix(number) % WORDS]),
					 .limit = 50};
	return ask(arena, &query, err);
}

static enum wpkg_status broad_substring(struct wpkg_arena *arena, uint64_t number,
					struct wpkg_err *err)
{
	const struct wpkg_query query = {.text = number % 2 == 0 ? WPKG_LIT("e") : WPKG_LIT("com/"),
					 .limit = 50};
	return ask(arena, &query, err);
}

static enum wpkg_status exact(struct wpkg_arena *arena, uint64_t number, struct wpkg_err *err)
{
	char name[BENCH_NAME];
	bench_name(name, mix(number) % names);
	const struct wpkg_query query = {.match = WPKG_QUERY_EXACT,
					 .text = wpkg_str_from(name),
					 .version = WPKG_LIT("^0.1"),
					 .limit = 50};
	return ask(arena, &query, err);
}

static enum wpkg_status listing(struct wpkg_arena *arena, uint64_t number, struct wpkg_err *err)
{
	const struct wpkg_query query = {.offset = mix(number) % (names * 5), .limit = 50};
	return ask(arena, &query, err);
}

static enum wpkg_status all_of_a_range(struct wpkg_arena *arena, uint64_t number,
				       struct wpkg_err *err)
{
	const struct wpkg_query query = {
		.version = number % 2 == 0 ? WPKG_LIT("^1") : WPKG_LIT("0.1.2"), .limit = 50};
	return ask(arena, &query, err);
}

/* What the JSON API and the web page ask. */

static enum wpkg_status look_for(struct wpkg_arena *arena, struct wpkg_str text, size_t offset,
				 struct wpkg_err *err)
{
	struct wpkg_search_result result;
	const struct wpkg_search search = {.text = text, .offset = offset, .limit = 20};
	return wpkg_search_run(&result, arena, store, &search, err);
}

static enum wpkg_status package_page(struct wpkg_arena *arena, uint64_t number,
				     struct wpkg_err *err)
{
	struct wpkg_package package;
	struct wpkg_record record;
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_package_version_list versions;
	struct wpkg_dependent_list dependents;
	const struct wpkg_viewer nobody = {0};
	char name[BENCH_NAME];
	bench_name(name, mix(number) % names);
	const struct wpkg_package_versions_page page = {.name = wpkg_str_from(name), .limit = 100};
	enum wpkg_status status = wpkg_package_find(&package, arena, store, page.name, err);
	if (status == WPKG_OK)
		status = wpkg_record_find(&record, arena, store, page.name, package.version,
					  &nobody, err);
	if (status == WPKG_OK)
		status = wpkg_invoice_read(&invoice, arena, record.invoice, WPKG_INVOICE_TOML, err);
	if (status == WPKG_OK)
		status = wpkg_package_versions(&versions, arena, store, &page, err);
	if (status == WPKG_OK)
		status = wpkg_package_dependents(&dependents, arena, store, page.name,
						 (struct wpkg_str){0}, 50, err);
	return status;
}

static enum wpkg_status latest_packages(struct wpkg_arena *arena, uint64_t number,
					struct wpkg_err *err)
{
	struct wpkg_package_list list;
	const struct wpkg_package_page page = {
		.order = number % 2 ? WPKG_PACKAGES_NEWEST : WPKG_PACKAGES_UPDATED, .limit = 50};
	return wpkg_package_list(&list, arena, store, &page, err);
}

static enum wpkg_status search_word(struct wpkg_arena *arena, uint64_t number, struct wpkg_err *err)
{
	return look_for(arena, wpkg_str_from(words[mix(number) % WORDS]), 0, err);
}

static enum wpkg_status search_words(struct wpkg_arena *arena, uint64_t number,
				     struct wpkg_err *err)
{
	return look_for(
		arena,
		wpkg_arena_format(arena, "%s %s", word_of(mix(number)), word_of(mix(number + 7))),
		0, err);
}

static enum wpkg_status search_beginning(struct wpkg_arena *arena, uint64_t number,
					 struct wpkg_err *err)
{
	struct wpkg_str word = wpkg_str_from(words[mix(number) % WORDS]);
	return look_for(arena, wpkg_str_slice(word, 0, 2 + number % 3), 0, err);
}

static enum wpkg_status search_mistyped(struct wpkg_arena *arena, uint64_t number,
					struct wpkg_err *err)
{
	struct wpkg_str word = wpkg_str_from(words[mix(number) % WORDS]);
	return look_for(arena,
			wpkg_arena_format(arena, "%.*sq%.*s",
					  WPKG_STR_ARG(wpkg_str_slice(word, 0, 2)),
					  WPKG_STR_ARG(wpkg_str_from_offset(word, 2))),
			0, err);
}

static enum wpkg_status search_export(struct wpkg_arena *arena, uint64_t number,
				      struct wpkg_err *err)
{
	return look_for(arena,
			wpkg_arena_format(arena, "exports:do_%llu",
					  (unsigned long long)(mix(number) % 2000)),
			0, err);
}

/* What every module has, alone and beside a word, and far down the list. */
static enum wpkg_status search_everywhere(struct wpkg_arena *arena, uint64_t number,
					  struct wpkg_err *err)
{
	static const char *const all[] = {"runs-on:wasi-p1", "example", "kind:module feature:simd",
					  "imports:wasi_snapshot_preview1 example"};
	return look_for(arena, wpkg_str_from(all[number % 4]), number % 8 < 4 ? 0 : 980, err);
}

static enum wpkg_status search_word_and_module(struct wpkg_arena *arena, uint64_t number,
					       struct wpkg_err *err)
{
	return look_for(
		arena,
		wpkg_arena_format(arena, "%s runs-on:wasi-p1 producer:rustc", word_of(mix(number))),
		0, err);
}

static uint64_t processor_time(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

/* The value that a share of the sorted ones do not exceed, in milliseconds. */
static double quantile(uint64_t *times, size_t count, double share)
{
	size_t at = (size_t)(share * (double)(count - 1));
	qsort(times, count, sizeof(*times), compare);
	return (double)times[at] / 1e6;
}

static bool measure(const char *what, question *body, size_t count)
{
	struct wpkg_err err;
	struct wpkg_arena arena;
	uint64_t *times = calloc(count, sizeof(*times));
	uint64_t *processor = calloc(count, sizeof(*processor));
	enum wpkg_status status = WPKG_OK;
	if (!times || !processor)
		status = WPKG_FAIL(&err, WPKG_ENOMEM, "no memory");
	wpkg_arena_init(&arena, (size_t)256 << 20);
	for (size_t i = 0; status == WPKG_OK && i < count; i++) {
		uint64_t start = wpkg_clock_monotonic();
		uint64_t used = processor_time();
		status = body(&arena, i, &err);
		processor[i] = processor_time() - used;
		times[i] = wpkg_clock_monotonic() - start;
		wpkg_arena_clear(&arena);
	}
	if (status != WPKG_OK)
		fprintf(stderr, "query_store: %s: %s\n", what, err.msg);
	else
		printf("%-36s %5zu %10.2f %10.2f %10.2f %14.2f\n", what, count,
		       quantile(times, count, 0.5), quantile(times, count, 0.99),
		       quantile(times, count, 1), quantile(processor, count, 0.99));
	free(times);
	free(processor);
	return status == WPKG_OK;
}

/* The most that this process ever had, in MiB: the store's share of a server's. */
static void report_memory(void)
{
	struct rusage usage;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		printf("%-36s %5s %10.1f\n", "memory, MiB", "", (double)usage.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
	struct wpkg_err err;
	if (argc != 3 || !wpkg_str_parse_u64(wpkg_str_from(argv[2]), &names) || names == 0) {
		fprintf(stderr, "usage: query_store FOLDER NAMES\n");
		return 2;
	}
	uint64_t start = wpkg_clock_monotonic();
	if (wpkg_store_open(&store, argv[1], NULL, &err) != WPKG_OK) {
		fprintf(stderr, "query_store: %s\n", err.msg);
		return 1;
	}
	printf("%-36s %5s %10s %10s %10s %14s\n", "milliseconds", "times", "median", "99 %",
	       "slowest", "99 % processor");
	printf("%-36s %5d %10.2f\n", "opening", 1, (double)(wpkg_clock_monotonic() - start) / 1e6);
	bool good = measure("a package's versions", page, 2000) &&
		    measure("search, one term", one_term, 500) &&
		    measure("search, two terms", two_terms, 500) &&
		    measure("search, a term that is everywhere", broad_term, 20) &&
		    measure("part of a name", substring, 500) &&
		    measure("part of every name", broad_substring, 20) &&
		    measure("one name with a version range", exact, 2000) &&
		    measure("a page of all names", listing, 200) &&
		    measure("all names with a version range", all_of_a_range, 10) &&
		    measure("a package's page", package_page, 2000) &&
		    measure("the latest packages", latest_packages, 200) &&
		    measure("words: one", search_word, 500) &&
		    measure("words: two", search_words, 500) &&
		    measure("words: beginnings", search_beginning, 200) &&
		    measure("words: mistyped", search_mistyped, 200) &&
		    measure("modules: an export", search_export, 500) &&
		    measure("modules: what is everywhere", search_everywhere, 200) &&
		    measure("modules: a word and two traits", search_word_and_module, 500);
	report_memory();
	wpkg_store_close(store);
	return good ? 0 : 1;
}
