/* SPDX-License-Identifier: Apache-2.0 */
/* Test scripts as commands. What they do when they run: tests/spec. */
#include "../unit.h"

#include <string.h>

#include "wasm/script.h"

#define ck_text(str, expected)                                                                     \
	ck_assert_msg(wpkg_str_equal((str), WPKG_LIT(expected)), "'%.*s', not '%s'",               \
		      WPKG_STR_ARG(str), (expected))

static struct wpkg_script *open_script(const char *text)
{
	struct wpkg_err err;
	struct wpkg_script *script;
	ck_ok(wpkg_script_open(&script, wpkg_str_from(text), 0, 0, &err), err);
	return script;
}

static const struct wpkg_script_command *next(struct wpkg_script *script)
{
	struct wpkg_err err;
	const struct wpkg_script_command *command;
	ck_ok(wpkg_script_next(&command, script, &err), err);
	return command;
}

static struct wpkg_str module_text(const struct wpkg_script_command *command)
{
	return wpkg_str_slice(command->module.bytes, command->module.start, command->module.end);
}

START_TEST(modules_come_as_text_binary_or_quote)
{
	struct wpkg_script *script = open_script(
		"(module (func))\n(module $M (memory 1))\n"
		"(module binary \"\\00asm\" \"\\01\")\n(module $\"a b\" quote \"(fu\" \"nc)\")\n"
		"(module definition $D (func))\n(module instance $I $D)\n"
		"(module instance)\n(module definition quote)");
	const struct wpkg_script_command *command = next(script);
	ck_assert_int_eq(command->kind, WPKG_SCRIPT_MODULE);
	ck_assert_uint_eq(command->line, 1);
	ck_text(module_text(command), "(module (func))");
	ck_assert(!command->module.is_binary);
	command = next(script);
	ck_text(command->name, "$M");
	ck_text(module_text(command), "(module $M (memory 1))");
	command = next(script);
	ck_assert(command->module.is_binary);
	ck_text(module_text(command), "\0asm\1");
	command = next(script);
	ck_text(command->name, "$a b");
	ck_text(module_text(command), "(func)");
	ck_assert_uint_eq(command->line, 4);
	command = next(script);
	ck_assert_int_eq(command->kind, WPKG_SCRIPT_DEFINITION);
	ck_text(command->name, "$D");
	ck_text(module_text(command), "(func)");
	command = next(script);
	ck_assert_int_eq(command->kind, WPKG_SCRIPT_INSTANCE);
	ck_text(command->name, "$I");
	ck_text(command->definition, "$D");
	command = next(script);
	ck_assert_int_eq(command->kind, WPKG_SCRIPT_INSTANCE);
	ck_text(command->definition, "");
	command = next(script);
	ck_assert_int_eq(command->kind, WPKG_SCRIPT_DEFINITION);
	ck_text(module_text(command), "");
	ck_assert_ptr_null(next(script));
	ck_assert_ptr_null(next(script));
	wpkg_script_close(script);
}
END_TEST

START_TEST(a_script_may_be_the_fields_of_one_module)
{
	struct wpkg_script *script = open_script(" (func) (memory 0)");
	const struct wpkg_script_command *command = next(script);
	ck_assert_int_eq(command->kind, WPKG_SCRIPT_MODULE);
	ck_text(module_text(command), "(func) (memory 0)");
	ck_assert_ptr_null(next(script));
	wpkg_script_close(script);
}
END_TEST

