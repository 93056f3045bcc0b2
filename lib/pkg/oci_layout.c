/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/oci_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "crypto/random.h"
#include "data/json.h"
#include "pkg/oci_manifest.h"
#include "pkg/parcel.h"

#define MARK_FILE "oci-layout"
#define INDEX_FILE "index.json"
#define BLOBS "blobs/sha256"
#define BLOB_PATH (sizeof(BLOBS) + 1 + 64 + 32)
#define MARK_MAX ((size_t)4096)
#define INDEX_MAX ((size_t)16 << 20)

static const char mark[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

/* The folder. */

/* A file of the layout's own, appended whole. */
static enum wpkg_status read_file(struct wpkg_buf *out, const struct wpkg_oci_layout *layout,
				  const char *path, struct wpkg_err *err)
{
	int fd = -1;
	struct stat info;
	enum wpkg_status status = wpkg_file_open_beneath(&fd, layout->dir, path,
							 O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0, err);
	if (status != WPKG_OK)
		return status;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		status = WPKG_FAIL(err, WPKG_EFORMAT, "%s is no file", path);
	else
		status = wpkg_file_read_fd(out, fd, path, err);
	close(fd);
	return status;
}

static enum wpkg_status check_mark(const struct wpkg_oci_layout *layout, struct wpkg_err *err)
{
	struct wpkg_buf text;
	struct wpkg_arena arena;
	struct wpkg_value *root = NULL;
	wpkg_buf_init(&text, MARK_MAX);
	wpkg_arena_init(&arena, MARK_MAX * 64);
	enum wpkg_status status = read_file(&text, layout, MARK_FILE, err);
	if (status == WPKG_OK)
		status = wpkg_json_read(&root, &arena, wpkg_buf_str(&text), err);
	const struct wpkg_value *version = wpkg_value_find(root, "imageLayoutVersion");
	if (status == WPKG_OK && (!version || version->kind != WPKG_VALUE_STRING ||
				  !wpkg_str_starts(version->string, WPKG_LIT("1."))))
		status = WPKG_FAIL(err, WPKG_EFORMAT, MARK_FILE ": no version 1 of a layout");
	wpkg_arena_clear(&arena);
	wpkg_buf_clear(&text);
	return status;
}

static bool is_empty(int dir)
{
	return faccessat(dir, INDEX_FILE, F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
	       faccessat(dir, "blobs", F_OK, AT_SYMLINK_NOFOLLOW) != 0;
}

enum wpkg_status wpkg_oci_layout_open(struct wpkg_oci_layout *out, const char *path, bool create,
				      struct wpkg_err *err)
{
	struct wpkg_oci_layout layout = {.dir = -1};
	enum wpkg_status status = WPKG_OK;
	if (create)
		status = wpkg_file_make_dirs(AT_FDCWD, path, 0777, err);
	if (status != WPKG_OK)
		return status;
	layout.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (layout.dir < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	status = check_mark(&layout, err);
	/* The mark comes first: what is cut after it is an empty layout. */
	if (status == WPKG_ENOTFOUND && create && is_empty(layout.dir))
		status = wpkg_file_write(layout.dir, MARK_FILE, wpkg_str_from(mark), 0666, 0, err);
	else if (status == WPKG_ENOTFOUND)
		status = WPKG_FAIL(err, WPKG_EFORMAT, "no OCI layout: no file " MARK_FILE);
	if (status == WPKG_OK) {
		*out = layout;
		return WPKG_OK;
	}
	wpkg_err_prepend(err, "%s", path);
	wpkg_oci_layout_close(&layout);
	return status;
}

void wpkg_oci_layout_close(struct wpkg_oci_layout *layout)
{
	if (layout->dir >= 0)
		close(layout->dir);
	layout->dir = -1;
}

/* Reading. */

/* Nothing is appended while there is no index. */
static enum wpkg_status read_index(struct wpkg_buf *out, const struct wpkg_oci_layout *layout,
				   struct wpkg_err *err)
{
	struct wpkg_err why;
	enum wpkg_status status = read_file(out, layout, INDEX_FILE, &why);
	if (status == WPKG_ENOTFOUND)
		return WPKG_OK;
	if (status != WPKG_OK && err)
		*err = why;
	return status;
}

enum wpkg_status wpkg_oci_layout_list(struct wpkg_oci_index *out, struct wpkg_arena *arena,
				      const struct wpkg_oci_layout *layout, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, INDEX_MAX);
	enum wpkg_status status = read_index(&text, layout, err);
	if (status == WPKG_OK && text.len == 0) {
		*out = (struct wpkg_oci_index){.count = 0};
	} else if (status == WPKG_OK) {
		status = wpkg_oci_index_read(out, arena, wpkg_buf_str(&text), err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, INDEX_FILE);
	}
	wpkg_buf_clear(&text);
	return status;
}

static void blob_path(char out[BLOB_PATH], const struct wpkg_digest *digest)
{
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, digest);
	snprintf(out, BLOB_PATH, BLOBS "/%s", hex);
}

enum wpkg_status wpkg_oci_layout_open_blob(int *out, const struct wpkg_oci_layout *layout,
					   const struct wpkg_digest *digest, struct wpkg_err *err)
{
	char path[BLOB_PATH];
	struct stat info;
	int fd = -1;
	blob_path(path, digest);
	enum wpkg_status status = wpkg_file_open_beneath(&fd, layout->dir, path,
							 O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0, err);
	if (status != WPKG_OK)
		return status;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
		close(fd);
		return WPKG_FAIL(err, WPKG_EFORMAT, "%s is no file", path);
	}
	*out = fd;
	return WPKG_OK;
}

