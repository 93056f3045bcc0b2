/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verdict on a tiny module costs: from the parent that was made ready once, and when the
 * worker's program is started for each. verdict_cost WORKER COUNT
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../server/admission.h"
#include "base/clock.h"
#include "base/file.h"
#include "store/blob.h"
#include "store/store.h"

/* (module (func (export "_start"))) */
static const struct wpkg_str tiny =
	WPKG_STR("\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\7\x0a\1\6_start\0\0\x0a\4\1\2\0\x0b");

static struct wpkg_arena arena;
static struct wpkg_store *store;
static struct wpkg_err err;

static void must(enum wpkg_status status, const char *what)
{
	if (status == WPKG_OK)
		return;
	fprintf(stderr, "verdict_cost: %s: %s\n", what, err.msg);
	exit(1);
}

static struct wpkg_invoice *package(void)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_uploaded uploaded;
	struct wpkg_invoice *invoice = wpkg_arena_alloc(&arena, 1, sizeof(*invoice));
	invoice->bindle_version = WPKG_LIT("1.0.0");
	invoice->name = WPKG_LIT("example.com/tiny");
	invoice->version = WPKG_LIT("1.0.0");
	invoice->parcels = wpkg_arena_alloc(&arena, 1, sizeof(*invoice->parcels));
	invoice->parcel_count = 1;
	must(wpkg_blob_put(&uploaded, store, NULL, tiny, &err), "blob");
	wpkg_digest_format(hex, &uploaded.digest);
	invoice->parcels[0].label = (struct wpkg_label){
		.sha256 = wpkg_arena_dup(&arena, wpkg_str_from(hex)),
		.media_type = WPKG_LIT("application/wasm"),
		.name = WPKG_LIT("tiny.wasm"),
		.size = tiny.len,
	};
	return invoice;
}

static void ask(struct admission *admission, const struct wpkg_invoice *invoice)
{
	struct wpkg_arena own;
	struct admission_result result;
	const struct admission_question question = {.invoice = invoice, .store = store};
	wpkg_arena_init(&own, (size_t)1 << 26);
	must(admission_run(&result, admission, &question, &own, &err), "verdict");
	if (!result.settlement.accepted)
		exit(1);
	wpkg_arena_clear(&own);
}

static void print(const char *what, uint64_t start, unsigned count)
{
	printf("%-40s %8.0f microseconds a verdict\n", what,
	       (double)(wpkg_clock_monotonic() - start) / 1000 / count);
}

static void measure(const struct admission_options *options, const struct wpkg_invoice *invoice,
		    unsigned count)
{
	struct admission *admission = NULL;
	must(admission_new(&admission, options, &err), "admission");
	ask(admission, invoice);
	uint64_t start = wpkg_clock_monotonic();
	for (unsigned i = 0; i < count; i++)
		ask(admission, invoice);
	print("a worker from the prepared parent", start, count);
	admission_free(admission);
	start = wpkg_clock_monotonic();
	for (unsigned i = 0; i < count / 10; i++) {
		must(admission_new(&admission, options, &err), "admission");
		ask(admission, invoice);
		admission_free(admission);
	}
	print("the program started for each", start, count / 10);
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/wpkg-verdict-XXXXXX";
	const struct wpkg_store_options options = {.mode = WPKG_STORE_SERVE};
	if (argc != 3 || !mkdtemp(folder))
		return 2;
	wpkg_arena_init(&arena, (size_t)1 << 20);
	must(wpkg_store_open(&store, folder, &options, &err), "store");
	measure(&(struct admission_options){.worker = argv[1]}, package(),
		(unsigned)strtoul(argv[2], NULL, 10));
	wpkg_store_close(store);
	must(wpkg_file_remove_tree(AT_FDCWD, folder, &err), "folder");
	wpkg_arena_clear(&arena);
	return 0;
}
