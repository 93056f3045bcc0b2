/* SPDX-License-Identifier: Apache-2.0 */
/* How profiles are read, and each rule on its own; whole hosts are tried in tests/cli/test-hosts.
 */
#include "../unit.h"

#include <string.h>

#include "base/buf.h"
#include "data/json.h"
#include "pkg/host_report.h"

/*
 * (module
 *   (import "env" "f" (func (param i32)))
 *   (import "env" "g" (global (mut i64)))
 *   (memory 2 3)
 *   (table 5 funcref)
 *   (export "run" (func 0)) (export "memory" (memory 0)))
 */
static const char bytes[] = "\0asm\1\0\0\0"
			    "\1\5\1\x60\1\x7f\0"
			    "\2\x12\2\3env\1f\0\0\3env\1g\3\x7e\1"
			    "\4\4\1\x70\0\5"
			    "\5\4\1\1\2\3"
			    "\7\x10\2\3run\0\0\6memory\2\0";

static struct wpkg_arena arena;
static struct wpkg_host_profiles profiles;
static struct wpkg_module *module;

static void setup(void)
{
	struct wpkg_err err;
	wpkg_arena_init(&arena, (size_t)16 << 20);
	profiles = (struct wpkg_host_profiles){0};
	ck_ok(wpkg_module_read(&module, wpkg_str_of(bytes, sizeof(bytes) - 1), NULL, &err), err);
}

static void teardown(void)
{
	wpkg_module_free(module);
	wpkg_arena_clear(&arena);
}

static enum wpkg_status add(const char *text, struct wpkg_err *err)
{
	return wpkg_host_profiles_add(&profiles, &arena, wpkg_str_from(text), err);
}

#define HEAD "id = \"h\"\ntitle = \"H\"\n"
#define GIVES "[imports.env]\nf = \"i32 ->\"\ng = \"global mut i64\"\n"

/* The report of host "h". */
static struct wpkg_host_report match(void)
{
	struct wpkg_err err;
	struct wpkg_host_report report;
	const struct wpkg_host_subject subject = {.module = module, .size = sizeof(bytes) - 1};
	ck_ok(wpkg_host_profiles_check(&profiles, &err), err);
	ck_ok(wpkg_host_match(&report, &arena, &profiles,
			      wpkg_host_profiles_find(&profiles, WPKG_LIT("h")), &subject, &err),
	      err);
	return report;
}

/* With no words the module matches; else it does not, and the first problem holds them. */
static void matches(const char *profile, const char *words)
{
	struct wpkg_err err;
	setup();
	ck_ok(add(profile, &err), err);
	struct wpkg_host_report report = match();
	ck_assert(report.matches == (report.problem_count == 0));
	if (!words)
		ck_assert_msg(report.matches, "%s: %.*s", profile,
			      WPKG_STR_ARG(report.problems[0]));
	else
		ck_assert_msg(!report.matches &&
				      wpkg_str_contains(report.problems[0], wpkg_str_from(words)),
			      "no '%s' in '%.*s'", words,
			      report.matches ? 1 : (int)report.problems[0].len,
			      report.matches ? "-" : report.problems[0].ptr);
	teardown();
}

START_TEST(imports_match_by_type)
{
	matches(HEAD GIVES, NULL);
	matches(HEAD, "0x12: import env.f: the host gives nothing under 'env'");
	matches(HEAD "[imports.env]\nf = \"i32 ->\"\n",
		"import env.g: the host gives no such name");
	matches(HEAD "[imports.env]\nf = \"i64 ->\"\ng = \"global mut i64\"\n",
		"import env.f: func (param i32), the host gives func (param i64)");
	matches(HEAD "[imports.env]\nf = \"i32 -> i32\"\ng = \"global mut i64\"\n",
		"the host gives func (param i32) (result i32)");
	matches(HEAD "[imports.env]\nf = \"i32 ->\"\ng = \"global i64\"\n",
		"import env.g: global (mut i64), the host gives global i64");
	matches(HEAD "[imports.env]\nf = \"i32 ->\"\ng = \"func\"\n",
		"the host gives func of any type");
	/* Several types, any type, patterns. */
	matches(HEAD "[imports.env]\nf = [\"i64 ->\", \"i32 ->\"]\ng = \"global\"\n", NULL);
	matches(HEAD "[imports.env]\nf = \"func\"\ng = \"any\"\n", NULL);
	matches(HEAD "[imports.\"e*\"]\n\"*\" = [\"func\", \"global\"]\n", NULL);
	matches(HEAD "[imports.\"*\"]\n\"*\" = \"memory\"\n", "the host gives nothing under 'env'");
	matches(HEAD "[alias]\nenv = \"other\"\n[imports.other]\n\"*\" = \"any\"\n", NULL);
}
END_TEST

