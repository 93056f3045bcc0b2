/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standalone bundles as folders.
 *
 * Writing goes on in a hidden folder beside the target, which takes its name by one rename when
 * all is there: whoever finds <IDSHA> finds it whole.
 */
#include "pkg/bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "pkg/id.h"
#include "pkg/parcel.h"

#define PARCEL_PATH sizeof("parcels/.dat") + WPKG_DIGEST_TEXT

static enum wpkg_status parcel_path(char out[PARCEL_PATH], struct wpkg_str sha256,
				    struct wpkg_err *err)
{
	struct wpkg_digest digest;
	if (sha256.len != 64 || !wpkg_digest_parse(&digest, sha256))
		return WPKG_FAIL(err, WPKG_EINVAL, "'%.*s' is not a SHA-256 digest",
				 WPKG_STR_ARG(sha256));
	snprintf(out, PARCEL_PATH, "parcels/%.*s.dat", WPKG_STR_ARG(sha256));
	return WPKG_OK;
}

static bool is_bundle_name(const char *name)
{
	struct wpkg_digest digest;
	return strlen(name) == 64 && wpkg_digest_parse(&digest, wpkg_str_from(name));
}

/* The one folder inside that is named as bundles are. */
static enum wpkg_status find_inside(char out[WPKG_DIGEST_TEXT], int dir, const char *path,
				    struct wpkg_err *err)
{
	size_t found = 0;
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	if (!stream) {
		int code = errno;
		if (copy >= 0)
			close(copy);
		return WPKG_FAIL_ERRNO(err, code, "%s", path);
	}
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		if (!is_bundle_name(entry->d_name))
			continue;
		memcpy(out, entry->d_name, WPKG_DIGEST_TEXT);
		found++;
	}
	closedir(stream);
	if (found == 0)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "%s: no bundle in it", path);
	if (found > 1)
		return WPKG_FAIL(err, WPKG_EINVAL, "%s: %zu bundles in it; name one", path, found);
	return WPKG_OK;
}

static enum wpkg_status open_folder(int *out, const char *path, struct wpkg_err *err)
{
	char name[WPKG_DIGEST_TEXT];
	struct stat info;
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	if (fstatat(dir, "invoice.toml", &info, AT_SYMLINK_NOFOLLOW) == 0) {
		*out = dir;
		return WPKG_OK;
	}
	enum wpkg_status status = find_inside(name, dir, path, err);
	if (status == WPKG_OK)
		status = wpkg_file_open_beneath(out, dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC,
						0, err);
	close(dir);
	return status;
}

static enum wpkg_status read_invoice(struct wpkg_invoice **out, struct wpkg_arena *arena, int dir,
				     struct wpkg_err *err)
{
	struct wpkg_buf text;
	int fd = -1;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	enum wpkg_status status =
		wpkg_file_open_beneath(&fd, dir, "invoice.toml", O_RDONLY | O_CLOEXEC, 0, err);
	if (status == WPKG_OK)
		status = wpkg_file_read_fd(&text, fd, "invoice.toml", err);
	if (status == WPKG_OK) {
		status = wpkg_invoice_read(out, arena, wpkg_buf_str(&text), WPKG_INVOICE_TOML, err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "invoice.toml");
	}
	if (fd >= 0)
		close(fd);
	wpkg_buf_clear(&text);
	return status;
}

enum wpkg_status wpkg_bundle_open(struct wpkg_bundle *out, struct wpkg_arena *arena,
				  const char *path, struct wpkg_err *err)
{
	struct wpkg_bundle bundle = {.dir = -1};
	enum wpkg_status status = open_folder(&bundle.dir, path, err);
	if (status != WPKG_OK)
		return status;
	status = read_invoice(&bundle.invoice, arena, bundle.dir, err);
	if (status == WPKG_OK)
		*out = bundle;
	else
		close(bundle.dir);
	return status;
}

void wpkg_bundle_close(struct wpkg_bundle *bundle)
{
	if (bundle->dir >= 0)
		close(bundle->dir);
	*bundle = (struct wpkg_bundle){.dir = -1};
}

enum wpkg_status wpkg_bundle_open_parcel(int *out, const struct wpkg_bundle *bundle,
					 struct wpkg_str sha256, struct wpkg_err *err)
{
	char path[PARCEL_PATH];
	enum wpkg_status status = parcel_path(path, sha256, err);
	if (status != WPKG_OK)
		return status;
	return wpkg_file_open_beneath(out, bundle->dir, path, O_RDONLY | O_CLOEXEC, 0, err);
}

enum wpkg_status wpkg_bundle_check(const struct wpkg_bundle *bundle, struct wpkg_err *err)
{
	for (size_t i = 0; i < bundle->invoice->parcel_count; i++) {
		const struct wpkg_label *label = &bundle->invoice->parcels[i].label;
		int fd = -1;
		enum wpkg_status status = wpkg_bundle_open_parcel(&fd, bundle, label->sha256, err);
		if (status == WPKG_ENOTFOUND)
			continue;
		if (status == WPKG_OK) {
			status = wpkg_parcel_check(label, fd, err);
			close(fd);
		}
		if (status != WPKG_OK)
			return status;
	}
	return WPKG_OK;
}

