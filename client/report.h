/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_REPORT_H
#define WPKG_CLIENT_REPORT_H

/*
 * What commands print. Results go to standard output: lines for people, or one JSON document with
 * --json. Errors and notes go to standard error. Nothing of outside text reaches a terminal
 * unescaped.
 */

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "data/value.h"
#include "global.h"

/* A line of the result; silent with --quiet or --json. */
void report_line(const struct global_options *global, const char *format, ...) WPKG_PRINTF(2, 3);

/* The same for a last word: green or red on a terminal. */
void report_verdict(const struct global_options *global, bool good, const char *format, ...)
	WPKG_PRINTF(3, 4);

/* A line to standard error that is no error; silent with --quiet. */
void report_note(const struct global_options *global, const char *format, ...) WPKG_PRINTF(2, 3);

/* The same, with --verbose only. */
void report_detail(const struct global_options *global, const char *format, ...) WPKG_PRINTF(2, 3);

/* Prints the error and is the exit code for it. */
int report_error(const struct wpkg_err *err);

/* Wrong usage: prints the text and is WPKG_EXIT_USAGE. */
int report_usage(const char *format, ...) WPKG_PRINTF(1, 2);

/* The document that --json promises; WPKG_EXIT_FAILED when building it ran out of memory (NULL). */
int report_json(const struct wpkg_value *value);

/* The same for a result of a few texts: key, text, key, text, ..., NULL. */
int report_json_texts(struct wpkg_arena *arena, const char *const *texts);

/* "12 B", "3.4 KiB", "5.6 MiB" in the arena. */
const char *report_size(struct wpkg_arena *arena, uint64_t bytes);

/* "1 file", "2 files": the word for a count. */
const char *report_plural(uint64_t count, const char *one, const char *many);

#endif