START_TEST(exports_match_by_type)
{
	matches(HEAD GIVES "[exports.required]\nrun = \"i32 ->\"\nmemory = \"memory\"\n", NULL);
	matches(HEAD GIVES "[exports.required]\nstop = \"->\"\n",
		"exports no stop: the host wants func");
	matches(HEAD GIVES "[exports.required]\nrun = \"->\"\n",
		"export run: func (param i32), the host wants func");
	matches(HEAD GIVES "[exports.required]\nrun = \"memory\"\n", "the host wants memory");
	matches(HEAD GIVES "[exports.optional]\nstop = \"->\"\n", NULL);
	matches(HEAD GIVES "[exports.optional]\nrun = \"->\"\n", "export run: func (param i32)");
	matches(HEAD GIVES "[[exports.one-of]]\nstop = \"->\"\nrun = \"i32 ->\"\n", NULL);
	matches(HEAD GIVES "[[exports.one-of]]\nstop = \"->\"\ngo = \"->\"\n",
		"exports none of go (func), stop (func)");
	matches(HEAD GIVES "[[exports.one-of]]\n\"r*\" = \"func\"\n", NULL);
	matches(HEAD GIVES "[exports]\nforbidden = [\"mem*\"]\n",
		"exports memory, which the host does not allow");
	matches(HEAD GIVES "[exports]\nexclusive = [[\"run\", \"stop\"]]\n", NULL);
	matches(HEAD GIVES "[exports]\nexclusive = [[\"run\", \"memory\"]]\n",
		"exports both run and memory");
	matches(HEAD GIVES "[[exports.where]]\nimport = \"env.*\"\nrequired = { stop = \"->\" }\n",
		"exports no stop");
	matches(HEAD GIVES "[[exports.where]]\nimport = \"x.*\"\nrequired = { stop = \"->\" }\n",
		NULL);
}
END_TEST

START_TEST(limits_and_the_rest_hold)
{
	matches("features = [\"mutable-globals\"]\nneeded-imports = [\"x.y\", \"env.g\"]\n" HEAD
			GIVES,
		NULL);
	matches("features = [\"simd\"]\n" HEAD GIVES, "needs mutable-globals");
	matches("needed-imports = [\"x.y\"]\n" HEAD GIVES, "imports none of x.y");
	matches("exclusive-modules = [[\"env\", \"x\"]]\n" HEAD GIVES, NULL);
	matches("custom-sections = [\"meta\"]\n" HEAD GIVES, "has no custom section 'meta'");
	matches(HEAD "[limits]\nmodule-size = 50\n" GIVES, "bytes, more than 50");
	matches(HEAD "[limits]\nmemory-pages = 2\nmaximum-pages = 3\nmemories = 1\n"
		     "table-entries = 5\nfunctions = 1\nno-passive-data = true\n" GIVES,
		NULL);
	matches(HEAD "[limits]\nmemory-pages = 1\n" GIVES, "memory 0 begins with 2 pages");
	matches(HEAD "[limits]\nmaximum-pages = 2\n" GIVES, "memory 0 may grow to 3 pages");
	matches(HEAD "[limits]\ntable-entries = 4\n" GIVES, "table 0 begins with 5 entries");
	matches(HEAD "[component]\nimports = [\"*\"]\n", "is a core module");
}
END_TEST

