/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/command.h"
#include "base/utf8.h"

int tool_error(const struct wpkg_err *err)
{
	fflush(stdout);
	fprintf(stderr, "wpkg: %s\n", err->msg);
	return (int)wpkg_exit_of(err->status);
}

int tool_refusal(const struct wpkg_err *err)
{
	int code = tool_error(err);
	bool refused = err->status == WPKG_EFORMAT || err->status == WPKG_ELIMIT;
	return refused ? WPKG_EXIT_REFUSED : code;
}

int tool_problem(struct wpkg_str line)
{
	fflush(stdout);
	fprintf(stderr, "wpkg: %.*s\n", WPKG_STR_ARG(line));
	return WPKG_EXIT_REFUSED;
}

int tool_usage(const char *format, ...)
{
	struct wpkg_buf line;
	va_list args;
	wpkg_buf_init(&line, SIZE_MAX);
	va_start(args, format);
	wpkg_utf8_append_vformat(&line, format, args);
	va_end(args);
	fprintf(stderr, "wpkg: %s\n", wpkg_buf_text(&line));
	wpkg_buf_clear(&line);
	return WPKG_EXIT_USAGE;
}

int tool_print(struct wpkg_buf *buf)
{
	struct wpkg_err err;
	int code = WPKG_EXIT_DONE;
	if (wpkg_buf_check(buf, "output", &err) != WPKG_OK) {
		code = tool_error(&err);
	} else if (fwrite(wpkg_buf_text(buf), 1, buf->len, stdout) != buf->len ||
		   fflush(stdout) != 0) {
		wpkg_err_set_errno(&err, errno, "standard output");
		code = tool_error(&err);
	}
	wpkg_buf_clear(buf);
	return code;
}
