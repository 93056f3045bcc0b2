/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_TAR_INT_H
#define WPKG_PKG_TAR_INT_H

/*
 * Archives in tar, entry by entry, for those who know what belongs into one: standalone bundles
 * (archive.c) and OCI layouts (oci_archive.c). By libarchive, through archive_int.h.
 *
 * Reading holds an archive to limits and believes nothing else of it; what is done with an entry,
 * and where its bytes go, is for the visitor. Writing is the same each time: times, owners and
 * modes are fixed.
 */

#include <stdbool.h>

#include "archive_int.h"
#include "base/str.h"

struct tar_limits {
	uint64_t entries;
	uint64_t bytes; /* of all contents */
	uint64_t ratio; /* of contents to the archive, from a mebibyte of contents on */
};

struct tar_entry {
	const char *path; /* as the archive has it, without "./" at its head; NULL: it has none */
	bool is_file;	  /* regular, and not one file under a second name */
	bool is_folder;
};

/* path, limits and err are filled in by the caller. */
struct tar_reader {
	const char *path; /* of the archive, for messages */
	struct tar_limits limits;
	struct wpkg_err *err;
	const struct archive_api *api;
	struct archive *archive;
	uint64_t packed; /* bytes of the archive */
	uint64_t entries;
	uint64_t bytes;
};

typedef enum wpkg_status tar_visit(void *user, struct tar_reader *reader,
				   const struct tar_entry *entry);
typedef enum wpkg_status tar_sink(void *user, struct tar_reader *reader, struct wpkg_str bytes);

/*
 * Hands each entry to visit, from the start of the file, which may be packed with gzip. Ends with
 * the first failure. WPKG_EFORMAT for what is no archive, WPKG_ELIMIT beyond a limit.
 */
WPKG_MUST_CHECK enum wpkg_status tar_read(struct tar_reader *reader, int fd, tar_visit *visit,
					  void *user);

/* In a visit: the entry's content, piece by piece; sink NULL passes it over, counted all the same.
 */
WPKG_MUST_CHECK enum wpkg_status tar_read_content(struct tar_reader *reader, tar_sink *sink,
						  void *user);

struct tar_writer {
	const struct archive_api *api;
	struct archive *archive;
	struct wpkg_err *err;
};

/* The descriptor stays the caller's. tar_writer_close is due when it was opened. */
WPKG_MUST_CHECK enum wpkg_status tar_writer_open(struct tar_writer *out, int fd, bool gzip,
						 struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status tar_write_folder(struct tar_writer *writer, const char *path);

/* All of the file as it was when it was looked at; WPKG_EIO when it turns out shorter. */
WPKG_MUST_CHECK enum wpkg_status tar_write_file(struct tar_writer *writer, const char *path,
						int fd);

/* Ends the archive when all went well (status), and gives back what the writer held. */
WPKG_MUST_CHECK enum wpkg_status tar_writer_close(struct tar_writer *writer,
						  enum wpkg_status status);

#endif