enum wpkg_status wpkg_oci_layout_read(struct wpkg_str *out, struct wpkg_arena *arena,
				      const struct wpkg_oci_layout *layout,
				      const struct wpkg_digest *digest, struct wpkg_err *err)
{
	char path[BLOB_PATH];
	struct wpkg_buf text;
	struct wpkg_digest is;
	struct wpkg_str copy = {0};
	blob_path(path, digest);
	wpkg_buf_init(&text, WPKG_OCI_MANIFEST_MAX);
	enum wpkg_status status = read_file(&text, layout, path, err);
	if (status == WPKG_OK)
		status = wpkg_digest_of(&is, wpkg_buf_str(&text), err);
	if (status == WPKG_OK && !wpkg_digest_equal(&is, digest))
		status =
			WPKG_FAIL(err, WPKG_EDENIED, "%s: its bytes do not have that digest", path);
	if (status == WPKG_OK) {
		copy = wpkg_arena_dup(arena, wpkg_buf_str(&text));
		if (!copy.ptr)
			status = WPKG_FAIL(err, WPKG_ENOMEM, "%s: no memory", path);
	}
	if (status == WPKG_OK)
		*out = copy;
	wpkg_buf_clear(&text);
	return status;
}

/* Writing. */

enum wpkg_status wpkg_oci_layout_put(const struct wpkg_oci_layout *layout,
				     const struct wpkg_label *label, int fd, struct wpkg_err *err)
{
	char path[BLOB_PATH];
	char temporary[BLOB_PATH];
	uint8_t random[8];
	char text[2 * sizeof(random) + 1];
	struct wpkg_digest digest;
	int to = -1;
	if (!wpkg_digest_parse(&digest, label->sha256))
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is no SHA-256 digest",
				 WPKG_STR_ARG(label->sha256));
	blob_path(path, &digest);
	wpkg_random(random, sizeof(random));
	wpkg_hex_format(text, random, sizeof(random));
	snprintf(temporary, sizeof(temporary), BLOBS "/.wpkg-%s", text);
	enum wpkg_status status = wpkg_file_make_dirs(layout->dir, BLOBS, 0777, err);
	if (status != WPKG_OK)
		return status;
	status = wpkg_file_open_beneath(&to, layout->dir, temporary,
					O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666, err);
	if (status != WPKG_OK)
		return status;
	status = wpkg_parcel_copy(label, fd, to, err);
	if (close(to) != 0 && status == WPKG_OK)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", path);
	if (status == WPKG_OK && renameat(layout->dir, temporary, layout->dir, path) != 0)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", path);
	if (status != WPKG_OK)
		unlinkat(layout->dir, temporary, 0);
	return status;
}

static enum wpkg_status add_to_index(const struct wpkg_oci_layout *layout,
				     const struct wpkg_oci_descriptor *descriptor,
				     struct wpkg_err *err)
{
	struct wpkg_buf before, after;
	wpkg_buf_init(&before, INDEX_MAX);
	wpkg_buf_init(&after, INDEX_MAX);
	enum wpkg_status status = read_index(&before, layout, err);
	if (status == WPKG_OK)
		status = wpkg_oci_index_add(&after, wpkg_buf_str(&before), descriptor, err);
	if (status == WPKG_OK)
		status = wpkg_file_write(layout->dir, INDEX_FILE, wpkg_buf_str(&after), 0666, 0,
					 err);
	wpkg_buf_clear(&before);
	wpkg_buf_clear(&after);
	return status;
}

enum wpkg_status wpkg_oci_layout_put_manifest(const struct wpkg_oci_layout *layout,
					      struct wpkg_str bytes,
					      const struct wpkg_oci_descriptor *descriptor,
					      struct wpkg_err *err)
{
	char path[BLOB_PATH];
	blob_path(path, &descriptor->digest);
	enum wpkg_status status = wpkg_file_make_dirs(layout->dir, BLOBS, 0777, err);
	if (status == WPKG_OK)
		status = wpkg_file_write(layout->dir, path, bytes, 0666, 0, err);
	if (status != WPKG_OK)
		return status;
	/* Two processes that add to one layout come one after the other. */
	if (flock(layout->dir, LOCK_EX) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "lock");
	status = add_to_index(layout, descriptor, err);
	flock(layout->dir, LOCK_UN);
	return status;
}