START_TEST(arguments_and_patterns_keep_their_bits)
{
	struct wpkg_script *script = open_script(
		"(assert_return (invoke $M \"f\\00\" (i32.const -1) (i64.const 0x1_0) (f32.const "
		"nan:0x1) "
		"(f64.const -0) (v128.const i16x8 1 2 3 4 5 6 7 -1) (ref.null func) (ref.extern 7) "
		"(ref.host 8))"
		" (f32.const nan:canonical) (f64.const nan:arithmetic)"
		" (v128.const f32x4 1 nan:canonical 2 nan:arithmetic) (ref.null) (ref.null any)"
		" (ref.func) (ref.extern) (ref.extern 3) (ref.eq) (ref)"
		" (either (i32.const 1) (f32.const nan:canonical)))");
	const struct wpkg_script_command *command = next(script);
	const struct wpkg_script_value *args = command->action.args;
	ck_assert_int_eq(command->kind, WPKG_SCRIPT_ASSERT_RETURN);
	ck_text(command->action.instance, "$M");
	ck_text(command->action.field, "f\0");
	ck_assert(!command->action.is_get);
	ck_assert_uint_eq(command->action.arg_count, 8);
	ck_assert_uint_eq(args[0].bits[0], 0xffffffff);
	ck_assert_uint_eq(args[1].bits[0], 16);
	ck_assert_uint_eq(args[2].bits[0], 0x7f800001);
	ck_assert_uint_eq(args[3].bits[0], UINT64_C(1) << 63);
	ck_assert_uint_eq(args[4].bits[0], UINT64_C(0x0004000300020001));
	ck_assert_uint_eq(args[4].bits[1], UINT64_C(0xffff000700060005));
	ck_assert_int_eq(args[5].kind, WPKG_SCRIPT_NULL);
	ck_assert_int_eq(args[6].kind, WPKG_SCRIPT_HOST);
	ck_assert_uint_eq(args[6].bits[0], 7);
	ck_assert_int_eq(args[7].heap, WPKG_HEAP_ANY);

	const struct wpkg_script_value *expected = command->expected;
	ck_assert_uint_eq(command->expected_count, 11);
	ck_assert_int_eq(expected[0].nans[0], WPKG_SCRIPT_NAN_CANONICAL);
	ck_assert_int_eq(expected[1].nans[0], WPKG_SCRIPT_NAN_ARITHMETIC);
	static const uint8_t nans[4] = {WPKG_SCRIPT_NO_NAN, WPKG_SCRIPT_NAN_CANONICAL,
					WPKG_SCRIPT_NO_NAN, WPKG_SCRIPT_NAN_ARITHMETIC};
	ck_assert_mem_eq(expected[2].nans, nans, 4);
	ck_assert_uint_eq(expected[2].lanes, 4);
	ck_assert_uint_eq(expected[2].bits[1], 0x40000000);
	ck_assert_int_eq(expected[3].kind, WPKG_SCRIPT_NULL);
	ck_assert_int_eq(expected[4].kind, WPKG_SCRIPT_NULL);
	ck_assert_int_eq(expected[5].kind, WPKG_SCRIPT_REF);
	ck_assert_int_eq(expected[5].heap, WPKG_HEAP_FUNC);
	ck_assert_int_eq(expected[6].kind, WPKG_SCRIPT_REF);
	ck_assert_int_eq(expected[7].kind, WPKG_SCRIPT_HOST);
	ck_assert_int_eq(expected[8].heap, WPKG_HEAP_EQ);
	ck_assert_int_eq(expected[9].heap, WPKG_HEAP_ANY);
	ck_assert_int_eq(expected[10].kind, WPKG_SCRIPT_EITHER);
	ck_assert_uint_eq(expected[10].count, 2);
	ck_assert_uint_eq(expected[10].items[0].bits[0], 1);
	ck_assert_int_eq(expected[10].items[1].nans[0], WPKG_SCRIPT_NAN_CANONICAL);
	wpkg_script_close(script);
}
END_TEST

START_TEST(each_command_has_its_parts)
{
	struct wpkg_script *script = open_script(
		"(register \"name\" $M) (invoke \"f\") (get $M \"g\")"
		"(assert_trap (invoke \"f\") \"boom\") (assert_trap (module (func)) \"no\")"
		"(assert_exhaustion (invoke \"f\") \"deep\") (assert_exception (invoke \"f\"))"
		"(assert_invalid (module (func)) \"i\") (assert_malformed (module quote \"(\") "
		"\"m\")"
		"(assert_unlinkable (module) \"u\") (assert_invalid_custom (module) \"c\")"
		"(assert_malformed_custom (module quote) \"d\")"
		"(thread $T (shared (module $M)) (invoke \"f\") (wait $U)) (wait $T)");
	static const enum wpkg_script_kind kinds[] = {
		WPKG_SCRIPT_REGISTER,
		WPKG_SCRIPT_ACTION,
		WPKG_SCRIPT_ACTION,
		WPKG_SCRIPT_ASSERT_TRAP,
		WPKG_SCRIPT_ASSERT_UNINSTANTIABLE,
		WPKG_SCRIPT_ASSERT_EXHAUSTION,
		WPKG_SCRIPT_ASSERT_EXCEPTION,
		WPKG_SCRIPT_ASSERT_INVALID,
		WPKG_SCRIPT_ASSERT_MALFORMED,
		WPKG_SCRIPT_ASSERT_UNLINKABLE,
		WPKG_SCRIPT_ASSERT_INVALID_CUSTOM,
		WPKG_SCRIPT_ASSERT_MALFORMED_CUSTOM,
		WPKG_SCRIPT_THREAD,
		WPKG_SCRIPT_WAIT,
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct wpkg_script_command *command = next(script);
		ck_assert_int_eq(command->kind, kinds[i]);
		if (command->kind == WPKG_SCRIPT_REGISTER) {
			ck_text(command->as, "name");
			ck_text(command->name, "$M");
		} else if (i == 2) {
			ck_assert(command->action.is_get);
		} else if (command->kind == WPKG_SCRIPT_ASSERT_UNINSTANTIABLE) {
			ck_text(command->text, "no");
			ck_text(module_text(command), "(module (func))");
		} else if (command->kind == WPKG_SCRIPT_THREAD) {
			ck_text(command->name, "$T");
			ck_text(command->shared, "$M");
		} else if (command->kind == WPKG_SCRIPT_WAIT) {
			ck_text(command->name, "$T");
		}
	}
	ck_assert_ptr_null(next(script));
	wpkg_script_close(script);
}
END_TEST

