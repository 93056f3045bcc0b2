/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"

#define SECOND 1000000000ULL
#define PATIENCE (SECOND / 2)
#define FRAME (SECOND / 10)
#define PLAIN_PAUSE (5 * SECOND) /* doubled after each line */
#define BAR_MAX 40		 /* cells */

static bool is_terminal(void)
{
	const char *kind = getenv("TERM");
	return isatty(STDERR_FILENO) && kind && strcmp(kind, "dumb") != 0;
}

void progress_begin(struct progress *progress, const struct global_options *global,
		    const char *verb, uint64_t total)
{
	uint64_t now = wpkg_clock_monotonic();
	*progress = (struct progress){
		.verb = verb,
		.total = total,
		.begun = now,
		.next = now + PATIENCE,
		.pause = global->no_progress || !is_terminal() ? PLAIN_PAUSE : 0,
		.silent = global->quiet,
	};
}

static unsigned columns(void)
{
	struct winsize size;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

/* "12.3 of 45.6 MiB"; "12.3 MiB" when nobody knows of how much. */
static void format_amount(char out[64], uint64_t done, uint64_t total)
{
	static const struct {
		uint64_t size;
		const char *name;
	} units[] = {{1ULL << 30, "GiB"}, {1ULL << 20, "MiB"}, {1ULL << 10, "KiB"}, {1, "bytes"}};
	uint64_t larger = total > 0 ? total : done;
	size_t i = 0;
	while (units[i].size > 1 && larger < units[i].size)
		i++;
	int digits = units[i].size > 1 ? 1 : 0;
	double unit = (double)units[i].size;
	if (total > 0)
		snprintf(out, 64, "%.*f of %.*f %s", digits, (double)done / unit, digits,
			 (double)total / unit, units[i].name);
	else
		snprintf(out, 64, "%.*f %s", digits, (double)done / unit, units[i].name);
}

static void draw(struct progress *progress, uint64_t shown, const char *amount)
{
	char bar[BAR_MAX + 3] = "";
	unsigned room = columns();
	size_t words = strlen(progress->verb) + strlen(amount) + 6;
	size_t cells = room > words + 8 ? room - words : 0;
	if (cells > BAR_MAX)
		cells = BAR_MAX;
	if (progress->total > 0 && cells > 0) {
		size_t full = (size_t)((double)cells * (double)shown / (double)progress->total);
		memset(bar + 1, '-', cells);
		memset(bar + 1, '#', full);
		bar[0] = '[';
		bar[cells + 1] = ']';
		bar[cells + 2] = '\0';
	}
	fprintf(stderr, "\r%s %s%s%s\033[K", progress->verb, bar, bar[0] ? " " : "", amount);
	fflush(stderr);
	progress->drawn = true;
}

static void show(struct progress *progress, uint64_t now)
{
	char amount[64];
	/* Bytes that are sent a second time do not make more than all. */
	uint64_t shown = progress->done;
	if (progress->total > 0 && shown > progress->total)
		shown = progress->total;
	format_amount(amount, shown, progress->total);
	if (progress->pause > 0) {
		fprintf(stderr, "wpkg: %s: %s\n", progress->verb, amount);
		progress->next = now + progress->pause;
		progress->pause *= 2;
	} else {
		draw(progress, shown, amount);
		progress->next = now + FRAME;
	}
}

void progress_add(struct progress *progress, uint64_t bytes)
{
	progress->done += bytes;
	if (progress->silent)
		return;
	uint64_t now = wpkg_clock_monotonic();
	if (now >= progress->next)
		show(progress, now);
}

/* "checking: check greets", no wider than a terminal; characters count as one cell each. */
static void append_wait(struct wpkg_buf *line, const char *verb, struct wpkg_str what, size_t most)
{
	struct wpkg_buf shown;
	size_t cells = strlen(verb) + 2;
	uint32_t character;
	wpkg_buf_init(&shown, SIZE_MAX);
	wpkg_utf8_append_escaped(&shown, what);
	struct wpkg_str rest = wpkg_buf_str(&shown);
	wpkg_buf_append_format(line, "%s%s", verb, rest.len > 0 ? ": " : "");
	while (rest.len > 0 && cells++ < most) {
		const char *at = rest.ptr;
		if (!wpkg_utf8_next(&rest, &character))
			break;
		wpkg_buf_append(line, at, (size_t)(rest.ptr - at));
	}
	wpkg_buf_clear(&shown);
}

void progress_wait(struct progress *progress, const char *verb, struct wpkg_str what)
{
	struct wpkg_buf line;
	uint64_t now = wpkg_clock_monotonic();
	if (progress->silent || now < progress->next)
		return;
	wpkg_buf_init(&line, SIZE_MAX);
	if (progress->pause > 0) {
		append_wait(&line, verb, what, SIZE_MAX);
		fprintf(stderr, "wpkg: %s\n", wpkg_buf_text(&line));
		progress->next = now + progress->pause;
		progress->pause *= 2;
	} else {
		append_wait(&line, verb, what, columns() - 1);
		fprintf(stderr, "\r%s\033[K", wpkg_buf_text(&line));
		fflush(stderr);
		progress->drawn = true;
	}
	wpkg_buf_clear(&line);
}

void progress_end(struct progress *progress)
{
	if (progress->drawn)
		fprintf(stderr, "\r\033[K");
	progress->drawn = false;
}
