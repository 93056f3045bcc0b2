/* SPDX-License-Identifier: Apache-2.0 */
#include "html.h"

#include <stdarg.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "net/url.h"

void html_init(struct html *h, struct wpkg_buf *out)
{
	*h = (struct html){.out = out};
}

/* Elements */

static void end_tag(struct html *h)
{
	if (h->in_tag)
		wpkg_buf_append_text(h->out, h->is_void ? "/>" : ">");
	h->in_tag = false;
}

static void begin_tag(struct html *h, const char *element, bool is_void)
{
	end_tag(h);
	wpkg_buf_append_byte(h->out, '<');
	wpkg_buf_append_text(h->out, element);
	h->in_tag = true;
	h->is_void = is_void;
}

void html_open(struct html *h, const char *element)
{
	begin_tag(h, element, false);
	if (h->depth == HTML_DEPTH) {
		h->out->failed = WPKG_ELIMIT;
		return;
	}
	h->elements[h->depth++] = element;
}

void html_open_class(struct html *h, const char *element, const char *class_)
{
	html_open(h, element);
	html_attr(h, "class", class_);
}

void html_close(struct html *h)
{
	end_tag(h);
	if (h->depth == 0)
		return;
	wpkg_buf_append_text(h->out, "</");
	wpkg_buf_append_text(h->out, h->elements[--h->depth]);
	wpkg_buf_append_byte(h->out, '>');
}

void html_void(struct html *h, const char *element)
{
	begin_tag(h, element, true);
}

/* Texts */

const char *html_reference(uint32_t c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* Joiners shape letters and pictures, and move nothing. */
static bool is_shown(uint32_t c)
{
	return wpkg_utf8_printable(c) || c == 0x200c || c == 0x200d;
}

enum breaks { NO_BREAKS, WITH_BREAKS };

static bool is_break(uint32_t c)
{
	return c == '\n' || c == '\t';
}

/* A run of bytes that are written as they are goes in one piece. */
static void append_escaped(struct wpkg_buf *out, struct wpkg_str text, enum breaks breaks)
{
	struct wpkg_str plain = {.ptr = text.ptr};
	while (text.len > 0) {
		uint32_t c = 0;
		const char *at = text.ptr;
		bool good = wpkg_utf8_next(&text, &c);
		const char *reference = good ? html_reference(c) : NULL;
		if (good && !reference && (is_shown(c) || (breaks && is_break(c)))) {
			plain.len = (size_t)(text.ptr - plain.ptr);
			continue;
		}
		wpkg_buf_append_str(out, plain);
		if (reference)
			wpkg_buf_append_text(out, reference);
		else if (!good)
			wpkg_buf_append_format(out, "\\x%02x", (unsigned char)*at);
		else if (!(breaks && c == '\r'))
			wpkg_buf_append_format(out, c < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)c);
		if (!good)
			text = wpkg_str_from_offset(text, 1);
		plain = wpkg_str_of(text.ptr, 0);
	}
	wpkg_buf_append_str(out, plain);
}

static bool is_ascii(struct wpkg_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

void html_say(struct html *h, const char *words)
{
	end_tag(h);
	append_escaped(h->out, wpkg_str_from(words), WITH_BREAKS);
}

void html_label(struct html *h, struct wpkg_str text)
{
	end_tag(h);
	append_escaped(h->out, text, NO_BREAKS);
}

void html_text(struct html *h, struct wpkg_str text)
{
	bool alone = is_ascii(text);
	if (!alone)
		html_open(h, "bdi");
	html_label(h, text);
	if (!alone)
		html_close(h);
}

void html_lines(struct html *h, struct wpkg_str text)
{
	end_tag(h);
	append_escaped(h->out, text, WITH_BREAKS);
}

/* Attributes */

static void begin_attr(struct html *h, const char *name)
{
	wpkg_buf_append_byte(h->out, ' ');
	wpkg_buf_append_text(h->out, name);
	wpkg_buf_append_text(h->out, "=\"");
}

void html_attr_text(struct html *h, const char *name, struct wpkg_str value)
{
	begin_attr(h, name);
	append_escaped(h->out, value, NO_BREAKS);
	wpkg_buf_append_byte(h->out, '"');
}

void html_attr(struct html *h, const char *name, const char *value)
{
	html_attr_text(h, name, wpkg_str_from(value));
}

void html_attr_number(struct html *h, const char *name, int64_t value)
{
	begin_attr(h, name);
	wpkg_buf_append_format(h->out, "%lld\"", (long long)value);
}

static void put_address(struct html *h, const char *name, const char *pattern, va_list parts)
{
	bool in_query = false;
	begin_attr(h, name);
	for (; *pattern; pattern++) {
		in_query = in_query || *pattern == '?';
		if (*pattern == '*' && in_query)
			wpkg_url_append_value(h->out, va_arg(parts, struct wpkg_str));
		else if (*pattern == '*')
			wpkg_url_append_path(h->out, va_arg(parts, struct wpkg_str));
		else
			append_escaped(h->out, wpkg_str_of(pattern, 1), NO_BREAKS);
	}
	wpkg_buf_append_byte(h->out, '"');
}

void html_address(struct html *h, const char *name, const char *pattern, ...)
{
	va_list parts;
	va_start(parts, pattern);
	put_address(h, name, pattern, parts);
	va_end(parts);
}

void html_link(struct html *h, const char *pattern, ...)
{
	va_list parts;
	va_start(parts, pattern);
	html_open(h, "a");
	put_address(h, "href", pattern, parts);
	va_end(parts);
}

/* What is made of numbers */

void html_number(struct html *h, uint64_t number)
{
	char digits[32];
	size_t at = sizeof(digits);
	unsigned written = 0;
	end_tag(h);
	do {
		if (written > 0 && written % 3 == 0)
			digits[--at] = ',';
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
		written++;
	} while (number > 0);
	wpkg_buf_append(h->out, digits + at, sizeof(digits) - at);
}

void html_size(struct html *h, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	unsigned unit = 0;
	double size = (double)bytes / 1024;
	end_tag(h);
	if (bytes < 1024) {
		html_count(h, bytes, "byte", "bytes");
		return;
	}
	for (; size >= 1024 && unit < 5; unit++)
		size /= 1024;
	wpkg_buf_append_format(h->out, size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

void html_share(struct html *h, uint64_t part, uint64_t whole)
{
	end_tag(h);
	wpkg_buf_append_format(h->out, "%.1f%%", 100 * (double)part / (double)whole);
}

void html_time(struct html *h, int64_t seconds)
{
	char text[WPKG_CLOCK_TEXT];
	wpkg_clock_format(text, seconds);
	html_open(h, "time");
	html_attr(h, "datetime", text);
	html_label(h, wpkg_str_of(text, 10));
	html_close(h);
}

void html_count(struct html *h, uint64_t count, const char *one, const char *many)
{
	html_number(h, count);
	html_say(h, " ");
	html_say(h, count == 1 ? one : many);
}

void html_word(struct html *h, const char *element, const char *words)
{
	html_open(h, element);
	html_say(h, words);
	html_close(h);
}

void html_code(struct html *h, struct wpkg_str text)
{
	html_open(h, "code");
	html_label(h, text);
	html_close(h);
}
