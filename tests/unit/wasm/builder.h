/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TESTS_WASM_BUILDER_H
#define WPKG_TESTS_WASM_BUILDER_H

/* Modules made in a test: sections as texts of bytes, and LEB128 numbers. */

#include "../unit.h"
#include "base/buf.h"
#include "wasm/module.h"
#include "wasm/stream.h"

#define BUILD_MAX ((size_t)256 << 20)

static inline void put_number(struct wpkg_buf *out, uint64_t number)
{
	while (number >= 0x80) {
		wpkg_buf_append_byte(out, (uint8_t)(number | 0x80));
		number >>= 7;
	}
	wpkg_buf_append_byte(out, (uint8_t)number);
}

static inline void put_name(struct wpkg_buf *out, const char *name)
{
	put_number(out, strlen(name));
	wpkg_buf_append_text(out, name);
}

static inline void put_header(struct wpkg_buf *out)
{
	wpkg_buf_init(out, BUILD_MAX);
	wpkg_buf_append(out, "\0asm\1\0\0\0", 8);
}

/* Identifier, size, body. */
static inline void put_section(struct wpkg_buf *out, uint8_t id, struct wpkg_str body)
{
	wpkg_buf_append_byte(out, id);
	put_number(out, body.len);
	wpkg_buf_append_str(out, body);
}

#define put_bytes(out, id, literal) put_section((out), (id), WPKG_LIT(literal))

static inline void put_custom(struct wpkg_buf *out, const char *name, struct wpkg_str content)
{
	struct wpkg_buf body;
	wpkg_buf_init(&body, BUILD_MAX);
	put_name(&body, name);
	wpkg_buf_append_str(&body, content);
	put_section(out, WPKG_SECTION_CUSTOM, wpkg_buf_str(&body));
	wpkg_buf_clear(&body);
}

/* A size and a body, into the content of a code section. */
static inline void put_body(struct wpkg_buf *code, struct wpkg_str body)
{
	put_number(code, body.len);
	wpkg_buf_append_str(code, body);
}

/* Reads what must be valid. */
static inline struct wpkg_module *read_valid(const struct wpkg_buf *bytes)
{
	struct wpkg_module *module = NULL;
	struct wpkg_err err;
	ck_ok(wpkg_module_read(&module, wpkg_buf_str(bytes), NULL, &err), err);
	return module;
}

/* Reads what must fail with that message. */
static inline void read_invalid(const struct wpkg_buf *bytes, const char *message)
{
	struct wpkg_module *module = NULL;
	struct wpkg_err err = {.msg = "valid"};
	enum wpkg_status status = wpkg_module_read(&module, wpkg_buf_str(bytes), NULL, &err);
	wpkg_module_free(module);
	ck_assert_str_eq(err.msg, message);
	ck_assert_int_ne(status, WPKG_OK);
}

/* Feeds the bytes in pieces of that many to a stream. */
static inline enum wpkg_status read_stream(struct wpkg_str bytes, size_t piece,
					   struct wpkg_module_fault *fault, struct wpkg_err *err)
{
	struct wpkg_module_options options = {.fault = fault};
	struct wpkg_module_stream *stream = NULL;
	enum wpkg_status status = wpkg_module_stream_new(&stream, &options, err);
	for (size_t at = 0; status == WPKG_OK && at < bytes.len; at += piece)
		status =
			wpkg_module_stream_feed(stream, wpkg_str_slice(bytes, at, at + piece), err);
	if (status == WPKG_OK)
		status = wpkg_module_stream_finish(stream, err);
	wpkg_module_stream_free(stream);
	return status;
}

#endif
