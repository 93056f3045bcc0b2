/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/utf8.h"
#include "net/form.h"

#define ARENA_MAX ((size_t)16 * 1024 * 1024)

/* A query's or a path's text: what is taken is UTF-8 without control characters. */
static void check_text(struct wpkg_str text)
{
	fuzz_must(wpkg_utf8_valid(text));
	for (size_t i = 0; i < text.len; i++)
		fuzz_must((unsigned char)text.ptr[i] >= ' ' && text.ptr[i] != 0x7f);
}

static size_t count_slashes(struct wpkg_str text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '/';
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wpkg_str text = wpkg_str_of(data, size);
	struct wpkg_arena arena;
	struct wpkg_form form;
	struct wpkg_str path;
	struct wpkg_err err;
	wpkg_arena_init(&arena, ARENA_MAX);
	if (wpkg_form_parse(&form, &arena, text, &err) == WPKG_OK) {
		fuzz_must(form.count <= WPKG_FORM_MAX);
		for (size_t i = 0; i < form.count; i++) {
			check_text(form.pairs[i].key);
			check_text(form.pairs[i].value);
		}
	}
	if (wpkg_path_decode(&path, &arena, text, &err) == WPKG_OK) {
		check_text(path);
		fuzz_must(count_slashes(path) == count_slashes(text));
	}
	wpkg_arena_clear(&arena);
	return 0;
}
