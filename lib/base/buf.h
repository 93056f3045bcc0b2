/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_BASE_BUF_H
#define WPKG_BASE_BUF_H

/*
 * The one buffer that grows. Its creator gives the maximum.
 *
 * Appending never reports: the first failure (no memory, bound reached) sticks, later appends do
 * nothing, and whoever uses the content asks wpkg_buf_check once. So a writer is a sequence of
 * plain calls. The bytes are always followed by a NUL that does not count.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct wpkg_buf {
	char *ptr;		 /* NULL while nothing was allocated */
	size_t len;		 /* bytes in use */
	size_t cap;		 /* bytes allocated, the NUL included */
	size_t max;		 /* bytes that len may reach */
	enum wpkg_status failed; /* the first failure, WPKG_OK while all is well */
};

/* An empty buffer that may hold max bytes. Allocates nothing yet. */
void wpkg_buf_init(struct wpkg_buf *buf, size_t max);

/* Frees the content; the buffer is as after init. */
void wpkg_buf_clear(struct wpkg_buf *buf);

/* The same, wiping the content first. Growing wipes what it leaves behind in neither case. */
void wpkg_buf_wipe(struct wpkg_buf *buf);

/* Forgets content and failure but keeps the memory. */
void wpkg_buf_reset(struct wpkg_buf *buf);

/* Forgets what is behind the first len bytes; nothing when there are not so many. */
void wpkg_buf_truncate(struct wpkg_buf *buf, size_t len);

void wpkg_buf_append(struct wpkg_buf *buf, const void *bytes, size_t len);
void wpkg_buf_append_str(struct wpkg_buf *buf, struct wpkg_str s);
void wpkg_buf_append_text(struct wpkg_buf *buf, const char *text);
void wpkg_buf_append_byte(struct wpkg_buf *buf, uint8_t byte);
void wpkg_buf_append_format(struct wpkg_buf *buf, const char *format, ...) WPKG_PRINTF(2, 3);
void wpkg_buf_append_vformat(struct wpkg_buf *buf, const char *format, va_list args)
	WPKG_PRINTF(2, 0);

/* Room for len more bytes at the end, counted as content; NULL (and a failure) when there is none.
 */
void *wpkg_buf_extend(struct wpkg_buf *buf, size_t len);

/* WPKG_OK, or the failure that stuck, with a message that names what. */
WPKG_MUST_CHECK enum wpkg_status wpkg_buf_check(const struct wpkg_buf *buf, const char *what,
						struct wpkg_err *err);

/* The content, borrowed until the next change. */
struct wpkg_str wpkg_buf_str(const struct wpkg_buf *buf);

/* The content as a C string (it may hold NUL bytes before its end). Never NULL. */
const char *wpkg_buf_text(const struct wpkg_buf *buf);

/* Gives the content to the caller (wpkg_mem_free); the buffer is empty. NULL if it failed. */
char *wpkg_buf_detach(struct wpkg_buf *buf);

#endif
