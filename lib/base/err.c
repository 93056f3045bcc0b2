/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

/* Room for what was formatted before it is escaped; longer texts are cut at this already. */
#define RAW_MAX 1024

static size_t put_character(char out[12], struct wpkg_str *rest)
{
	struct wpkg_str before = *rest;
	uint32_t c;
	if (!wpkg_utf8_next(rest, &c)) {
		rest->ptr++;
		rest->len--;
		return (size_t)snprintf(out, 12, "\\x%02x", (unsigned char)before.ptr[0]);
	}
	if (wpkg_utf8_printable(c)) {
		size_t len = before.len - rest->len;
		memcpy(out, before.ptr, len);
		return len;
	}
	return (size_t)snprintf(out, 12, c < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)c);
}

/* Copies the text escaped, and ends it with "..." where it does not fit. */
static void set_escaped(struct wpkg_err *err, struct wpkg_str raw)
{
	size_t len = 0;
	size_t cut = 0;
	while (raw.len > 0) {
		char piece[12];
		size_t n = put_character(piece, &raw);
		if (len + n + 3 < sizeof(err->msg))
			cut = len + n;
		if (len + n >= sizeof(err->msg)) {
			memcpy(err->msg + cut, "...", 4);
			return;
		}
		memcpy(err->msg + len, piece, n);
		len += n;
	}
	err->msg[len] = '\0';
}

WPKG_PRINTF(2, 0)
static struct wpkg_str formatted(char raw[RAW_MAX], const char *format, va_list args)
{
	int n = vsnprintf(raw, RAW_MAX, format, args);
	if (n < 0)
		return (struct wpkg_str){0};
	return wpkg_str_of(raw, (size_t)n < RAW_MAX ? (size_t)n : RAW_MAX - 1);
}

void wpkg_err_set(struct wpkg_err *err, enum wpkg_status status, const char *format, ...)
{
	if (!err)
		return;
	char raw[RAW_MAX];
	va_list args;
	va_start(args, format);
	struct wpkg_str text = formatted(raw, format, args);
	va_end(args);
	err->status = status;
	set_escaped(err, text);
}

void wpkg_err_set_errno(struct wpkg_err *err, int code, const char *format, ...)
{
	if (!err)
		return;
	char raw[RAW_MAX];
	va_list args;
	va_start(args, format);
	struct wpkg_str text = formatted(raw, format, args);
	va_end(args);
	/* The GNU strerror_r is thread-safe and may return static text. */
	char words[128];
	wpkg_err_set(err, wpkg_status_of_errno(code), "%.*s: %s", WPKG_STR_ARG(text),
		     strerror_r(code, words, sizeof(words)));
}

void wpkg_err_prepend(struct wpkg_err *err, const char *format, ...)
{
	if (!err)
		return;
	char raw[RAW_MAX];
	va_list args;
	va_start(args, format);
	struct wpkg_str text = formatted(raw, format, args);
	va_end(args);
	char old[sizeof(err->msg)];
	memcpy(old, err->msg, sizeof(old));
	wpkg_err_set(err, err->status, "%.*s: %s", WPKG_STR_ARG(text), old);
}

enum wpkg_status wpkg_status_of_errno(int code)
{
	switch (code) {
	case ENOMEM:
		return WPKG_ENOMEM;
	case ENOENT:
	case ENOTDIR:
		return WPKG_ENOTFOUND;
	case EEXIST:
	case ENOTEMPTY:
		return WPKG_EEXISTS;
	case EACCES:
	case EPERM:
	case EROFS:
	case ELOOP:
	case EXDEV:
		return WPKG_EDENIED;
	case EINVAL:
	case ENAMETOOLONG:
	case EISDIR:
		return WPKG_EINVAL;
	case EAGAIN:
	case EBUSY:
	case EMFILE:
	case ENFILE:
		return WPKG_EBUSY;
	case EFBIG:
		return WPKG_ELIMIT;
	case ENOSPC:
	case EDQUOT:
		return WPKG_EFULL;
	default:
		return WPKG_EIO;
	}
}

const char *wpkg_status_name(enum wpkg_status status)
{
	static const char *const names[] = {
		[WPKG_OK] = "ok",	   [WPKG_ENOMEM] = "no-memory",
		[WPKG_EINVAL] = "invalid", [WPKG_EFORMAT] = "malformed",
		[WPKG_ELIMIT] = "limit",   [WPKG_ENOTFOUND] = "not-found",
		[WPKG_EEXISTS] = "exists", [WPKG_EDENIED] = "denied",
		[WPKG_EBUSY] = "busy",	   [WPKG_EIO] = "io",
		[WPKG_EFULL] = "full",	   [WPKG_EQUOTA] = "quota",
	};
	return (size_t)status < sizeof(names) / sizeof(names[0]) ? names[status] : "unknown";
}
