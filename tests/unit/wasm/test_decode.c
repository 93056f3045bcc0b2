/* SPDX-License-Identifier: Apache-2.0 */
/* Sections: what is read, what is said about broken ones, and limits. Verdicts: test_spec.c. */
#include "builder.h"

#define ck_text(str, expected)                                                                     \
	ck_assert_msg(wpkg_str_equal_text((str), (expected)), "'%.*s', not '%s'",                  \
		      WPKG_STR_ARG(str), (expected))

/* One section after the header, and its error. */
static void check_section(uint8_t id, struct wpkg_str body, const char *message)
{
	struct wpkg_buf bytes;
	put_header(&bytes);
	put_section(&bytes, id, body);
	read_invalid(&bytes, message);
	wpkg_buf_clear(&bytes);
}

#define ck_section(id, message, literal)                                                           \
	check_section(WPKG_SECTION_##id, WPKG_LIT(literal), (message))

START_TEST(headers_are_checked)
{
	static const struct {
		struct wpkg_str bytes;
		const char *message;
	} cases[] = {
		{WPKG_STR(""), "0x0: unexpected end"},
		{WPKG_STR("\0as"), "0x3: unexpected end"},
		{WPKG_STR("\0as\0"), "0x0: magic header not detected"},
		{WPKG_STR("MZ"), "0x0: magic header not detected"},
		{WPKG_STR("\0asm\1\0"), "0x6: unexpected end"},
		{WPKG_STR("\0asm\2\0\0\0"), "0x4: unknown binary version"},
		{WPKG_STR("\0asm\xd\0\1\0"), "0x4: this is a component, not a core module"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wpkg_module *module = NULL;
		struct wpkg_err err;
		ck_status(wpkg_module_read(&module, cases[i].bytes, NULL, &err), WPKG_EFORMAT);
		ck_assert_str_eq(err.msg, cases[i].message);
	}
}
END_TEST

START_TEST(sections_come_in_order_and_once)
{
	struct wpkg_buf bytes;
	put_header(&bytes);
	put_bytes(&bytes, WPKG_SECTION_MEMORY, "\1\0\1");
	put_custom(&bytes, "between", WPKG_LIT("anything"));
	put_bytes(&bytes, WPKG_SECTION_TAG, "\0");
	put_bytes(&bytes, WPKG_SECTION_GLOBAL, "\0");
	put_bytes(&bytes, WPKG_SECTION_DATA_COUNT, "\0");
	put_bytes(&bytes, WPKG_SECTION_CODE, "\0");
	wpkg_module_free(read_valid(&bytes));
	put_bytes(&bytes, WPKG_SECTION_TABLE, "\0");
	read_invalid(&bytes, "0x2b: unexpected content: the table section is repeated or out of "
			     "order");
	wpkg_buf_clear(&bytes);
	ck_section(COUNT, "0x8: malformed section id 14", "");
}
END_TEST

START_TEST(sections_end_where_they_say)
{
	ck_section(TYPE, "0xe: section size mismatch: more bytes behind its last entry",
		   "\1\x60\0\0\1\2");
	ck_section(TYPE, "0xd: unexpected end", "\2\x60\0");
	ck_section(TYPE, "0xa: unexpected end: 99 types announced", "\x63\x60\0\0");
	ck_section(FUNCTION, "0xb: unknown type 0", "\1\0");
	ck_section(CODE, "0xa: function and code section have inconsistent lengths: 0 and 1",
		   "\1\2\0\x0b");
	struct wpkg_buf bytes;
	put_header(&bytes);
	wpkg_buf_append(&bytes, "\1\x10\0", 3);
	read_invalid(&bytes, "0xb: unexpected end");
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(types_of_definitions_are_checked)
{
	ck_section(TYPE, "0xb: malformed type 0x40", "\1\x40");
	ck_section(TYPE, "0xd: malformed value type 0x77", "\1\x60\1\x77\0");
	ck_section(TYPE, "0xe: unknown type 1", "\1\x60\1\x63\1\0");
	ck_section(TYPE, "0xd: malformed mutability 0x02", "\1\x5e\x7f\2");
	ck_section(TYPE, "0xf: sub type: type 0 is final", "\2\x5f\0\x50\1\0\x5f\0");
	ck_section(TYPE, "0xf: sub type: type 1 does not match its supertype",
		   "\2\x50\0\x5f\0\x50\1\0\x5e\x7f\0");
	ck_section(TYPE, "0xd: unknown type 0", "\1\x50\1\0\x5f\0");
	ck_section(MEMORY, "0xb: memory size must be at most 65536", "\1\0\x81\x80\4");
	ck_section(MEMORY, "0xb: size minimum must not be greater than maximum", "\1\1\2\1");
	ck_section(MEMORY, "0xb: shared memory must have maximum", "\1\2\1");
	ck_section(MEMORY, "0xb: malformed limits flags 0x10", "\1\x10\1");
	ck_section(MEMORY, "0xd: invalid custom page size 2^1", "\1\x08\1\1");
	ck_section(TABLE, "0xc: malformed limits flags 0x02", "\1\x70\2\1");
	ck_section(TABLE, "0xb: malformed reference type", "\1\x7f\0\1");
	ck_section(GLOBAL, "0xd: constant expression required", "\1\x7f\0\1\x0b");
	ck_section(EXPORT, "0xb: unknown func 0", "\1\1a\0\0");
	ck_section(EXPORT, "0xb: malformed export kind 0x05", "\1\1a\5\0");
	ck_section(START, "0xa: unknown function 0", "\0");
	ck_section(ELEMENT, "0xb: malformed element segment flags 8", "\1\x08");
	ck_section(ELEMENT, "0xc: unknown table 0", "\1\0\x41\0\x0b\0");
	ck_section(DATA, "0xb: unknown memory 0", "\1\0\x41\0\x0b\0");
	ck_section(DATA, "0xb: malformed data segment flags 3", "\1\3");
	ck_section(CUSTOM, "0xb: malformed UTF-8 encoding", "\1\xff");
}
END_TEST

START_TEST(export_names_differ_and_are_found)
{
	struct wpkg_buf bytes, exports;
	char name[16];
	put_header(&bytes);
	wpkg_buf_init(&exports, BUILD_MAX);
	put_bytes(&bytes, WPKG_SECTION_MEMORY, "\1\0\1");
	put_number(&exports, 1000);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "name%u", i);
		put_name(&exports, name);
		wpkg_buf_append(&exports, "\2\0", 2);
	}
	put_section(&bytes, WPKG_SECTION_EXPORT, wpkg_buf_str(&exports));
	struct wpkg_module *module = read_valid(&bytes);
	const struct wpkg_module_export *found =
		wpkg_module_find_export(module, WPKG_LIT("name777"));
	ck_assert_ptr_eq(found, &module->exports[777]);
	ck_assert_ptr_null(wpkg_module_find_export(module, WPKG_LIT("name1000")));
	wpkg_module_free(module);
	/* the last one gets the name of the one before */
	memcpy(bytes.ptr + bytes.len - 3, "8", 1);
	read_invalid(&bytes, "0x26aa: duplicate export name \"name998\"");
	wpkg_buf_clear(&exports);
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(where_bodies_are_need_not_be_kept)
{
	struct wpkg_buf bytes;
	put_header(&bytes);
	put_bytes(&bytes, WPKG_SECTION_TYPE, "\1\x60\0\0");
	put_bytes(&bytes, WPKG_SECTION_IMPORT, "\1\3env\3log\0\0");
	put_bytes(&bytes, WPKG_SECTION_FUNCTION, "\2\0\0");
	put_bytes(&bytes, WPKG_SECTION_CODE, "\2\2\0\x0b\3\0\1\x0b");
	struct wpkg_module *module = read_valid(&bytes);
	ck_assert_uint_eq(wpkg_module_func_import(module, 0), 0);
	ck_assert_uint_eq(wpkg_module_func_import(module, 1), WPKG_INDEX_NONE);
	struct wpkg_range first = wpkg_module_body(module, 1), second = wpkg_module_body(module, 2);
	ck_assert_uint_eq(first.end - first.start, 2);
	ck_assert_uint_eq(second.start, first.end + 1);
	ck_assert_uint_eq(second.end, bytes.len);
	ck_assert_uint_eq(wpkg_module_body(module, 0).end, 0);
	wpkg_module_free(module);
	for (unsigned threads = 1; threads <= 2; threads++) {
		const struct wpkg_module_options options = {.no_bodies = true, .threads = threads};
		struct wpkg_err err;
		ck_ok(wpkg_module_read(&module, wpkg_buf_str(&bytes), &options, &err), err);
		ck_assert_uint_eq(module->func_count, 3);
		ck_assert_ptr_null(module->bodies);
		wpkg_module_free(module);
	}
	wpkg_buf_clear(&bytes);
}
END_TEST

/* Exports: one has the name of the one before, and one is of a kind that there is not. */
static void build_wrong_exports(struct wpkg_buf *bytes, unsigned count, unsigned twin,
				unsigned malformed)
{
	struct wpkg_buf exports;
	char name[16];
	put_header(bytes);
	wpkg_buf_init(&exports, BUILD_MAX);
	put_bytes(bytes, WPKG_SECTION_MEMORY, "\1\0\1");
	put_number(&exports, count);
	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "n%02u", i == twin ? i - 1 : i);
		put_name(&exports, name);
		wpkg_buf_append(&exports, i == malformed ? "\7\0" : "\2\0", 2);
	}
	put_section(bytes, WPKG_SECTION_EXPORT, wpkg_buf_str(&exports));
	wpkg_buf_clear(&exports);
}

