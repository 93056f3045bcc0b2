/* SPDX-License-Identifier: Apache-2.0 */
#include "tar_int.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RATIO_FREE ((uint64_t)1 << 20) /* bytes below which no ratio is looked at */
#define BLOCK 65536

static enum wpkg_status fail(const struct tar_reader *reader)
{
	const char *text = reader->api->error_string(reader->archive);
	return WPKG_FAIL(reader->err, WPKG_EFORMAT, "%s: %s", reader->path,
			 text ? text : "damaged archive");
}

static enum wpkg_status count_bytes(struct tar_reader *reader, size_t n)
{
	const struct tar_limits *limits = &reader->limits;
	reader->bytes += n;
	if (reader->bytes > limits->bytes)
		return WPKG_FAIL(reader->err, WPKG_ELIMIT, "%s: unpacks to more than %llu bytes",
				 reader->path, (unsigned long long)limits->bytes);
	if (reader->bytes > RATIO_FREE && reader->bytes / limits->ratio > reader->packed)
		return WPKG_FAIL(reader->err, WPKG_ELIMIT,
				 "%s: unpacks to more than %llu times its size", reader->path,
				 (unsigned long long)limits->ratio);
	return WPKG_OK;
}

enum wpkg_status tar_read_content(struct tar_reader *reader, tar_sink *sink, void *user)
{
	char block[BLOCK];
	for (;;) {
		la_ssize_t n = reader->api->read_data(reader->archive, block, sizeof(block));
		if (n == 0)
			return WPKG_OK;
		if (n < 0)
			return fail(reader);
		enum wpkg_status status = count_bytes(reader, (size_t)n);
		if (status == WPKG_OK && sink)
			status = sink(user, reader, wpkg_str_of(block, (size_t)n));
		if (status != WPKG_OK)
			return status;
	}
}

static enum wpkg_status visit_entry(struct tar_reader *reader, struct archive_entry *found,
				    tar_visit *visit, void *user)
{
	const struct archive_api *api = reader->api;
	unsigned type = api->entry_filetype(found);
	bool is_link = api->entry_hardlink(found) || api->entry_symlink(found);
	struct tar_entry entry = {.path = api->entry_pathname(found),
				  .is_file = type == AE_IFREG && !is_link,
				  .is_folder = type == AE_IFDIR && !is_link};
	if (++reader->entries > reader->limits.entries)
		return WPKG_FAIL(reader->err, WPKG_ELIMIT, "%s: more than %llu entries",
				 reader->path, (unsigned long long)reader->limits.entries);
	while (entry.path && strncmp(entry.path, "./", 2) == 0)
		entry.path += 2;
	return visit(user, reader, &entry);
}

static enum wpkg_status visit_entries(struct tar_reader *reader, tar_visit *visit, void *user)
{
	struct archive_entry *entry = NULL;
	enum wpkg_status status = WPKG_OK;
	reader->entries = 0;
	reader->bytes = 0;
	while (status == WPKG_OK) {
		int result = reader->api->read_next_header(reader->archive, &entry);
		if (result == ARCHIVE_EOF)
			break;
		status = result == ARCHIVE_OK ? visit_entry(reader, entry, visit, user)
					      : fail(reader);
	}
	return status;
}

enum wpkg_status tar_read(struct tar_reader *reader, int fd, tar_visit *visit, void *user)
{
	struct stat info;
	if (fstat(fd, &info) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		return WPKG_FAIL_ERRNO(reader->err, errno, "%s", reader->path);
	reader->packed = (uint64_t)info.st_size;
	enum wpkg_status status = archive_api_load(&reader->api, reader->err);
	if (status != WPKG_OK)
		return status;
	reader->archive = reader->api->read_new();
	if (!reader->archive)
		return WPKG_FAIL(reader->err, WPKG_ENOMEM, "%s: no memory", reader->path);
	reader->api->read_support_filter_gzip(reader->archive);
	reader->api->read_support_format_tar(reader->archive);
	if (reader->api->read_open_fd(reader->archive, fd, BLOCK) == ARCHIVE_OK)
		status = visit_entries(reader, visit, user);
	else
		status = fail(reader);
	reader->api->read_free(reader->archive);
	reader->archive = NULL;
	return status;
}
