/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_ARCHIVE_INT_H
#define WPKG_PKG_ARCHIVE_INT_H

/*
 * libarchive, loaded when the first archive is read or written: it brings ten shared libraries,
 * which whoever has no archive shall not pay for. The table has the types of its own headers.
 */

#include <archive.h>
#include <archive_entry.h>

#include "base/err.h"

struct archive_api {
	const char *(*error_string)(struct archive *archive);

	struct archive *(*read_new)(void);
	int (*read_support_filter_gzip)(struct archive *archive);
	int (*read_support_format_tar)(struct archive *archive);
	int (*read_open_fd)(struct archive *archive, int fd, size_t block);
	int (*read_next_header)(struct archive *archive, struct archive_entry **entry);
	la_ssize_t (*read_data)(struct archive *archive, void *out, size_t size);
	int (*read_free)(struct archive *archive);

	struct archive *(*write_new)(void);
	int (*write_add_filter_gzip)(struct archive *archive);
	int (*write_set_filter_option)(struct archive *archive, const char *module,
				       const char *option, const char *value);
	int (*write_set_format_ustar)(struct archive *archive);
	int (*write_open_fd)(struct archive *archive, int fd);
	int (*write_header)(struct archive *archive, struct archive_entry *entry);
	la_ssize_t (*write_data)(struct archive *archive, const void *bytes, size_t size);
	int (*write_close)(struct archive *archive);
	int (*write_free)(struct archive *archive);

	struct archive_entry *(*entry_new)(void);
	void (*entry_free)(struct archive_entry *entry);
	__LA_MODE_T (*entry_filetype)(struct archive_entry *entry);
	const char *(*entry_pathname)(struct archive_entry *entry);
	const char *(*entry_hardlink)(struct archive_entry *entry);
	const char *(*entry_symlink)(struct archive_entry *entry);
	void (*entry_set_pathname)(struct archive_entry *entry, const char *path);
	void (*entry_set_filetype)(struct archive_entry *entry, unsigned type);
	void (*entry_set_perm)(struct archive_entry *entry, __LA_MODE_T mode);
	void (*entry_set_size)(struct archive_entry *entry, la_int64_t size);
	void (*entry_set_mtime)(struct archive_entry *entry, time_t seconds, long nanoseconds);
};

/* The table; loaded once a process. WPKG_ENOTFOUND names the package to install. Thread-safe. */
WPKG_MUST_CHECK enum wpkg_status archive_api_load(const struct archive_api **out,
						  struct wpkg_err *err);

#endif
