/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_LOG_H
#define WPKG_SERVER_LOG_H

/*
 * The log: one line an event, to standard error, as "key=value" pairs or as a JSON object. Each
 * line is one write, so that lines of several threads do not mix. Any thread.
 *
 *   time=2026-11-28T07:00:00Z event=request id=5f... method=GET path=/v1/_q status=200 ...
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Whether lines are JSON from now on. Before any thread is started. */
void log_set_json(bool json);

/* A line that is being written. */
struct log_line {
	struct wpkg_buf buf;
};

/* A line says by itself which request it is owed to (base/cause.h). */
void log_begin(struct log_line *line, const char *event);
void log_text(struct log_line *line, const char *key, struct wpkg_str value);
void log_number(struct log_line *line, const char *key, int64_t value);
void log_end(struct log_line *line);

/* A line with one text: log_event("start", "url", ...). */
void log_event(const char *event, const char *key, const char *value);

#endif
