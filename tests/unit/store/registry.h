/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TESTS_STORE_REGISTRY_H
#define WPKG_TESTS_STORE_REGISTRY_H

/* A store in a temporary folder, and packages to put into it. One test at a time. */

#include "../unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "pkg/invoice.h"
#include "store/access.h"
#include "store/blob.h"
#include "store/event.h"
#include "store/query.h"
#include "store/record.h"
#include "store/store.h"
#include "store/token.h"
#include "store/upkeep.h"

/* Where stores are made: on a disk, unless a test has reason to want memory. */
#ifndef REGISTRY_FOLDER
#define REGISTRY_FOLDER "/tmp/wpkg-store-XXXXXX"
#endif

static struct wpkg_arena arena;
static char folder[] = REGISTRY_FOLDER;
static struct wpkg_store *store;

static const struct wpkg_viewer everything = {.all = true};
static const struct wpkg_viewer nobody = {0};

static inline void open_store(enum wpkg_store_mode mode)
{
	struct wpkg_err err;
	struct wpkg_store_options options = {.mode = mode};
	ck_ok(wpkg_store_open(&store, folder, &options, &err), err);
}

static inline void close_store(void)
{
	wpkg_store_close(store);
	store = NULL;
}

static inline void setup(void)
{
	wpkg_arena_init(&arena, (size_t)256 << 20);
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	open_store(WPKG_STORE_SERVE);
}

static inline void teardown(void)
{
	struct wpkg_err err;
	close_store();
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, folder, &err), err);
	wpkg_arena_clear(&arena);
}

static inline const char *in_folder(const char *path)
{
	return wpkg_arena_format(&arena, "%s/%s", folder, path).ptr;
}

/* len bytes that depend on the seed. */
static inline struct wpkg_str some_bytes(size_t len, unsigned seed)
{
	char *bytes = wpkg_arena_alloc(&arena, len > 0 ? len : 1, 1);
	ck_assert_ptr_nonnull(bytes);
	uint64_t state = seed * 2862933555777941757ULL + 3037000493ULL;
	for (size_t i = 0; i < len; i++) {
		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		bytes[i] = (char)(state >> 56);
	}
	return wpkg_str_of(bytes, len);
}

static inline struct wpkg_digest digest_of(struct wpkg_str bytes)
{
	struct wpkg_err err;
	struct wpkg_digest digest;
	ck_ok(wpkg_digest_of(&digest, bytes, &err), err);
	return digest;
}

/* A package version under construction: its invoice as text. */
struct package {
	const char *name;
	const char *version;
	const char *description; /* NULL: none */
	const struct wpkg_str *parcels;
	size_t count;
	const char *more; /* TOML before the tables; NULL: none */
	const char *user; /* pusher; NULL: nobody */
};

static inline struct wpkg_str invoice_text(const struct package *package)
{
	struct wpkg_str text = wpkg_arena_format(
		&arena,
		"bindleVersion = \"1.0.0\"\n%s\n[bindle]\nname = \"%s\"\nversion = \"%s\"\n",
		package->more ? package->more : "", package->name, package->version);
	if (package->description)
		text = wpkg_arena_format(&arena, "%sdescription = \"%s\"\n", text.ptr,
					 package->description);
	for (size_t i = 0; i < package->count; i++) {
		char hex[WPKG_DIGEST_TEXT];
		struct wpkg_digest digest = digest_of(package->parcels[i]);
		wpkg_digest_format(hex, &digest);
		text = wpkg_arena_format(&arena,
					 "%s[[parcel]]\nlabel = {sha256 = \"%s\", mediaType = "
					 "\"a/b\", name = \"p%zu\", size = %zu}\n",
					 text.ptr, hex, i, package->parcels[i].len);
	}
	return text;
}

