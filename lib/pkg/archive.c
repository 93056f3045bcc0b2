/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standalone bundles as .tar.gz, by libarchive, which is seen here only.
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

#include "archive_int.h"
#include "base/file.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "pkg/bundle.h"
#include "pkg/id.h"

#define ENTRIES_DEFAULT 20000
#define BYTES_DEFAULT (4ULL << 30)
#define RATIO_DEFAULT 200
#define RATIO_FREE ((uint64_t)1 << 20) /* bytes below which no ratio is looked at */
#define BLOCK 65536

struct unpacking {
	const struct archive_api *api;
	struct archive *archive;
	const char *path; /* of the archive */
	const char *target;
	struct wpkg_bundle_limits limits;
	uint64_t packed; /* bytes of the archive */
	uint64_t entries;
	uint64_t bytes;
	char root[WPKG_DIGEST_TEXT]; /* the archive's one folder; empty: not seen yet */
	struct wpkg_buf text;	     /* of the invoice, after the first pass */
	bool has_invoice;
	const struct wpkg_invoice *invoice; /* in the second pass */
	struct wpkg_bundle_writer *writer;  /* in the second pass */
	struct wpkg_err *err;
};

static enum wpkg_status archive_failed(const struct unpacking *unpacking)
{
	const char *text = unpacking->api->error_string(unpacking->archive);
	return WPKG_FAIL(unpacking->err, WPKG_EFORMAT, "%s: %s", unpacking->path,
			 text ? text : "damaged archive");
}

/* The entry's path without the folder at its head, which must be one and the same digest. */
static enum wpkg_status inside(struct unpacking *unpacking, struct wpkg_str *out,
			       struct wpkg_str path)
{
	struct wpkg_digest digest;
	while (wpkg_str_starts(path, WPKG_LIT("./")))
		path = wpkg_str_from_offset(path, 2);
	size_t slash = wpkg_str_find(path, '/');
	struct wpkg_str root = wpkg_str_slice(path, 0, slash);
	if (root.len != 64 || !wpkg_digest_parse(&digest, root))
		return WPKG_FAIL(unpacking->err, WPKG_EFORMAT,
				 "%s: entry '%.*s' is not below a bundle's folder", unpacking->path,
				 WPKG_STR_ARG(path));
	if (unpacking->root[0] == '\0')
		memcpy(unpacking->root, root.ptr, root.len);
	if (!wpkg_str_equal_text(root, unpacking->root))
		return WPKG_FAIL(unpacking->err, WPKG_EFORMAT, "%s: holds more than one bundle",
				 unpacking->path);
	struct wpkg_str rest = wpkg_str_from_offset(path, slash + 1);
	*out = wpkg_str_ends(rest, WPKG_LIT("/")) ? wpkg_str_slice(rest, 0, rest.len - 1) : rest;
	return WPKG_OK;
}

static enum wpkg_status count_bytes(struct unpacking *unpacking, size_t n)
{
	unpacking->bytes += n;
	if (unpacking->bytes > unpacking->limits.bytes)
		return WPKG_FAIL(unpacking->err, WPKG_ELIMIT, "%s: unpacks to more than %llu bytes",
				 unpacking->path, (unsigned long long)unpacking->limits.bytes);
	if (unpacking->bytes > RATIO_FREE &&
	    unpacking->bytes / unpacking->limits.ratio > unpacking->packed)
		return WPKG_FAIL(unpacking->err, WPKG_ELIMIT,
				 "%s: unpacks to more than %llu times its size", unpacking->path,
				 (unsigned long long)unpacking->limits.ratio);
	return WPKG_OK;
}

typedef enum wpkg_status take_block(struct unpacking *unpacking, void *user, struct wpkg_str bytes);

static enum wpkg_status read_entry(struct unpacking *unpacking, take_block *take, void *user)
{
	char block[BLOCK];
	for (;;) {
		la_ssize_t n = unpacking->api->read_data(unpacking->archive, block, sizeof(block));
		if (n == 0)
			return WPKG_OK;
		if (n < 0)
			return archive_failed(unpacking);
		enum wpkg_status status = count_bytes(unpacking, (size_t)n);
		if (status == WPKG_OK)
			status = take(unpacking, user, wpkg_str_of(block, (size_t)n));
		if (status != WPKG_OK)
			return status;
	}
}

