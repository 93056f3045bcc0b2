/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standalone bundles as .tar.gz.
 *
 * Nothing of an archive is believed: of its entries only folders and regular files are taken, and
 * only at the three places that a bundle has; each goes where we name it, not where it says. It is
 * read twice: the first pass looks at every entry and finds the invoice, which may come last; the
 * second hands the parcels to the bundle writer, so that each is hashed and all appear at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "pkg/bundle.h"
#include "pkg/id.h"
#include "tar_int.h"

#define ENTRIES_DEFAULT 20000
#define BYTES_DEFAULT (4ULL << 30)
#define RATIO_DEFAULT 200
#define PATH_ROOM 256 /* of what we name ourselves */

struct unpacking {
	struct tar_reader reader;
	const char *target;
	char root[WPKG_DIGEST_TEXT]; /* the archive's one folder; empty: not seen yet */
	struct wpkg_buf text;	     /* of the invoice, after the first pass */
	bool has_invoice;
	const struct wpkg_invoice *invoice; /* in the second pass */
	struct wpkg_bundle_writer *writer;  /* in the second pass */
};

/* The entry's path without the folder at its head, which must be one and the same digest. */
static enum wpkg_status inside(struct unpacking *unpacking, struct wpkg_str *out,
			       struct wpkg_str path)
{
	struct wpkg_digest digest;
	size_t slash = wpkg_str_find(path, '/');
	struct wpkg_str root = wpkg_str_slice(path, 0, slash);
	if (root.len != 64 || !wpkg_digest_parse(&digest, root))
		return WPKG_FAIL(unpacking->reader.err, WPKG_EFORMAT,
				 "%s: entry '%.*s' is not below a bundle's folder",
				 unpacking->reader.path, WPKG_STR_ARG(path));
	if (unpacking->root[0] == '\0')
		memcpy(unpacking->root, root.ptr, root.len);
	if (!wpkg_str_equal_text(root, unpacking->root))
		return WPKG_FAIL(unpacking->reader.err, WPKG_EFORMAT,
				 "%s: holds more than one bundle", unpacking->reader.path);
	struct wpkg_str rest = wpkg_str_from_offset(path, slash + 1);
	*out = wpkg_str_ends(rest, WPKG_LIT("/")) ? wpkg_str_slice(rest, 0, rest.len - 1) : rest;
	return WPKG_OK;
}

static enum wpkg_status keep_text(void *user, struct tar_reader *reader, struct wpkg_str bytes)
{
	struct wpkg_buf *text = user;
	wpkg_buf_append_str(text, bytes);
	return wpkg_buf_check(text, "invoice.toml", reader->err);
}

static enum wpkg_status keep_file(void *user, struct tar_reader *reader, struct wpkg_str bytes)
{
	const int *fd = user;
	return wpkg_file_write_fd(*fd, bytes, reader->path, reader->err);
}

static enum wpkg_status take_invoice(struct unpacking *unpacking)
{
	if (unpacking->writer)
		return tar_read_content(&unpacking->reader, NULL, NULL);
	if (unpacking->has_invoice)
		return WPKG_FAIL(unpacking->reader.err, WPKG_EFORMAT, "%s: two invoices",
				 unpacking->reader.path);
	unpacking->has_invoice = true;
	return tar_read_content(&unpacking->reader, keep_text, &unpacking->text);
}

