/* SPDX-License-Identifier: Apache-2.0 */
#include "preference.h"

/* Takes what stands before the separator, which may also stand within quotes, off *rest. */
static struct wpkg_str take_until(struct wpkg_str *rest, char separator)
{
	size_t at = 0;
	bool quoted = false;
	for (; at < rest->len && (quoted || rest->ptr[at] != separator); at++) {
		if (rest->ptr[at] == '"')
			quoted = !quoted;
		else if (quoted && rest->ptr[at] == '\\' && at + 1 < rest->len)
			at++;
	}
	struct wpkg_str taken = wpkg_str_slice(*rest, 0, at);
	*rest = wpkg_str_from_offset(*rest, at < rest->len ? at + 1 : at);
	return taken;
}

static struct wpkg_str unquoted(struct wpkg_str value)
{
	if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
		return wpkg_str_slice(value, 1, value.len - 1);
	return value;
}

/* Of two with the same name the first counts (section 2). */
struct preference preference_parse(struct wpkg_str header)
{
	struct preference preference = {0};
	while (header.len > 0) {
		struct wpkg_str one = take_until(&header, ',');
		one = take_until(&one, ';'); /* without its parameters */
		size_t equals = wpkg_str_find(one, '=');
		struct wpkg_str name = wpkg_str_trim(wpkg_str_slice(one, 0, equals));
		struct wpkg_str value = {0};
		if (equals < one.len)
			value = unquoted(wpkg_str_trim(wpkg_str_from_offset(one, equals + 1)));
		if (wpkg_str_equal_nocase(name, WPKG_LIT("respond-async")))
			preference.respond_async = true;
		else if (wpkg_str_equal_nocase(name, WPKG_LIT("wait")) && !preference.has_wait)
			preference.has_wait = wpkg_str_parse_u64(value, &preference.wait);
	}
	return preference;
}
