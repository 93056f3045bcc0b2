/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TESTS_UNIT_H
#define WPKG_TESTS_UNIT_H

/*
 * What each unit test program shares: Check, a main that runs the cases and closes with the line
 * that tests/run adds up, and the loop that fails each allocation in turn.
 *
 * A file is: START_TEST(sentence) ... END_TEST cases, then UNIT_MAIN(case, case, ...).
 */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

static inline int unit_run(const char *file, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(file);
	TCase *tcase = tcase_create(file);
	tcase_set_timeout(tcase, 600);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	printf("%d passed, %d failed, 0 skipped\n", srunner_ntests_run(runner) - failed, failed);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define UNIT_MAIN(...)                                                                             \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const tests[] = {__VA_ARGS__};                                        \
		return unit_run(__FILE__, tests, sizeof(tests) / sizeof(tests[0]));                \
	}

/* Asserts that a call succeeded, and shows its error when not. */
#define ck_ok(call, err)                                                                           \
	do {                                                                                       \
		enum wpkg_status ck_status = (call);                                               \
		ck_assert_msg(ck_status == WPKG_OK, "%s: %s", #call, (err).msg);                   \
	} while (0)

#define ck_status(call, expected)                                                                  \
	do {                                                                                       \
		enum wpkg_status ck_status = (call);                                               \
		ck_assert_msg(ck_status == (expected), "%s: %s, not %s", #call,                    \
			      wpkg_status_name(ck_status), wpkg_status_name(expected));            \
	} while (0)

/*
 * Runs the statement with the first, the second, ... allocation failing until one run needs no
 * more. In each failing run the statement's status must be WPKG_ENOMEM; the last must be WPKG_OK.
 * "call" is an expression of type enum wpkg_status that cleans up after itself.
 */
#define unit_fail_each_allocation(call)                                                            \
	do {                                                                                       \
		for (size_t unit_n = 0;; unit_n++) {                                               \
			ck_assert_msg(unit_n < 100000, "the allocations of %s do not end", #call); \
			wpkg_mem_fail_at(unit_n);                                                  \
			enum wpkg_status unit_status = (call);                                     \
			int unit_reached = wpkg_mem_fail_reached();                                \
			wpkg_mem_fail_never();                                                     \
			if (!unit_reached) {                                                       \
				ck_assert_int_eq(unit_status, WPKG_OK);                            \
				break;                                                             \
			}                                                                          \
			ck_assert_msg(unit_status == WPKG_ENOMEM,                                  \
				      "allocation %zu of %s fails: status %s", unit_n, #call,      \
				      wpkg_status_name(unit_status));                              \
		}                                                                                  \
	} while (0)

#endif
