/* SPDX-License-Identifier: Apache-2.0 */
#include "net/form.h"

#include "base/utf8.h"

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The byte that "%XX" at the offset means; -1 when it means none. */
static int escape_at(struct wpkg_str text, size_t at)
{
	if (text.len - at < 3)
		return -1;
	int high = digit_of(text.ptr[at + 1]);
	int low = digit_of(text.ptr[at + 2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool has_control(struct wpkg_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
			return true;
	return false;
}

enum shape { PATH, FORM };

static enum wpkg_status decode(struct wpkg_str *out, struct wpkg_arena *arena, struct wpkg_str text,
			       enum shape shape, struct wpkg_err *err)
{
	char *bytes = wpkg_arena_alloc(arena, text.len + 1, 1);
	size_t len = 0;
	if (!bytes)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the request's target");
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '%') {
			int byte = escape_at(text, i);
			if (byte < 0)
				return WPKG_FAIL(err, WPKG_EFORMAT, "'%%' without two hex digits");
			if (shape == PATH && byte == '/')
				return WPKG_FAIL(err, WPKG_EFORMAT, "encoded slash in a path");
			c = (char)byte;
			i += 2;
		} else if (c == '+' && shape == FORM) {
			c = ' ';
		}
		bytes[len++] = c;
	}
	struct wpkg_str decoded = wpkg_str_of(bytes, len);
	if (has_control(decoded) || !wpkg_utf8_valid(decoded))
		return WPKG_FAIL(err, WPKG_EFORMAT, "control characters or broken UTF-8");
	*out = decoded;
	return WPKG_OK;
}

enum wpkg_status wpkg_path_decode(struct wpkg_str *out, struct wpkg_arena *arena,
				  struct wpkg_str text, struct wpkg_err *err)
{
	return decode(out, arena, text, PATH, err);
}

static size_t count_parts(struct wpkg_str text)
{
	struct wpkg_str part;
	size_t count = 0;
	while (wpkg_str_split(&text, '&', &part))
		count += part.len > 0;
	return count;
}

enum wpkg_status wpkg_form_parse(struct wpkg_form *out, struct wpkg_arena *arena,
				 struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_form form = {0};
	struct wpkg_str part;
	size_t count = count_parts(text);
	if (count > WPKG_FORM_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "more than %d query parameters", WPKG_FORM_MAX);
	form.pairs = wpkg_arena_alloc(arena, count + 1, sizeof(*form.pairs));
	if (!form.pairs)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the query");
	while (wpkg_str_split(&text, '&', &part)) {
		struct wpkg_form_pair *pair = &form.pairs[form.count];
		size_t equals = wpkg_str_find(part, '=');
		if (part.len == 0)
			continue;
		enum wpkg_status status =
			decode(&pair->key, arena, wpkg_str_slice(part, 0, equals), FORM, err);
		if (status == WPKG_OK)
			status = decode(&pair->value, arena, wpkg_str_from_offset(part, equals + 1),
					FORM, err);
		if (status != WPKG_OK)
			return status;
		form.count++;
	}
	*out = form;
	return WPKG_OK;
}
