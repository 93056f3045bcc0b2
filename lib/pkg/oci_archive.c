/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layout as a tar, by libarchive. Of an archive only what a layout has is taken, each file to
 * where we name it; what else lies in it (Docker puts its own manifest beside) is passed over.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive_int.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/path.h"
#include "crypto/random.h"
#include "pkg/oci_layout.h"

#define ENTRIES_MAX 20000
#define BYTES_MAX (16ULL << 30)
#define RATIO_MAX 200
#define RATIO_FREE ((uint64_t)1 << 20) /* bytes below which no ratio is looked at */
#define BLOCK 65536
#define BLOBS "blobs/sha256"

struct unpacking {
	const struct archive_api *api;
	struct archive *archive;
	const char *path;
	int target;
	uint64_t packed; /* bytes of the archive */
	uint64_t entries;
	uint64_t bytes;
	struct wpkg_err *err;
};

static enum wpkg_status archive_failed(const struct unpacking *unpacking)
{
	const char *text = unpacking->api->error_string(unpacking->archive);
	return WPKG_FAIL(unpacking->err, WPKG_EFORMAT, "%s: %s", unpacking->path,
			 text ? text : "damaged archive");
}

static bool is_ours(struct wpkg_str path)
{
	struct wpkg_digest digest;
	struct wpkg_str prefix = WPKG_STR(BLOBS "/");
	return wpkg_str_equal_text(path, "oci-layout") || wpkg_str_equal_text(path, "index.json") ||
	       (wpkg_str_starts(path, prefix) &&
		wpkg_digest_parse(&digest, wpkg_str_from_offset(path, prefix.len)));
}

static enum wpkg_status count_bytes(struct unpacking *unpacking, size_t n)
{
	unpacking->bytes += n;
	if (unpacking->bytes > BYTES_MAX ||
	    (unpacking->bytes > RATIO_FREE && unpacking->bytes / RATIO_MAX > unpacking->packed))
		return WPKG_FAIL(unpacking->err, WPKG_ELIMIT,
				 "%s: unpacks to more than %d times its size or 16 GiB",
				 unpacking->path, RATIO_MAX);
	return WPKG_OK;
}

/* fd -1: the bytes are only counted. */
static enum wpkg_status take_bytes(struct unpacking *unpacking, int fd)
{
	char block[BLOCK];
	for (;;) {
		la_ssize_t n = unpacking->api->read_data(unpacking->archive, block, sizeof(block));
		if (n == 0)
			return WPKG_OK;
		if (n < 0)
			return archive_failed(unpacking);
		enum wpkg_status status = count_bytes(unpacking, (size_t)n);
		if (status == WPKG_OK && fd >= 0)
			status = wpkg_file_write_fd(fd, wpkg_str_of(block, (size_t)n),
						    unpacking->path, unpacking->err);
		if (status != WPKG_OK)
			return status;
	}
}

