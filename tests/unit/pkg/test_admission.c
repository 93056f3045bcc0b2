/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "pkg/admission.h"
#include "pkg/verdict.h"

static struct wpkg_parcel parcels[] = {
	{.label = {.sha256 = WPKG_STR("00"),
		   .media_type = WPKG_STR("application/wasm"),
		   .name = WPKG_STR("app.wasm"),
		   .size = 8}},
};

static const struct wpkg_invoice invoice = {.bindle_version = WPKG_STR("1.0.0"),
					    .name = WPKG_STR("example.com/app"),
					    .version = WPKG_STR("1.0.0"),
					    .parcels = parcels,
					    .parcel_count = 1};

static struct wpkg_question_module modules[] = {
	{WPKG_STR("a.wasm"), WPKG_STR("11"), 7},
	{WPKG_STR("b.wasm"), WPKG_STR("22"), (uint64_t)1 << 40},
};
static struct wpkg_str names[] = {WPKG_STR("example.com/text"), WPKG_STR("example.com/far")};

static struct wpkg_question_package packages[] = {
	{.name = WPKG_STR("example.com/json"),
	 .version = WPKG_STR("1.2.0"),
	 .digest = WPKG_STR("sha256:33"),
	 .needs = {names, 1},
	 .modules = modules,
	 .module_count = 2},
	{.name = WPKG_STR("example.com/text"),
	 .version = WPKG_STR("1.0.0"),
	 .digest = WPKG_STR("sha256:44")},
};

static enum wpkg_status there_and_back(struct wpkg_question *out, struct wpkg_arena *arena)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	struct wpkg_question question = {.invoice = &invoice,
					 .closure = {.packages = packages,
						     .count = 2,
						     .foreign = {names + 1, 1},
						     .problems = {names, 2}},
					 .milliseconds = 1000,
					 .memory = (uint64_t)1 << 40,
					 .fuel = UINT64_MAX,
					 .output = 5};
	wpkg_buf_init(&text, WPKG_ADMISSION_QUESTION_MAX);
	enum wpkg_status status = wpkg_question_write(&text, &question, &err);
	if (status == WPKG_OK)
		status = wpkg_question_read(out, arena, wpkg_buf_str(&text), &err);
	wpkg_buf_clear(&text);
	return status;
}

START_TEST(a_question_comes_back_as_it_was)
{
	struct wpkg_arena arena;
	struct wpkg_question question;
	wpkg_arena_init(&arena, 1 << 20);
	ck_assert_int_eq(there_and_back(&question, &arena), WPKG_OK);
	ck_assert_uint_eq(question.milliseconds, 1000);
	ck_assert_uint_eq(question.memory, (uint64_t)1 << 40);
	ck_assert_uint_eq(question.fuel, INT64_MAX);
	ck_assert_uint_eq(question.output, 5);
	ck_assert(wpkg_str_equal_text(question.invoice->parcels[0].label.name, "app.wasm"));
	const struct wpkg_question_closure *closure = &question.closure;
	ck_assert_uint_eq(closure->count, 2);
	ck_assert(wpkg_str_equal(closure->packages[0].needs.items[0], names[0]));
	ck_assert_uint_eq(closure->packages[0].module_count, 2);
	ck_assert(wpkg_str_equal_text(closure->packages[0].modules[1].sha256, "22"));
	ck_assert_uint_eq(closure->packages[0].modules[1].size, (uint64_t)1 << 40);
	ck_assert_uint_eq(closure->packages[1].module_count, 0);
	ck_assert(wpkg_str_equal_text(closure->packages[1].digest, "sha256:44"));
	ck_assert(wpkg_str_equal(closure->foreign.items[0], names[1]));
	ck_assert_uint_eq(closure->problems.count, 2);
	wpkg_arena_clear(&arena);
}
END_TEST

static enum wpkg_status once(void)
{
	struct wpkg_arena arena;
	struct wpkg_question question;
	wpkg_arena_init(&arena, 1 << 20);
	enum wpkg_status status = there_and_back(&question, &arena);
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(each_failed_allocation_is_reported)
{
	unit_fail_each_allocation(once());
}
END_TEST

START_TEST(what_is_no_question_is_refused)
{
	static const char *const wrong[] = {
		"",
		"[]",
		"{}",
		"{\"milliseconds\":1,\"memory\":1,\"fuel\":1,\"output\":1}",
		"{\"milliseconds\":-1,\"memory\":1,\"fuel\":1,\"output\":1,\"invoice\":{}}",
		"{\"milliseconds\":1,\"memory\":1,\"fuel\":1,\"output\":1,\"invoice\":7}",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct wpkg_err err;
		struct wpkg_arena arena;
		struct wpkg_question question;
		wpkg_arena_init(&arena, 1 << 20);
		ck_status(wpkg_question_read(&question, &arena, wpkg_str_from(wrong[i]), &err),
			  WPKG_EFORMAT);
		wpkg_arena_clear(&arena);
	}
}
END_TEST

static enum wpkg_status read_verdict(struct wpkg_verdict *out, const char *text)
{
	static struct wpkg_arena arena;
	struct wpkg_err err;
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, 1 << 20);
	return wpkg_verdict_read(out, &arena, wpkg_str_from(text), &err);
}

