/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that somebody made to hurt: deep, wide and long. Each is so large that work above linear,
 * or recursion, would be seen.
 */
#include "text.h"

#include <string.h>

#include "base/clock.h"
#include "wasm/script.h"

#define MANY 400000
#define NANOSECONDS UINT64_C(1000000000)

static void repeat(struct wpkg_buf *text, const char *part, size_t count)
{
	size_t length = strlen(part);
	char *room = wpkg_buf_extend(text, length * count);
	ck_assert_ptr_nonnull(room);
	for (size_t i = 0; i < count; i++)
		memcpy(room + i * length, part, length);
}

/* Parses, clears the text, and must have an end soon and that status. */
static void parse_soon(struct wpkg_buf *text, enum wpkg_status expected)
{
	struct wpkg_err err = {0};
	struct wpkg_buf out;
	uint64_t start = wpkg_clock_monotonic();
	wpkg_buf_init(&out, SIZE_MAX);
	enum wpkg_status status = wpkg_wat_parse(&out, wpkg_buf_str(text), NULL, &err);
	ck_assert_msg(status == expected, "%.40s...: %s", wpkg_buf_text(text), err.msg);
	ck_assert_msg(wpkg_clock_monotonic() - start < 20 * NANOSECONDS, "%.40s... took %llu ms",
		      wpkg_buf_text(text),
		      (unsigned long long)((wpkg_clock_monotonic() - start) / 1000000));
	wpkg_buf_clear(&out);
	wpkg_buf_clear(text);
}

/* A text of a beginning, a part so many times, and an end. */
static void parse_repeated(const char *before, const char *part, size_t count, const char *after,
			   enum wpkg_status expected)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, SIZE_MAX);
	repeat(&text, before, 1);
	repeat(&text, part, count);
	repeat(&text, after, 1);
	parse_soon(&text, expected);
}

START_TEST(parentheses_without_end)
{
	parse_repeated("", "(", 10 * MANY, "", WPKG_EFORMAT);
	parse_repeated("", ")", 10 * MANY, "", WPKG_EFORMAT);
	parse_repeated("(@a ", "(", 10 * MANY, "", WPKG_EFORMAT);
	parse_repeated("", "(;", 5 * MANY, "", WPKG_EFORMAT);
	parse_repeated("(func ", "(", MANY, "", WPKG_EFORMAT);
	parse_repeated("(type (func (param ", "(ref ", MANY, "", WPKG_EFORMAT);
	parse_repeated("", "(module ", MANY, "", WPKG_EFORMAT);
}
END_TEST

START_TEST(nesting_without_end)
{
	struct wpkg_buf text;
	static const char *const nested[][2] = {
		{"(block ", ")"},     {"block ", "end "},
		{"(i32.eqz ", ")"},   {"(if (i32.const 0) (then ", "))"},
		{"(loop $l ", ")"},   {"(try (do ", "))"},
		{"(try_table ", ")"}, {"try ", "delegate 0 "},
		{"(if ", "(then))"},  {"i32.const 0 if ", "else end "},
	};
	for (size_t i = 0; i < sizeof(nested) / sizeof(nested[0]); i++) {
		wpkg_buf_init(&text, SIZE_MAX);
		repeat(&text, "(func ", 1);
		repeat(&text, nested[i][0], MANY / 4);
		repeat(&text, nested[i][1], MANY / 4);
		repeat(&text, ")", 1);
		parse_soon(&text, WPKG_OK);
	}
	parse_repeated("(global i32 ", "(i32.add ", MANY, "", WPKG_EFORMAT);
}
END_TEST

/* Each branch names the outermost of many labels; all have other names, or all the same. */
START_TEST(labels_far_away)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, SIZE_MAX);
	repeat(&text, "(func (block $out ", 1);
	for (int i = 0; i < MANY / 10; i++)
		wpkg_buf_append_format(&text, "block $l%d br $out ", i);
	repeat(&text, "end ", MANY / 10);
	repeat(&text, "))", 1);
	parse_soon(&text, WPKG_OK);
	wpkg_buf_init(&text, SIZE_MAX);
	repeat(&text, "(func (block $out ", 1);
	repeat(&text, "block $l br $out br $l ", MANY / 10);
	repeat(&text, "end ", MANY / 10);
	repeat(&text, "))", 1);
	parse_soon(&text, WPKG_OK);
}
END_TEST

