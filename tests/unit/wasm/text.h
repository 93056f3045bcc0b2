/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TESTS_UNIT_WASM_TEXT_H
#define WPKG_TESTS_UNIT_WASM_TEXT_H

/* Texts to modules and back, for the tests of the text format. */

#include "../unit.h"

#include "wasm/module.h"
#include "wasm/wat.h"

/* The module of a text; the caller clears it. */
static inline struct wpkg_buf text_parse(struct wpkg_str text)
{
	struct wpkg_err err;
	struct wpkg_buf bytes;
	wpkg_buf_init(&bytes, SIZE_MAX);
	ck_ok(wpkg_wat_parse(&bytes, text, NULL, &err), err);
	return bytes;
}

static inline struct wpkg_module *text_read(const struct wpkg_buf *bytes)
{
	struct wpkg_err err;
	struct wpkg_module *module;
	ck_ok(wpkg_module_read(&module, wpkg_buf_str(bytes), NULL, &err), err);
	return module;
}

/* The text of a module; the caller clears it. */
static inline struct wpkg_buf text_print(const struct wpkg_module *module, bool fold, bool offsets)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	struct wpkg_wat_print_options options = {.fold = fold, .offsets = offsets};
	wpkg_buf_init(&text, SIZE_MAX);
	ck_ok(wpkg_wat_print(&text, module, &options, &err), err);
	return text;
}

/* Both texts give the same module. */
static inline void text_same(const char *a, const char *b)
{
	struct wpkg_buf first = text_parse(wpkg_str_from(a)), second = text_parse(wpkg_str_from(b));
	ck_assert_msg(wpkg_str_equal(wpkg_buf_str(&first), wpkg_buf_str(&second)),
		      "not the same module:\n%s\n%s", a, b);
	wpkg_buf_clear(&first);
	wpkg_buf_clear(&second);
}

/* The text is malformed, with that message. */
static inline void text_malformed(struct wpkg_str text, const char *message)
{
	struct wpkg_err err = {0};
	struct wpkg_buf bytes;
	wpkg_buf_init(&bytes, SIZE_MAX);
	enum wpkg_status status = wpkg_wat_parse(&bytes, text, NULL, &err);
	ck_assert_msg(status == WPKG_EFORMAT, "%.60s: %s", text.ptr, wpkg_status_name(status));
	ck_assert_str_eq(err.msg, message);
	ck_assert_uint_eq(bytes.len, 0);
	wpkg_buf_clear(&bytes);
}

#endif
