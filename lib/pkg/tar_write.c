/* SPDX-License-Identifier: Apache-2.0 */
#include "tar_int.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 65536

static enum wpkg_status fail(const struct tar_writer *writer, const char *path)
{
	const char *text = writer->api->error_string(writer->archive);
	return WPKG_FAIL(writer->err, WPKG_EIO, "%s: %s", path, text ? text : "cannot be written");
}

static enum wpkg_status write_header(struct tar_writer *writer, const char *path, unsigned type,
				     uint64_t size)
{
	const struct archive_api *api = writer->api;
	struct archive_entry *entry = api->entry_new();
	if (!entry)
		return WPKG_FAIL(writer->err, WPKG_ENOMEM, "archive: no memory");
	api->entry_set_pathname(entry, path);
	api->entry_set_filetype(entry, type);
	api->entry_set_perm(entry, type == AE_IFDIR ? 0755 : 0644);
	api->entry_set_size(entry, (la_int64_t)size);
	api->entry_set_mtime(entry, 0, 0);
	int result = api->write_header(writer->archive, entry);
	api->entry_free(entry);
	return result == ARCHIVE_OK ? WPKG_OK : fail(writer, path);
}

enum wpkg_status tar_write_folder(struct tar_writer *writer, const char *path)
{
	return write_header(writer, path, AE_IFDIR, 0);
}

enum wpkg_status tar_write_file(struct tar_writer *writer, const char *path, int fd)
{
	char block[BLOCK];
	struct stat info;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		return WPKG_FAIL(writer->err, WPKG_EFORMAT, "%s is no file", path);
	uint64_t left = (uint64_t)info.st_size;
	enum wpkg_status status = write_header(writer, path, AE_IFREG, left);
	while (status == WPKG_OK && left > 0) {
		ssize_t n = read(fd, block, left < BLOCK ? (size_t)left : BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return WPKG_FAIL(writer->err, WPKG_EIO, "%s: shorter than it was", path);
		if (writer->api->write_data(writer->archive, block, (size_t)n) != n)
			return fail(writer, path);
		left -= (uint64_t)n;
	}
	return status;
}

enum wpkg_status tar_writer_open(struct tar_writer *out, int fd, bool gzip, struct wpkg_err *err)
{
	struct tar_writer writer = {.err = err};
	enum wpkg_status status = archive_api_load(&writer.api, err);
	if (status != WPKG_OK)
		return status;
	writer.archive = writer.api->write_new();
	if (!writer.archive)
		return WPKG_FAIL(err, WPKG_ENOMEM, "archive: no memory");
	if (gzip) {
		writer.api->write_add_filter_gzip(writer.archive);
		writer.api->write_set_filter_option(writer.archive, "gzip", "timestamp", NULL);
	}
	writer.api->write_set_format_ustar(writer.archive);
	if (writer.api->write_open_fd(writer.archive, fd) != ARCHIVE_OK) {
		status = fail(&writer, "archive");
		writer.api->write_free(writer.archive);
		return status;
	}
	*out = writer;
	return WPKG_OK;
}

enum wpkg_status tar_writer_close(struct tar_writer *writer, enum wpkg_status status)
{
	if (status == WPKG_OK && writer->api->write_close(writer->archive) != ARCHIVE_OK)
		status = fail(writer, "archive");
	writer->api->write_free(writer->archive);
	writer->archive = NULL;
	return status;
}
