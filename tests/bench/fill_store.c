/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills a store as large registries are: fill_store FOLDER NAMES VERSIONS. Every version is pushed
 * and published through the store's own functions, with one small module each. Nothing of it needs
 * to survive a power cut, so syncs do nothing here.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "pkg/invoice.h"
#include "store/blob.h"
#include "store/record.h"
#include "store/store.h"
#include "words.h"

#define THREADS 16

int fsync(int fd);
int fdatasync(int fd);

int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

static struct wpkg_store *store;
static uint64_t names;
static uint64_t versions;
static _Atomic uint64_t next;
static atomic_bool failed;

/* What a package says of itself changes with each fifth version. */
static struct wpkg_str invoice_text(struct wpkg_arena *arena, uint64_t number, const char *sha256,
				    size_t size)
{
	char name[BENCH_NAME];
	char description[BENCH_DESCRIPTION];
	uint64_t which = number % names;
	uint64_t version = number / names;
	bench_name(name, which);
	bench_description(description, which + names * (version / 5));
	return wpkg_arena_format(
		arena,
		"bindleVersion = \"1.0.0\"\n\n[bindle]\nname = \"%s\"\nversion = "
		"\"%llu.%llu.%llu%s\""
		"\ndescription = \"%s\"\nauthors = [\"Jo Example "
		"<jo@example.com>\"]\n\n[[parcel]]\n\n"
		"[parcel.label]\nsha256 = \"%s\"\nmediaType = \"application/wasm\"\nname = "
		"\"main.wasm\"\nsize = %zu\n",
		name, (unsigned long long)(version / 6), (unsigned long long)(version % 6),
		(unsigned long long)(mix(number) % 3), version % 10 == 9 ? "-rc.1" : "",
		description, sha256, size);
}

/* Every module runs on one host, every third imports WASI, and exports are of two thousand names.
 */
static struct wpkg_str facts_text(struct wpkg_arena *arena, uint64_t number)
{
	return wpkg_arena_format(
		arena,
		"{\"kind\":\"module\",\"size\":100,\"imports\":[%s],\"exports\":[{\"name\":"
		"\"memory\",\"kind\":\"memory\",\"type\":\"memory 1\"},{\"name\":\"do_%llu\","
		"\"kind\":\"func\",\"type\":\"func\"}],\"features\":[{\"name\":\"simd\",\"offset\":"
		"9}],\"producers\":[{\"field\":\"processed-by\",\"name\":\"%s\",\"version\":\"1\"}]"
		","
		"\"hosts\":{\"runs\":[{\"host\":\"wasi-p1\"}],\"glue\":[],\"not\":[]}}",
		number % 3 == 0 ? "{\"module\":\"wasi_snapshot_preview1\",\"name\":\"fd_write\","
				  "\"kind\":\"func\",\"type\":\"func\"}"
				: "",
		(unsigned long long)(mix(number % names) % 2000), number % 2 ? "rustc" : "clang");
}

static enum wpkg_status push(struct wpkg_arena *arena, uint64_t number, struct wpkg_err *err)
{
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_created created;
	struct wpkg_digest digest;
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_str module =
		wpkg_arena_format(arena, "module %llu", (unsigned long long)number);
	enum wpkg_status status = wpkg_digest_of(&digest, module, err);
	if (status != WPKG_OK)
		return status;
	const struct wpkg_module_facts facts = {.digest = digest,
						.json = facts_text(arena, number)};
	const struct wpkg_settlement settlement = {
		.accepted = true,
		.verdict = WPKG_LIT("{\"accepted\":true,\"modules\":[],\"checks\":[]}"),
		.facts = &facts,
		.fact_count = 1};
	wpkg_digest_format(hex, &digest);
	struct wpkg_new_record record = {.text = invoice_text(arena, number, hex, module.len),
					 .pusher = WPKG_LIT("jo")};
	status = wpkg_invoice_read(&invoice, arena, record.text, WPKG_INVOICE_TOML, err);
	record.invoice = invoice;
	if (status == WPKG_OK)
		status = wpkg_record_create(&created, arena, store, &record, err);
	if (status == WPKG_OK)
		status = wpkg_blob_put(NULL, store, &digest, module, err);
	if (status == WPKG_OK)
		status = wpkg_record_settle(store, created.id, &settlement, err);
	return status;
}

static void *push_many(void *argument)
{
	struct wpkg_arena arena;
	struct wpkg_err err;
	(void)argument;
	wpkg_arena_init(&arena, (size_t)16 << 20);
	for (;;) {
		uint64_t number = atomic_fetch_add(&next, 1);
		if (number >= versions || atomic_load(&failed))
			break;
		if (push(&arena, number, &err) != WPKG_OK) {
			fprintf(stderr, "fill_store: version %llu: %s\n",
				(unsigned long long)number, err.msg);
			atomic_store(&failed, true);
		}
		wpkg_arena_clear(&arena);
		if (number % 100000 == 99999)
			fprintf(stderr, "%llu versions\n", (unsigned long long)number + 1);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct wpkg_err err;
	pthread_t threads[THREADS];
	if (argc != 4 || !wpkg_str_parse_u64(wpkg_str_from(argv[2]), &names) ||
	    !wpkg_str_parse_u64(wpkg_str_from(argv[3]), &versions) || names == 0) {
		fprintf(stderr, "usage: fill_store FOLDER NAMES VERSIONS\n");
		return 2;
	}
	if (wpkg_store_open(&store, argv[1], NULL, &err) != WPKG_OK) {
		fprintf(stderr, "fill_store: %s\n", err.msg);
		return 1;
	}
	uint64_t start = wpkg_clock_monotonic();
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, push_many, NULL);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	double seconds = (double)(wpkg_clock_monotonic() - start) / 1e9;
	printf("%llu versions of %llu names in %.1f s, %.0f a second\n",
	       (unsigned long long)versions, (unsigned long long)names, seconds,
	       (double)versions / seconds);
	wpkg_store_close(store);
	return atomic_load(&failed) ? 1 : 0;
}
