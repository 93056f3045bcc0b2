/* SPDX-License-Identifier: Apache-2.0 */
#include "../vectors.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pkg/bundle.h"
#include "pkg/id.h"

static struct wpkg_arena arena;
static char folder[] = "/tmp/wpkg-test-XXXXXX";

static void setup(void)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, (size_t)64 << 20);
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void teardown(void)
{
	struct wpkg_err err;
	ck_ok(wpkg_file_remove_tree(AT_FDCWD, folder, &err), err);
}

static const char *at(const char *path)
{
	return wpkg_arena_format(&arena, "%s/%s", folder, path).ptr;
}

#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" /* "hello" */

static struct wpkg_invoice *new_invoice(void)
{
	struct wpkg_err err;
	struct wpkg_invoice *invoice = NULL;
	ck_ok(wpkg_invoice_read(&invoice, &arena,
				WPKG_LIT("bindleVersion = \"1.0.0\"\n[bindle]\nname = \"a/b\"\n"
					 "version = \"1.0.0\"\n[[parcel]]\nlabel = {sha256 = "
					 "\"" HELLO "\",name=\"a\",mediaType=\"b/c\",size=5}\n"),
				WPKG_INVOICE_TOML, &err),
	      err);
	return invoice;
}

static int file_of(const char *text)
{
	char path[] = "/tmp/wpkg-test-XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	unlink(path);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

static enum wpkg_status write_bundle(const char *where, const char *content, struct wpkg_err *err)
{
	struct wpkg_bundle_writer *writer = NULL;
	struct wpkg_invoice *invoice = new_invoice();
	int fd = file_of(content);
	enum wpkg_status status = wpkg_bundle_writer_new(&writer, where, invoice, err);
	if (status == WPKG_OK)
		status = wpkg_bundle_writer_add(writer, &invoice->parcels[0].label, fd, err);
	if (status == WPKG_OK)
		status = wpkg_bundle_writer_finish(writer, err);
	wpkg_bundle_writer_free(writer);
	close(fd);
	return status;
}

START_TEST(a_bundle_survives_packing_and_unpacking)
{
	struct wpkg_err err;
	struct wpkg_bundle bundle;
	struct wpkg_bundle again;
	struct wpkg_digest id;
	char hex[WPKG_DIGEST_TEXT];
	int fd;
	setup();
	ck_ok(write_bundle(at("one"), "hello", &err), err);
	ck_ok(wpkg_bundle_open(&bundle, &arena, at("one"), &err), err);
	ck_ok(wpkg_bundle_check(&bundle, &err), err);
	ck_ok(wpkg_bundle_pack(&bundle, folder, &err), err);
	ck_status(wpkg_bundle_pack(&bundle, folder, &err), WPKG_EEXISTS);
	ck_ok(wpkg_id_digest(&id, WPKG_LIT("a/b"), WPKG_LIT("1.0.0"), &err), err);
	wpkg_digest_format(hex, &id);
	const char *archive = at(wpkg_arena_format(&arena, "%s.tar.gz", hex).ptr);
	ck_ok(wpkg_bundle_unpack(archive, at("two"), NULL, &err), err);
	ck_status(wpkg_bundle_unpack(archive, at("two"), NULL, &err), WPKG_EEXISTS);
	ck_ok(wpkg_bundle_open(&again, &arena, at("two"), &err), err);
	ck_ok(wpkg_bundle_open_parcel(&fd, &again, WPKG_LIT(HELLO), &err), err);
	close(fd);
	ck_ok(wpkg_bundle_check(&again, &err), err);
	wpkg_bundle_close(&bundle);
	wpkg_bundle_close(&again);
	teardown();
}
END_TEST

START_TEST(a_parcel_with_other_bytes_is_refused_and_nothing_is_left)
{
	struct wpkg_err err;
	setup();
	ck_status(write_bundle(at("one"), "hellO", &err), WPKG_EDENIED);
	ck_status(write_bundle(at("one"), "hello!", &err), WPKG_EDENIED);
	ck_status(write_bundle(at("one"), "hell", &err), WPKG_EDENIED);
	ck_assert_int_eq(rmdir(at("one")), 0);
	teardown();
}
END_TEST

struct item {
	const char *path;
	unsigned type;
	const char *content; /* or where a link points */
	bool hard;
};

static const char *root_name(void)
{
	struct wpkg_err err;
	struct wpkg_digest id;
	char hex[WPKG_DIGEST_TEXT];
	ck_ok(wpkg_id_digest(&id, WPKG_LIT("a/b"), WPKG_LIT("1.0.0"), &err), err);
	wpkg_digest_format(hex, &id);
	return wpkg_arena_dup(&arena, wpkg_str_from(hex)).ptr;
}

static void write_archive(const char *path, const struct item *items, size_t count)
{
	struct archive *archive = archive_write_new();
	archive_write_add_filter_gzip(archive);
	archive_write_set_format_pax_restricted(archive);
	ck_assert_int_eq(archive_write_open_filename(archive, path), ARCHIVE_OK);
	for (size_t i = 0; i < count; i++) {
		struct archive_entry *entry = archive_entry_new();
		const char *name =
			items[i].path[0] == '%'
				? wpkg_arena_format(&arena, "%s%s", root_name(), items[i].path + 1)
					  .ptr
				: items[i].path;
		archive_entry_set_pathname(entry, name);
		archive_entry_set_filetype(entry, items[i].type);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_size(entry, items[i].type == AE_IFREG && !items[i].hard
						      ? (la_int64_t)strlen(items[i].content)
						      : 0);
		if (items[i].type == AE_IFLNK)
			archive_entry_set_symlink(entry, items[i].content);
		if (items[i].hard)
			archive_entry_set_hardlink(entry, items[i].content);
		ck_assert_int_ge(archive_write_header(archive, entry), ARCHIVE_WARN);
		if (items[i].type == AE_IFREG && !items[i].hard)
			archive_write_data(archive, items[i].content, strlen(items[i].content));
		archive_entry_free(entry);
	}
	archive_write_close(archive);
	archive_write_free(archive);
}

#define INVOICE                                                                                    \
	"bindleVersion = \"1.0.0\"\n[bindle]\nname = \"a/b\"\nversion = \"1.0.0\"\n[[parcel]]\n"   \
	"label = {sha256 = \"" HELLO "\",name=\"a\",mediaType=\"b/c\",size=5}\n"

START_TEST(hostile_archives_leave_nothing_behind)
{
	static const struct item hostile[][3] = {
		{{"%/invoice.toml", AE_IFREG, INVOICE, false},
		 {"%/../../escape", AE_IFREG, "x", false}},
		{{"%/invoice.toml", AE_IFREG, INVOICE, false},
		 {"/tmp/escape", AE_IFREG, "x", false}},
		{{"%/invoice.toml", AE_IFREG, INVOICE, false},
		 {"%/parcels/" HELLO ".dat", AE_IFLNK, "/etc/passwd", false}},
		{{"%/invoice.toml", AE_IFREG, INVOICE, false},
		 {"%/parcels/" HELLO ".dat", AE_IFREG, "/etc/passwd", true}},
		{{"%/invoice.toml", AE_IFREG, INVOICE, false},
		 {"%/parcels/" HELLO ".dat", AE_IFIFO, "", false}},
		{{"%/invoice.toml", AE_IFREG, INVOICE, false},
		 {"%/parcels/" HELLO ".dat", AE_IFREG, "hellO", false}},
		{{"%/invoice.toml", AE_IFREG, INVOICE, false},
		 {"%/parcels/../" HELLO ".dat", AE_IFREG, "hello", false}},
		{{"%/invoice.toml", AE_IFREG, INVOICE, false},
		 {"%/invoice.toml", AE_IFREG, INVOICE, false}},
		{{"%/invoice.toml", AE_IFREG, INVOICE, false}, {"%/other", AE_IFREG, "x", false}},
		{{"%/invoice.toml", AE_IFREG, INVOICE, false},
		 {HELLO "/invoice.toml", AE_IFREG, INVOICE, false}},
		{{HELLO "/invoice.toml", AE_IFREG, INVOICE, false},
		 {HELLO "/parcels/" HELLO ".dat", AE_IFREG, "hello", false}},
		{{"%/invoice.toml", AE_IFREG, "bindleVersion = 1", false},
		 {"%/parcels", AE_IFDIR, "", false}},
		{{"%/parcels/" HELLO ".dat", AE_IFREG, "hello", false},
		 {"%/parcels", AE_IFDIR, "", false}},
	};
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct wpkg_err err;
		setup();
		write_archive(at("x.tar.gz"), hostile[i], 2);
		enum wpkg_status status =
			wpkg_bundle_unpack(at("x.tar.gz"), at("target"), NULL, &err);
		ck_assert_msg(status == WPKG_EFORMAT || status == WPKG_EDENIED, "archive %zu: %s",
			      i, wpkg_status_name(status));
		/* No folder at all, or an empty one. */
		ck_assert(rmdir(at("target")) == 0 || access(at("target"), F_OK) != 0);
		ck_assert_int_ne(access("/tmp/escape", F_OK), 0);
		teardown();
	}
}
END_TEST

