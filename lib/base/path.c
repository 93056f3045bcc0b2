/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Longest path that outside data may give, and longest part of it: what file systems take. */
#define PATH_LONGEST 1024
#define PART_LONGEST 255

static const char *part_defect(struct wpkg_str part)
{
	if (part.len == 0)
		return "has an empty part";
	if (wpkg_str_equal_text(part, ".") || wpkg_str_equal_text(part, ".."))
		return "has a part '.' or '..'";
	if (part.len > PART_LONGEST)
		return "has a part longer than 255 bytes";
	char last = part.ptr[part.len - 1];
	if (last == '.' || last == ' ')
		return "has a part that ends with a dot or a space";
	return NULL;
}

static const char *path_defect(struct wpkg_str path)
{
	if (path.len == 0)
		return "is empty";
	if (path.len > PATH_LONGEST)
		return "is longer than 1024 bytes";
	if (path.ptr[0] == '/')
		return "is absolute";
	struct wpkg_str rest = path;
	uint32_t c;
	while (wpkg_utf8_next(&rest, &c))
		if (!wpkg_utf8_printable(c) || c == '\\' || c == ':')
			return "has a control character, backslash or colon";
	if (rest.len > 0)
		return "is not UTF-8";
	struct wpkg_str part;
	rest = path;
	while (wpkg_str_split(&rest, '/', &part)) {
		const char *defect = part_defect(part);
		if (defect)
			return defect;
	}
	return NULL;
}

enum wpkg_status wpkg_path_check_portable(struct wpkg_str path, struct wpkg_err *err)
{
	const char *defect = path_defect(path);
	if (defect)
		return WPKG_FAIL(err, WPKG_EINVAL, "path '%.*s' %s", WPKG_STR_ARG(path), defect);
	return WPKG_OK;
}

struct wpkg_str wpkg_path_base(struct wpkg_str path)
{
	size_t slash = wpkg_str_find_last(path, '/');
	return slash == path.len ? path : wpkg_str_from_offset(path, slash + 1);
}

struct wpkg_str wpkg_path_extension(struct wpkg_str path)
{
	struct wpkg_str base = wpkg_path_base(path);
	size_t dot = wpkg_str_find_last(base, '.');
	if (dot == 0) /* a hidden file has no extension */
		return wpkg_str_slice(base, 0, 0);
	return wpkg_str_from_offset(base, dot + 1);
}

char *wpkg_path_parent(const char *path)
{
	struct wpkg_str all = wpkg_str_from(path);
	size_t slash = wpkg_str_find_last(all, '/');
	if (slash == all.len)
		return wpkg_mem_dup_text(".", 1);
	return wpkg_mem_dup_text(path, slash == 0 ? 1 : slash);
}

char *wpkg_path_join(const char *directory, const char *name)
{
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, SIZE_MAX);
	wpkg_buf_append_text(&buf, directory);
	if (buf.len > 0 && buf.ptr[buf.len - 1] != '/')
		wpkg_buf_append_byte(&buf, '/');
	wpkg_buf_append_text(&buf, name);
	return wpkg_buf_detach(&buf);
}

static enum wpkg_status user_directory(char **out, const char *variable, const char *below_home,
				       struct wpkg_err *err)
{
	const char *base = getenv(variable);
	char *joined = NULL;
	/* The XDG rules: a relative path in the variable is to be ignored. */
	if (base && base[0] == '/') {
		joined = wpkg_path_join(base, "wpkg");
	} else {
		const char *home = getenv("HOME");
		if (!home || home[0] != '/')
			return WPKG_FAIL(err, WPKG_EINVAL, "neither %s nor HOME is set", variable);
		joined = wpkg_path_join(home, below_home);
	}
	if (!joined)
		return WPKG_FAIL(err, WPKG_ENOMEM, "%s: no memory", variable);
	*out = joined;
	return WPKG_OK;
}

enum wpkg_status wpkg_path_config(char **out, struct wpkg_err *err)
{
	return user_directory(out, "XDG_CONFIG_HOME", ".config/wpkg", err);
}

enum wpkg_status wpkg_path_cache(char **out, struct wpkg_err *err)
{
	return user_directory(out, "XDG_CACHE_HOME", ".cache/wpkg", err);
}

/* Takes a "[...]" off the pattern; is c in it? A set without an end matches nothing. */
static bool match_set(struct wpkg_str *pattern, char c)
{
	size_t end = wpkg_str_find(*pattern, ']');
	struct wpkg_str set = wpkg_str_slice(*pattern, 1, end);
	*pattern = wpkg_str_from_offset(*pattern, end + 1);
	bool negated = set.len > 0 && set.ptr[0] == '!';
	set = wpkg_str_from_offset(set, negated);
	bool found = false;
	for (size_t i = 0; i < set.len; i++) {
		if (i + 2 < set.len && set.ptr[i + 1] == '-') {
			found |= set.ptr[i] <= c && c <= set.ptr[i + 2];
			i += 2;
		} else {
			found |= set.ptr[i] == c;
		}
	}
	return found != negated;
}

/*
 * One star to come back to is enough: a later star makes earlier ones unnecessary, and so the time
 * is at most the product of both lengths whatever the pattern. "**" and "*" each have their own.
 */
bool wpkg_path_glob(struct wpkg_str pattern, struct wpkg_str path)
{
	struct wpkg_str star = {0};
	struct wpkg_str star_path = {0};
	struct wpkg_str deep = {0};
	struct wpkg_str deep_path = {0};
	for (;;) {
		if (wpkg_str_starts(pattern, WPKG_LIT("**"))) {
			pattern = wpkg_str_from_offset(pattern, 2);
			if (pattern.len > 0 && pattern.ptr[0] == '/')
				pattern = wpkg_str_from_offset(pattern, 1);
			if (pattern.len == 0)
				return true;
			deep = pattern;
			deep_path = path;
			star = (struct wpkg_str){0};
			continue;
		}
		if (pattern.len > 0 && pattern.ptr[0] == '*') {
			pattern = wpkg_str_from_offset(pattern, 1);
			star = pattern.len > 0 ? pattern : wpkg_str_of("", 0);
			star_path = path;
			continue;
		}
		if (path.len == 0 && pattern.len == 0)
			return true;
		if (path.len > 0 && pattern.len > 0) {
			char c = path.ptr[0];
			bool same = pattern.ptr[0] == c || (pattern.ptr[0] == '?' && c != '/');
			if (pattern.ptr[0] == '[' && c != '/')
				same = match_set(&pattern, c);
			else
				pattern = wpkg_str_from_offset(pattern, 1);
			if (same) {
				path = wpkg_str_from_offset(path, 1);
				continue;
			}
		}
		if (star.ptr && star_path.len > 0 && star_path.ptr[0] != '/') {
			star_path = wpkg_str_from_offset(star_path, 1);
			pattern = star;
			path = star_path;
		} else if (deep.ptr && deep_path.len > 0) {
			/* "**" takes whole parts. */
			size_t slash = wpkg_str_find(deep_path, '/');
			if (slash == deep_path.len)
				return false;
			deep_path = wpkg_str_from_offset(deep_path, slash + 1);
			pattern = deep;
			path = deep_path;
			star = (struct wpkg_str){0};
		} else {
			return false;
		}
	}
}
