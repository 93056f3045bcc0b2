/* SPDX-License-Identifier: Apache-2.0 */
#include "markdown_cost.h"

#include <string.h>

#define MARKERS_MAX 32	  /* of quotes and lists, in front of one line */
#define INDENT_MAX 100	  /* spaces in front of one line */
#define BRACKETS_MAX 1000 /* that may begin links, in one paragraph */

static bool is_marker(const char *at, const char *end)
{
	if (*at == '>')
		return true;
	return strchr("-+*.)", *at) && at + 1 < end && (at[1] == ' ' || at[1] == '\t');
}

static bool is_front(char c)
{
	return c == ' ' || c == '\t' || c == '>' || c == '-' || c == '+' || c == '*' || c == '.' ||
	       c == ')' || (c >= '0' && c <= '9');
}

static bool is_deep(struct wpkg_str line)
{
	unsigned markers = 0;
	unsigned indent = 0;
	const char *end = line.ptr + line.len;
	for (const char *at = line.ptr; at < end && is_front(*at); at++) {
		markers += is_marker(at, end);
		indent += *at == ' ' ? 1 : *at == '\t' ? 4 : 0;
	}
	return markers > MARKERS_MAX || indent > INDENT_MAX;
}

/* A blank line, or an item of a list that is in no other one. */
static bool begins_paragraph(struct wpkg_str line)
{
	return wpkg_str_trim(line).len == 0 || wpkg_str_starts(line, WPKG_LIT("- ")) ||
	       wpkg_str_starts(line, WPKG_LIT("* "));
}

static size_t count_brackets(struct wpkg_str line)
{
	size_t count = 0;
	for (size_t i = 0; i < line.len; i++)
		count += line.ptr[i] == '[';
	return count;
}

bool markdown_takes_long(struct wpkg_str text)
{
	struct wpkg_str line;
	size_t brackets = 0;
	while (wpkg_str_split(&text, '\n', &line)) {
		if (begins_paragraph(line))
			brackets = 0;
		brackets += count_brackets(line);
		if (brackets > BRACKETS_MAX || (line.len > 0 && is_deep(line)))
			return true;
	}
	return false;
}