START_TEST(profiles_build_on_each_other)
{
	struct wpkg_err err;
	setup();
	ck_ok(add("id = \"part\"\ntitle = \"P\"\nkind = \"part\"\n[imports.env]\nf = \"i32 ->\"\n",
		  &err),
	      err);
	ck_ok(add("id = \"one\"\ntitle = \"1\"\n[exports.required]\nstop = \"->\"\n", &err), err);
	ck_ok(add("id = \"two\"\ntitle = \"2\"\ninclude = [\"part\"]\n", &err), err);
	ck_ok(add("variants = [\"one\", \"two\"]\n" HEAD "[imports.env]\ng = \"global\"\n", &err),
	      err);
	ck_assert(match().matches);
	/* The report is that of the variant that fits best. */
	ck_ok(add("variants = [\"one\", \"two\"]\n" HEAD, &err), err);
	struct wpkg_host_report report = match();
	ck_assert_uint_eq(report.problem_count, 1);
	ck_assert(wpkg_str_starts(report.problems[0], WPKG_LIT("as two: ")));
	teardown();
}
END_TEST

START_TEST(warnings_are_for_whom_they_concern)
{
	struct wpkg_err err;
	setup();
	ck_ok(add(HEAD GIVES "[[warning]]\nimport = \"env.f\"\ntext = \"one\"\n"
			     "[[warning]]\nimport = \"env.x\"\ntext = \"two\"\n"
			     "[[warning]]\nexport = \"ru*\"\ntext = \"three\"\n"
			     "[[warning]]\nfeature = \"simd\"\ntext = \"four\"\n",
		  &err),
	      err);
	struct wpkg_host_report report = match();
	ck_assert_uint_eq(report.warning_count, 2);
	ck_assert(wpkg_str_equal_text(report.warnings[0], "one"));
	ck_assert(wpkg_str_equal_text(report.warnings[1], "three"));
	teardown();
}
END_TEST

START_TEST(bad_profiles_are_refused_with_their_place)
{
	static const char *const wrong[] = {
		"title = \"x\"\n",
		"id = \"x\"\n",
		"id = \"X y\"\ntitle = \"x\"\n",
		"id = \"a,b\"\ntitle = \"x\"\n",
		HEAD "unknown = 1\n",
		HEAD "kind = \"other\"\n",
		HEAD "features = [\"nonsense\"]\n",
		HEAD "features = \"simd\"\n",
		HEAD "include = [1]\n",
		HEAD "imports = 1\n",
		HEAD "[imports]\nenv = 1\n",
		HEAD "[imports.env]\nf = 1\n",
		HEAD "[imports.env]\nf = \"\"\n",
		HEAD "[imports.env]\nf = \"i32\"\n",
		HEAD "[imports.env]\nf = \"i33 ->\"\n",
		HEAD "[imports.env]\nf = \"-> i32 -> i32\"\n",
		HEAD "[imports.env]\nf = [\"->\", 1]\n",
		HEAD "[imports.env]\nf = \"memory 1 2 3\"\n",
		HEAD "[imports.env]\nf = \"memory funcref\"\n",
		HEAD "[imports.env]\nf = \"table shared\"\n",
		HEAD "[imports.env]\nf = \"global\tmut\"\n",
		HEAD "[imports.env]\nf = \"global mut\"\n",
		HEAD "[imports.env]\nf = \"global i32 i32\"\n",
		HEAD "[exports]\nrequired = 1\n",
		HEAD "[exports]\nexclusive = [\"a\"]\n",
		HEAD "[[exports.where]]\nimport = \"a.b\"\n",
		HEAD "[limits]\nmemories = -1\n",
		HEAD "[limits]\nmemory = 1\n",
		HEAD "[[warning]]\ntext = \"x\"\n",
	};
	setup();
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct wpkg_err err = {0};
		ck_assert_msg(add(wrong[i], &err) == WPKG_EFORMAT, "%s: %s", wrong[i], err.msg);
		ck_assert_msg(strstr(err.msg, "line ") || strstr(err.msg, "is missing") ||
				      strstr(err.msg, "without"),
			      "%s: %s", wrong[i], err.msg);
	}
	ck_assert_uint_eq(profiles.count, 0);
	teardown();
}
END_TEST

