/* SPDX-License-Identifier: Apache-2.0 */
/* The text parser: abbreviations, names, annotations, messages. Whole programs: tests/spec. */
#include "text.h"

#include <string.h>

#define malformed(text, message) text_malformed(WPKG_LIT(text), (message))

START_TEST(a_module_may_be_its_fields_alone)
{
	text_same("", "(module)");
	text_same("(memory 1) (func)", "(module (memory 1) (func))");
	text_same(";; nothing\n(; at (; all ;) ;)", "(module)");
}
END_TEST

START_TEST(abbreviations_are_what_they_stand_for)
{
	static const char *const pairs[][2] = {
		{"(func (export \"a\") (export \"b\"))",
		 "(func) (export \"a\" (func 0)) (export \"b\" (func 0))"},
		{"(func (import \"m\" \"f\") (param i32))",
		 "(import \"m\" \"f\" (func (param i32)))"},
		{"(memory (import \"m\" \"m\") 1 2 shared)",
		 "(import \"m\" \"m\" (memory 1 2 shared))"},
		{"(table funcref (elem 0 0)) (func)",
		 "(table 2 2 funcref) (elem (i32.const 0) func 0 0) (func)"},
		{"(table i64 funcref (elem (ref.null func)))",
		 "(table i64 1 1 funcref) (elem (i64.const 0) funcref (ref.null func))"},
		{"(memory (data \"ab\" \"c\"))",
		 "(memory 1 1) (data (offset (i32.const 0)) \"abc\")"},
		{"(memory (pagesize 1) (data \"abc\"))",
		 "(memory 3 3 (pagesize 1)) (data (i32.const 0) \"abc\")"},
		{"(func (param i32 i64) (param f32) (result i32 i64) (result f32) unreachable)",
		 "(func (param i32) (param i64) (param f32) (result i32) (result i64 f32) "
		 "unreachable)"},
		{"(func (local i32 i32 i64))", "(func (local i32) (local i32) (local i64))"},
		{"(func (block (result i32) (i32.const 1)) drop)",
		 "(func block (result i32) i32.const 1 end drop)"},
		{"(func (if (i32.const 1) (then (nop)) (else)))",
		 "(func i32.const 1 if nop else end)"},
		{"(func (drop (i32.add (i32.const 1) (i32.const 2))))",
		 "(func i32.const 1 i32.const 2 i32.add drop)"},
		{"(func (result i32) (select (i32.const 1) (i32.const 2) (i32.const 3)))",
		 "(func (result i32) i32.const 1 i32.const 2 i32.const 3 select)"},
		{"(table 1 funcref) (func (call_indirect (param i32) (i32.const 1) (i32.const 0)))",
		 "(type (func)) (type (func (param i32))) (table 1 funcref) "
		 "(func i32.const 1 i32.const 0 call_indirect 0 (type 1))"},
		{"(memory 1) (func (drop (i32.load (i32.const 0))))",
		 "(memory 1) (func (drop (i32.load 0 offset=0 align=4 (i32.const 0))))"},
		{"(memory 1) (data \"\") (func (memory.init 0 (i32.const 0) (i32.const 0) "
		 "(i32.const 0)))",
		 "(memory 1) (data \"\") (func i32.const 0 i32.const 0 i32.const 0 "
		 "memory.init 0 0)"},
		{"(tag $e) (func (try (do) (catch $e) (catch_all)))",
		 "(tag) (func try catch 0 catch_all end)"},
		{"(func (block (try (do) (delegate 0))))", "(func block try delegate 0 end)"},
		{"(rec (type (func)))", "(type (func))"},
		{"(type (sub final (struct)))", "(type (struct))"},
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct wpkg_err err;
		struct wpkg_wat_options options = {.strip_names = true};
		struct wpkg_buf bytes[2];
		for (int k = 0; k < 2; k++) {
			wpkg_buf_init(&bytes[k], SIZE_MAX);
			ck_ok(wpkg_wat_parse(&bytes[k], wpkg_str_from(pairs[i][k]), &options, &err),
			      err);
		}
		ck_assert_msg(wpkg_str_equal(wpkg_buf_str(&bytes[0]), wpkg_buf_str(&bytes[1])),
			      "not the same: %s and %s", pairs[i][0], pairs[i][1]);
		wpkg_buf_clear(&bytes[0]);
		wpkg_buf_clear(&bytes[1]);
	}
}
END_TEST

