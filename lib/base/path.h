/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_PATH_H
#define WPKG_BASE_PATH_H

/* Path names as text. Nothing here touches the disk. */

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/*
 * Is it a relative path that stays below where it starts, on any system? No empty part, "." or
 * "..", no leading slash, no backslash, colon, control character or broken UTF-8, no part above
 * 255 bytes, no trailing dot or space. What outside data may name a file.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_path_check_portable(struct wpkg_str path,
							  struct wpkg_err *err);

/* The last part of the path, and the part after its last dot ("" when there is none). */
struct wpkg_str wpkg_path_base(struct wpkg_str path);
struct wpkg_str wpkg_path_extension(struct wpkg_str path);

/* The directory that a path lies in, as text: "." and "/" where it needs one. Heap; NULL when
 * memory is out. */
char *wpkg_path_parent(const char *path);

/* "directory/name" (heap, wpkg_mem_free); NULL when memory is out. */
char *wpkg_path_join(const char *directory, const char *name);

/*
 * The user's directory for wpkg's configuration or cache by the XDG base directory rules:
 * $XDG_CONFIG_HOME/wpkg or ~/.config/wpkg, $XDG_CACHE_HOME/wpkg or ~/.cache/wpkg. Heap.
 * WPKG_EINVAL when no home is set.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_path_config(char **out, struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_path_cache(char **out, struct wpkg_err *err);

/* Does a glob match the path? '*' and '?' within one part, '**' over parts, "[abc]" sets. */
bool wpkg_path_glob(struct wpkg_str pattern, struct wpkg_str path);

#endif