struct wpkg_bundle_writer {
	int folder;		       /* where the bundle goes */
	int dir;		       /* the bundle in the making */
	char name[WPKG_DIGEST_TEXT];   /* its name at the end */
	char making[WPKG_DIGEST_TEXT]; /* and until then */
	const struct wpkg_invoice *invoice;
	bool finished;
};

static enum wpkg_status name_bundle(struct wpkg_bundle_writer *writer, struct wpkg_err *err)
{
	struct wpkg_digest id;
	struct stat info;
	uint8_t tail[8];
	enum wpkg_status status =
		wpkg_id_digest(&id, writer->invoice->name, writer->invoice->version, err);
	if (status != WPKG_OK)
		return status;
	wpkg_digest_format(writer->name, &id);
	wpkg_random(tail, sizeof(tail));
	memcpy(writer->making, ".making-", 8);
	wpkg_hex_format(writer->making + 8, tail, sizeof(tail));
	if (fstatat(writer->folder, writer->name, &info, AT_SYMLINK_NOFOLLOW) == 0)
		return WPKG_FAIL(err, WPKG_EEXISTS, "%s: is there already", writer->name);
	return WPKG_OK;
}

static enum wpkg_status make_folders(struct wpkg_bundle_writer *writer, struct wpkg_err *err)
{
	if (mkdirat(writer->folder, writer->making, 0755) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", writer->making);
	writer->dir = openat(writer->folder, writer->making, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (writer->dir < 0 || mkdirat(writer->dir, "parcels", 0755) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s/parcels", writer->making);
	return WPKG_OK;
}

static enum wpkg_status write_invoice(const struct wpkg_bundle_writer *writer, struct wpkg_err *err)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	enum wpkg_status status =
		wpkg_invoice_write(&text, writer->invoice, WPKG_INVOICE_TOML, err);
	if (status == WPKG_OK)
		status = wpkg_file_write(writer->dir, "invoice.toml", wpkg_buf_str(&text), 0644,
					 WPKG_FILE_NEW, err);
	wpkg_buf_clear(&text);
	return status;
}

enum wpkg_status wpkg_bundle_writer_new(struct wpkg_bundle_writer **out, const char *folder,
					const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct wpkg_bundle_writer *writer = wpkg_mem_calloc(1, sizeof(*writer));
	if (!writer)
		return WPKG_FAIL(err, WPKG_ENOMEM, "bundle: no memory");
	writer->invoice = invoice;
	writer->dir = -1;
	writer->folder = -1;
	enum wpkg_status status = wpkg_file_make_dirs(AT_FDCWD, folder, 0755, err);
	if (status == WPKG_OK) {
		writer->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (writer->folder < 0)
			status = WPKG_FAIL_ERRNO(err, errno, "%s", folder);
	}
	if (status == WPKG_OK)
		status = name_bundle(writer, err);
	if (status == WPKG_OK)
		status = make_folders(writer, err);
	if (status == WPKG_OK)
		status = write_invoice(writer, err);
	if (status == WPKG_OK)
		*out = writer;
	else
		wpkg_bundle_writer_free(writer);
	return status;
}

enum wpkg_status wpkg_bundle_writer_add(struct wpkg_bundle_writer *writer,
					const struct wpkg_label *label, int fd,
					struct wpkg_err *err)
{
	char path[PARCEL_PATH];
	enum wpkg_status status = parcel_path(path, label->sha256, err);
	if (status != WPKG_OK)
		return status;
	int to = openat(writer->dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0644);
	if (to < 0 && errno == EEXIST)
		return WPKG_OK; /* the same bytes under another name */
	if (to < 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", path);
	status = wpkg_parcel_copy(label, fd, to, err);
	if (close(to) != 0 && status == WPKG_OK)
		status = WPKG_FAIL_ERRNO(err, errno, "%s", path);
	if (status != WPKG_OK)
		unlinkat(writer->dir, path, 0);
	return status;
}

enum wpkg_status wpkg_bundle_writer_finish(struct wpkg_bundle_writer *writer, struct wpkg_err *err)
{
	if (syncfs(writer->dir) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", writer->name);
	if (renameat2(writer->folder, writer->making, writer->folder, writer->name,
		      RENAME_NOREPLACE) != 0)
		return WPKG_FAIL_ERRNO(err, errno, "%s", writer->name);
	writer->finished = true;
	return wpkg_file_sync_dir(writer->folder, "bundle", err);
}

void wpkg_bundle_writer_free(struct wpkg_bundle_writer *writer)
{
	if (!writer)
		return;
	if (!writer->finished && writer->dir >= 0)
		(void)!wpkg_file_remove_tree(writer->folder, writer->making, NULL);
	if (writer->dir >= 0)
		close(writer->dir);
	if (writer->folder >= 0)
		close(writer->folder);
	wpkg_mem_free(writer);
}
