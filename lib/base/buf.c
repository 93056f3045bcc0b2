/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void wpkg_buf_init(struct wpkg_buf *buf, size_t max)
{
	*buf = (struct wpkg_buf){.max = max};
}

void wpkg_buf_clear(struct wpkg_buf *buf)
{
	wpkg_mem_free(buf->ptr);
	wpkg_buf_init(buf, buf->max);
}

void wpkg_buf_wipe(struct wpkg_buf *buf)
{
	if (buf->ptr)
		wpkg_mem_wipe(buf->ptr, buf->cap);
	wpkg_buf_clear(buf);
}

void wpkg_buf_reset(struct wpkg_buf *buf)
{
	buf->len = 0;
	buf->failed = WPKG_OK;
	if (buf->ptr)
		buf->ptr[0] = '\0';
}

void wpkg_buf_truncate(struct wpkg_buf *buf, size_t len)
{
	if (len >= buf->len)
		return;
	buf->len = len;
	buf->ptr[len] = '\0';
}

/* A new block and not realloc, so that the old one can be wiped: it may have held a secret. */
static bool grow(struct wpkg_buf *buf, size_t need)
{
	size_t cap = buf->cap < 64 ? 64 : buf->cap;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : 2 * cap;
	if (buf->max < SIZE_MAX && cap > buf->max + 1)
		cap = buf->max + 1;
	char *ptr = wpkg_mem_alloc(cap);
	if (!ptr)
		return false;
	if (buf->ptr) {
		memcpy(ptr, buf->ptr, buf->len);
		wpkg_mem_wipe(buf->ptr, buf->len);
		wpkg_mem_free(buf->ptr);
	}
	buf->ptr = ptr;
	buf->cap = cap;
	return true;
}

void *wpkg_buf_extend(struct wpkg_buf *buf, size_t len)
{
	if (buf->failed != WPKG_OK)
		return NULL;
	if (len > buf->max - buf->len || len >= SIZE_MAX - buf->len) {
		buf->failed = WPKG_ELIMIT;
		return NULL;
	}
	size_t need = buf->len + len + 1;
	if ((!buf->ptr || need > buf->cap) && !grow(buf, need)) {
		buf->failed = WPKG_ENOMEM;
		return NULL;
	}
	char *room = buf->ptr + buf->len;
	buf->len += len;
	buf->ptr[buf->len] = '\0';
	return room;
}

void wpkg_buf_append(struct wpkg_buf *buf, const void *bytes, size_t len)
{
	void *room = wpkg_buf_extend(buf, len);
	if (room && len > 0)
		memcpy(room, bytes, len);
}

void wpkg_buf_append_str(struct wpkg_buf *buf, struct wpkg_str s)
{
	wpkg_buf_append(buf, s.ptr, s.len);
}

void wpkg_buf_append_text(struct wpkg_buf *buf, const char *text)
{
	wpkg_buf_append(buf, text, strlen(text));
}

void wpkg_buf_append_byte(struct wpkg_buf *buf, uint8_t byte)
{
	wpkg_buf_append(buf, &byte, 1);
}

void wpkg_buf_append_vformat(struct wpkg_buf *buf, const char *format, va_list args)
{
	char text[256]; /* most are short: then once is enough */
	va_list again;
	va_copy(again, args);
	int n = vsnprintf(text, sizeof(text), format, args);
	char *room = n < 0 ? NULL : wpkg_buf_extend(buf, (size_t)n);
	if (room && (size_t)n < sizeof(text))
		memcpy(room, text, (size_t)n);
	else if (room)
		vsnprintf(room, (size_t)n + 1, format, again);
	va_end(again);
}

void wpkg_buf_append_format(struct wpkg_buf *buf, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	wpkg_buf_append_vformat(buf, format, args);
	va_end(args);
}

enum wpkg_status wpkg_buf_check(const struct wpkg_buf *buf, const char *what, struct wpkg_err *err)
{
	if (buf->failed == WPKG_OK)
		return WPKG_OK;
	if (buf->failed == WPKG_ELIMIT)
		return WPKG_FAIL(err, WPKG_ELIMIT, "%s: longer than %zu bytes", what, buf->max);
	return WPKG_FAIL(err, WPKG_ENOMEM, "%s: no memory", what);
}

struct wpkg_str wpkg_buf_str(const struct wpkg_buf *buf)
{
	return wpkg_str_of(wpkg_buf_text(buf), buf->len);
}

const char *wpkg_buf_text(const struct wpkg_buf *buf)
{
	return buf->ptr ? buf->ptr : "";
}

char *wpkg_buf_detach(struct wpkg_buf *buf)
{
	char *ptr = NULL;
	if (buf->failed == WPKG_OK && (buf->ptr || wpkg_buf_extend(buf, 0))) {
		ptr = buf->ptr;
		buf->ptr = NULL;
	}
	wpkg_buf_clear(buf);
	return ptr;
}
