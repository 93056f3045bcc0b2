/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links of objects that are built here section by section, so that each count and index in them can
 * be a lie: what is refused, where, and what each allocation that fails leaves.
 */
#include "../unit.h"

#include "link/object.h"
#include "wasm/module.h"
#include "written_object.h"

static void put_name(const char *name)
{
	wpkg_writer_name(&section, wpkg_str_from(name));
}

/* What an object of these tests is. */
struct parts {
	uint8_t linking_version, segments, segment_alignment, symbols, symbol_kind, symbol_index;
	uint8_t data_offset;
	uint8_t reloc_section, relocs, reloc_type, reloc_offset, reloc_index;
	uint8_t callee_type; /* 0: (func (result i32)), 1: (func (param i32)) */
	bool relocs_again;   /* a second section of relocations, of the same code */
	const char *callee;
};

static const struct parts good = {.linking_version = 2,
				  .segments = 1,
				  .segment_alignment = 2,
				  .symbols = 4,
				  .symbol_kind = 0,
				  .symbol_index = 1,
				  .reloc_section = 3,
				  .relocs = 2,
				  .reloc_type = 0,
				  .reloc_offset = 5,
				  .reloc_index = 1,
				  .callee = "helper"};

/*
 * (import "env" "__linear_memory" (memory 1)) (import "env" CALLEE (func))
 * (func $_start (drop (call CALLEE)) (drop (i32.load (i32.const &number))))
 * (data $number "\2a\0\0\0")
 */
static void build_caller(const struct parts *parts)
{
	wpkg_buf_reset(&object);
	wpkg_writer_header(&object);
	PUT(3, 0x60, 0, 1, 0x7f, 0x60, 1, 0x7f, 0, 0x60, 0, 0);
	end_section(WPKG_SECTION_TYPE);
	PUT(2);
	put_name("env");
	put_name("__linear_memory");
	PUT(2, 0, 1);
	put_name("env");
	put_name(parts->callee);
	PUT(0, parts->callee_type);
	end_section(WPKG_SECTION_IMPORT);
	PUT(1, 2);
	end_section(WPKG_SECTION_FUNCTION);
	if (parts->callee_type == 0)
		PUT(1, 21, 0, 0x01, 0x10, 0x80, 0x80, 0x80, 0x80, 0x00, 0x1a);
	else
		PUT(1, 21, 0, 0x41, 0x10, 0x10, 0x80, 0x80, 0x80, 0x80, 0x00);
	PUT(0x41, 0x80, 0x80, 0x80, 0x80, 0x00, 0x28, 2, 0, 0x1a, 0x01, 0x0b);
	end_section(WPKG_SECTION_CODE);
	PUT(1, 0, 0x41, 0, 0x0b, 4, 42, 0, 0, 0);
	end_section(WPKG_SECTION_DATA);
	PUT(parts->linking_version);
	PUT(5, 9, parts->segments);
	put_name(".data");
	PUT(parts->segment_alignment, 0);
	PUT(8, (uint8_t)(31 + strlen("inner") - 5), parts->symbols);
	PUT(parts->symbol_kind, 0, parts->symbol_index);
	put_name("_start");
	PUT(0, 0x10, 0);
	PUT(1, 2);
	put_name("number");
	PUT(0, parts->data_offset, 4);
	PUT(0, 2, 1);
	put_name("x");
	end_custom("linking");
	PUT(parts->reloc_section, parts->relocs);
	PUT(parts->reloc_type, parts->reloc_offset, parts->reloc_index);
	PUT(4, 12, 2, 0);
	end_custom("reloc.CODE");
	if (!parts->relocs_again)
		return;
	PUT(parts->reloc_section, 1, 4, 12, 2, 0);
	end_custom("reloc.CODE");
}

