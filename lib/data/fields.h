/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_DATA_FIELDS_H
#define WPKG_DATA_FIELDS_H

/*
 * The strict reading of a table: open it, take each key that the format knows, close it. What was
 * not taken is unknown and refused, with a suggestion where a known key is near. Messages name the
 * place and the field: "line 3, column 7: parcel.label.size is a string, not an integer".
 */

#include "base/arena.h"
#include "data/value.h"

#define WPKG_FIELDS_MAX 64

struct wpkg_fields {
	const struct wpkg_value *table;
	const char *where;		    /* "parcel.label"; "" for the whole document */
	uint64_t taken;			    /* bit i: the i-th key was taken */
	const char *known[WPKG_FIELDS_MAX]; /* the keys asked for */
	size_t known_count;
};

enum wpkg_need { WPKG_OPTIONAL, WPKG_REQUIRED };

/* The texts where and key are borrowed until close. A value that is no table is WPKG_EFORMAT. */
WPKG_MUST_CHECK enum wpkg_status wpkg_fields_open(struct wpkg_fields *out,
						  const struct wpkg_value *value, const char *where,
						  struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_fields_close(struct wpkg_fields *fields,
						   struct wpkg_err *err);

/* The value under the key, of that kind; NULL when an optional one is absent (or JSON's null). */
WPKG_MUST_CHECK enum wpkg_status wpkg_fields_take(struct wpkg_fields *fields,
						  const struct wpkg_value **out, const char *key,
						  enum wpkg_value_kind kind, enum wpkg_need need,
						  struct wpkg_err *err);

/* The same for plain values; *out stays as it was when an optional key is absent. */
WPKG_MUST_CHECK enum wpkg_status wpkg_fields_take_string(struct wpkg_fields *fields,
							 struct wpkg_str *out, const char *key,
							 enum wpkg_need need, struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_fields_take_integer(struct wpkg_fields *fields, int64_t *out,
							  const char *key, enum wpkg_need need,
							  struct wpkg_err *err);
WPKG_MUST_CHECK enum wpkg_status wpkg_fields_take_boolean(struct wpkg_fields *fields, bool *out,
							  const char *key, enum wpkg_need need,
							  struct wpkg_err *err);

/* Bytes: a number, or a text such as "64MiB". *out stays as it was when the key is absent. */
WPKG_MUST_CHECK enum wpkg_status wpkg_fields_take_size(struct wpkg_fields *fields, uint64_t *out,
						       const char *key, struct wpkg_err *err);

/* The same for texts that shall outlive the table: copied to the arena, ptr and items never NULL.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_fields_copy_string(struct wpkg_fields *fields,
							 struct wpkg_str *out,
							 struct wpkg_arena *arena, const char *key,
							 enum wpkg_need need, struct wpkg_err *err);
/* An array of strings, which may be absent. */
WPKG_MUST_CHECK enum wpkg_status wpkg_fields_copy_strings(struct wpkg_fields *fields,
							  struct wpkg_strings *out,
							  struct wpkg_arena *arena, const char *key,
							  struct wpkg_err *err);
/* A value that shall be an array of strings; name is what messages call it. */
WPKG_MUST_CHECK enum wpkg_status wpkg_value_copy_strings(struct wpkg_strings *out,
							 struct wpkg_arena *arena,
							 const struct wpkg_value *array,
							 const char *name, struct wpkg_err *err);

#endif
