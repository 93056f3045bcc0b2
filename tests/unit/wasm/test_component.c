/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit.h"

#include <string.h>

#include "wasm/component.h"

/*
 * Two types, a custom section, three imports (an instance, a function, a type that equals another)
 * and, in two sections, two exports, the second with its type said.
 */
static const char bytes[] = "\0asm\x0d\0\1\0"
			    "\7\7\2\x42\0\x40\0\1\0"
			    "\0\5\4note"
			    "\x0a\x13\3\0\3a:b\5\0\1\1x\1\1\0\1t\3\0\0"
			    "\x0b\x07\1\0\1y\5\0\0"
			    "\x0b\x09\1\0\1z\1\0\1\1\1";

static struct wpkg_arena arena;

static enum wpkg_status read_some(struct wpkg_component *out, size_t length, struct wpkg_err *err)
{
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, 1 << 20);
	return wpkg_component_read(out, &arena, wpkg_str_of(bytes, length), err);
}

START_TEST(names_are_read)
{
	struct wpkg_err err;
	struct wpkg_component component;
	ck_ok(read_some(&component, sizeof(bytes) - 1, &err), err);
	ck_assert_uint_eq(component.import_count, 3);
	ck_assert(wpkg_str_equal_text(component.imports[0].name, "a:b"));
	ck_assert_int_eq(component.imports[0].sort, WPKG_COMPONENT_INSTANCE);
	ck_assert_int_eq(component.imports[1].sort, WPKG_COMPONENT_FUNC);
	ck_assert_int_eq(component.imports[2].sort, WPKG_COMPONENT_TYPE);
	ck_assert_uint_eq(component.imports[0].offset, 27);
	ck_assert_uint_eq(component.export_count, 2);
	ck_assert(wpkg_str_equal_text(component.exports[0].name, "y"));
	ck_assert(wpkg_str_equal_text(component.exports[1].name, "z"));
	ck_assert_int_eq(component.exports[1].sort, WPKG_COMPONENT_FUNC);
	ck_assert_str_eq(wpkg_component_sort_name(component.exports[1].sort), "func");
}
END_TEST

/* Between two sections a component may end; anywhere else it is cut. */
START_TEST(each_beginning_is_whole_or_refused)
{
	static const size_t whole[] = {8, 17, 24, 45, 54};
	for (size_t length = 0; length < sizeof(bytes) - 1; length++) {
		struct wpkg_err err;
		struct wpkg_component component;
		bool is_whole = false;
		for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
			is_whole = is_whole || length == whole[i];
		enum wpkg_status status = read_some(&component, length, &err);
		ck_assert_msg(status == (is_whole ? WPKG_OK : WPKG_EFORMAT), "%zu bytes: %s",
			      length, wpkg_status_name(status));
	}
}
END_TEST

START_TEST(what_is_malformed_is_refused_with_its_offset)
{
	static const struct {
		size_t at;
		char byte;
		const char *message;
	} changes[] = {
		{6, 0, "0x0: not a component"},
		{25, 127, "0x"},		   /* a section that is too long */
		{26, 100, "0x1a: unexpected end"}, /* more imports than bytes */
		{27, 2, "0x1b: unknown form of name 0x2"},
		{30, '\xff', "0x"}, /* a name that is not UTF-8 */
		{32, 6, "0x20: unknown sort 0x6"},
	};
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char copy[sizeof(bytes)];
		struct wpkg_err err;
		struct wpkg_component component;
		memcpy(copy, bytes, sizeof(bytes));
		copy[changes[i].at] = changes[i].byte;
		wpkg_arena_clear(&arena);
		wpkg_arena_init(&arena, 1 << 20);
		ck_status(wpkg_component_read(&component, &arena,
					      wpkg_str_of(copy, sizeof(copy) - 1), &err),
			  WPKG_EFORMAT);
		ck_assert_msg(strstr(err.msg, changes[i].message) == err.msg, "%s, not %s", err.msg,
			      changes[i].message);
	}
}
END_TEST

/* Sections that announce many names, and have none. */
START_TEST(what_is_announced_takes_no_memory)
{
	struct wpkg_err err;
	struct wpkg_component component;
	char many[8 + 1000 * 6];
	memcpy(many, "\0asm\x0d\0\1\0", 8);
	for (size_t i = 0; i < 1000; i++)
		memcpy(many + 8 + i * 6, "\x0a\4\xff\xff\x3f\0", 6);
	wpkg_arena_clear(&arena);
	wpkg_arena_init(&arena, 1 << 20);
	ck_status(wpkg_component_read(&component, &arena, wpkg_str_of(many, sizeof(many)), &err),
		  WPKG_EFORMAT);
	ck_assert_uint_eq(arena.used, 0);
}
END_TEST

static enum wpkg_status once(void)
{
	struct wpkg_err err;
	struct wpkg_component component;
	return read_some(&component, sizeof(bytes) - 1, &err);
}

START_TEST(each_failed_allocation_is_reported)
{
	unit_fail_each_allocation(once());
}
END_TEST

UNIT_MAIN(names_are_read, each_beginning_is_whole_or_refused,
	  what_is_malformed_is_refused_with_its_offset, what_is_announced_takes_no_memory,
	  each_failed_allocation_is_reported)