/* (func $helper (result i32) (i32.const 7)), weak or not. */
static void build_helper(uint8_t flags)
{
	wpkg_buf_reset(&object);
	wpkg_writer_header(&object);
	PUT(1, 0x60, 0, 1, 0x7f);
	end_section(WPKG_SECTION_TYPE);
	PUT(1, 0);
	end_section(WPKG_SECTION_FUNCTION);
	PUT(1, 4, 0, 0x41, 7, 0x0b);
	end_section(WPKG_SECTION_CODE);
	PUT(2, 8, 11, 1, 0, flags, 0);
	put_name("helper");
	end_custom("linking");
}

/* (func $NAME (export) (call $f)) (func $f), where f is local and of the group g. */
static void build_grouped(const char *name)
{
	wpkg_buf_reset(&object);
	wpkg_writer_header(&object);
	PUT(1, 0x60, 0, 0);
	end_section(WPKG_SECTION_TYPE);
	PUT(2, 0, 0);
	end_section(WPKG_SECTION_FUNCTION);
	PUT(2, 8, 0, 0x10, 0x80, 0x80, 0x80, 0x80, 0x00, 0x0b, 2, 0, 0x0b);
	end_section(WPKG_SECTION_CODE);
	PUT(2, 7, 7, 1, 1, 'g', 0, 1, 1, 1);
	PUT(8, (uint8_t)(10 + strlen(name)), 2, 0, 0x20, 0);
	put_name(name);
	PUT(0, 2, 1, 1, 'f');
	end_custom("linking");
	PUT(2, 1, 0, 4, 1);
	end_custom("reloc.CODE");
}

static char caller_bytes[512], helper_bytes[512], archive_bytes[1024];
static size_t caller_size, helper_size, archive_size;

static size_t keep(char *bytes)
{
	ck_assert_uint_eq(object.failed, WPKG_OK);
	ck_assert_uint_le(object.len, 512);
	memcpy(bytes, object.ptr, object.len);
	return object.len;
}

/* An archive with one member and, unless it shall lie, an index that is right. */
static void build_archive(uint32_t offset)
{
	struct wpkg_buf out;
	static const uint8_t index[] = {0, 0, 0, 1};
	wpkg_buf_init(&out, sizeof(archive_bytes));
	wpkg_buf_append_text(&out, "!<arch>\n");
	wpkg_buf_append_format(&out, "%-16s%-12s%-6s%-6s%-8s%-10u`\n", "/", "0", "0", "0", "0", 16);
	wpkg_buf_append(&out, index, sizeof(index));
	const uint8_t place[] = {0, 0, (uint8_t)(offset >> 8), (uint8_t)offset};
	wpkg_buf_append(&out, place, sizeof(place));
	wpkg_buf_append(&out, "helper\0", 8);
	wpkg_buf_append_format(&out, "%-16s%-12s%-6s%-6s%-8s%-10zu`\n", "helper.o/", "0", "0", "0",
			       "644", helper_size);
	wpkg_buf_append(&out, helper_bytes, helper_size);
	ck_assert_uint_eq(out.failed, WPKG_OK);
	memcpy(archive_bytes, out.ptr, out.len);
	archive_size = out.len;
	wpkg_buf_clear(&out);
}

static void setup(void)
{
	wpkg_buf_init(&section, 1 << 16);
	wpkg_buf_init(&object, 1 << 16);
	build_caller(&good);
	caller_size = keep(caller_bytes);
	build_helper(0);
	helper_size = keep(helper_bytes);
	build_archive(8 + 60 + 16);
}

static enum wpkg_status link_as(struct wpkg_buf *out, bool relocatable, struct wpkg_str first,
				struct wpkg_str second, struct wpkg_err *err)
{
	const struct wpkg_object_input inputs[] = {{.name = WPKG_LIT("first"), .bytes = first},
						   {.name = WPKG_LIT("second"), .bytes = second}};
	const struct wpkg_object_options options = {.inputs = inputs,
						    .input_count = second.len > 0 ? 2 : 1,
						    .relocatable = relocatable};
	return wpkg_object_link(out, &options, NULL, err);
}

static enum wpkg_status link_bytes(struct wpkg_buf *out, struct wpkg_str first,
				   struct wpkg_str second, struct wpkg_err *err)
{
	return link_as(out, false, first, second, err);
}

