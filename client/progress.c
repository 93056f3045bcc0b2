/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

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

void progress_wait(struct progress *progress, const char *what)
{
	if (progress->silent || progress->pause > 0)
		return;
	fprintf(stderr, "\r%s\033[K", what);
	fflush(stderr);
	progress->drawn = true;
}

void progress_end(struct progress *progress)
{
	if (progress->drawn)
		fprintf(stderr, "\r\033[K");
	progress->drawn = false;
}
