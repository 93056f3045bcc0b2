/* SPDX-License-Identifier: Apache-2.0 */
#include "net/url.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool only(struct wpkg_str text, const char *marks)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_alphanumeric(text.ptr[i]) &&
		    (text.ptr[i] == '\0' || !strchr(marks, text.ptr[i])))
			return false;
	return true;
}

/* "host", "host:port" or "[address]:port" to its parts. */
static bool split_authority(struct wpkg_url *url, struct wpkg_str authority)
{
	size_t colon = wpkg_str_find_last(authority, ':');
	if (authority.len > 0 && authority.ptr[0] == '[') {
		size_t end = wpkg_str_find(authority, ']');
		url->host = wpkg_str_slice(authority, 1, end);
		colon = end + 1;
		if (end == authority.len || (colon < authority.len && authority.ptr[colon] != ':'))
			return false;
		if (!only(url->host, ":."))
			return false;
	} else {
		url->host = wpkg_str_slice(authority, 0, colon);
		if (!only(url->host, "-._"))
			return false;
	}
	url->port = wpkg_str_from_offset(authority, colon + 1);
	if (colon < authority.len && (url->port.len == 0 || url->port.len > 5))
		return false;
	for (size_t i = 0; i < url->port.len; i++)
		if (!is_digit(url->port.ptr[i]))
			return false;
	return url->host.len > 0 && url->host.len <= 253;
}

enum wpkg_status wpkg_url_parse(struct wpkg_url *out, struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_url url = {0};
	if (wpkg_str_starts(text, WPKG_LIT("http://")))
		url.scheme = wpkg_str_slice(text, 0, 4);
	else if (wpkg_str_starts(text, WPKG_LIT("https://")))
		url.scheme = wpkg_str_slice(text, 0, 5);
	else
		return WPKG_FAIL(err, WPKG_EINVAL, "'%.*s' does not begin with http:// or https://",
				 WPKG_STR_ARG(text));
	struct wpkg_str rest = wpkg_str_from_offset(text, url.scheme.len + 3);
	size_t slash = wpkg_str_find(rest, '/');
	struct wpkg_str authority = wpkg_str_slice(rest, 0, slash);
	url.path = wpkg_str_from_offset(rest, slash);
	url.origin = wpkg_str_slice(text, 0, url.scheme.len + 3 + slash);
	if (wpkg_str_find(authority, '@') < authority.len)
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "a registry's URL takes no user or password (see 'login')");
	if (!split_authority(&url, authority))
		return WPKG_FAIL(err, WPKG_EINVAL, "'%.*s' has no valid host and port",
				 WPKG_STR_ARG(text));
	if (!only(url.path, "-._~/%"))
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "'%.*s' has a query, a fragment or a character not for a path",
				 WPKG_STR_ARG(text));
	*out = url;
	return WPKG_OK;
}

bool wpkg_url_is_loopback(const struct wpkg_url *url)
{
	struct wpkg_str host = url->host;
	if (wpkg_str_equal_nocase(host, WPKG_LIT("localhost")) || wpkg_str_equal_text(host, "::1"))
		return true;
	/* Only digits and dots: "127.example.com" is a name like any other. */
	if (!wpkg_str_starts(host, WPKG_LIT("127.")))
		return false;
	for (size_t i = 0; i < host.len; i++)
		if (!is_digit(host.ptr[i]) && host.ptr[i] != '.')
			return false;
	return true;
}

/* Where path, query or fragment of a URL begin. */
static size_t end_of_origin(struct wpkg_str url)
{
	size_t start = wpkg_str_find(url, ':');
	size_t end = start < url.len ? start + 3 : url.len;
	while (end < url.len && !strchr("/?#", url.ptr[end]))
		end++;
	return end < url.len ? end : url.len;
}

static bool is_printable(struct wpkg_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] <= 0x20 || (unsigned char)text.ptr[i] >= 0x7f)
			return false;
	return text.len > 0;
}

enum wpkg_status wpkg_url_resolve(struct wpkg_buf *out, bool *same, struct wpkg_str origin,
				  struct wpkg_str location, struct wpkg_err *err)
{
	struct wpkg_url url;
	struct wpkg_str there = origin;
	location = wpkg_str_slice(location, 0, wpkg_str_find(location, '#'));
	if (!is_printable(location))
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is no location",
				 WPKG_STR_ARG(location));
	if (location.ptr[0] != '/') {
		there = wpkg_str_slice(location, 0, end_of_origin(location));
		enum wpkg_status status = wpkg_url_parse(&url, there, err);
		if (status != WPKG_OK)
			return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is no location",
					 WPKG_STR_ARG(location));
		location = wpkg_str_from_offset(location, there.len);
		if (wpkg_str_starts(origin, WPKG_LIT("https:")) &&
		    !wpkg_str_equal_text(url.scheme, "https"))
			return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' would leave TLS",
					 WPKG_STR_ARG(there));
	} else if (wpkg_str_starts(location, WPKG_LIT("//"))) {
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is no location",
				 WPKG_STR_ARG(location));
	}
	*same = wpkg_str_equal_nocase(there, origin);
	wpkg_buf_append_str(out, there);
	wpkg_buf_append_str(out, location);
	return wpkg_buf_check(out, "URL", err);
}

static void append_escaped(struct wpkg_buf *buf, struct wpkg_str text, const char *plain)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (is_alphanumeric(c) || (c != '\0' && strchr(plain, c)))
			wpkg_buf_append_byte(buf, (uint8_t)c);
		else
			wpkg_buf_append_format(buf, "%%%02X", (unsigned char)c);
	}
}

void wpkg_url_append_path(struct wpkg_buf *buf, struct wpkg_str text)
{
	append_escaped(buf, text, "-._~/+@");
}

void wpkg_url_append_value(struct wpkg_buf *buf, struct wpkg_str text)
{
	append_escaped(buf, text, "-._~");
}