static struct wpkg_str caller(void)
{
	return wpkg_str_of(caller_bytes, caller_size);
}

static struct wpkg_str archive(void)
{
	return wpkg_str_of(archive_bytes, archive_size);
}

static enum wpkg_status link_once(bool relocatable)
{
	struct wpkg_buf out, problems, map, removed;
	struct wpkg_err err;
	wpkg_buf_init(&out, 1 << 20);
	wpkg_buf_init(&problems, 1 << 20);
	wpkg_buf_init(&map, 1 << 20);
	wpkg_buf_init(&removed, 1 << 20);
	const struct wpkg_object_input inputs[] = {{.name = WPKG_LIT("a.o"), .bytes = caller()},
						   {.name = WPKG_LIT("lib.a"), .bytes = archive()}};
	const struct wpkg_object_report report = {.problems = &problems};
	const struct wpkg_object_options options = {
		.inputs = inputs, .input_count = 2, .relocatable = relocatable};
	enum wpkg_status status = wpkg_object_link(&out, &options, &report, &err);
	ck_assert(status == WPKG_OK ? out.len > 0 : out.len == 0);
	wpkg_buf_clear(&out);
	wpkg_buf_clear(&problems);
	wpkg_buf_clear(&map);
	wpkg_buf_clear(&removed);
	return status;
}

START_TEST(a_call_and_an_address_lead_to_where_things_are)
{
	struct wpkg_buf out;
	struct wpkg_err err;
	struct wpkg_module *module = NULL;
	setup();
	wpkg_buf_init(&out, 1 << 20);
	ck_ok(link_bytes(&out, caller(), archive(), &err), err);
	ck_ok(wpkg_module_read(&module, wpkg_buf_str(&out), NULL, &err), err);
	ck_assert_uint_eq(module->func_count, 2);
	ck_assert_uint_eq(module->import_count, 0);
	ck_assert_uint_eq(module->data_count, 1);
	ck_assert_uint_eq(module->export_count, 2);
	/* nop, call 1, drop, i32.const 65536 (behind the stack), i32.load, drop, nop, end */
	const char body[] = "\0\1\x10\1\x1a\x41\x80\x80\4\x28\2\0\x1a\1\xb";
	struct wpkg_str found = wpkg_module_slice(module, wpkg_module_body(module, 0));
	ck_assert(wpkg_str_equal(found, wpkg_str_of(body, sizeof(body) - 1)));
	wpkg_module_free(module);
	wpkg_buf_clear(&out);
}
END_TEST

START_TEST(every_failed_allocation_is_no_memory)
{
	setup();
	unit_fail_each_allocation(link_once(false));
	unit_fail_each_allocation(link_once(true));
}
END_TEST

START_TEST(objects_joined_are_the_same_program)
{
	struct wpkg_buf direct, joined, joined_twice, program;
	struct wpkg_err err;
	setup();
	wpkg_buf_init(&direct, 1 << 20);
	wpkg_buf_init(&joined, 1 << 20);
	wpkg_buf_init(&joined_twice, 1 << 20);
	wpkg_buf_init(&program, 1 << 20);
	const struct wpkg_str nothing = {0};
	ck_ok(link_bytes(&direct, caller(), archive(), &err), err);
	ck_ok(link_as(&joined, true, caller(), archive(), &err), err);
	ck_assert(wpkg_object_is(wpkg_buf_str(&joined)));
	ck_ok(link_as(&joined_twice, true, wpkg_buf_str(&joined), nothing, &err), err);
	ck_assert(wpkg_str_equal(wpkg_buf_str(&joined), wpkg_buf_str(&joined_twice)));
	ck_ok(link_bytes(&program, wpkg_buf_str(&joined), nothing, &err), err);
	ck_assert(wpkg_str_equal(wpkg_buf_str(&direct), wpkg_buf_str(&program)));
	wpkg_buf_clear(&direct);
	wpkg_buf_clear(&joined);
	wpkg_buf_clear(&joined_twice);
	wpkg_buf_clear(&program);
}
END_TEST

