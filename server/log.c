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
	(void)wpkg_buf_extend(&line->buf, 700);
	wpkg_buf_truncate(&line->buf, 0);
	wpkg_buf_append_text(&line->buf, is_json ? "{\"time\":\"" : "time=");
	wpkg_buf_append_text(&line->buf, time);
	wpkg_buf_append_text(&line->buf, is_json ? "\",\"event\":\"" : " event=");
	wpkg_buf_append_text(&line->buf, event);
	if (is_json)
		wpkg_buf_append_byte(&line->buf, '"');
	/* A request's own line has this as its id. */
	const char *request = wpkg_cause_get()->request;
	if (request[0])
		log_text(line, "request", wpkg_str_from(request));
}

/* A value of letters and the like stands as it is; any other is quoted, so that a line has one
 * meaning whatever came from outside. */
static bool is_plain(struct wpkg_str value)
{
	bool good = value.len > 0;
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];
		/* Without a way out of it, several at once are looked at. */
		good &= c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
	}
	return good;
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

/* By hand: a line has several, and there is one for each request. */
void log_number(struct log_line *line, const char *key, int64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		digits[--at] = '-';
	add_key(line, key);
	wpkg_buf_append_str(&line->buf, wpkg_str_of(digits + at, sizeof(digits) - at));
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
