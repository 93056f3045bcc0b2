/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_FILE_H
#define WPKG_BASE_FILE_H

/*
 * Files, read whole with a bound and written so that a crash at any point leaves the old content
 * or the new one, never a part. Directories are given as an open descriptor (AT_FDCWD for the
 * working directory), paths relative to it. Messages name the path.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* The whole file appended to buf, whose maximum bounds it: WPKG_ELIMIT beyond. */
WPKG_MUST_CHECK enum wpkg_status wpkg_file_read(struct wpkg_buf *buf, int dir, const char *path,
						struct wpkg_err *err);

/* All that an open descriptor still gives; what names it in messages. */
WPKG_MUST_CHECK enum wpkg_status wpkg_file_read_fd(struct wpkg_buf *buf, int fd, const char *what,
						   struct wpkg_err *err);

/* All of the bytes, however many calls it takes. */
WPKG_MUST_CHECK enum wpkg_status wpkg_file_write_fd(int fd, struct wpkg_str bytes, const char *what,
						    struct wpkg_err *err);

enum wpkg_file_flags {
	WPKG_FILE_NEW = 1,     /* WPKG_EEXISTS when the path exists, instead of replacing it */
	WPKG_FILE_DURABLE = 2, /* synced, and its directory too, before the call returns */
	/* A person named the path for a result: what is no regular file there (a device, a pipe, a
	 * link such as /dev/stdout) is written to and stays what it is, instead of being replaced.
	 */
	WPKG_FILE_RESULT = 4,
};

/* How names of temporary files begin: a process that is killed may leave one. 16 hex digits follow.
 */
#define WPKG_FILE_TEMPORARY ".wpkg-"

/* A new temporary file beside the target, synced as flags say, renamed over it. mode: permissions.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_file_write(int dir, const char *path, struct wpkg_str bytes,
						 mode_t mode, int flags, struct wpkg_err *err);

/* Writes the content to the descriptor, piece by piece; path is what errors call it. */
typedef enum wpkg_status wpkg_file_writer(void *user, int fd, const char *path,
					  struct wpkg_err *err);

/* The same of what is too much to have at once. When the writer fails nothing is left. */
WPKG_MUST_CHECK enum wpkg_status wpkg_file_write_by(int dir, const char *path,
						    wpkg_file_writer *writer, void *user,
						    mode_t mode, int flags, struct wpkg_err *err);

/* Syncs the directory that an open descriptor names. */
WPKG_MUST_CHECK enum wpkg_status wpkg_file_sync_dir(int dir, const char *what,
						    struct wpkg_err *err);

/* mkdir -p: the directory and those above it. Existing ones are fine. */
WPKG_MUST_CHECK enum wpkg_status wpkg_file_make_dirs(int dir, const char *path, mode_t mode,
						     struct wpkg_err *err);

/*
 * Opens a path below dir with the flags of open(2); nothing on the way may be a symbolic link or
 * leave dir (openat2 with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS). The descriptor is in *out.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_file_open_beneath(int *out, int dir, const char *path,
							int flags, mode_t mode,
							struct wpkg_err *err);

/* Removes a tree without following links. A missing one is fine. */
WPKG_MUST_CHECK enum wpkg_status wpkg_file_remove_tree(int dir, const char *path,
						       struct wpkg_err *err);

/* A file mapped read-only. Empty files have a valid, empty text. */
struct wpkg_file_map {
	struct wpkg_str bytes; /* borrowed until clear */
};

/* Maps a regular file of at most max bytes. */
WPKG_MUST_CHECK enum wpkg_status wpkg_file_map_open(struct wpkg_file_map *out, int dir,
						    const char *path, uint64_t max,
						    struct wpkg_err *err);
/* The same of an open file, which is closed; path is what errors call it. */
WPKG_MUST_CHECK enum wpkg_status wpkg_file_map_take(struct wpkg_file_map *out, int fd,
						    const char *path, uint64_t max,
						    struct wpkg_err *err);
void wpkg_file_map_close(struct wpkg_file_map *map);

/* The bytes, a part of a mapped file, are not needed soon: their memory is the system's again, and
 * they are read from the file when they are looked at once more. */
void wpkg_file_map_rest(struct wpkg_str bytes);

#endif