START_TEST(of_wrong_exports_the_first_is_named)
{
	const unsigned count = 50;
	for (unsigned twin = 1; twin < count; twin++) {
		for (unsigned malformed = 0; malformed < count; malformed++) {
			struct wpkg_buf bytes;
			char expected[64];
			build_wrong_exports(&bytes, count, twin, malformed);
			/* before the first: a header, a memory, an identifier, size, count */
			if (malformed <= twin)
				snprintf(expected, sizeof(expected),
					 "0x%x: malformed export kind 0x07", 17 + malformed * 6);
			else
				snprintf(expected, sizeof(expected),
					 "0x%x: duplicate export name \"n%02u\"", 17 + twin * 6,
					 twin - 1);
			read_invalid(&bytes, expected);
			wpkg_buf_clear(&bytes);
		}
	}
}
END_TEST

START_TEST(names_come_from_the_name_section_or_from_outside)
{
	struct wpkg_buf bytes;
	put_header(&bytes);
	put_bytes(&bytes, WPKG_SECTION_TYPE, "\1\x60\0\0");
	put_bytes(&bytes, WPKG_SECTION_IMPORT, "\1\3env\3log\0\0");
	put_bytes(&bytes, WPKG_SECTION_FUNCTION, "\3\0\0\0");
	put_bytes(&bytes, WPKG_SECTION_EXPORT, "\1\2go\0\2");
	put_bytes(&bytes, WPKG_SECTION_CODE, "\3\2\0\x0b\2\0\x0b\2\0\x0b");
	put_custom(&bytes, "name", WPKG_LIT("\0\2\1m\1\6\1\1\3sum"));
	struct wpkg_module *module = read_valid(&bytes);
	ck_text(wpkg_module_func_name(module, 0), "log");
	ck_text(wpkg_module_func_name(module, 1), "sum");
	ck_text(wpkg_module_func_name(module, 2), "go");
	ck_text(wpkg_module_func_name(module, 3), "");
	ck_assert_uint_eq(wpkg_module_body(module, 1).end - wpkg_module_body(module, 1).start, 2);
	ck_assert_ptr_nonnull(wpkg_module_find_custom(module, WPKG_LIT("name")));
	ck_assert_ptr_null(wpkg_module_find_custom(module, WPKG_LIT("producers")));
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
}
END_TEST

