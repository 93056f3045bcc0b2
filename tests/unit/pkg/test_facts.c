/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "base/buf.h"
#include "data/json.h"
#include "pkg/facts.h"

/* (module (import "env" "f" (func (param i32))) (memory 1 2) (export "g" (func 0))), with rows of
 * producers and target features. */
static const char bytes[] = "\0asm\1\0\0\0"
			    "\1\5\1\x60\1\x7f\0"
			    "\2\x09\1\3env\1f\0\0"
			    "\5\4\1\1\1\2"
			    "\7\5\1\1g\0\0"
			    "\0\x19\x09producers\1\3sdk\1\4tool\3"
			    "1.0"
			    "\0\x18\x0ftarget_features\1+\5"
			    "simd!";

static enum wpkg_status write_facts(struct wpkg_buf *out, size_t *budget, struct wpkg_err *err)
{
	struct wpkg_module *module = NULL;
	struct wpkg_facts *facts = NULL;
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, 1 << 20);
	enum wpkg_status status =
		wpkg_module_read(&module, wpkg_str_of(bytes, sizeof(bytes) - 1), NULL, err);
	if (status == WPKG_OK)
		status = wpkg_facts_of_module(&facts, module, err);
	if (status == WPKG_OK) {
		struct wpkg_value *table = wpkg_value_new_table(&arena);
		status = WPKG_ENOMEM;
		if (table)
			status = wpkg_facts_to_value(&arena, table, facts, budget, err);
		if (status == WPKG_OK)
			wpkg_json_write(out, table, WPKG_JSON_COMPACT);
	}
	wpkg_facts_free(facts);
	wpkg_module_free(module);
	wpkg_arena_clear(&arena);
	return status == WPKG_OK ? wpkg_buf_check(out, "facts", err) : status;
}

static bool says(const struct wpkg_buf *text, const char *part)
{
	return wpkg_str_contains(wpkg_buf_str(text), wpkg_str_from(part));
}

START_TEST(facts_become_a_document)
{
	static const char *const parts[] = {
		"\"kind\":\"module\"",
		"\"functions\":0",
		"\"imports\":[{\"module\":\"env\",\"name\":\"f\",\"kind\":\"func\"",
		"\"type\":\"func (param i32)\"}]",
		"\"exports\":[{\"name\":\"g\",\"kind\":\"func\"",
		"\"minimum\":1,\"maximum\":2",
		"\"producers\":[{\"field\":\"sdk\",\"name\":\"tool\",\"version\":\"1.0\"}]",
		"\"target_features\":[\"+simd!\"]",
		"{\"name\":\"import\",\"offset\":15,\"size\":11,\"count\":1}",
	};
	struct wpkg_err err;
	struct wpkg_buf text;
	size_t budget = 10000;
	wpkg_buf_init(&text, 100000);
	ck_ok(write_facts(&text, &budget, &err), err);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		ck_assert_msg(says(&text, parts[i]), "no %s in %s", parts[i], wpkg_buf_text(&text));
	ck_assert(!says(&text, "cut"));
	ck_assert_uint_lt(budget, 10000);
	wpkg_buf_clear(&text);
}
END_TEST

START_TEST(lists_end_where_the_budget_does)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	size_t budget = 100;
	wpkg_buf_init(&text, 100000);
	ck_ok(write_facts(&text, &budget, &err), err);
	ck_assert(says(&text, "\"cut\":true"));
	ck_assert(says(&text, "\"minimum\":1"));
	ck_assert(says(&text, "\"exports\":[]"));
	wpkg_buf_clear(&text);
}
END_TEST

static enum wpkg_status once(void)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	wpkg_buf_init(&text, 100000);
	enum wpkg_status status = write_facts(&text, NULL, &err);
	wpkg_buf_clear(&text);
	return status;
}

START_TEST(each_failed_allocation_is_reported)
{
	unit_fail_each_allocation(once());
}
END_TEST

UNIT_MAIN(facts_become_a_document, lists_end_where_the_budget_does,
	  each_failed_allocation_is_reported)