/* An unnamed temporary file holds the parcel until its digest is known to be right. */
static enum wpkg_status take_parcel(struct unpacking *unpacking, struct wpkg_str sha256)
{
	if (!unpacking->writer)
		return tar_read_content(&unpacking->reader, NULL, NULL);
	const struct wpkg_label *label = wpkg_invoice_find_label(unpacking->invoice, sha256);
	if (!label)
		return WPKG_FAIL(unpacking->reader.err, WPKG_EFORMAT,
				 "%s: parcel %.*s is not in its invoice", unpacking->reader.path,
				 WPKG_STR_ARG(sha256));
	int fd = open(unpacking->target, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(unpacking->reader.err, errno, "%s", unpacking->target);
	enum wpkg_status status = tar_read_content(&unpacking->reader, keep_file, &fd);
	if (status == WPKG_OK)
		status =
			wpkg_bundle_writer_add(unpacking->writer, label, fd, unpacking->reader.err);
	close(fd);
	return status;
}

static enum wpkg_status take_file(struct unpacking *unpacking, struct wpkg_str path)
{
	struct wpkg_str prefix = WPKG_STR("parcels/");
	struct wpkg_str suffix = WPKG_STR(".dat");
	struct wpkg_digest digest;
	if (wpkg_str_equal_text(path, "invoice.toml"))
		return take_invoice(unpacking);
	if (path.len == prefix.len + 64 + suffix.len && wpkg_str_starts(path, prefix) &&
	    wpkg_str_ends(path, suffix)) {
		struct wpkg_str sha256 = wpkg_str_slice(path, prefix.len, prefix.len + 64);
		if (wpkg_digest_parse(&digest, sha256))
			return take_parcel(unpacking, sha256);
	}
	return WPKG_FAIL(unpacking->reader.err, WPKG_EFORMAT,
			 "%s: '%.*s' does not belong in a bundle", unpacking->reader.path,
			 WPKG_STR_ARG(path));
}

static enum wpkg_status take_entry(void *user, struct tar_reader *reader,
				   const struct tar_entry *entry)
{
	struct unpacking *unpacking = user;
	struct wpkg_str path = {0};
	if (!entry->path || (!entry->is_file && !entry->is_folder))
		return WPKG_FAIL(reader->err, WPKG_EFORMAT,
				 "%s: entry '%s' is neither a file nor a folder", reader->path,
				 entry->path ? entry->path : "");
	enum wpkg_status status = inside(unpacking, &path, wpkg_str_from(entry->path));
	if (status != WPKG_OK)
		return status;
	if (entry->is_file)
		return take_file(unpacking, path);
	if (path.len == 0 || wpkg_str_equal_text(path, "parcels"))
		return WPKG_OK;
	return WPKG_FAIL(unpacking->reader.err, WPKG_EFORMAT,
			 "%s: folder '%.*s' does not belong in a bundle", unpacking->reader.path,
			 WPKG_STR_ARG(path));
}

static enum wpkg_status check_root(const struct unpacking *unpacking,
				   const struct wpkg_invoice *invoice)
{
	struct wpkg_digest id;
	char hex[WPKG_DIGEST_TEXT];
	enum wpkg_status status =
		wpkg_id_digest(&id, invoice->name, invoice->version, unpacking->reader.err);
	if (status != WPKG_OK)
		return status;
	wpkg_digest_format(hex, &id);
	if (strcmp(hex, unpacking->root) != 0)
		return WPKG_FAIL(unpacking->reader.err, WPKG_EFORMAT,
				 "%s: its folder is not named after %.*s/%.*s",
				 unpacking->reader.path, WPKG_STR_ARG(invoice->name),
				 WPKG_STR_ARG(invoice->version));
	return WPKG_OK;
}

static enum wpkg_status read_invoice(struct unpacking *unpacking, struct wpkg_arena *arena)
{
	struct wpkg_invoice *invoice = NULL;
	if (!unpacking->has_invoice)
		return WPKG_FAIL(unpacking->reader.err, WPKG_EFORMAT, "%s: no invoice.toml in it",
				 unpacking->reader.path);
	enum wpkg_status status = wpkg_invoice_read(&invoice, arena, wpkg_buf_str(&unpacking->text),
						    WPKG_INVOICE_TOML, unpacking->reader.err);
	if (status == WPKG_OK)
		status = check_root(unpacking, invoice);
	unpacking->invoice = invoice;
	return status;
}

static enum wpkg_status unpack(struct unpacking *unpacking, int fd)
{
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, WPKG_INVOICE_MAX * 64);
	wpkg_buf_init(&unpacking->text, WPKG_INVOICE_MAX);
	enum wpkg_status status = tar_read(&unpacking->reader, fd, take_entry, unpacking);
	if (status == WPKG_OK)
		status = read_invoice(unpacking, &arena);
	if (status == WPKG_OK)
		status = wpkg_bundle_writer_new(&unpacking->writer, unpacking->target,
						unpacking->invoice, unpacking->reader.err);
	if (status == WPKG_OK)
		status = tar_read(&unpacking->reader, fd, take_entry, unpacking);
	if (status == WPKG_OK)
		status = wpkg_bundle_writer_finish(unpacking->writer, unpacking->reader.err);
	wpkg_bundle_writer_free(unpacking->writer);
	wpkg_buf_clear(&unpacking->text);
	wpkg_arena_clear(&arena);
	return status;
}