/* An identifier may be used before it is bound, and in each index space. */
START_TEST(identifiers_are_bound_wherever_they_stand)
{
	struct wpkg_wat_options strip = {.strip_names = true};
	struct wpkg_err err;
	struct wpkg_buf named, plain;
	wpkg_buf_init(&named, SIZE_MAX);
	wpkg_buf_init(&plain, SIZE_MAX);
	ck_ok(wpkg_wat_parse(
		      &named,
		      WPKG_LIT("(export \"x\" (func $f)) (start $f) (elem (table $t) (i32.const 0) "
			       "func $f $\"\\66\") (func $f (param) (local $l (ref null $s)) "
			       "(block $out (block $in (br_table $in $out $in (i32.const 0)))) "
			       "(global.set $g (i32.const 1)) (data.drop $d) (elem.drop $e) "
			       "(drop (struct.get $s $b (local.get $l))) "
			       "(i32.store $m (i32.const 0) (i32.const 0)) (throw $tag)) "
			       "(table $t 1 funcref) (memory $m 1) (global $g (mut i32) "
			       "(i32.const 0)) (data $d \"\") (elem $e func) (tag $tag) "
			       "(type $s (struct (field $a i32) (field $b i64)))"),
		      &strip, &err),
	      err);
	ck_ok(wpkg_wat_parse(
		      &plain,
		      WPKG_LIT("(export \"x\" (func 0)) (start 0) (elem (table 0) (i32.const 0) "
			       "func 0 0) (func (param) (local (ref null 0)) "
			       "(block (block (br_table 0 1 0 (i32.const 0)))) "
			       "(global.set 0 (i32.const 1)) (data.drop 0) (elem.drop 1) "
			       "(drop (struct.get 0 1 (local.get 0))) "
			       "(i32.store 0 (i32.const 0) (i32.const 0)) (throw 0)) "
			       "(table 1 funcref) (memory 1) (global (mut i32) "
			       "(i32.const 0)) (data \"\") (elem func) (tag) "
			       "(type (struct (field i32) (field i64)))"),
		      NULL, &err),
	      err);
	ck_assert(wpkg_str_equal(wpkg_buf_str(&named), wpkg_buf_str(&plain)));
	wpkg_module_free(text_read(&named));
	wpkg_buf_clear(&named);
	wpkg_buf_clear(&plain);
}
END_TEST

START_TEST(identifiers_become_the_name_section)
{
	struct wpkg_buf bytes =
		text_parse(WPKG_LIT("(module $m (func $f (param $x i32) (local i32) (local $y i32) "
				    "block $l end) (func (@name \"a b\")) (memory $mem 1))"));
	struct wpkg_module *module = text_read(&bytes);
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(module, WPKG_LIT("name"));
	static const char expected[] = "\0\2\1m"
				       "\1\x9\2\0\1f\1\3a b"
				       "\2\x9\1\0\2\0\1x\2\1y"
				       "\3\x6\1\0\1\0\1l"
				       "\6\x6\1\0\3mem";
	ck_assert_ptr_nonnull(section);
	ck_assert(wpkg_str_equal(wpkg_module_slice(module, section->body),
				 wpkg_str_of(expected, sizeof(expected) - 1)));
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
	text_same("(func $f (param $x i32))", "(func $\"f\" (param $\"\\78\" i32))");
}
END_TEST