/* The object can be made: nobody knows yet whether the call is ever reached. */
START_TEST(a_call_as_another_type_is_kept_for_the_last_link)
{
	struct wpkg_buf joined, program;
	struct wpkg_err err;
	struct parts parts = good;
	setup();
	wpkg_buf_init(&joined, 1 << 20);
	wpkg_buf_init(&program, 1 << 20);
	parts.callee_type = 1;
	parts.reloc_offset = 6;
	build_caller(&parts);
	ck_ok(link_as(&joined, true, wpkg_buf_str(&object), archive(), &err), err);
	ck_status(link_bytes(&program, wpkg_buf_str(&joined), (struct wpkg_str){0}, &err),
		  WPKG_EINVAL);
	ck_assert_str_eq(err.msg, "_start in first calls 'helper' as (func (param i32)), but it "
				  "is (func (result i32)) in first");
	wpkg_buf_clear(&joined);
	wpkg_buf_clear(&program);
}
END_TEST

static void refuse(const struct parts *parts, enum wpkg_status status, const char *text)
{
	struct wpkg_buf out;
	struct wpkg_err err = {.msg = ""};
	wpkg_buf_init(&out, 1 << 20);
	build_caller(parts);
	enum wpkg_status found = link_bytes(&out, wpkg_buf_str(&object), archive(), &err);
	ck_assert_msg(found == status && strstr(err.msg, text), "%s: %s", text, err.msg);
	ck_assert_uint_eq(out.len, 0);
	wpkg_buf_clear(&out);
}

#define REFUSE(text, ...)                                                                          \
	do {                                                                                       \
		struct parts parts = good;                                                         \
		parts.__VA_ARGS__;                                                                 \
		refuse(&parts, WPKG_EFORMAT, text);                                                \
	} while (0)

START_TEST(what_is_wrong_in_an_object_is_said_with_its_place)
{
	setup();
	REFUSE("linking section of version 3, not 2", linking_version = 3);
	REFUSE("describes 0 segments, the module has 1", segments = 0);
	REFUSE("alignment of 2 to the 40", segment_alignment = 40);
	REFUSE("100 symbols announced", symbols = 100);
	REFUSE("symbol of unknown kind 9", symbol_kind = 9);
	REFUSE("symbol is func 7, which is not defined", symbol_index = 7);
	REFUSE("symbol is func 0, which is not defined", symbol_index = 0);
	REFUSE("is at 90 of segment 0, which is not there", data_offset = 90);
	REFUSE("relocations of section 9", reloc_section = 9);
	REFUSE("100 relocations announced", relocs = 100);
	REFUSE("relocation of unknown type 99", reloc_type = 99);
	REFUSE("relocation at 0x40 is outside", reloc_offset = 64);
	REFUSE("is not at a padded number", reloc_offset = 6);
	REFUSE("relocation has symbol 50 of 4", reloc_index = 50);
	REFUSE("relocation FUNCTION_INDEX_LEB of data", reloc_index = 2);
	REFUSE("relocations of section 3 are in two sections", relocs_again = true);
}
END_TEST

START_TEST(what_does_not_fit_names_both_sides)
{
	struct parts parts = good;
	setup();
	parts.callee_type = 1;
	parts.reloc_offset = 6;
	refuse(&parts, WPKG_EINVAL,
	       "_start in first calls 'helper' as (func (param i32)), but it "
	       "is (func (result i32)) in second(helper.o)");
	parts = good;
	parts.callee = "helpre";
	refuse(&parts, WPKG_EINVAL,
	       "undefined symbol 'helpre', which _start in first needs; there is 'helper'");
}
END_TEST

START_TEST(two_strong_definitions_are_one_too_many)
{
	struct wpkg_buf out;
	struct wpkg_err err;
	char again[512];
	setup();
	wpkg_buf_init(&out, 1 << 20);
	build_helper(0);
	struct wpkg_str second = wpkg_str_of(again, keep(again));
	ck_status(link_bytes(&out, wpkg_str_of(helper_bytes, helper_size), second, &err),
		  WPKG_EINVAL);
	ck_assert_str_eq(err.msg, "symbol 'helper' is defined twice: in first and in second");
	wpkg_buf_clear(&out);
}
END_TEST

