/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/command.h"
#include "base/utf8.h"
#include "data/json.h"

/* A terminal, and neither NO_COLOR nor TERM=dumb. */
static bool has_colour(int fd)
{
	const char *plain = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	return isatty(fd) && !(plain && plain[0]) && terminal && strcmp(terminal, "dumb") != 0;
}

WPKG_PRINTF(4, 0)
static void print_line(FILE *to, const char *prefix, const char *suffix, const char *format,
		       va_list args)
{
	struct wpkg_buf line;
	wpkg_buf_init(&line, SIZE_MAX);
	wpkg_utf8_append_vformat(&line, format, args);
	fprintf(to, "%s%s%s\n", prefix, wpkg_buf_text(&line), suffix);
	wpkg_buf_clear(&line);
}

void report_line(const struct global_options *global, const char *format, ...)
{
	va_list args;
	if (global->quiet || global->json)
		return;
	va_start(args, format);
	print_line(stdout, "", "", format, args);
	va_end(args);
}

void report_verdict(const struct global_options *global, bool good, const char *format, ...)
{
	va_list args;
	bool colour = has_colour(STDOUT_FILENO);
	if (global->quiet || global->json)
		return;
	va_start(args, format);
	print_line(stdout,
		   !colour ? ""
		   : good  ? "\033[32m"
			   : "\033[31m",
		   colour ? "\033[0m" : "", format, args);
	va_end(args);
}

void report_note(const struct global_options *global, const char *format, ...)
{
	va_list args;
	if (global->quiet)
		return;
	va_start(args, format);
	print_line(stderr, "wpkg: ", "", format, args);
	va_end(args);
}

void report_detail(const struct global_options *global, const char *format, ...)
{
	va_list args;
	if (!global->verbose)
		return;
	va_start(args, format);
	print_line(stderr, "wpkg: ", "", format, args);
	va_end(args);
}

int report_error(const struct wpkg_err *err)
{
	fflush(stdout);
	fprintf(stderr, "wpkg: %s\n", err->msg);
	return (int)wpkg_exit_of(err->status);
}

int report_usage(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	print_line(stderr, "wpkg: ", "", format, args);
	va_end(args);
	return WPKG_EXIT_USAGE;
}

int report_json(const struct wpkg_value *value)
{
	struct wpkg_buf text;
	struct wpkg_err err;
	int code = WPKG_EXIT_DONE;
	wpkg_buf_init(&text, SIZE_MAX);
	if (value)
		wpkg_json_write(&text, value, WPKG_JSON_INDENTED);
	if (!value || wpkg_buf_check(&text, "output", &err) != WPKG_OK) {
		fprintf(stderr, "wpkg: no memory for the output\n");
		code = WPKG_EXIT_FAILED;
	} else {
		fwrite(wpkg_buf_text(&text), 1, text.len, stdout);
	}
	wpkg_buf_clear(&text);
	return code;
}

int report_json_texts(struct wpkg_arena *arena, const char *const *texts)
{
	struct wpkg_value *document = wpkg_value_new_table(arena);
	bool good = document != NULL;
	for (; good && texts[0]; texts += 2)
		good = wpkg_value_add_string(arena, document, texts[0], wpkg_str_from(texts[1]));
	return report_json(good ? document : NULL);
}

const char *report_size(struct wpkg_arena *arena, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	struct wpkg_str text;
	if (bytes < 1024) {
		text = wpkg_arena_format(arena, "%llu B", (unsigned long long)bytes);
	} else {
		double value = (double)bytes / 1024;
		size_t unit = 0;
		for (; value >= 1024 && unit < 3; unit++)
			value /= 1024;
		text = wpkg_arena_format(arena, "%.1f %s", value, units[unit]);
	}
	return text.ptr ? text.ptr : "";
}

const char *report_plural(uint64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}