START_TEST(types_that_are_there_are_used)
{
	struct wpkg_buf bytes = text_parse(WPKG_LIT(
		"(type $a (func (param i32))) (type (func)) (rec (type (func (result i32))) "
		"(type (func))) (func (param i32)) (func) (func (result i32) i32.const 0) "
		"(func (result i32) i32.const 1) (func (result i64) i64.const 1)"));
	struct wpkg_module *module = text_read(&bytes);
	/* In a group a type is another one; what is nowhere is added once. */
	static const uint32_t types[] = {0, 1, 4, 4, 5};
	ck_assert_uint_eq(module->type_count, 6);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert_uint_eq(module->funcs[i].type, types[i]);
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(custom_sections_stand_where_they_are_said_to)
{
	struct wpkg_buf bytes = text_parse(WPKG_LIT(
		"(@custom \"c\" (after func) \"1\" \"2\") (@custom \"a\" (before first)) (func) "
		"(@custom \"d\" \"\\00\") (@custom \"b\" (before func) \"\")"));
	struct wpkg_module *module = text_read(&bytes);
	static const struct {
		uint8_t id;
		const char *name;
		size_t length;
	} expected[] = {{0, "a", 0}, {1, "", 4},  {0, "b", 0}, {3, "", 2},
			{0, "c", 2}, {10, "", 4}, {0, "d", 1}};
	ck_assert_uint_eq(module->section_count, sizeof(expected) / sizeof(expected[0]));
	for (uint32_t i = 0; i < module->section_count; i++) {
		const struct wpkg_module_section *section = &module->sections[i];
		ck_assert_uint_eq(section->id, expected[i].id);
		ck_assert(wpkg_str_equal_text(section->name, expected[i].name));
		ck_assert_uint_eq(section->body.end - section->body.start, expected[i].length);
	}
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(branch_hints_are_at_their_instructions)
{
	struct wpkg_buf bytes = text_parse(WPKG_LIT(
		"(func) (func (block (@metadata.code.branch_hint \"\\01\") (br_if 0 "
		"(i32.const 1)) i32.const 0 (@metadata.code.branch_hint \"\\00\") if end))"));
	struct wpkg_module *module = text_read(&bytes);
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(module, WPKG_LIT("metadata.code.branch_hint"));
	ck_assert_ptr_nonnull(section);
	ck_assert_uint_eq(section[1].id, WPKG_SECTION_CODE);
	/* One function, 1, with two: br_if behind its operand, if. */
	ck_assert(wpkg_str_equal(wpkg_module_slice(module, section->body),
				 WPKG_LIT("\1\1\2\5\1\1\x9\1\0")));
	uint32_t start = wpkg_module_body(module, 1).start;
	ck_assert_uint_eq(*wpkg_module_at(module, start + 5), 0x0d);
	ck_assert_uint_eq(*wpkg_module_at(module, start + 9), 0x04);
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(messages_say_where_and_what)
{
	malformed("(module\n  (func\n    local.get $x))", "3:15: unknown local $x");
	malformed("(func (i32.frob))", "1:8: unknown operator i32.frob");
	malformed("(func $f) (func $f)", "1:17: duplicate function $f");
	malformed("(func (param $p i32) (local $p i32))", "1:29: duplicate local $p");
	malformed("(func block $a end $b)", "1:20: mismatching label $b");
	malformed("(func (br $l))", "1:11: unknown label $l");
	malformed("(func", "1:6: unexpected end, expected an instruction or ')'");
	malformed("(func\n (block nop", "2:12: unexpected end: what begins at 2:2 is not closed");
	malformed("(func\n loop nop", "2:10: unexpected end: what begins at 2:2 is not closed");
	malformed("(func))", "1:7: unexpected token ')', expected the end");
	malformed("(table 1 funcref)(func $f)(elem 0 (i32.const 0) $f)",
		  "1:33: unexpected token '0', expected (table 0)");
	malformed("(table $t 1 funcref)(func $f)(elem $e $t (i32.const 0) func $f)",
		  "1:39: unexpected token '$t', expected (table $t)");
	malformed("(memory 1)(data 0 (i32.const 0) \"x\")",
		  "1:17: unexpected token '0', expected (memory 0)");
	malformed("(memory $m 1)(data $d $m (i32.const 0) \"x\")",
		  "1:23: unexpected token '$m', expected (memory $m)");
	malformed("(table 1 funcref)(func $f)(elem (table 0) (i32.const 0) $f)",
		  "1:57: unexpected token '$f', expected func or a reference type");
	malformed("(func block)", "1:12: unexpected token ')', expected end");
	malformed("(func (if (i32.const 0)))", "1:24: unexpected token ')', expected (then");
	malformed("(func (i32.const 0x100000000))", "1:18: constant out of range");
	malformed("(func (i32.const 1_))", "1:18: unexpected token '1_', expected a number");
	malformed("(func (i32.const a))", "1:18: unexpected token 'a', expected a number");
	malformed("(func (f32.const 1e39))", "1:18: constant out of range");
	malformed("(memory 1) (func (i32.load align=3 (i32.const 0)))",
		  "1:28: alignment must be a power of two");
	malformed("(import \"\" \"\" (func)) (func) (import \"\" \"\" (func))",
		  "1:38: import after func definition");
	malformed("(type (func (param i32))) (func (type 0) (param i64))",
		  "1:33: inline function type differs from type 0");
	malformed("(start 0) (start 0)", "1:18: multiple start sections");
	malformed("(frob)", "1:2: unexpected token 'frob', expected a module field");
	malformed("(func) x", "1:8: unexpected token 'x', expected a module field");
	malformed("(data \"a\\q\")", "1:9: illegal escape");
	malformed("(data \"a\n\")", "1:7: unclosed string");
	malformed("(data \"\\u{d800}\")", "1:8: illegal escape");
	malformed("(export \"\\ff\" (func 0))", "1:9: malformed UTF-8 encoding");
	malformed("(; (; ;)", "1:1: unclosed comment");
	malformed("(@a (b)", "1:1: unclosed annotation");
	malformed("\x01", "1:1: illegal character");
	malformed("(func $)", "1:7: empty identifier");
	malformed("(func \"a\"\"b\")",
		  "1:7: unexpected token '\"a\"\"b\"', expected an instruction");
	malformed("(@custom \"a\" (beside type))", "1:14: @custom annotation: malformed placement");
	malformed("(func (@custom \"a\"))", "1:7: misplaced @custom annotation");
	malformed("(func (nop (@name \"a\")))", "1:12: misplaced @name annotation");
	malformed("(func (@metadata.code.branch_hint \"\\01\") nop)",
		  "1:42: @metadata.code.branch_hint annotation: invalid target");
}
END_TEST

START_TEST(a_place_is_shown_with_a_caret)
{
	static const struct {
		const char *text;
		size_t offset;
		const char *shown;
	} cases[] = {
		{"(a)\r\n\t(b x)\n(c)", 9, " (b x)\n    ^\n"},
		{"(a)\r(b)", 5, "(b)\n ^\n"},
		{"\xce\xbb\xce\xbb x", 5, "\xce\xbb\xce\xbb x\n   ^\n"},
		{"a\x1b[1m", 5, "a\\x1b[1m\n        ^\n"},
		{"", 0, "\n^\n"},
		{"abc", 100, "abc\n   ^\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wpkg_str text = wpkg_str_from(cases[i].text);
		struct wpkg_wat_place place = wpkg_wat_place_at(text, cases[i].offset);
		struct wpkg_buf out;
		wpkg_buf_init(&out, SIZE_MAX);
		wpkg_wat_place_format(&out, text, &place);
		ck_assert_str_eq(wpkg_buf_text(&out), cases[i].shown);
		wpkg_buf_clear(&out);
	}
	struct wpkg_wat_place place = wpkg_wat_place_at(WPKG_LIT("(a)\r\n\xce\xbb\xce\xbb(b"), 10);
	ck_assert_uint_eq(place.line, 2);
	ck_assert_uint_eq(place.column, 4);
}
END_TEST

/* A long line is cut around the place, and the caret is still below it. */
START_TEST(a_long_line_is_cut)
{
	struct wpkg_buf text, out;
	wpkg_buf_init(&text, SIZE_MAX);
	wpkg_buf_init(&out, SIZE_MAX);
	for (int i = 0; i < 1000; i++)
		wpkg_buf_append_text(&text, "0123456789");
	struct wpkg_wat_place place = wpkg_wat_place_at(wpkg_buf_str(&text), 5005);
	wpkg_wat_place_format(&out, wpkg_buf_str(&text), &place);
	ck_assert_uint_lt(out.len, 250);
	const char *caret = strchr(wpkg_buf_text(&out), '^');
	const char *second = strchr(wpkg_buf_text(&out), '\n') + 1;
	ck_assert_ptr_nonnull(caret);
	ck_assert_int_eq(wpkg_buf_text(&out)[caret - second], '5');
	ck_assert_uint_eq(place.column, 5006);
	wpkg_buf_clear(&text);
	wpkg_buf_clear(&out);
}
END_TEST

START_TEST(a_failure_tells_its_place_and_leaves_the_buffer)
{
	struct wpkg_err err;
	struct wpkg_buf out;
	struct wpkg_wat_place place = {0};
	struct wpkg_wat_options options = {.fault = &place, .start = 5};
	wpkg_buf_init(&out, SIZE_MAX);
	wpkg_buf_append_text(&out, "kept");
	ck_status(wpkg_wat_parse(&out, WPKG_LIT("junk\n(func\n x)"), &options, &err), WPKG_EFORMAT);
	ck_assert_str_eq(err.msg, "3:2: unknown operator x");
	ck_assert_uint_eq(place.offset, 12);
	ck_assert_uint_eq(place.line, 3);
	ck_assert_uint_eq(place.column, 2);
	ck_assert_str_eq(wpkg_buf_text(&out), "kept");
	options.end = 10; /* only "(func" */
	ck_status(wpkg_wat_parse(&out, WPKG_LIT("junk\n(func\n x)"), &options, &err), WPKG_EFORMAT);
	wpkg_buf_clear(&out);
}
END_TEST

static const char everything[] =
	"(module $m (@custom \"c\" (after func) \"x\")"
	"(type $s (sub (struct (field $a (mut i8)) (field (ref null $s)))))"
	"(rec (type $f (func (param (ref $s)))) (type (array i16)))"
	"(import \"m\" \"n\" (func $imported (param i32 i64) (result f32)))"
	"(table $t 1 funcref (ref.null func)) (table funcref (elem $g $g)) (memory $mem (data "
	"\"abc\"))"
	"(global $x (mut i32) (i32.const 1)) (tag $e (param i32)) (start $h)"
	"(elem $seg (table $t) (i32.const 0) funcref (ref.func $g) (item ref.null func))"
	"(data $d \"\\00\\u{3bb}\") (func $h (export \"h\"))"
	"(func $g (param $p i32) (result i32) (local $l (ref null $f)) (local i32 i64)"
	" (block $out (result i32) (br_table $out 0 $out (local.get $p) (i32.const 0)))"
	" (if (then (memory.init $d (i32.const 0) (i32.const 0) (i32.const 0))) (else nop))"
	" (block $caught (result i32) (try_table (catch $e $caught) (throw $e (i32.const 1)))"
	"  (i32.const 3)) drop (try (do (nop)) (catch $e drop) (catch_all))"
	" (drop (v128.const f32x4 1 nan:0x200000 -inf 0x1.8p3)) (drop (f64.const "
	"1.7976931348623157e308))"
	" (@metadata.code.branch_hint \"\\01\") (br_if 0 (i32.const 1) (i32.const 0))"
	" (drop (call_indirect $t (param i32) (result i64) (i32.const 0) (i32.const 1)))"
	" (drop (struct.get_u $s $a (struct.new $s (i32.const 1) (ref.null $s))))))";

static enum wpkg_status parse_everything(void)
{
	struct wpkg_err err;
	struct wpkg_buf out;
	wpkg_buf_init(&out, SIZE_MAX);
	enum wpkg_status status = wpkg_wat_parse(&out, wpkg_str_from(everything), NULL, &err);
	wpkg_buf_clear(&out);
	return status;
}

START_TEST(every_failed_allocation_is_reported)
{
	struct wpkg_buf bytes = text_parse(wpkg_str_from(everything));
	wpkg_module_free(text_read(&bytes));
	wpkg_buf_clear(&bytes);
	unit_fail_each_allocation(parse_everything());
}
END_TEST

/* No part of a text is read beyond its end, whatever is cut off. */
START_TEST(a_text_may_end_anywhere)
{
	for (size_t length = 0; length < sizeof(everything) - 1; length++) {
		struct wpkg_err err;
		struct wpkg_buf out;
		char *copy = malloc(length + 1);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, everything, length);
		wpkg_buf_init(&out, SIZE_MAX);
		enum wpkg_status status =
			wpkg_wat_parse(&out, wpkg_str_of(copy, length), NULL, &err);
		ck_assert(length == 0 ? status == WPKG_OK : status == WPKG_EFORMAT);
		wpkg_buf_clear(&out);
		free(copy);
	}
}
END_TEST

UNIT_MAIN(a_module_may_be_its_fields_alone, abbreviations_are_what_they_stand_for,
	  identifiers_are_bound_wherever_they_stand, identifiers_become_the_name_section,
	  types_that_are_there_are_used, custom_sections_stand_where_they_are_said_to,
	  branch_hints_are_at_their_instructions, messages_say_where_and_what,
	  a_place_is_shown_with_a_caret, a_long_line_is_cut,
	  a_failure_tells_its_place_and_leaves_the_buffer, every_failed_allocation_is_reported,
	  a_text_may_end_anywhere)