/* Which function would be called instead? */
START_TEST(a_function_of_a_group_that_is_not_used_cannot_be_needed)
{
	struct wpkg_buf out;
	struct wpkg_err err;
	char first[512], second[512];
	setup();
	wpkg_buf_init(&out, 1 << 20);
	build_grouped("_start");
	struct wpkg_str used = wpkg_str_of(first, keep(first));
	build_grouped("other");
	struct wpkg_str unused = wpkg_str_of(second, keep(second));
	for (int relocatable = 0; relocatable < 2; relocatable++) {
		ck_ok(link_as(&out, relocatable, used, (struct wpkg_str){0}, &err), err);
		wpkg_buf_reset(&out);
		ck_status(link_as(&out, relocatable, used, unused, &err), WPKG_EINVAL);
		ck_assert_str_eq(err.msg, "second needs 'f' of a group that another object has");
	}
	wpkg_buf_clear(&out);
}
END_TEST

/* Refused or linked, and nothing is read that is not there (the sanitizers see to that). */
static void survive(struct wpkg_str first, struct wpkg_str second)
{
	struct wpkg_buf out;
	struct wpkg_err err;
	wpkg_buf_init(&out, 1 << 20);
	for (int relocatable = 0; relocatable < 2; relocatable++) {
		enum wpkg_status status = link_as(&out, relocatable, first, second, &err);
		ck_assert((status == WPKG_OK) == (out.len > 0));
		wpkg_buf_clear(&out);
	}
}

START_TEST(cut_and_changed_inputs_are_refused_or_linked)
{
	char changed[1024];
	setup();
	for (size_t i = 1; i < caller_size; i++) {
		struct wpkg_buf out;
		struct wpkg_err err;
		wpkg_buf_init(&out, 1 << 20);
		ck_status(link_bytes(&out, wpkg_str_of(caller_bytes, i), archive(), &err),
			  i == caller_size ? WPKG_OK : WPKG_EFORMAT);
		wpkg_buf_clear(&out);
	}
	for (size_t i = 0; i < caller_size; i++) {
		memcpy(changed, caller_bytes, caller_size);
		for (unsigned bit = 0; bit < 8; bit++) {
			changed[i] = (char)(caller_bytes[i] ^ (1 << bit));
			survive(wpkg_str_of(changed, caller_size), archive());
		}
	}
	for (size_t i = 0; i < archive_size; i++) {
		memcpy(changed, archive_bytes, archive_size);
		for (unsigned bit = 0; bit < 8; bit++) {
			changed[i] = (char)(archive_bytes[i] ^ (1 << bit));
			survive(caller(), wpkg_str_of(changed, archive_size));
		}
		survive(caller(), wpkg_str_of(archive_bytes, i));
	}
}
END_TEST

/* The archive without its index; *plain is of at least its size. */
static struct wpkg_str without_index(char *plain)
{
	const size_t index_size = 60 + 16;
	memcpy(plain, archive_bytes, 8);
	memcpy(plain + 8, archive_bytes + 8 + index_size, archive_size - 8 - index_size);
	return wpkg_str_of(plain, archive_size - index_size);
}

static enum wpkg_status link_unindexed(void)
{
	char plain[1024];
	struct wpkg_buf out;
	struct wpkg_err err;
	wpkg_buf_init(&out, 1 << 20);
	enum wpkg_status status = link_bytes(&out, caller(), without_index(plain), &err);
	wpkg_buf_clear(&out);
	return status;
}