static enum wpkg_status keep_text(struct unpacking *unpacking, void *user, struct wpkg_str bytes)
{
	struct wpkg_buf *text = user;
	wpkg_buf_append_str(text, bytes);
	return wpkg_buf_check(text, "invoice.toml", unpacking->err);
}

static enum wpkg_status keep_file(struct unpacking *unpacking, void *user, struct wpkg_str bytes)
{
	const int *fd = user;
	return wpkg_file_write_fd(*fd, bytes, unpacking->path, unpacking->err);
}

static enum wpkg_status pass_over(struct unpacking *unpacking, void *user, struct wpkg_str bytes)
{
	(void)unpacking;
	(void)user;
	(void)bytes;
	return WPKG_OK;
}

static enum wpkg_status take_invoice(struct unpacking *unpacking)
{
	if (unpacking->writer)
		return read_entry(unpacking, pass_over, NULL);
	if (unpacking->has_invoice)
		return WPKG_FAIL(unpacking->err, WPKG_EFORMAT, "%s: two invoices", unpacking->path);
	unpacking->has_invoice = true;
	return read_entry(unpacking, keep_text, &unpacking->text);
}

static const struct wpkg_label *find_label(const struct wpkg_invoice *invoice,
					   struct wpkg_str sha256)
{
	for (size_t i = 0; i < invoice->parcel_count; i++)
		if (wpkg_str_equal(invoice->parcels[i].label.sha256, sha256))
			return &invoice->parcels[i].label;
	return NULL;
}

