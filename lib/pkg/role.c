/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/role.h"

static const char *const names[WPKG_ROLE_COUNT] = {"creator", "approver", "host", "proxy"};

const char *wpkg_role_name(enum wpkg_role role)
{
	return names[role];
}

bool wpkg_role_parse(enum wpkg_role *out, struct wpkg_str text)
{
	for (int i = 0; i < WPKG_ROLE_COUNT; i++) {
		if (wpkg_str_equal_text(text, names[i])) {
			*out = (enum wpkg_role)i;
			return true;
		}
	}
	return false;
}

bool wpkg_role_parse_loose(enum wpkg_role *out, struct wpkg_str text)
{
	struct wpkg_str word = wpkg_str_trim(text);
	for (int i = 0; i < WPKG_ROLE_COUNT; i++) {
		struct wpkg_str name = wpkg_str_from(names[i]);
		if (wpkg_str_equal_nocase(word, name) ||
		    wpkg_str_equal_nocase(word, wpkg_str_slice(name, 0, 1))) {
			*out = (enum wpkg_role)i;
			return true;
		}
	}
	return false;
}
