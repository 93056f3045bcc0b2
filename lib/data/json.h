/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_DATA_JSON_H
#define WPKG_DATA_JSON_H

/* JSON of RFC 8259, by jansson, which is seen only in json.c. Duplicate keys are refused. */

#include "base/buf.h"
#include "data/value.h"

/*
 * Any value, in the arena, keys in the order of the text. Numbers with a fraction or an exponent
 * are WPKG_VALUE_FLOAT. Nesting above 64 levels is WPKG_ELIMIT. Errors of the text: WPKG_EFORMAT
 * with "line L, column C: ...".
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_json_read(struct wpkg_value **out, struct wpkg_arena *arena,
						struct wpkg_str text, struct wpkg_err *err);

enum wpkg_json_style { WPKG_JSON_COMPACT, WPKG_JSON_INDENTED };

/* Appends the value; an indented document ends with a newline. */
void wpkg_json_write(struct wpkg_buf *buf, const struct wpkg_value *value,
		     enum wpkg_json_style style);

/* Appends a text as a JSON string with its quotes. Broken UTF-8 becomes U+FFFD. */
void wpkg_json_write_string(struct wpkg_buf *buf, struct wpkg_str text);

#endif
