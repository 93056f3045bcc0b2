/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include <unistd.h>

#include "base/cause.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "data/json.h"

#define LINE_MAX_BYTES 8192

static bool is_json;

void log_set_json(bool json)
{
	is_json = json;
}

/* Now, as text: made anew when the second is another one. */
static const char *now(void)
{
	static _Thread_local char text[WPKG_CLOCK_TEXT];
	static _Thread_local int64_t second = -1;
	int64_t is = wpkg_clock_now();
	if (is != second)
		wpkg_clock_format(text, is);
	second = is;
	return text;
}

void log_begin(struct log_line *line, const char *event)
{
	const char *time = now();
	wpkg_buf_init(&line->buf, LINE_MAX_BYTES);
	/* Most lines are shorter than that: it need not grow. */
	(void)wpkg_buf_extend(&line->buf, 400);
	wpkg_buf_truncate(&line->buf, 0);
	wpkg_buf_append_format(&line->buf,
			       is_json ? "{\"time\":\"%s\",\"event\":\"%s\"" : "time=%s event=%s",
			       time, event);
	/* A request's own line has this as its id. */
	const char *request = wpkg_cause_get()->request;
	if (request[0])
		log_text(line, "request", wpkg_str_from(request));
}

/* A value of letters and the like stands as it is; any other is quoted, so that a line has one
 * meaning whatever came from outside. */
static bool is_plain(struct wpkg_str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
			return false;
	}
	return value.len > 0;
}

static void add_key(struct log_line *line, const char *key)
{
	wpkg_buf_append_text(&line->buf, is_json ? ",\"" : " ");
	wpkg_buf_append_text(&line->buf, key);
	wpkg_buf_append_text(&line->buf, is_json ? "\":" : "=");
}

void log_text(struct log_line *line, const char *key, struct wpkg_str value)
{
	struct wpkg_buf shown;
	add_key(line, key);
	if (is_plain(value) && !is_json) {
		wpkg_buf_append_str(&line->buf, value);
		return;
	}
	wpkg_buf_init(&shown, LINE_MAX_BYTES / 2);
	wpkg_utf8_append_escaped(&shown, value);
	wpkg_json_write_string(&line->buf, wpkg_buf_str(&shown));
	wpkg_buf_clear(&shown);
}

void log_number(struct log_line *line, const char *key, int64_t value)
{
	add_key(line, key);
	wpkg_buf_append_format(&line->buf, "%lld", (long long)value);
}

void log_end(struct log_line *line)
{
	wpkg_buf_append_text(&line->buf, is_json ? "}\n" : "\n");
	/* A log that cannot be written must not stop the server. */
	ssize_t written = write(STDERR_FILENO, wpkg_buf_text(&line->buf), line->buf.len);
	(void)written;
	wpkg_buf_clear(&line->buf);
}

void log_event(const char *event, const char *key, const char *value)
{
	struct log_line line;
	log_begin(&line, event);
	log_text(&line, key, wpkg_str_from(value));
	log_end(&line);
}
