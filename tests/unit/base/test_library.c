/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <string.h>

#include "base/library.h"

struct table {
	double (*cosine)(double angle);
};

static const struct wpkg_library_symbol good[] = {{"cos", offsetof(struct table, cosine)}, {0}};
static const struct wpkg_library_symbol bad[] = {
	{"cos", offsetof(struct table, cosine)}, {"no_such_function", 0}, {0}};

START_TEST(functions_of_a_library_are_found)
{
	struct wpkg_err err;
	struct table table = {0};
	const struct wpkg_library library = {"libm.so.6", "computes", "libc6", good};
	ck_ok(wpkg_library_load(&table, &library, &err), err);
	ck_assert(table.cosine(0) > 0.99);
}
END_TEST

START_TEST(what_is_missing_is_named)
{
	struct wpkg_err err;
	struct table table = {0};
	const struct wpkg_library absent = {"libnone.so.9", "does nothing", "libnone9", good};
	const struct wpkg_library old = {"libm.so.6", "computes", "libc6", bad};
	ck_status(wpkg_library_load(&table, &absent, &err), WPKG_ENOTFOUND);
	ck_assert_str_eq(err.msg,
			 "libnone.so.9, which does nothing, is missing (Debian: libnone9)");
	ck_status(wpkg_library_load(&table, &old, &err), WPKG_ENOTFOUND);
	ck_assert_str_eq(err.msg, "libm.so.6 is too old: it has no no_such_function");
}
END_TEST

UNIT_MAIN(functions_of_a_library_are_found, what_is_missing_is_named)
