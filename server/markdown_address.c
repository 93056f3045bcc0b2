/* SPDX-License-Identifier: Apache-2.0 */
#include "markdown_address.h"

#include <string.h>

static bool starts_nocase(struct wpkg_str text, struct wpkg_str prefix)
{
	return wpkg_str_equal_nocase(wpkg_str_slice(text, 0, prefix.len), prefix);
}

bool address_is_good(struct wpkg_str url)
{
	return starts_nocase(url, WPKG_LIT("https://")) ||
	       starts_nocase(url, WPKG_LIT("http://")) || starts_nocase(url, WPKG_LIT("mailto:"));
}

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c & 0x80) != 0;
}

/* Bytes of "http://" or "https://" at an offset where a word begins; 0: it is none. */
static size_t scheme_at(struct wpkg_str text, size_t at)
{
	struct wpkg_str here = wpkg_str_from_offset(text, at);
	if ((text.ptr[at] | 0x20) != 'h' || (at > 0 && is_letter_or_digit(text.ptr[at - 1])))
		return 0;
	size_t len = starts_nocase(here, WPKG_LIT("https://"))	? 8
		     : starts_nocase(here, WPKG_LIT("http://")) ? 7
								: 0;
	return len > 0 && len < here.len && is_letter_or_digit(here.ptr[len]) ? len : 0;
}

static size_t end_of(struct wpkg_str text, size_t at)
{
	while (at < text.len && (unsigned char)text.ptr[at] > ' ' && text.ptr[at] != '<')
		at++;
	return at;
}

static size_t without_marks(struct wpkg_str address)
{
	size_t len = address.len;
	size_t opened = 0;
	size_t closed = 0;
	for (size_t i = 0; i < len; i++) {
		opened += address.ptr[i] == '(';
		closed += address.ptr[i] == ')';
	}
	for (; len > 0; len--) {
		char last = address.ptr[len - 1];
		bool is_closing = last == ')' && closed > opened;
		if (!is_closing && !strchr("?!.,:;*_~'\"", last))
			break;
		closed -= is_closing;
	}
	return len;
}

bool address_take(struct wpkg_str *before, struct wpkg_str *address, struct wpkg_str *rest)
{
	for (size_t at = 0; at < rest->len; at++) {
		if (scheme_at(*rest, at) == 0)
			continue;
		struct wpkg_str found = wpkg_str_slice(*rest, at, end_of(*rest, at));
		found.len = without_marks(found);
		*before = wpkg_str_slice(*rest, 0, at);
		*address = found;
		*rest = wpkg_str_from_offset(*rest, at + found.len);
		return true;
	}
	return false;
}