enum wpkg_status wpkg_bundle_unpack(const char *archive, const char *target,
				    const struct wpkg_bundle_limits *limits, struct wpkg_err *err)
{
	const struct wpkg_bundle_limits none = {0};
	const struct wpkg_bundle_limits *given = limits ? limits : &none;
	struct unpacking unpacking = {
		.reader = {.path = archive,
			   .limits = {.entries = given->entries ? given->entries : ENTRIES_DEFAULT,
				      .bytes = given->bytes ? given->bytes : BYTES_DEFAULT,
				      .ratio = given->ratio ? given->ratio : RATIO_DEFAULT},
			   .err = err},
		.target = target};
	int fd = open(archive, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", archive);
	enum wpkg_status status = unpack(&unpacking, fd);
	close(fd);
	return status;
}

struct packing {
	struct tar_writer writer;
	const struct wpkg_bundle *bundle;
	char root[WPKG_DIGEST_TEXT];
	struct wpkg_err *err;
};

static enum wpkg_status put_folder(struct packing *packing, const char *path)
{
	char full[PATH_ROOM];
	snprintf(full, sizeof(full), "%s/%s", packing->root, path);
	return tar_write_folder(&packing->writer, full);
}

static enum wpkg_status put_file(struct packing *packing, const char *path, int fd)
{
	char full[PATH_ROOM];
	snprintf(full, sizeof(full), "%s/%s", packing->root, path);
	return tar_write_file(&packing->writer, full, fd);
}

static bool listed_before(const struct wpkg_invoice *invoice, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (wpkg_str_equal(invoice->parcels[i].label.sha256,
				   invoice->parcels[index].label.sha256))
			return true;
	return false;
}

static enum wpkg_status put_parcels(struct packing *packing)
{
	const struct wpkg_invoice *invoice = packing->bundle->invoice;
	enum wpkg_status status = put_folder(packing, "parcels/");
	for (size_t i = 0; status == WPKG_OK && i < invoice->parcel_count; i++) {
		struct wpkg_str sha256 = invoice->parcels[i].label.sha256;
		char path[128];
		int fd = -1;
		if (listed_before(invoice, i))
			continue;
		status = wpkg_bundle_open_parcel(&fd, packing->bundle, sha256, packing->err);
		if (status == WPKG_ENOTFOUND) {
			status = WPKG_OK;
			continue;
		}
		if (status != WPKG_OK)
			break;
		snprintf(path, sizeof(path), "parcels/%.*s.dat", WPKG_STR_ARG(sha256));
		status = put_file(packing, path, fd);
		close(fd);
	}
	return status;
}

static enum wpkg_status put_bundle(struct packing *packing)
{
	int fd = -1;
	enum wpkg_status status = put_folder(packing, "");
	if (status == WPKG_OK)
		status = wpkg_file_open_beneath(&fd, packing->bundle->dir, "invoice.toml",
						O_RDONLY | O_CLOEXEC, 0, packing->err);
	if (status == WPKG_OK) {
		status = put_file(packing, "invoice.toml", fd);
		close(fd);
	}
	return status == WPKG_OK ? put_parcels(packing) : status;
}

static enum wpkg_status write_archive(struct packing *packing, int fd)
{
	enum wpkg_status status = tar_writer_open(&packing->writer, fd, true, packing->err);
	return status == WPKG_OK ? tar_writer_close(&packing->writer, put_bundle(packing)) : status;
}

/* The file has no name until it is whole, and takes none that is in use. */
enum wpkg_status wpkg_bundle_pack(const struct wpkg_bundle *bundle, const char *folder,
				  struct wpkg_err *err)
{
	struct packing packing = {.bundle = bundle, .err = err};
	struct wpkg_digest id;
	char name[WPKG_DIGEST_TEXT + sizeof(".tar.gz")];
	char link[64];
	int dir = -1;
	int fd = -1;
	enum wpkg_status status =
		wpkg_id_digest(&id, bundle->invoice->name, bundle->invoice->version, err);
	if (status != WPKG_OK)
		return status;
	wpkg_digest_format(packing.root, &id);
	snprintf(name, sizeof(name), "%s.tar.gz", packing.root);
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = dir < 0 ? -1 : openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", folder);
	if (status == WPKG_OK)
		status = write_archive(&packing, fd);
	if (status == WPKG_OK && fsync(fd) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", name);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (status == WPKG_OK && linkat(AT_FDCWD, link, dir, name, AT_SYMLINK_FOLLOW) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", name);
	if (status == WPKG_OK)
		status = wpkg_file_sync_dir(dir, folder, err);
	if (fd >= 0)
		close(fd);
	if (dir >= 0)
		close(dir);
	return status;
}