START_TEST(circles_and_holes_are_found)
{
	struct wpkg_err err;
	setup();
	ck_ok(add("id = \"a\"\ntitle = \"x\"\ninclude = [\"b\"]\n", &err), err);
	ck_status(wpkg_host_profiles_check(&profiles, &err), WPKG_EINVAL);
	ck_ok(add("id = \"b\"\ntitle = \"x\"\nvariants = [\"a\"]\n", &err), err);
	ck_status(wpkg_host_profiles_check(&profiles, &err), WPKG_EINVAL);
	ck_ok(add("id = \"b\"\ntitle = \"x\"\n", &err), err);
	ck_ok(wpkg_host_profiles_check(&profiles, &err), err);
	ck_assert_uint_eq(profiles.count, 2);
	teardown();
}
END_TEST

/* Many imports, and each of them wrong: what is said of them is bounded. */
START_TEST(reports_are_bounded)
{
	struct wpkg_err err;
	struct wpkg_buf many;
	wpkg_buf_init(&many, 1 << 20);
	wpkg_buf_append(&many, "\0asm\1\0\0\0\1\4\1\x60\0\0\2\xf2\x2e\xe8\x07", 19);
	for (unsigned i = 0; i < 1000; i++)
		wpkg_buf_append(&many, "\1x\1y\0\0", 6);
	setup();
	wpkg_module_free(module);
	module = NULL;
	ck_ok(wpkg_module_read(&module, wpkg_buf_str(&many), NULL, &err), err);
	ck_ok(add(HEAD, &err), err);
	struct wpkg_host_report report = match();
	ck_assert_uint_eq(report.problem_count, WPKG_HOST_PROBLEMS_MAX);
	ck_assert(report.more);
	teardown();
	wpkg_buf_clear(&many);
}
END_TEST

static enum wpkg_status report_known(void)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	wpkg_arena_init(&arena, (size_t)16 << 20);
	profiles = (struct wpkg_host_profiles){0};
	module = NULL;
	wpkg_buf_init(&text, 1 << 20);
	enum wpkg_status status = add(HEAD GIVES "[exports.required]\nstop = \"->\"\n[[warning]]\n"
						 "export = \"run\"\ntext = \"x\"\n",
				      &err);
	if (status == WPKG_OK)
		status = wpkg_module_read(&module, wpkg_str_of(bytes, sizeof(bytes) - 1), NULL,
					  &err);
	const struct wpkg_host_subject subject = {.module = module};
	struct wpkg_value *table = NULL;
	if (status == WPKG_OK) {
		table = wpkg_value_new_table(&arena);
		status = table ? WPKG_OK : WPKG_ENOMEM;
	}
	if (status == WPKG_OK)
		status = wpkg_host_report_all(&arena, table, &profiles, &subject, 1, &err);
	if (status == WPKG_OK) {
		wpkg_json_write(&text, table, WPKG_JSON_COMPACT);
		status = wpkg_buf_check(&text, "report", &err);
	}
	wpkg_buf_clear(&text);
	teardown();
	return status;
}

START_TEST(each_failed_allocation_is_reported)
{
	unit_fail_each_allocation(report_known());
}
END_TEST

START_TEST(the_known_profiles_are_good)
{
	struct wpkg_err err;
	setup();
	ck_ok(wpkg_host_profiles_add_known(&profiles, &arena, &err), err);
	ck_assert_uint_gt(profiles.count, 50);
	for (size_t i = 0; i < profiles.count; i++) {
		const struct wpkg_host_profile *profile = &profiles.items[i];
		ck_assert_msg(profile->sources.count > 0, "%.*s has no source",
			      WPKG_STR_ARG(profile->id));
	}
	teardown();
}
END_TEST

UNIT_MAIN(imports_match_by_type, exports_match_by_type, limits_and_the_rest_hold,
	  profiles_build_on_each_other, warnings_are_for_whom_they_concern,
	  bad_profiles_are_refused_with_their_place, circles_and_holes_are_found,
	  reports_are_bounded, each_failed_allocation_is_reported, the_known_profiles_are_good)
