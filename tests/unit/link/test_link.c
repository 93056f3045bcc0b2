/* SPDX-License-Identifier: Apache-2.0 */
/* Links of modules that stand here as bytes: what each allocation that fails leaves. */
#include "../unit.h"

#include "link/dylink.h"
#include "link/link.h"

/*
 * (module (import "b" "f" (func $f)) (import "h" "g" (func $g)) (func (call $f) (call $g))
 *   (export "run" (func 2)) (start 2))
 */
static const char importer[] = "\0asm\1\0\0\0"
			       "\1\4\1\x60\0\0"
			       "\2\xd\2\1b\1f\0\0\1h\1g\0\0"
			       "\3\2\1\0"
			       "\7\7\1\3run\0\2"
			       "\x8\1\2"
			       "\xa\x8\1\6\0\x10\0\x10\1\xb";
/* (module (memory 1) (func (export "f")) (start 0) (data (i32.const 0) "x")) */
static const char provider[] = "\0asm\1\0\0\0"
			       "\1\4\1\x60\0\0"
			       "\3\2\1\0"
			       "\5\3\1\0\1"
			       "\7\5\1\1f\0\0"
			       "\x8\1\0"
			       "\xa\4\1\2\0\xb"
			       "\xb\7\1\0\x41\0\xb\1x";

/* (module (import "b" "f" (func $f)) (export "f" (func $f))) */
static const char relay[] = "\0asm\1\0\0\0"
			    "\1\4\1\x60\0\0"
			    "\2\7\1\1b\1f\0\0"
			    "\7\5\1\1f\0\0";

static struct wpkg_module *read_module(const char *bytes, size_t size)
{
	struct wpkg_module *module = NULL;
	struct wpkg_err err;
	ck_ok(wpkg_module_read(&module, wpkg_str_of(bytes, size), NULL, &err), err);
	return module;
}

static struct wpkg_link_input items[2];
static const struct wpkg_link_inputs inputs = {items, 2};

static void setup(void)
{
	items[0] = (struct wpkg_link_input){.name = WPKG_LIT("a"),
					    .module = read_module(importer, sizeof(importer) - 1)};
	items[1] = (struct wpkg_link_input){.name = WPKG_LIT("b"),
					    .origin = WPKG_LIT("example.com/b/1.0.0#b.wasm"),
					    .module = read_module(provider, sizeof(provider) - 1)};
}

static enum wpkg_status merge_once(void)
{
	struct wpkg_buf out;
	struct wpkg_err err;
	wpkg_buf_init(&out, 1 << 20);
	enum wpkg_status status = wpkg_link_merge(&out, &inputs, NULL, &err);
	ck_assert(status == WPKG_OK || out.len == 0);
	wpkg_buf_clear(&out);
	return status;
}

static enum wpkg_status check_once(void)
{
	struct wpkg_arena arena;
	struct wpkg_link_report report;
	struct wpkg_err err;
	wpkg_arena_init(&arena, 1 << 20);
	enum wpkg_status status = wpkg_link_check(&report, &arena, &inputs, &err);
	if (status == WPKG_OK) {
		ck_assert_uint_eq(report.problem_count, 0);
		ck_assert_uint_eq(report.host_count, 1);
	}
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(every_failed_allocation_is_no_memory)
{
	setup();
	unit_fail_each_allocation(merge_once());
	unit_fail_each_allocation(check_once());
}
END_TEST

START_TEST(the_result_has_what_stays_for_the_host_and_one_start)
{
	struct wpkg_buf out;
	struct wpkg_err err;
	setup();
	wpkg_buf_init(&out, 1 << 20);
	ck_ok(wpkg_link_merge(&out, &inputs, NULL, &err), err);
	struct wpkg_module *module = read_module(out.ptr, out.len);
	ck_assert_uint_eq(module->import_count, 1);
	ck_assert(wpkg_str_equal_text(module->imports[0].module, "h"));
	ck_assert_uint_eq(module->export_count, 1);
	ck_assert_uint_ne(module->start, WPKG_INDEX_NONE);
	/* Nobody reaches the provider's memory. */
	ck_assert_uint_eq(module->memory_count, 0);
	wpkg_module_free(module);
	wpkg_buf_clear(&out);
}
END_TEST

START_TEST(a_name_means_to_each_module_what_its_scope_says)
{
	struct wpkg_arena arena;
	struct wpkg_link_report report;
	struct wpkg_err err;
	static const struct wpkg_link_name outer[] = {{WPKG_STR("b"), 1}};
	static const struct wpkg_link_name inner[] = {{WPKG_STR("b"), 2}};
	setup();
	struct wpkg_module *between = read_module(relay, sizeof(relay) - 1);
	struct wpkg_link_input scoped[] = {
		items[0], {.module = between}, {.module = items[1].module}};
	const struct wpkg_link_inputs all = {scoped, 3};
	scoped[0].scope = outer;
	scoped[1].scope = inner;
	scoped[0].scope_count = scoped[1].scope_count = 1;
	wpkg_arena_init(&arena, 1 << 20);
	ck_ok(wpkg_link_check(&report, &arena, &all, &err), err);
	ck_assert_uint_eq(report.problem_count, 0);
	/* Without a scope of its own the module in between means itself, if anybody. */
	scoped[0].scope = scoped[1].scope = NULL;
	scoped[1].name = WPKG_LIT("b");
	ck_ok(wpkg_link_check(&report, &arena, &all, &err), err);
	ck_assert_uint_eq(report.problem_count, 2);
	ck_assert_int_eq(report.problems[0].kind, WPKG_LINK_CIRCLE);
	wpkg_arena_clear(&arena);
	wpkg_module_free(between);
}
END_TEST

START_TEST(an_output_that_is_too_large_is_refused)
{
	struct wpkg_buf out;
	struct wpkg_err err;
	const struct wpkg_link_options options = {.max_size = 20};
	setup();
	wpkg_buf_init(&out, 1 << 20);
	ck_status(wpkg_link_merge(&out, &inputs, &options, &err), WPKG_ELIMIT);
	ck_assert_uint_eq(out.len, 0);
	wpkg_buf_clear(&out);
}
END_TEST

START_TEST(nothing_is_no_input)
{
	struct wpkg_err err;
	struct wpkg_buf out;
	const struct wpkg_link_inputs none = {0};
	const struct wpkg_link_options options = {0};
	const struct wpkg_dylink_options how = {0};
	wpkg_buf_init(&out, 1 << 20);
	ck_status(wpkg_link_merge(&out, &none, &options, &err), WPKG_EINVAL);
	ck_status(wpkg_dylink_join(&out, &none, &options, &how, NULL, &err), WPKG_EINVAL);
	wpkg_buf_clear(&out);
}
END_TEST

UNIT_MAIN(every_failed_allocation_is_no_memory,
	  the_result_has_what_stays_for_the_host_and_one_start,
	  a_name_means_to_each_module_what_its_scope_says, an_output_that_is_too_large_is_refused,
	  nothing_is_no_input)