START_TEST(tokens_without_end)
{
	parse_repeated("(func $", "a", 10 * MANY, ")", WPKG_OK);
	parse_repeated("(func (", "a", 10 * MANY, "))", WPKG_EFORMAT);
	parse_repeated("(data \"", "a", 10 * MANY, "\")", WPKG_OK);
	parse_repeated("(data \"", "\\u{10ffff}", MANY, "\")", WPKG_OK);
	parse_repeated("(data", " \"\"", MANY, ")", WPKG_OK);
	parse_repeated("(global i32 (i32.const 0x", "0", 10 * MANY, "1))", WPKG_OK);
	parse_repeated("(global i32 (i32.const ", "9", 10 * MANY, "))", WPKG_EFORMAT);
	parse_repeated("(global f64 (f64.const 0.", "0", 10 * MANY, "1))", WPKG_OK);
	parse_repeated("(global f64 (f64.const 0.", "123456789", MANY, "))", WPKG_OK);
	parse_repeated("(global f64 (f64.const 0x1.", "f", 10 * MANY, "))", WPKG_OK);
	parse_repeated("(global f64 (f64.const 1e", "9", 10 * MANY, "))", WPKG_EFORMAT);
	parse_repeated(";", ";", 10 * MANY, "", WPKG_OK);
	parse_repeated("", "\"\"", MANY, "", WPKG_EFORMAT);
	parse_repeated("(func ", "(@a)", MANY, ")", WPKG_OK);
	parse_repeated("(@custom \"a\"", " \"b\"", MANY, ")", WPKG_OK);
	parse_repeated("", "(@custom \"a\")", MANY / 10, "", WPKG_OK);
}
END_TEST

START_TEST(many_of_everything)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, SIZE_MAX);
	for (int i = 0; i < MANY / 4; i++)
		wpkg_buf_append_format(&text, "(func $f%d call $f%d)", i, MANY / 4 - 1 - i);
	parse_soon(&text, WPKG_OK);
	wpkg_buf_init(&text, SIZE_MAX);
	for (int i = 0; i < MANY / 4; i++)
		wpkg_buf_append_format(&text, "(type (func (param (ref %d))))(func (type %d))", i,
				       i);
	parse_soon(&text, WPKG_OK);
	wpkg_buf_init(&text, SIZE_MAX);
	repeat(&text, "(type $s (struct ", 1);
	for (int i = 0; i < MANY / 4; i++)
		wpkg_buf_append_format(&text, "(field $f%d i32)", i);
	repeat(&text, ")) (func ", 1);
	for (int i = 0; i < MANY / 4; i++)
		wpkg_buf_append_format(&text, "struct.get $s $f%d ", i);
	repeat(&text, ")", 1);
	parse_soon(&text, WPKG_OK);
	wpkg_buf_init(&text, SIZE_MAX);
	repeat(&text, "(func ", 1);
	for (int i = 0; i < MANY / 4; i++)
		wpkg_buf_append_format(&text, "(local $l%d %s)", i, i % 2 ? "i32" : "i64");
	repeat(&text, ")", 1);
	parse_soon(&text, WPKG_OK);
	parse_repeated("(func (export \"a\")", "(export \"b\")", MANY / 4, ")", WPKG_OK);
	parse_repeated("(func (br_table", " 0", MANY, "))", WPKG_OK);
	parse_repeated("(func (try_table", "(catch_all 0)", MANY / 4, "))", WPKG_OK);
	parse_repeated("(elem func", " 0", MANY, ")", WPKG_OK);
	parse_repeated("(elem funcref", "(ref.null func)", MANY / 4, ")", WPKG_OK);
	parse_repeated("(func (param", " i32", MANY, "))", WPKG_OK);
	parse_repeated("", "(rec)", MANY / 4, "", WPKG_OK);
	parse_repeated("(func ", "(call_indirect (param i32 i64 f32) (result i32))", MANY / 10, ")",
		       WPKG_OK);
}
END_TEST

START_TEST(scripts_with_many_commands)
{
	struct wpkg_err err;
	struct wpkg_buf text;
	struct wpkg_script *script;
	const struct wpkg_script_command *command;
	uint64_t start = wpkg_clock_monotonic();
	size_t count = 0;
	wpkg_buf_init(&text, SIZE_MAX);
	repeat(&text, "(assert_return (invoke \"f\" (i32.const 1)) (i32.const 2))\n", MANY / 10);
	ck_ok(wpkg_script_open(&script, wpkg_buf_str(&text), 0, 0, &err), err);
	do {
		ck_ok(wpkg_script_next(&command, script, &err), err);
		count += command != NULL;
		ck_assert(!command || command->line == count);
	} while (command);
	ck_assert_uint_eq(count, MANY / 10);
	ck_assert(wpkg_clock_monotonic() - start < 20 * NANOSECONDS);
	wpkg_script_close(script);
	wpkg_buf_clear(&text);
}
END_TEST

UNIT_MAIN(parentheses_without_end, nesting_without_end, labels_far_away, tokens_without_end,
	  many_of_everything, scripts_with_many_commands)
