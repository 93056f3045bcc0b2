/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layout as a tar. Of an archive only what a layout has is taken, each file to
 * where we name it; what else lies in it (Docker puts its own manifest beside) is passed over.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/path.h"
#include "crypto/random.h"
#include "pkg/oci_layout.h"
#include "tar_int.h"

#define ENTRIES_MAX 20000
#define BYTES_MAX (16ULL << 30)
#define RATIO_MAX 200
#define BLOBS "blobs/sha256"

static bool is_ours(struct wpkg_str path)
{
	struct wpkg_digest digest;
	struct wpkg_str prefix = WPKG_STR(BLOBS "/");
	return wpkg_str_equal_text(path, "oci-layout") || wpkg_str_equal_text(path, "index.json") ||
	       (wpkg_str_starts(path, prefix) &&
		wpkg_digest_parse(&digest, wpkg_str_from_offset(path, prefix.len)));
}

static enum wpkg_status keep(void *user, struct tar_reader *reader, struct wpkg_str bytes)
{
	const int *fd = user;
	return wpkg_file_write_fd(*fd, bytes, reader->path, reader->err);
}

static enum wpkg_status take_file(struct tar_reader *reader, int target, const char *name)
{
	int fd = openat(target, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return WPKG_FAIL(reader->err, WPKG_EFORMAT, "%s: '%s' is in it twice", reader->path,
				 name);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(reader->err, errno, "%s", name);
	enum wpkg_status status = tar_read_content(reader, keep, &fd);
	if (close(fd) != 0 && status == WPKG_OK)
		status = WPKG_FAIL_ERRNO(reader->err, errno, "%s", name);
	return status;
}

static enum wpkg_status take_entry(void *user, struct tar_reader *reader,
				   const struct tar_entry *entry)
{
	const int *target = user;
	if (!entry->path || !is_ours(wpkg_str_from(entry->path)))
		return tar_read_content(reader, NULL, NULL);
	if (!entry->is_file)
		return WPKG_FAIL(reader->err, WPKG_EFORMAT, "%s: '%s' is no file", reader->path,
				 entry->path);
	return take_file(reader, *target, entry->path);
}

enum wpkg_status wpkg_oci_archive_unpack(const char *archive, const char *target,
					 struct wpkg_err *err)
{
	struct tar_reader reader = {
		.path = archive,
		.limits = {.entries = ENTRIES_MAX, .bytes = BYTES_MAX, .ratio = RATIO_MAX},
		.err = err};
	struct stat info;
	enum wpkg_status status = WPKG_OK;
	int fd = open(archive, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", archive);
	int dir = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", target);
	else if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		status = WPKG_FAIL(err, WPKG_EFORMAT, "%s is no file", archive);
	if (status == WPKG_OK)
		status = wpkg_file_make_dirs(dir, BLOBS, 0700, err);
	if (status == WPKG_OK)
		status = tar_read(&reader, fd, take_entry, &dir);
	if (dir >= 0)
		close(dir);
	close(fd);
	return status;
}

/* Packing. */

struct packing {
	struct tar_writer writer;
	const struct wpkg_oci_layout *layout;
	struct wpkg_err *err;
};

static enum wpkg_status put_file(struct packing *packing, const char *path)
{
	int fd = -1;
	enum wpkg_status status =
		wpkg_file_open_beneath(&fd, packing->layout->dir, path,
				       O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0, packing->err);
	if (status == WPKG_OK) {
		status = tar_write_file(&packing->writer, path, fd);
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
static enum wpkg_status put_listed(struct packing *packing, struct wpkg_buf *digests)
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

static enum wpkg_status put_blobs(struct packing *packing)
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
		status = tar_write_folder(&packing->writer, "blobs/");
	if (status == WPKG_OK)
		status = tar_write_folder(&packing->writer, BLOBS "/");
	if (status == WPKG_OK)
		status = put_listed(packing, &digests);
	wpkg_buf_clear(&digests);
	return status;
}

static enum wpkg_status put_layout(struct packing *packing)
{
	enum wpkg_status status = put_file(packing, "oci-layout");
	if (status == WPKG_OK)
		status = put_file(packing, "index.json");
	return status == WPKG_OK ? put_blobs(packing) : status;
}

static enum wpkg_status write_archive(struct packing *packing, int fd)
{
	enum wpkg_status status = tar_writer_open(&packing->writer, fd, false, packing->err);
	return status == WPKG_OK ? tar_writer_close(&packing->writer, put_layout(packing)) : status;
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