/* The commands of a thread are a part of the script, with lines of the whole. */
START_TEST(a_part_of_a_script_is_read_alone)
{
	static const char text[] = "(thread $T\n  (invoke \"f\")\n  (invoke \"g\"))";
	struct wpkg_err err;
	struct wpkg_script *script = open_script(text), *part;
	const struct wpkg_script_command *command = next(script);
	ck_ok(wpkg_script_open(&part, wpkg_str_from(text), command->start, command->end, &err),
	      err);
	command = next(part);
	ck_assert_uint_eq(command->line, 2);
	command = next(part);
	ck_text(command->action.field, "g");
	ck_assert_uint_eq(command->line, 3);
	ck_assert_ptr_null(next(part));
	wpkg_script_close(part);
	wpkg_script_close(script);
}
END_TEST

START_TEST(what_is_no_script_ends_it_with_a_place)
{
	static const char *const cases[][2] = {
		{"(module)\n(frob)", "2:1: unexpected token '(', expected a command"},
		{"(module)\n(func)", "2:1: unexpected token '(', expected a command"},
		{"(module", "1:8: unexpected end, expected ')'"},
		{"(assert_return (invoke \"f\" (i32.const nan)))",
		 "1:39: unexpected token 'nan', expected a number"},
		{"(assert_return (invoke \"f\" (i32.frob)))",
		 "1:28: unexpected token '(', expected a value"},
		{"(invoke \"f\" (ref.func))", "1:22: unexpected token ')', expected a number"},
		{"(invoke \"\\ff\")", "1:9: malformed UTF-8 encoding"},
		{"x", "1:1: unexpected token 'x', expected a command"},
		{"\"", "1:1: unclosed string"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wpkg_script *script = open_script(cases[i][0]);
		const struct wpkg_script_command *command = NULL;
		struct wpkg_err err = {0};
		enum wpkg_status status;
		do {
			status = wpkg_script_next(&command, script, &err);
		} while (status == WPKG_OK && command);
		ck_assert_int_eq(status, WPKG_EFORMAT);
		ck_assert_str_eq(err.msg, cases[i][1]);
		memset(&err, 0, sizeof(err));
		ck_status(wpkg_script_next(&command, script, &err), WPKG_EFORMAT);
		ck_assert_str_eq(err.msg, cases[i][1]);
		wpkg_script_close(script);
	}
}
END_TEST

static enum wpkg_status read_all(void)
{
	struct wpkg_err err;
	struct wpkg_script *script;
	const struct wpkg_script_command *command;
	enum wpkg_status status = wpkg_script_open(
		&script,
		WPKG_LIT("(module $M quote \"(func)\") (assert_return (invoke $M \"f\" (i32.const "
			 "1)) "
			 "(either (i32.const 1) (ref.null)) (v128.const i64x2 1 2))"
			 "(register \"a\" $M) (thread $T (shared (module $M)) (invoke \"f\"))"),
		0, 0, &err);
	if (status != WPKG_OK)
		return status;
	do {
		status = wpkg_script_next(&command, script, &err);
	} while (status == WPKG_OK && command);
	wpkg_script_close(script);
	return status;
}

START_TEST(every_failed_allocation_is_reported)
{
	unit_fail_each_allocation(read_all());
}
END_TEST

UNIT_MAIN(modules_come_as_text_binary_or_quote, a_script_may_be_the_fields_of_one_module,
	  arguments_and_patterns_keep_their_bits, each_command_has_its_parts,
	  a_part_of_a_script_is_read_alone, what_is_no_script_ends_it_with_a_place,
	  every_failed_allocation_is_reported)