/* The invoice as the server would store it. */
static inline struct wpkg_str canonical(struct wpkg_invoice **out, const struct package *package)
{
	struct wpkg_err err;
	struct wpkg_buf buf;
	ck_ok(wpkg_invoice_read(out, &arena, invoice_text(package), WPKG_INVOICE_TOML, &err), err);
	wpkg_buf_init(&buf, (size_t)8 << 20);
	ck_ok(wpkg_invoice_write(&buf, *out, WPKG_INVOICE_TOML, &err), err);
	struct wpkg_str text = wpkg_arena_dup(&arena, wpkg_buf_str(&buf));
	wpkg_buf_clear(&buf);
	return text;
}

static inline enum wpkg_status create(struct wpkg_created *out, const struct package *package,
				      struct wpkg_err *err)
{
	struct wpkg_new_record record = {.pusher = wpkg_str_from(package->user)};
	struct wpkg_invoice *invoice = NULL;
	record.text = canonical(&invoice, package);
	record.invoice = invoice;
	return wpkg_record_create(out, &arena, store, &record, err);
}

static inline struct wpkg_uploaded put(struct wpkg_str bytes)
{
	struct wpkg_err err;
	struct wpkg_uploaded uploaded;
	struct wpkg_digest digest = digest_of(bytes);
	ck_ok(wpkg_blob_put(&uploaded, store, &digest, bytes, &err), err);
	return uploaded;
}

static inline void settle(int64_t id, bool accepted)
{
	struct wpkg_err err;
	struct wpkg_settlement settlement = {
		.accepted = accepted,
		.verdict = accepted ? WPKG_LIT("{\"accepted\":true,\"modules\":[],\"checks\":[]}")
				    : WPKG_LIT("{\"accepted\":false,\"reason\":\"bad\","
					       "\"modules\":[{\"parcel\":\"p\",\"valid\":false}],"
					       "\"checks\":[]}")};
	ck_ok(wpkg_record_settle(store, id, &settlement, &err), err);
}

/* Creates, uploads and publishes; its id. */
static inline int64_t publish(const struct package *package)
{
	struct wpkg_err err;
	struct wpkg_created created;
	ck_ok(create(&created, package, &err), err);
	for (size_t i = 0; i < package->count; i++)
		put(package->parcels[i]);
	settle(created.id, true);
	return created.id;
}

static inline struct wpkg_record find(int64_t id)
{
	struct wpkg_err err;
	struct wpkg_record record;
	ck_ok(wpkg_record_find_id(&record, &arena, store, id, &err), err);
	return record;
}

static inline void ck_state(int64_t id, enum wpkg_record_state state)
{
	struct wpkg_record record = find(id);
	ck_assert_str_eq(wpkg_record_state_name(record.state), wpkg_record_state_name(state));
}

/* The blob's bytes, read back. */
static inline struct wpkg_str get(const struct wpkg_digest *digest)
{
	struct wpkg_err err;
	struct wpkg_blob blob;
	ck_ok(wpkg_blob_open(&blob, store, digest, &err), err);
	char *bytes = wpkg_arena_alloc(&arena, (size_t)blob.size + 1, 1);
	if (blob.fd >= 0)
		ck_assert_int_eq(pread(blob.fd, bytes, (size_t)blob.size, 0), (ssize_t)blob.size);
	else
		memcpy(bytes, blob.bytes.ptr, blob.bytes.len);
	struct wpkg_str content = wpkg_str_of(bytes, (size_t)blob.size);
	wpkg_blob_close(&blob);
	return content;
}

static inline void ck_blob(struct wpkg_str bytes)
{
	struct wpkg_digest digest = digest_of(bytes);
	ck_assert(wpkg_str_equal(get(&digest), bytes));
}

static inline void ck_no_blob(struct wpkg_str bytes)
{
	uint64_t size;
	struct wpkg_digest digest = digest_of(bytes);
	ck_status(wpkg_blob_size(&size, store, &digest, NULL), WPKG_ENOTFOUND);
}

/* fsck finds so much, and nothing else. */
static inline void ck_fsck(uint64_t damage, uint64_t harmless)
{
	struct wpkg_err err;
	struct wpkg_fsck_report report;
	ck_ok(wpkg_store_fsck(&report, store, NULL, &err), err);
	ck_assert_uint_eq(report.damage, damage);
	ck_assert_uint_eq(report.harmless, harmless);
}

#endif