START_TEST(the_order_of_entries_does_not_matter)
{
	static const struct item items[] = {{"%/parcels/" HELLO ".dat", AE_IFREG, "hello", false},
					    {"%/invoice.toml", AE_IFREG, INVOICE, false}};
	struct wpkg_err err;
	setup();
	write_archive(at("x.tar.gz"), items, 2);
	ck_ok(wpkg_bundle_unpack(at("x.tar.gz"), at("target"), NULL, &err), err);
	teardown();
}
END_TEST

START_TEST(archives_are_bounded)
{
	struct wpkg_err err;
	static char zeros[4 << 20];
	memset(zeros, '0', sizeof(zeros) - 1);
	const struct item items[] = {{"%/invoice.toml", AE_IFREG, INVOICE, false},
				     {"%/parcels/" HELLO ".dat", AE_IFREG, zeros, false}};
	const struct wpkg_bundle_limits bytes = {.bytes = 1000, .ratio = 1000000};
	const struct wpkg_bundle_limits entries = {.entries = 1};
	setup();
	write_archive(at("x.tar.gz"), items, 2);
	ck_status(wpkg_bundle_unpack(at("x.tar.gz"), at("t"), NULL, &err), WPKG_ELIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, "times its size"));
	ck_status(wpkg_bundle_unpack(at("x.tar.gz"), at("t"), &bytes, &err), WPKG_ELIMIT);
	ck_status(wpkg_bundle_unpack(at("x.tar.gz"), at("t"), &entries, &err), WPKG_ELIMIT);
	teardown();
}
END_TEST