/* A bit of everything that has a limit, each just at the number that the limit is set to. */
static void build_limited(struct wpkg_buf *bytes)
{
	put_header(bytes);
	put_bytes(bytes, WPKG_SECTION_TYPE, "\3\x60\2\x7f\x7f\0\x60\0\2\x7f\x7f\x5f\2\x7f\0\x7f\0");
	put_bytes(bytes, WPKG_SECTION_IMPORT, "\2\2ab\0\3\x7f\0\2ab\1b\3\x7f\0");
	put_bytes(bytes, WPKG_SECTION_FUNCTION, "\2\0\0");
	put_bytes(bytes, WPKG_SECTION_TABLE, "\2\x70\0\0\x70\0\0");
	put_bytes(bytes, WPKG_SECTION_MEMORY, "\2\0\0\0\0");
	put_bytes(bytes, WPKG_SECTION_TAG, "\2\0\0\0\0");
	put_bytes(bytes, WPKG_SECTION_GLOBAL, "\2\x7f\0\x41\0\x0b\x7f\0\x41\0\x0b");
	put_bytes(bytes, WPKG_SECTION_EXPORT, "\2\1a\0\0\1b\0\1");
	put_bytes(bytes, WPKG_SECTION_ELEMENT, "\2\1\0\0\1\0\0");
	put_bytes(bytes, WPKG_SECTION_CODE, "\2\4\1\2\x7f\x0b\2\0\x0b");
	put_bytes(bytes, WPKG_SECTION_DATA, "\2\1\0\1\0");
}

