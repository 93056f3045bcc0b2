/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TESTS_VECTORS_H
#define WPKG_TESTS_VECTORS_H

/*
 * Recordings of other programs, in files of one JSON value a line. They are not part of this
 * project: they are read from $WPKG_VECTORS, or else ../shared/vectors.
 */

#include <fcntl.h>

#include "base/file.h"
#include "data/json.h"
#include "unit.h"

static inline struct wpkg_str vectors_load(struct wpkg_arena *arena, const char *path)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	const char *folder = getenv("WPKG_VECTORS");
	struct wpkg_str full =
		wpkg_arena_format(arena, "%s/%s", folder ? folder : "../shared/vectors", path);
	wpkg_buf_init(&text, (size_t)64 << 20);
	enum wpkg_status status = wpkg_file_read(&text, AT_FDCWD, full.ptr, &err);
	ck_assert_msg(
		status == WPKG_OK,
		"missing test data: %s (set WPKG_VECTORS to the folder of vectors; README says "
		"where to get them)",
		err.msg);
	struct wpkg_str copy = wpkg_arena_dup(arena, wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
	return copy;
}

/* The next line as a value; false at the end. */
static inline bool vectors_next(struct wpkg_arena *arena, struct wpkg_str *rest,
				struct wpkg_value **out)
{
	struct wpkg_err err;
	struct wpkg_str line;
	while (wpkg_str_split(rest, '\n', &line)) {
		if (line.len == 0)
			continue;
		ck_ok(wpkg_json_read(out, arena, line, &err), err);
		return true;
	}
	return false;
}

static inline struct wpkg_str vectors_text(const struct wpkg_value *record, const char *key)
{
	const struct wpkg_value *value = wpkg_value_find(record, key);
	return value && value->kind == WPKG_VALUE_STRING ? value->string : (struct wpkg_str){0};
}

#endif
