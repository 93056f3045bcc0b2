/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

int64_t wpkg_clock_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

uint64_t wpkg_clock_monotonic(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

void wpkg_clock_format(char out[WPKG_CLOCK_TEXT], int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm parts;
	bool fits = gmtime_r(&when, &parts) && parts.tm_year >= -1900 && parts.tm_year < 8100;
	/* Not strftime: its year has fewer than four digits before the year 1000. */
	int length = !fits ? 0
			   : snprintf(out, WPKG_CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ",
				      parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
				      parts.tm_hour, parts.tm_min, parts.tm_sec);
	if (length != WPKG_CLOCK_TEXT - 1)
		memcpy(out, "0000-00-00T00:00:00Z", WPKG_CLOCK_TEXT);
}

/* Reads digits for a pattern's '0' and the very character for any other. */
static bool match_pattern(struct wpkg_str text, const char *pattern, int *numbers)
{
	int at = -1;
	bool in_number = false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (pattern[i] != '0') {
			in_number = false;
			if (c != pattern[i])
				return false;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		if (!in_number)
			numbers[++at] = 0;
		in_number = true;
		numbers[at] = numbers[at] * 10 + (c - '0');
	}
	return true;
}

enum wpkg_status wpkg_clock_parse(int64_t *out, struct wpkg_str text, struct wpkg_err *err)
{
	static const char pattern[] = "0000-00-00T00:00:00Z";
	int n[6] = {0};
	bool shape = (text.len == 10 || text.len == sizeof(pattern) - 1) &&
		     match_pattern(text, pattern, n);
	struct tm parts = {.tm_year = n[0] - 1900,
			   .tm_mon = n[1] - 1,
			   .tm_mday = n[2],
			   .tm_hour = n[3],
			   .tm_min = n[4],
			   .tm_sec = n[5]};
	struct tm normal = parts;
	time_t when = shape ? timegm(&normal) : 0;
	/* timegm takes the 31st of February for a day of March: a date that moved was none. */
	if (!shape || normal.tm_mon != parts.tm_mon || normal.tm_mday != parts.tm_mday ||
	    n[3] > 23 || n[4] > 59 || n[5] > 59)
		return WPKG_FAIL(err, WPKG_EFORMAT,
				 "'%.*s' is not a time such as 2026-11-24 or 2026-11-24T13:00:00Z",
				 WPKG_STR_ARG(text));
	*out = when;
	return WPKG_OK;
}

/* A duration in nanoseconds, or added to a time of these centuries, is still a number. */
#define SECONDS_MAX (INT64_MAX / 1000000000)

struct unit {
	const char *name;
	uint64_t factor;
};

/* A whole number and one of the units, whose last row has no name. */
static bool parse_with_unit(uint64_t *out, struct wpkg_str text, const struct unit *unit)
{
	size_t digits = 0;
	while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
		digits++;
	uint64_t number;
	if (!wpkg_str_parse_u64(wpkg_str_slice(text, 0, digits), &number))
		return false;
	for (; unit->name; unit++)
		if (wpkg_str_equal_text(wpkg_str_from_offset(text, digits), unit->name))
			break;
	if (!unit->name || number > (uint64_t)INT64_MAX / unit->factor)
		return false;
	*out = number * unit->factor;
	return true;
}

enum wpkg_status wpkg_duration_parse(int64_t *out, struct wpkg_str text, struct wpkg_err *err)
{
	static const struct unit units[] = {{"", 1},	  {"s", 1},	 {"m", 60}, {"h", 3600},
					    {"d", 86400}, {"w", 604800}, {NULL, 0}};
	uint64_t seconds;
	if (!parse_with_unit(&seconds, text, units) || seconds > SECONDS_MAX)
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is not a duration such as 90d or 15m",
				 WPKG_STR_ARG(text));
	*out = (int64_t)seconds;
	return WPKG_OK;
}

enum wpkg_status wpkg_size_parse(uint64_t *out, struct wpkg_str text, struct wpkg_err *err)
{
	static const struct unit units[] = {{"", 1},	       {"B", 1},
					    {"kB", 1000},      {"KB", 1000},
					    {"MB", 1000000},   {"GB", 1000000000},
					    {"KiB", 1U << 10}, {"MiB", 1U << 20},
					    {"GiB", 1U << 30}, {"TiB", 1ULL << 40},
					    {NULL, 0}};
	if (!parse_with_unit(out, text, units))
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is not a size such as 64KiB or 10MB",
				 WPKG_STR_ARG(text));
	return WPKG_OK;
}