START_TEST(the_originals_bundles_are_read)
{
	struct wpkg_err err;
	struct wpkg_bundle bundle;
	const char *vectors = getenv("WPKG_VECTORS");
	setup();
	const char *standalone = wpkg_arena_format(&arena, "%s/bindle/test/data/standalone",
						   vectors ? vectors : "../shared/vectors")
					 .ptr;
	const char *archive =
		wpkg_arena_format(&arena,
				  "%s/1927aefa8fdc8327499e918300e2e49ecb271321530cc5881fcd069ca8372"
				  "dcd.tar.gz",
				  standalone)
			.ptr;
	ck_assert_msg(access(archive, R_OK) == 0, "missing test data: %s (set WPKG_VECTORS)",
		      archive);
	ck_ok(wpkg_bundle_unpack(archive, at("t"), NULL, &err), err);
	ck_ok(wpkg_bundle_open(&bundle, &arena, at("t"), &err), err);
	ck_ok(wpkg_bundle_check(&bundle, &err), err);
	ck_assert(wpkg_str_equal_text(bundle.invoice->name, "enterprise.com/warpcore"));
	wpkg_bundle_close(&bundle);
	ck_ok(wpkg_bundle_open(&bundle, &arena, standalone, &err), err);
	ck_ok(wpkg_bundle_check(&bundle, &err), err);
	wpkg_bundle_close(&bundle);
	teardown();
}
END_TEST

UNIT_MAIN(a_bundle_survives_packing_and_unpacking,
	  a_parcel_with_other_bytes_is_refused_and_nothing_is_left,
	  hostile_archives_leave_nothing_behind, the_order_of_entries_does_not_matter,
	  archives_are_bounded, the_originals_bundles_are_read)