START_TEST(an_index_that_is_absent_is_made_of_the_members)
{
	char plain[1024], changed[1024];
	struct wpkg_buf indexed, unindexed;
	struct wpkg_err err;
	setup();
	struct wpkg_str bytes = without_index(plain);
	wpkg_buf_init(&indexed, 1 << 20);
	wpkg_buf_init(&unindexed, 1 << 20);
	ck_ok(link_bytes(&indexed, caller(), archive(), &err), err);
	ck_ok(link_bytes(&unindexed, caller(), bytes, &err), err);
	ck_assert(wpkg_str_equal(wpkg_buf_str(&indexed), wpkg_buf_str(&unindexed)));
	wpkg_buf_clear(&indexed);
	wpkg_buf_clear(&unindexed);
	unit_fail_each_allocation(link_unindexed());
	for (size_t i = 0; i < bytes.len; i++) {
		memcpy(changed, plain, bytes.len);
		for (unsigned bit = 0; bit < 8; bit++) {
			changed[i] = (char)(plain[i] ^ (1 << bit));
			survive(caller(), wpkg_str_of(changed, bytes.len));
		}
		survive(caller(), wpkg_str_of(plain, i));
	}
}
END_TEST

START_TEST(a_thin_archive_has_its_members_from_the_caller)
{
	const char thin[] = "!<thin>\n"
			    "//                                              8         `\n"
			    "d/h.o/\n\n"
			    "/0              0           0     0     644     99999     `\n";
	const struct wpkg_str bytes = wpkg_str_of(thin, sizeof(thin) - 1);
	struct wpkg_buf out;
	struct wpkg_str *names = NULL, member;
	size_t count = 0;
	struct wpkg_err err;
	setup();
	wpkg_buf_init(&out, 1 << 20);
	ck_ok(wpkg_object_thin_members(&names, &count, archive(), &err), err);
	ck_assert_uint_eq(count, 0);
	ck_ok(wpkg_object_thin_members(&names, &count, bytes, &err), err);
	ck_assert_uint_eq(count, 1);
	ck_assert(wpkg_str_equal_text(names[0], "d/h.o"));
	wpkg_mem_free(names);
	ck_status(link_bytes(&out, caller(), bytes, &err), WPKG_EINVAL);
	ck_assert_str_eq(err.msg, "second: a thin archive: its members are other files");
	member = wpkg_str_of(helper_bytes, helper_size);
	const struct wpkg_object_input inputs[] = {
		{.name = WPKG_LIT("first"), .bytes = caller()},
		{.name = WPKG_LIT("t.a"), .bytes = bytes, .members = &member, .member_count = 1}};
	const struct wpkg_object_options options = {.inputs = inputs, .input_count = 2};
	ck_ok(wpkg_object_link(&out, &options, NULL, &err), err);
	ck_assert_uint_gt(out.len, 0);
	wpkg_buf_clear(&out);
	for (size_t i = 8; i < bytes.len; i++) {
		names = NULL;
		(void)!wpkg_object_thin_members(&names, &count, wpkg_str_of(thin, i), &err);
		wpkg_mem_free(names);
	}
}
END_TEST

START_TEST(an_index_that_lies_is_refused)
{
	struct wpkg_buf out;
	struct wpkg_err err;
	setup();
	wpkg_buf_init(&out, 1 << 20);
	build_archive(8 + 60 + 17);
	ck_status(link_bytes(&out, caller(), archive(), &err), WPKG_EFORMAT);
	ck_assert_str_eq(err.msg,
			 "second: 0x8: the index of symbols names an offset where no member is");
	wpkg_buf_clear(&out);
}
END_TEST

UNIT_MAIN(a_call_and_an_address_lead_to_where_things_are, every_failed_allocation_is_no_memory,
	  objects_joined_are_the_same_program, a_call_as_another_type_is_kept_for_the_last_link,
	  what_is_wrong_in_an_object_is_said_with_its_place, what_does_not_fit_names_both_sides,
	  two_strong_definitions_are_one_too_many,
	  a_function_of_a_group_that_is_not_used_cannot_be_needed,
	  cut_and_changed_inputs_are_refused_or_linked, an_index_that_lies_is_refused,
	  an_index_that_is_absent_is_made_of_the_members,
	  a_thin_archive_has_its_members_from_the_caller)