START_TEST(each_limit_holds_at_its_number_and_not_above)
{
	static const struct {
		struct wpkg_module_limits limits; /* valid */
		struct wpkg_module_limits less;	  /* not valid */
		const char *message;
	} cases[] = {
		{{.types = 3}, {.types = 2}, "3 types, limit 2"},
		{{.functions = 2}, {.functions = 1}, "2 functions, limit 1"},
		{{.imports = 2}, {.imports = 1}, "2 imports, limit 1"},
		{{.exports = 2}, {.exports = 1}, "2 exports, limit 1"},
		{{.globals = 4}, {.globals = 3}, "more than 3 globals"},
		{{.tags = 2}, {.tags = 1}, "more than 1 tags"},
		{{.tables = 2}, {.tables = 1}, "more than 1 tables"},
		{{.memories = 2}, {.memories = 1}, "more than 1 memories"},
		{{.segments = 2}, {.segments = 1}, "2 element segments, limit 1"},
		{{.sections = 11}, {.sections = 10}, "more than 10 sections"},
		{{.name_bytes = 2}, {.name_bytes = 1}, "name of 2 bytes, limit 1"},
		{{.body_bytes = 4}, {.body_bytes = 3}, "function body of 4 bytes, limit 3"},
		{{.locals = 4}, {.locals = 3}, "too many locals: more than 3 (in function 0)"},
		{{.params = 2}, {.params = 1}, "2 parameters, limit 1"},
		{{.results = 2}, {.results = 1}, "2 results, limit 1"},
		{{.fields = 2}, {.fields = 1}, "2 fields, limit 1"},
	};
	struct wpkg_buf bytes;
	build_limited(&bytes);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wpkg_module_options options = {.limits = cases[i].limits};
		struct wpkg_module *module = NULL;
		struct wpkg_err err;
		ck_ok(wpkg_module_read(&module, wpkg_buf_str(&bytes), &options, &err), err);
		wpkg_module_free(module);
		options.limits = cases[i].less;
		ck_status(wpkg_module_read(&module, wpkg_buf_str(&bytes), &options, &err),
			  WPKG_ELIMIT);
		ck_assert_str_eq(strstr(err.msg, ": ") + 2, cases[i].message);
	}
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(operands_are_limited)
{
	struct wpkg_module_options options = {.limits = {.operands = 500}};
	struct wpkg_module *module = NULL;
	struct wpkg_buf bytes;
	struct wpkg_err err;
	put_header(&bytes);
	put_bytes(&bytes, WPKG_SECTION_TYPE,
		  "\2\x60\0\x0a\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x60\0\0");
	put_bytes(&bytes, WPKG_SECTION_FUNCTION, "\2\0\1");
	struct wpkg_buf body, code;
	wpkg_buf_init(&body, BUILD_MAX);
	wpkg_buf_init(&code, BUILD_MAX);
	wpkg_buf_append_byte(&body, 0);
	for (unsigned i = 0; i < 60; i++)
		wpkg_buf_append(&body, "\x10\0", 2);
	wpkg_buf_append(&body, "\0\x0b", 2);
	put_number(&code, 2);
	put_body(&code, WPKG_LIT("\0\0\x0b"));
	put_body(&code, wpkg_buf_str(&body));
	put_section(&bytes, WPKG_SECTION_CODE, wpkg_buf_str(&code));
	wpkg_module_free(read_valid(&bytes));
	ck_status(wpkg_module_read(&module, wpkg_buf_str(&bytes), &options, &err), WPKG_ELIMIT);
	ck_assert_ptr_nonnull(strstr(err.msg, "more than 500 operands on the stack "
					      "(call in function 1)"));
	wpkg_buf_clear(&body);
	wpkg_buf_clear(&code);
	wpkg_buf_clear(&bytes);
}
END_TEST

static enum wpkg_status read_once(struct wpkg_str bytes)
{
	struct wpkg_module *module = NULL;
	enum wpkg_status status = wpkg_module_read(&module, bytes, NULL, NULL);
	wpkg_module_free(module);
	return status;
}

START_TEST(every_failed_allocation_is_reported)
{
	struct wpkg_buf bytes;
	build_limited(&bytes);
	unit_fail_each_allocation(read_once(wpkg_buf_str(&bytes)));
	wpkg_buf_clear(&bytes);
}
END_TEST

UNIT_MAIN(headers_are_checked, sections_come_in_order_and_once, sections_end_where_they_say,
	  types_of_definitions_are_checked, export_names_differ_and_are_found,
	  where_bodies_are_need_not_be_kept, of_wrong_exports_the_first_is_named,
	  names_come_from_the_name_section_or_from_outside,
	  each_limit_holds_at_its_number_and_not_above, operands_are_limited,
	  every_failed_allocation_is_reported)
