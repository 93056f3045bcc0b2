/* SPDX-License-Identifier: Apache-2.0 */
#include "operator.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "data/json.h"

#define ARENA_MAX ((size_t)256 << 20)

/* Behind sudo the person, not root. */
static void name_actor(char *out, size_t size)
{
	const char *person = getenv("SUDO_USER");
	const struct passwd *account = getpwuid(getuid());
	if (!person || getuid() != 0)
		person = account ? account->pw_name : "?";
	snprintf(out, size, "operator %s", person);
}

int operator_run(const struct wpkg_invocation *invocation, operator_body *body)
{
	struct operator_session session = {.options = invocation->options};
	const struct wpkg_store_options mode = {.mode = WPKG_STORE_ADMIN};
	struct wpkg_err err;
	int code = WPKG_EXIT_DONE;
	if (!session.options->data) {
		operator_note("whose data? give --data DIR");
		return WPKG_EXIT_USAGE;
	}
	name_actor(session.actor, sizeof(session.actor));
	wpkg_arena_init(&session.arena, ARENA_MAX);
	enum wpkg_status status =
		wpkg_store_open(&session.store, session.options->data, &mode, &err);
	if (status == WPKG_OK)
		status = body(&session, invocation, &code, &err);
	wpkg_store_close(session.store);
	wpkg_arena_clear(&session.arena);
	if (status == WPKG_OK)
		return code;
	fflush(stdout);
	operator_note("%s", err.msg);
	return (int)wpkg_exit_of(status);
}

struct wpkg_act operator_act(const struct operator_session *session, const char *reason)
{
	return (struct wpkg_act){.actor = wpkg_str_from(session->actor),
				 .reason = wpkg_str_from(reason),
				 .address = WPKG_LIT("local")};
}

WPKG_PRINTF(3, 0)
static void print(FILE *to, const char *prefix, const char *format, va_list args)
{
	struct wpkg_buf line;
	wpkg_buf_init(&line, SIZE_MAX);
	wpkg_utf8_append_vformat(&line, format, args);
	fprintf(to, "%s%s\n", prefix, wpkg_buf_text(&line));
	wpkg_buf_clear(&line);
}

void operator_line(const struct operator_session *session, const char *format, ...)
{
	va_list args;
	if (session->options->json)
		return;
	va_start(args, format);
	print(stdout, "", format, args);
	va_end(args);
}

void operator_note(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	print(stderr, "wpkgd: ", format, args);
	va_end(args);
}

enum wpkg_status operator_json(const struct wpkg_value *value, bool indented, struct wpkg_err *err)
{
	struct wpkg_buf text;
	if (!value)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the output");
	wpkg_buf_init(&text, SIZE_MAX);
	wpkg_json_write(&text, value, indented ? WPKG_JSON_INDENTED : WPKG_JSON_COMPACT);
	if (!indented)
		wpkg_buf_append_byte(&text, '\n');
	enum wpkg_status status = wpkg_buf_check(&text, "output", err);
	if (status == WPKG_OK)
		fwrite(wpkg_buf_text(&text), 1, text.len, stdout);
	wpkg_buf_clear(&text);
	return status;
}

bool operator_add_count(struct wpkg_arena *arena, struct wpkg_value *table, const char *key,
			uint64_t count)
{
	return wpkg_value_add_integer(arena, table, key,
				      count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

const char *operator_time(struct wpkg_arena *arena, int64_t seconds)
{
	char text[WPKG_CLOCK_TEXT];
	if (seconds == 0)
		return "-";
	wpkg_clock_format(text, seconds);
	struct wpkg_str copy = wpkg_arena_dup(arena, wpkg_str_from(text));
	return copy.ptr ? copy.ptr : "?";
}