/* An unnamed temporary file holds the parcel until its digest is known to be right. */
static enum wpkg_status take_parcel(struct unpacking *unpacking, struct wpkg_str sha256)
{
	if (!unpacking->writer)
		return read_entry(unpacking, pass_over, NULL);
	const struct wpkg_label *label = find_label(unpacking->invoice, sha256);
	if (!label)
		return WPKG_FAIL(unpacking->err, WPKG_EFORMAT,
				 "%s: parcel %.*s is not in its invoice", unpacking->path,
				 WPKG_STR_ARG(sha256));
	int fd = open(unpacking->target, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(unpacking->err, errno, "%s", unpacking->target);
	enum wpkg_status status = read_entry(unpacking, keep_file, &fd);
	if (status == WPKG_OK)
		status = wpkg_bundle_writer_add(unpacking->writer, label, fd, unpacking->err);
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
	return WPKG_FAIL(unpacking->err, WPKG_EFORMAT, "%s: '%.*s' does not belong in a bundle",
			 unpacking->path, WPKG_STR_ARG(path));
}

static enum wpkg_status take_entry(struct unpacking *unpacking, struct archive_entry *entry)
{
	const char *name = unpacking->api->entry_pathname(entry);
	unsigned type = unpacking->api->entry_filetype(entry);
	struct wpkg_str path = {0};
	if (++unpacking->entries > unpacking->limits.entries)
		return WPKG_FAIL(unpacking->err, WPKG_ELIMIT, "%s: more than %llu entries",
				 unpacking->path, (unsigned long long)unpacking->limits.entries);
	if (!name || unpacking->api->entry_hardlink(entry) ||
	    unpacking->api->entry_symlink(entry) || (type != AE_IFREG && type != AE_IFDIR))
		return WPKG_FAIL(unpacking->err, WPKG_EFORMAT,
				 "%s: entry '%s' is neither a file nor a folder", unpacking->path,
				 name ? name : "");
	enum wpkg_status status = inside(unpacking, &path, wpkg_str_from(name));
	if (status != WPKG_OK)
		return status;
	if (type == AE_IFREG)
		return take_file(unpacking, path);
	if (path.len == 0 || wpkg_str_equal_text(path, "parcels"))
		return WPKG_OK;
	return WPKG_FAIL(unpacking->err, WPKG_EFORMAT,
			 "%s: folder '%.*s' does not belong in a bundle", unpacking->path,
			 WPKG_STR_ARG(path));
}

static enum wpkg_status take_entries(struct unpacking *unpacking)
{
	struct archive_entry *entry = NULL;
	enum wpkg_status status = WPKG_OK;
	unpacking->entries = 0;
	unpacking->bytes = 0;
	while (status == WPKG_OK) {
		int result = unpacking->api->read_next_header(unpacking->archive, &entry);
		if (result == ARCHIVE_EOF)
			break;
		if (result == ARCHIVE_OK)
			status = take_entry(unpacking, entry);
		else
			status = archive_failed(unpacking);
	}
	return status;
}

/* One pass over the whole archive, from its start. */
static enum wpkg_status read_archive(struct unpacking *unpacking, int fd)
{
	if (lseek(fd, 0, SEEK_SET) != 0)
		return WPKG_FAIL_ERRNO(unpacking->err, errno, "%s", unpacking->path);
	enum wpkg_status status = archive_api_load(&unpacking->api, unpacking->err);
	if (status != WPKG_OK)
		return status;
	unpacking->archive = unpacking->api->read_new();
	if (!unpacking->archive)
		return WPKG_FAIL(unpacking->err, WPKG_ENOMEM, "%s: no memory", unpacking->path);
	unpacking->api->read_support_filter_gzip(unpacking->archive);
	unpacking->api->read_support_format_tar(unpacking->archive);
	if (unpacking->api->read_open_fd(unpacking->archive, fd, BLOCK) == ARCHIVE_OK)
		status = take_entries(unpacking);
	else
		status = archive_failed(unpacking);
	unpacking->api->read_free(unpacking->archive);
	unpacking->archive = NULL;
	return status;
}

static enum wpkg_status check_root(const struct unpacking *unpacking,
				   const struct wpkg_invoice *invoice)
{
	struct wpkg_digest id;
	char hex[WPKG_DIGEST_TEXT];
	enum wpkg_status status =
		wpkg_id_digest(&id, invoice->name, invoice->version, unpacking->err);
	if (status != WPKG_OK)
		return status;
	wpkg_digest_format(hex, &id);
	if (strcmp(hex, unpacking->root) != 0)
		return WPKG_FAIL(unpacking->err, WPKG_EFORMAT,
				 "%s: its folder is not named after %.*s/%.*s", unpacking->path,
				 WPKG_STR_ARG(invoice->name), WPKG_STR_ARG(invoice->version));
	return WPKG_OK;
}

static enum wpkg_status read_invoice(struct unpacking *unpacking, struct wpkg_arena *arena)
{
	struct wpkg_invoice *invoice = NULL;
	if (!unpacking->has_invoice)
		return WPKG_FAIL(unpacking->err, WPKG_EFORMAT, "%s: no invoice.toml in it",
				 unpacking->path);
	enum wpkg_status status = wpkg_invoice_read(&invoice, arena, wpkg_buf_str(&unpacking->text),
						    WPKG_INVOICE_TOML, unpacking->err);
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
	enum wpkg_status status = read_archive(unpacking, fd);
	if (status == WPKG_OK)
		status = read_invoice(unpacking, &arena);
	if (status == WPKG_OK)
		status = wpkg_bundle_writer_new(&unpacking->writer, unpacking->target,
						unpacking->invoice, unpacking->err);
	if (status == WPKG_OK)
		status = read_archive(unpacking, fd);
	if (status == WPKG_OK)
		status = wpkg_bundle_writer_finish(unpacking->writer, unpacking->err);
	wpkg_bundle_writer_free(unpacking->writer);
	wpkg_buf_clear(&unpacking->text);
	wpkg_arena_clear(&arena);
	return status;
}

enum wpkg_status wpkg_bundle_unpack(const char *archive, const char *target,
				    const struct wpkg_bundle_limits *limits, struct wpkg_err *err)
{
	struct unpacking unpacking = {.path = archive, .target = target, .err = err};
	struct stat info;
	if (limits)
		unpacking.limits = *limits;
	if (unpacking.limits.entries == 0)
		unpacking.limits.entries = ENTRIES_DEFAULT;
	if (unpacking.limits.bytes == 0)
		unpacking.limits.bytes = BYTES_DEFAULT;
	if (unpacking.limits.ratio == 0)
		unpacking.limits.ratio = RATIO_DEFAULT;
	int fd = open(archive, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", archive);
	enum wpkg_status status = WPKG_OK;
	if (fstat(fd, &info) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", archive);
	else
		unpacking.packed = (uint64_t)info.st_size;
	if (status == WPKG_OK)
		status = unpack(&unpacking, fd);
	close(fd);
	return status;
}

struct packing {
	const struct archive_api *api;
	struct archive *archive;
	const struct wpkg_bundle *bundle;
	char root[WPKG_DIGEST_TEXT];
	struct wpkg_err *err;
};

/* Everything that could differ between two runs is fixed: times, owners, modes, order. */
static enum wpkg_status put_header(const struct packing *packing, const char *path, unsigned type,
				   uint64_t size)
{
	char full[256];
	struct archive_entry *entry = packing->api->entry_new();
	if (!entry)
		return WPKG_FAIL(packing->err, WPKG_ENOMEM, "bundle: no memory");
	snprintf(full, sizeof(full), "%s/%s", packing->root, path);
	packing->api->entry_set_pathname(entry, full);
	packing->api->entry_set_filetype(entry, type);
	packing->api->entry_set_perm(entry, type == AE_IFDIR ? 0755 : 0644);
	packing->api->entry_set_size(entry, (la_int64_t)size);
	packing->api->entry_set_mtime(entry, 0, 0);
	int result = packing->api->write_header(packing->archive, entry);
	packing->api->entry_free(entry);
	return result == ARCHIVE_OK ? WPKG_OK
				    : WPKG_FAIL(packing->err, WPKG_EIO, "%s: %s", path,
						packing->api->error_string(packing->archive));
}

static enum wpkg_status put_bytes(const struct packing *packing, const void *bytes, size_t len)
{
	return packing->api->write_data(packing->archive, bytes, len) == (la_ssize_t)len
		       ? WPKG_OK
		       : WPKG_FAIL(packing->err, WPKG_EIO, "%s",
				   packing->api->error_string(packing->archive));
}

static enum wpkg_status put_file(const struct packing *packing, const char *path, int fd)
{
	char block[BLOCK];
	struct stat info;
	uint64_t left = 0;
	if (fstat(fd, &info) != 0)
		return WPKG_FAIL_ERRNO(packing->err, errno, "%s", path);
	left = (uint64_t)info.st_size;
	enum wpkg_status status = put_header(packing, path, AE_IFREG, left);
	while (status == WPKG_OK && left > 0) {
		ssize_t n = read(fd, block, left < BLOCK ? (size_t)left : BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return WPKG_FAIL(packing->err, WPKG_EIO, "%s: shorter than it was", path);
		status = put_bytes(packing, block, (size_t)n);
		left -= (uint64_t)n;
	}
	return status;
}

static bool listed_before(const struct wpkg_invoice *invoice, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (wpkg_str_equal(invoice->parcels[i].label.sha256,
				   invoice->parcels[index].label.sha256))
			return true;
	return false;
}

static enum wpkg_status put_parcels(const struct packing *packing)
{
	const struct wpkg_invoice *invoice = packing->bundle->invoice;
	enum wpkg_status status = put_header(packing, "parcels/", AE_IFDIR, 0);
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

static enum wpkg_status put_bundle(const struct packing *packing)
{
	int fd = -1;
	enum wpkg_status status = put_header(packing, "", AE_IFDIR, 0);
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
	enum wpkg_status status = archive_api_load(&packing->api, packing->err);
	if (status != WPKG_OK)
		return status;
	packing->archive = packing->api->write_new();
	if (!packing->archive)
		return WPKG_FAIL(packing->err, WPKG_ENOMEM, "bundle: no memory");
	packing->api->write_add_filter_gzip(packing->archive);
	packing->api->write_set_filter_option(packing->archive, "gzip", "timestamp", NULL);
	packing->api->write_set_format_ustar(packing->archive);
	if (packing->api->write_open_fd(packing->archive, fd) != ARCHIVE_OK)
		status = WPKG_FAIL(packing->err, WPKG_EIO, "%s",
				   packing->api->error_string(packing->archive));
	if (status == WPKG_OK)
		status = put_bundle(packing);
	if (status == WPKG_OK && packing->api->write_close(packing->archive) != ARCHIVE_OK)
		status = WPKG_FAIL(packing->err, WPKG_EIO, "%s",
				   packing->api->error_string(packing->archive));
	packing->api->write_free(packing->archive);
	return status;
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