static enum wpkg_status take_file(struct unpacking *unpacking, const char *name)
{
	int fd = openat(unpacking->target, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return WPKG_FAIL(unpacking->err, WPKG_EFORMAT, "%s: '%s' is in it twice",
				 unpacking->path, name);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(unpacking->err, errno, "%s", name);
	enum wpkg_status status = take_bytes(unpacking, fd);
	if (close(fd) != 0 && status == WPKG_OK)
		status = WPKG_FAIL_ERRNO(unpacking->err, errno, "%s", name);
	return status;
}

static enum wpkg_status take_entry(struct unpacking *unpacking, struct archive_entry *entry)
{
	const char *name = unpacking->api->entry_pathname(entry);
	bool is_file = unpacking->api->entry_filetype(entry) == AE_IFREG &&
		       !unpacking->api->entry_hardlink(entry) &&
		       !unpacking->api->entry_symlink(entry);
	if (++unpacking->entries > ENTRIES_MAX)
		return WPKG_FAIL(unpacking->err, WPKG_ELIMIT, "%s: more than %d entries",
				 unpacking->path, ENTRIES_MAX);
	while (name && strncmp(name, "./", 2) == 0)
		name += 2;
	if (!name || !is_ours(wpkg_str_from(name)))
		return take_bytes(unpacking, -1);
	if (!is_file)
		return WPKG_FAIL(unpacking->err, WPKG_EFORMAT, "%s: '%s' is no file",
				 unpacking->path, name);
	return take_file(unpacking, name);
}

static enum wpkg_status take_entries(struct unpacking *unpacking)
{
	struct archive_entry *entry = NULL;
	enum wpkg_status status = WPKG_OK;
	while (status == WPKG_OK) {
		int result = unpacking->api->read_next_header(unpacking->archive, &entry);
		if (result == ARCHIVE_EOF)
			break;
		status = result == ARCHIVE_OK ? take_entry(unpacking, entry)
					      : archive_failed(unpacking);
	}
	return status;
}

static enum wpkg_status read_archive(struct unpacking *unpacking, int fd)
{
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
	return status;
}

enum wpkg_status wpkg_oci_archive_unpack(const char *archive, const char *target,
					 struct wpkg_err *err)
{
	struct unpacking unpacking = {.path = archive, .target = -1, .err = err};
	struct stat info;
	enum wpkg_status status = WPKG_OK;
	int fd = open(archive, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", archive);
	unpacking.target = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (unpacking.target < 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", target);
	else if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		status = WPKG_FAIL(err, WPKG_EFORMAT, "%s is no file", archive);
	else
		unpacking.packed = (uint64_t)info.st_size;
	if (status == WPKG_OK)
		status = wpkg_file_make_dirs(unpacking.target, BLOBS, 0700, err);
	if (status == WPKG_OK)
		status = read_archive(&unpacking, fd);
	if (unpacking.target >= 0)
		close(unpacking.target);
	close(fd);
	return status;
}

/* Packing. */

struct packing {
	const struct archive_api *api;
	struct archive *archive;
	const struct wpkg_oci_layout *layout;
	struct wpkg_err *err;
};

static enum wpkg_status packing_failed(const struct packing *packing, const char *path)
{
	return WPKG_FAIL(packing->err, WPKG_EIO, "%s: %s", path,
			 packing->api->error_string(packing->archive));
}

/* Everything that could differ between two runs is fixed: times, owners, modes, order. */
static enum wpkg_status put_header(const struct packing *packing, const char *path, unsigned type,
				   uint64_t size)
{
	struct archive_entry *entry = packing->api->entry_new();
	if (!entry)
		return WPKG_FAIL(packing->err, WPKG_ENOMEM, "archive: no memory");
	packing->api->entry_set_pathname(entry, path);
	packing->api->entry_set_filetype(entry, type);
	packing->api->entry_set_perm(entry, type == AE_IFDIR ? 0755 : 0644);
	packing->api->entry_set_size(entry, (la_int64_t)size);
	packing->api->entry_set_mtime(entry, 0, 0);
	int result = packing->api->write_header(packing->archive, entry);
	packing->api->entry_free(entry);
	return result == ARCHIVE_OK ? WPKG_OK : packing_failed(packing, path);
}

static enum wpkg_status put_content(const struct packing *packing, const char *path, int fd)
{
	char block[BLOCK];
	struct stat info;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		return WPKG_FAIL(packing->err, WPKG_EFORMAT, "%s is no file", path);
	uint64_t left = (uint64_t)info.st_size;
	enum wpkg_status status = put_header(packing, path, AE_IFREG, left);
	while (status == WPKG_OK && left > 0) {
		ssize_t n = read(fd, block, left < BLOCK ? (size_t)left : BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return WPKG_FAIL(packing->err, WPKG_EIO, "%s: shorter than it was", path);
		if (packing->api->write_data(packing->archive, block, (size_t)n) != n)
			return packing_failed(packing, path);
		left -= (uint64_t)n;
	}
	return status;
}

static enum wpkg_status put_file(const struct packing *packing, const char *path)
{
	int fd = -1;
	enum wpkg_status status =
		wpkg_file_open_beneath(&fd, packing->layout->dir, path,
				       O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0, packing->err);
	if (status == WPKG_OK) {
		status = put_content(packing, path, fd);
		close(fd);
	}
	return status;
}

static int compare_digests(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct wpkg_digest));
}

/* Appends the digests that files are named by. Takes the descriptor. */
static enum wpkg_status list_blobs(struct wpkg_buf *digests, int dir, struct wpkg_err *err)
{
	DIR *list = fdopendir(dir);
	if (!list) {
		int code = errno;
		close(dir);
		return WPKG_FAIL_ERRNO(err, code, BLOBS);
	}
	enum wpkg_status status = WPKG_OK;
	for (;;) {
		struct wpkg_digest digest;
		errno = 0;
		const struct dirent *entry = readdir(list);
		if (!entry && errno != 0)
			status = WPKG_FAIL_ERRNO(err, errno, BLOBS);
		if (!entry)
			break;
		if (wpkg_digest_parse(&digest, wpkg_str_from(entry->d_name)))
			wpkg_buf_append(digests, &digest, sizeof(digest));
	}
	closedir(list);
	return status == WPKG_OK ? wpkg_buf_check(digests, BLOBS, err) : status;
}

/* In the order of their names: equal layouts give equal archives. */
static enum wpkg_status put_listed(const struct packing *packing, struct wpkg_buf *digests)
{
	char path[sizeof(BLOBS) + WPKG_DIGEST_TEXT], name[WPKG_DIGEST_TEXT];
	struct wpkg_digest digest;
	enum wpkg_status status = WPKG_OK;
	if (digests->len > 0)
		qsort(digests->ptr, digests->len / sizeof(digest), sizeof(digest), compare_digests);
	for (size_t at = 0; status == WPKG_OK && at < digests->len; at += sizeof(digest)) {
		memcpy(&digest, digests->ptr + at, sizeof(digest));
		wpkg_digest_format(name, &digest);
		snprintf(path, sizeof(path), BLOBS "/%s", name);
		status = put_file(packing, path);
	}
	return status;
}

static enum wpkg_status put_blobs(const struct packing *packing)
{
	struct wpkg_buf digests;
	int dir = -1;
	enum wpkg_status status =
		wpkg_file_open_beneath(&dir, packing->layout->dir, BLOBS,
				       O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, packing->err);
	if (status != WPKG_OK)
		return status;
	wpkg_buf_init(&digests, ENTRIES_MAX * sizeof(struct wpkg_digest));
	status = list_blobs(&digests, dir, packing->err);
	if (status == WPKG_OK)
		status = put_header(packing, "blobs/", AE_IFDIR, 0);
	if (status == WPKG_OK)
		status = put_header(packing, BLOBS "/", AE_IFDIR, 0);
	if (status == WPKG_OK)
		status = put_listed(packing, &digests);
	wpkg_buf_clear(&digests);
	return status;
}

static enum wpkg_status write_archive(struct packing *packing, int fd)
{
	enum wpkg_status status = archive_api_load(&packing->api, packing->err);
	if (status != WPKG_OK)
		return status;
	packing->archive = packing->api->write_new();
	if (!packing->archive)
		return WPKG_FAIL(packing->err, WPKG_ENOMEM, "archive: no memory");
	packing->api->write_set_format_ustar(packing->archive);
	if (packing->api->write_open_fd(packing->archive, fd) != ARCHIVE_OK)
		status = packing_failed(packing, "archive");
	if (status == WPKG_OK)
		status = put_file(packing, "oci-layout");
	if (status == WPKG_OK)
		status = put_file(packing, "index.json");
	if (status == WPKG_OK)
		status = put_blobs(packing);
	if (status == WPKG_OK && packing->api->write_close(packing->archive) != ARCHIVE_OK)
		status = packing_failed(packing, "archive");
	packing->api->write_free(packing->archive);
	return status;
}

enum wpkg_status wpkg_oci_archive_pack(const struct wpkg_oci_layout *layout, const char *archive,
				       struct wpkg_err *err)
{
	struct packing packing = {.layout = layout, .err = err};
	struct wpkg_buf temporary;
	uint8_t random[8];
	char text[2 * sizeof(random) + 1];
	wpkg_random(random, sizeof(random));
	wpkg_hex_format(text, random, sizeof(random));
	wpkg_buf_init(&temporary, 65536);
	wpkg_buf_append_format(&temporary, "%s.%s", archive, text);
	enum wpkg_status status = wpkg_buf_check(&temporary, "path", err);
	if (status != WPKG_OK)
		return status;
	const char *path = wpkg_buf_text(&temporary);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		status = WPKG_FAIL_ERRNO(err, errno, "%s", archive);
		goto out;
	}
	status = write_archive(&packing, fd);
	if (status == WPKG_OK && fsync(fd) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", archive);
	close(fd);
	if (status == WPKG_OK && rename(path, archive) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", archive);
	if (status != WPKG_OK)
		unlink(path);
out:
	wpkg_buf_clear(&temporary);
	return status;
}