START_TEST(a_verdict_that_accepts_must_have_found_nothing)
{
	struct wpkg_verdict verdict;
	ck_assert_int_eq(read_verdict(&verdict, "{\"accepted\":true,\"modules\":[{\"parcel\":\"a\","
						"\"valid\":true}],\"checks\":[]}"),
			 WPKG_OK);
	ck_assert(verdict.accepted);
	ck_assert_int_eq(read_verdict(&verdict, "{\"accepted\":true,\"modules\":[{\"parcel\":\"a\","
						"\"valid\":false}],\"checks\":[]}"),
			 WPKG_EFORMAT);
	ck_assert_int_eq(read_verdict(&verdict, "{\"accepted\":true,\"modules\":[],\"checks\":[{"
						"\"parcel\":\"a\",\"passed\":false}]}"),
			 WPKG_EFORMAT);
}
END_TEST

START_TEST(a_verdict_that_refuses_must_say_why)
{
	struct wpkg_verdict verdict;
	ck_assert_int_eq(read_verdict(&verdict, "{\"accepted\":false,\"reason\":\"no licence\","
						"\"modules\":[],\"checks\":[]}"),
			 WPKG_OK);
	ck_assert(wpkg_str_equal_text(verdict.reason, "no licence"));
	ck_assert_int_eq(
		read_verdict(&verdict, "{\"accepted\":false,\"modules\":[],\"checks\":[]}"),
		WPKG_EFORMAT);
}
END_TEST

#define STAGE(outcome, looked_at, problems)                                                        \
	"{\"accepted\":true,\"stages\":[{\"name\":\"validate\",\"outcome\":\"" outcome             \
	"\",\"looked_at\":" looked_at ",\"milliseconds\":1,\"problems\":" problems                 \
	"}],\"modules\":[],\"checks\":[]}"

START_TEST(a_verdict_has_stages_or_is_an_older_one)
{
	struct wpkg_verdict verdict;
	ck_assert_int_eq(read_verdict(&verdict, STAGE("passed", "1", "[]")), WPKG_OK);
	ck_assert_int_eq(read_verdict(&verdict, STAGE("failed", "1", "[]")), WPKG_EFORMAT);
}
END_TEST

START_TEST(what_is_no_verdict_is_refused)
{
	static const char *const wrong[] = {
		"",
		"nonsense",
		"[]",
		"{}",
		"{\"accepted\":1,\"modules\":[],\"checks\":[]}",
		"{\"accepted\":true,\"modules\":{},\"checks\":[]}",
		"{\"accepted\":true,\"modules\":[]}",
		"{\"accepted\":true,\"modules\":[1],\"checks\":[]}",
		"{\"accepted\":true,\"modules\":[{\"valid\":true}],\"checks\":[]}",
		"{\"accepted\":true,\"accepted\":true,\"modules\":[],\"checks\":[]}",
		"{\"accepted\":false,\"reason\":7,\"modules\":[],\"checks\":[]}",
		"{\"accepted\":true,\"stages\":{},\"modules\":[],\"checks\":[]}",
		"{\"accepted\":true,\"stages\":[{}],\"modules\":[],\"checks\":[]}",
		STAGE("passed", "-1", "[]"),
		STAGE("well", "1", "[]"),
		STAGE("passed", "1", "[7]"),
		STAGE("failed", "1", "[\"accepted all the same\"]"),
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct wpkg_verdict verdict;
		ck_assert_msg(read_verdict(&verdict, wrong[i]) == WPKG_EFORMAT, "%s", wrong[i]);
	}
}
END_TEST

UNIT_MAIN(a_question_comes_back_as_it_was, each_failed_allocation_is_reported,
	  what_is_no_question_is_refused, a_verdict_that_accepts_must_have_found_nothing,
	  a_verdict_that_refuses_must_say_why, a_verdict_has_stages_or_is_an_older_one,
	  what_is_no_verdict_is_refused)
