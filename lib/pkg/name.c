/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names by Unicode's data, which libunistring has: the general category decides what a letter is,
 * the script property which letters belong together.
 */
#include "pkg/name.h"

#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "base/mem.h"
#include "base/utf8.h"

#define PART_MAX 128

static const char east_asian[] = "Han";

/* Scripts that are written together count as one: Japanese, Chinese and Korean mix theirs. */
static const char *script_of(uint32_t character)
{
	static const char *const mixed[] = {"Hiragana", "Katakana", "Bopomofo", "Hangul"};
	const uc_script_t *script = uc_script(character);
	const char *name = script ? script->name : "Unknown";
	for (size_t i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++)
		if (strcmp(name, mixed[i]) == 0)
			return east_asian;
	return name;
}

static bool belongs_to_all(const char *script)
{
	return strcmp(script, "Common") == 0 || strcmp(script, "Inherited") == 0;
}

/* Combining marks are how some scripts write vowels; like '-' and '.' they cannot come first. */
static bool is_allowed(uint32_t character, bool first)
{
	if (character == '_' || uc_is_general_category(character, UC_CATEGORY_L) ||
	    uc_is_general_category(character, UC_CATEGORY_Nd))
		return true;
	return !first && (character == '-' || character == '.' ||
			  uc_is_general_category(character, UC_CATEGORY_M));
}

static enum wpkg_status check_part(struct wpkg_str name, struct wpkg_str part, struct wpkg_err *err)
{
	const char *script = NULL;
	struct wpkg_str rest = part;
	uint32_t character = 0;
	if (part.len == 0 || part.len > PART_MAX)
		return WPKG_FAIL(err, WPKG_EINVAL, "name '%.*s': a part has %zu bytes, not 1 to %d",
				 WPKG_STR_ARG(name), part.len, PART_MAX);
	for (bool first = true; wpkg_utf8_next(&rest, &character); first = false) {
		if (!is_allowed(character, first))
			return WPKG_FAIL(err, WPKG_EINVAL,
					 "name '%.*s': U+%04X %s; letters, digits, '_', '-' and "
					 "'.' may stand in a name",
					 WPKG_STR_ARG(name), character,
					 first ? "begins a part" : "is in it");
		const char *own = script_of(character);
		if (belongs_to_all(own))
			continue;
		if (script && strcmp(own, script) != 0)
			return WPKG_FAIL(err, WPKG_EINVAL,
					 "name '%.*s': '%.*s' mixes %s and %s letters",
					 WPKG_STR_ARG(name), WPKG_STR_ARG(part), script, own);
		script = own;
	}
	return WPKG_OK;
}

enum wpkg_status wpkg_name_check(struct wpkg_str name, struct wpkg_err *err)
{
	struct wpkg_str rest = name;
	struct wpkg_str part;
	if (name.len == 0 || name.len > WPKG_NAME_MAX)
		return WPKG_FAIL(err, WPKG_EINVAL, "a name has %zu bytes, not 1 to %d", name.len,
				 WPKG_NAME_MAX);
	if (!wpkg_utf8_valid(name))
		return WPKG_FAIL(err, WPKG_EINVAL, "name '%.*s' is not UTF-8", WPKG_STR_ARG(name));
	if (name.ptr[0] == '/' || name.ptr[name.len - 1] == '/')
		return WPKG_FAIL(err, WPKG_EINVAL, "name '%.*s' begins or ends with '/'",
				 WPKG_STR_ARG(name));
	while (wpkg_str_split(&rest, '/', &part)) {
		enum wpkg_status status = check_part(name, part, err);
		if (status != WPKG_OK)
			return status;
	}
	return WPKG_OK;
}

/*
 * Letters of other scripts that look like a Latin one, after case folding: those that whole words
 * can be built from. From Unicode's list of confusables (UTS 39), the identical ones only.
 */
static const struct look_alike {
	uint16_t character;
	char latin;
} look_alikes[] = {
	{0x0131, 'l'}, {0x03b1, 'a'}, {0x03b3, 'y'}, {0x03b9, 'l'}, {0x03ba, 'k'}, {0x03bd, 'v'},
	{0x03bf, 'o'}, {0x03c1, 'p'}, {0x03c5, 'u'}, {0x03c7, 'x'}, {0x0430, 'a'}, {0x0433, 'r'},
	{0x0435, 'e'}, {0x043a, 'k'}, {0x043e, 'o'}, {0x0440, 'p'}, {0x0441, 'c'}, {0x0443, 'y'},
	{0x0445, 'x'}, {0x044c, 'b'}, {0x0455, 's'}, {0x0456, 'l'}, {0x0458, 'j'}, {0x04bb, 'h'},
	{0x04cf, 'l'}, {0x0501, 'd'}, {0x051b, 'q'}, {0x051d, 'w'}, {0x0561, 'w'}, {0x0566, 'q'},
	{0x0570, 'h'}, {0x0578, 'n'}, {0x057d, 'u'}, {0x0585, 'o'},
};

static void append_folded(struct wpkg_buf *buf, uint32_t character)
{
	switch (character) {
	case 'i':
	case '1':
		character = 'l';
		break;
	case '0':
		character = 'o';
		break;
	case '-':
	case '.':
		character = '_';
		break;
	default:
		for (size_t i = 0; i < sizeof(look_alikes) / sizeof(look_alikes[0]); i++)
			if (look_alikes[i].character == character)
				character = (uint32_t)look_alikes[i].latin;
	}
	wpkg_utf8_append(buf, character);
}

void wpkg_name_append_skeleton(struct wpkg_buf *buf, struct wpkg_str name)
{
	uint8_t folded[WPKG_NAME_MAX * 4];
	size_t len = sizeof(folded);
	uint8_t *made =
		u8_casefold((const uint8_t *)name.ptr, name.len, NULL, UNINORM_NFKC, folded, &len);
	uint32_t character = 0;
	if (!made) {
		buf->failed = WPKG_ENOMEM;
		return;
	}
	struct wpkg_str rest = wpkg_str_of(made, len);
	while (wpkg_utf8_next(&rest, &character))
		append_folded(buf, character);
	if (made != folded)
		wpkg_mem_free(made);
}
