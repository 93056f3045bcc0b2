/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "base/buf.h"
#include "data/json.h"
#include "data/toml.h"
#include "pkg/policy.h"

static struct wpkg_arena arena;

static void setup(void)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, 1 << 20);
}

static enum wpkg_status take(struct wpkg_policy *policy, const struct wpkg_value *table,
			     struct wpkg_err *err)
{
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, table, "", err);
	if (status == WPKG_OK)
		status = wpkg_policy_take(policy, &arena, &fields, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	return status;
}

static enum wpkg_status read_text(struct wpkg_policy *policy, const char *text,
				  struct wpkg_err *err)
{
	struct wpkg_value *table = NULL;
	enum wpkg_status status = wpkg_toml_read(&table, &arena, wpkg_str_from(text), err);
	return status == WPKG_OK ? take(policy, table, err) : status;
}

static const char full[] = "features = \"mvp,simd,multi-value\"\n"
			   "imports = [\"wasi_*.*\", \"env.log\"]\n"
			   "module-size = \"2MiB\"\n"
			   "functions = 1000\n"
			   "need-check = true\n"
			   "need-license = true\n"
			   "need-host = false\n"
			   "run-twice = true\n"
			   "foreign-dependencies = true\n";

static void check_full(const struct wpkg_policy *policy)
{
	ck_assert_uint_eq(policy->features, WPKG_FEATURE_BIT(MVP) | WPKG_FEATURE_BIT(SIMD) |
						    WPKG_FEATURE_BIT(MULTI_VALUE));
	ck_assert_uint_eq(policy->imports.count, 2);
	ck_assert(wpkg_str_equal_text(policy->imports.items[1], "env.log"));
	ck_assert_uint_eq(policy->module_size, 2 << 20);
	ck_assert_uint_eq(policy->functions, 1000);
	ck_assert(policy->need_check && policy->need_license && policy->run_twice);
	ck_assert(policy->foreign_dependencies);
	ck_assert(!policy->need_host);
}

START_TEST(all_rules_are_read)
{
	struct wpkg_err err;
	struct wpkg_policy policy = {0};
	setup();
	ck_ok(read_text(&policy, full, &err), err);
	check_full(&policy);
}
END_TEST

START_TEST(what_is_absent_stays)
{
	struct wpkg_err err;
	struct wpkg_policy policy = {.functions = 7};
	setup();
	ck_ok(read_text(&policy, "need-check = true", &err), err);
	ck_assert_uint_eq(policy.functions, 7);
	ck_assert_uint_eq(policy.features, 0);
	ck_assert(policy.need_check);
}
END_TEST

static enum wpkg_status there_and_back(struct wpkg_policy *out, const struct wpkg_policy *policy,
				       struct wpkg_err *err)
{
	struct wpkg_value *table = wpkg_value_new_table(&arena);
	if (!wpkg_policy_add(&arena, table, policy))
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	return take(out, table, err);
}

START_TEST(written_rules_are_read_again)
{
	struct wpkg_err err;
	struct wpkg_policy policy = {0}, again = {0};
	setup();
	ck_ok(read_text(&policy, full, &err), err);
	ck_ok(there_and_back(&again, &policy, &err), err);
	check_full(&again);
}
END_TEST

START_TEST(bad_rules_are_refused)
{
	static const char *const wrong[] = {
		"features = \"simd,nonsense\"",
		"features = 7",
		"imports = \"env.*\"",
		"imports = [1]",
		"module-size = -1",
		"module-size = \"much\"",
		"functions = \"many\"",
		"need-check = 1",
		"need-chekc = true",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct wpkg_err err;
		struct wpkg_policy policy = {0};
		setup();
		ck_assert_msg(read_text(&policy, wrong[i], &err) != WPKG_OK, "%s", wrong[i]);
		ck_assert_uint_eq(policy.functions, 0);
	}
}
END_TEST

static enum wpkg_status once(void)
{
	struct wpkg_err err;
	struct wpkg_policy policy = {0}, again = {0};
	setup();
	enum wpkg_status status = read_text(&policy, full, &err);
	if (status == WPKG_OK)
		status = there_and_back(&again, &policy, &err);
	return status;
}

START_TEST(each_failed_allocation_is_reported)
{
	unit_fail_each_allocation(once());
}
END_TEST

UNIT_MAIN(all_rules_are_read, what_is_absent_stays, written_rules_are_read_again,
	  bad_rules_are_refused, each_failed_allocation_is_reported)
