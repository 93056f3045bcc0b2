/* SPDX-License-Identifier: Apache-2.0 */
/* What is said about invalid bodies, and where; limits; threads. Verdicts: test_spec.c. */
#include "builder.h"

/*
 * A module with one body under test, function 1 of type 1; returns where the body begins in the
 * file. Types: 0 nothing, 1 i32 to i32, 2 a struct of an immutable i32 and a mutable i8, 3 an
 * immutable array of references to it, 4 two i32 to two i32. Function 0 is an import. There are a
 * memory, a table of functions, an immutable and a mutable i32 global, and a tag of type 0.
 */
static uint32_t build_with(struct wpkg_buf *out, struct wpkg_str body)
{
	struct wpkg_buf code;
	put_header(out);
	put_bytes(out, WPKG_SECTION_TYPE,
		  "\5\x60\0\0\x60\1\x7f\1\x7f\x5f\2\x7f\0\x78\1\x5e\x63\2\0"
		  "\x60\2\x7f\x7f\2\x7f\x7f");
	put_bytes(out, WPKG_SECTION_IMPORT, "\1\3env\1f\0\0");
	put_bytes(out, WPKG_SECTION_FUNCTION, "\1\1");
	put_bytes(out, WPKG_SECTION_TABLE, "\1\x70\0\1");
	put_bytes(out, WPKG_SECTION_MEMORY, "\1\0\1");
	put_bytes(out, WPKG_SECTION_TAG, "\1\0\0");
	put_bytes(out, WPKG_SECTION_GLOBAL, "\2\x7f\0\x41\0\x0b\x7f\1\x41\0\x0b");
	put_bytes(out, WPKG_SECTION_EXPORT, "\1\4main\0\1");
	wpkg_buf_init(&code, BUILD_MAX);
	put_number(&code, 1);
	put_body(&code, body);
	put_section(out, WPKG_SECTION_CODE, wpkg_buf_str(&code));
	wpkg_buf_clear(&code);
	uint32_t start = (uint32_t)(out->len - body.len);
	/* so that the quick walk can read on behind the body */
	put_bytes(out, WPKG_SECTION_CUSTOM,
		  "\1x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	return start;
}

/* The body fails at an offset from its start. */
static void check_body(struct wpkg_str body, uint32_t at, const char *message)
{
	struct wpkg_buf bytes;
	char expected[256];
	uint32_t start = build_with(&bytes, body);
	snprintf(expected, sizeof(expected), "0x%x: %s", (unsigned)(start + at), message);
	read_invalid(&bytes, expected);
	wpkg_buf_clear(&bytes);
}

static void check_valid_body(struct wpkg_str body)
{
	struct wpkg_buf bytes;
	build_with(&bytes, body);
	wpkg_module_free(read_valid(&bytes));
	wpkg_buf_clear(&bytes);
}

#define ck_body(at, message, literal) check_body(WPKG_LIT(literal), (at), (message))
#define ck_body_valid(literal) check_valid_body(WPKG_LIT(literal))

START_TEST(a_type_mismatch_says_what_was_expected_and_found)
{
	ck_body_valid("\0\x20\0\x41\1\x6a\x0b");
	ck_body(5, "type mismatch: expected i32, found i64 (i32.add in function 1)",
		"\0\x20\0\x42\1\x6a\x0b");
	ck_body(3, "type mismatch: expected i32, but the stack is empty (i32.add in function 1)",
		"\0\x20\0\x6a\x0b");
	ck_body(1, "type mismatch: expected i32, but the stack is empty (end in function 1)",
		"\0\x0b");
	ck_body(5, "type mismatch: 1 values too many at the end of a block (end in function 1)",
		"\0\x20\0\x20\0\x0b");
	ck_body(5, "type mismatch: expected eqref, found funcref (ref.eq in function 1)",
		"\0\xd0\x6e\xd0\x70\xd3\x0b");
	ck_body(3, "type mismatch: expected (ref null 2), found i32 (struct.get in function 1)",
		"\0\x20\0\xfb\2\2\0\x0b");
	ck_body(3, "type mismatch: expected a reference, found i32 (ref.is_null in function 1)",
		"\0\x20\0\xd1\x0b");
}
END_TEST

START_TEST(what_is_below_a_block_is_not_the_blocks)
{
	ck_body(5,
		"type mismatch: expected an operand, but the stack is empty (drop in function 1)",
		"\0\x20\0\2\x40\x1a\x0b\x0b");
	ck_body(7, "type mismatch: expected i32, but the stack is empty (i32.add in function 1)",
		"\0\x20\0\3\x7f\x20\0\x6a\x0b\x0b");
	ck_body_valid("\0\x20\0\x20\0\3\4\x6a\x20\0\x0b\x6a\x0b");
}
END_TEST

/* V8 keeps the type of what flows out of a loop, where the specification has the loop's. */
START_TEST(what_comes_out_of_a_loop_has_the_loops_type)
{
	ck_body_valid("\0\2\x63\2\2\x64\2\xfb\1\2\x0b\xfb\x19\0\0\2\2\x0b\x1a\x20\0\x0b");
	ck_body(11,
		"type mismatch: expected (ref 2), found (ref null 2) "
		"(br_on_cast_fail in function 1)",
		"\0\2\x63\2\3\x63\2\xfb\1\2\x0b\xfb\x19\0\0\2\2\x0b\x1a\x20\0\x0b");
}
END_TEST

START_TEST(unknown_things_are_named)
{
	ck_body(1, "unknown local 1 (local.get in function 1)", "\0\x20\1\x0b");
	ck_body(1, "unknown local 1 (local.tee in function 1)", "\0\x22\1\x0b");
	ck_body(1, "unknown function 2 (call in function 1)", "\0\x10\2\x0b");
	ck_body(1, "unknown global 2 (global.get in function 1)", "\0\x23\2\x0b");
	ck_body(3, "immutable global 0 (global.set in function 1)", "\0\x20\0\x24\0\x0b");
	ck_body(3, "unknown table 1 (table.get in function 1)", "\0\x20\0\x25\1\x0b");
	ck_body(1, "unknown memory 1 (memory.size in function 1)", "\0\x3f\1\x0b");
	ck_body(1, "unknown label 1 (br in function 1)", "\0\x0c\1\x0b");
	ck_body(1, "unknown tag 1 (throw in function 1)", "\0\x08\1\x0b");
	ck_body(2, "unknown type 5 (call_ref in function 1)", "\0\x14\5\x0b");
	ck_body(1, "unknown type 5 (block in function 1)", "\0\2\5\x0b\x0b");
	ck_body(1, "block type 2 is not a function type (block in function 1)", "\0\2\2\x0b\x0b");
	ck_body(1, "type 1 is not a struct (struct.new in function 1)", "\0\xfb\0\1\x0b");
	ck_body(1, "unknown field 2 (struct.get in function 1)", "\0\xfb\2\2\2\x0b");
	ck_body(1, "field is packed (struct.get in function 1)", "\0\xfb\2\2\1\x0b");
	ck_body(1, "immutable field 0 (struct.set in function 1)", "\0\xfb\5\2\0\x0b");
	ck_body(1, "immutable array (array.set in function 1)", "\0\xfb\x0e\3\x0b");
	ck_body(1, "undeclared function reference 0 (ref.func in function 1)", "\0\xd2\0\x0b");
	ck_body(1, "data count section required (data.drop in function 1)", "\0\xfc\x09\0\x0b");
	ck_body(1, "unknown elem segment 0 (elem.drop in function 1)", "\0\xfc\x0d\0\x0b");
}
END_TEST

START_TEST(malformed_instructions_fail_at_the_byte_that_is_wrong)
{
	ck_body(1, "illegal opcode 0xff (in function 1)", "\0\xff\x0b");
	ck_body(1, "illegal opcode 0xfd 0x114 (in function 1)", "\0\xfd\x94\2\x0b");
	ck_body(6, "integer representation too long (i32.const in function 1)",
		"\0\x41\x80\x80\x80\x80\x80\0\x0b");
	ck_body(6, "integer too large (i32.const in function 1)", "\0\x41\x80\x80\x80\x80\x70\x0b");
	ck_body(6, "integer too large (i32.const in function 1)", "\0\x41\x80\x80\x80\x80\x08\x0b");
	ck_body_valid("\0\x41\x80\x80\x80\x80\x07\x0b");
	ck_body_valid("\0\x41\x80\x80\x80\x80\x78\x0b");
	ck_body(11, "integer too large (i64.const in function 1)",
		"\0\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\xa7\x0b");
	ck_body_valid("\0\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f\xa7\x0b");
	ck_body(6, "integer too large (local.get in function 1)", "\0\x20\x80\x80\x80\x80\x10\x0b");
	ck_body_valid("\0\x20\x80\x00\x1a\x20\x80\x80\x00\x1a\x20\x80\x80\x80\x00\x0b");
	ck_body_valid("\0\x20\x80\x80\x80\x80\x00\x0b");
	ck_body(1, "unknown local 268435456 (local.get in function 1)",
		"\0\x20\x80\x80\x80\x80\x01\x0b");
	ck_body_valid("\0\x42\x80\x80\x80\x80\x80\x80\x80\x80\x40\xa7\x0b");
	ck_body(3, "unexpected end (in function 1)", "\0\x20\0");
	ck_body(2, "unexpected end (i32.const in function 1)", "\0\x41");
	ck_body(4, "instructions behind the end of the function (in function 1)", "\0\x20\0\x0b\1");
	ck_body(3, "malformed memop flags 0x80 (i32.load in function 1)",
		"\0\x20\0\x28\x80\1\0\x0b");
	ck_body(3, "alignment must not be larger than natural (i32.load in function 1)",
		"\0\x20\0\x28\3\0\x0b");
	ck_body(3, "atomic alignment must be natural (i32.atomic.load in function 1)",
		"\0\x20\0\xfe\x10\1\0\x0b");
	ck_body(3, "offset out of range (i32.load in function 1)",
		"\0\x20\0\x28\2\x80\x80\x80\x80\x10\x0b");
	ck_body(3, "offset out of range (i32.load in function 1)",
		"\0\x20\0\x28\2\x80\x80\x80\x80\x70\x0b");
	ck_body_valid("\0\x20\0\x28\2\x80\x80\x80\x80\x0f\x0b");
	ck_body_valid("\0\x20\0\x28\2\xff\xff\xff\x7f\x28\2\x80\x01\x28\2\x80\x80\x01\x0b");
	ck_body_valid("\0\x20\0\x28\x82\x80\0\x04\x0b");
	ck_body(1, "invalid lane index 16 (i8x16.extract_lane_s in function 1)",
		"\0\xfd\x15\x10\x0b");
	ck_body(1, "invalid result arity 2 of select (select in function 1)",
		"\0\x1c\2\x7f\x7f\x0b");
	ck_body(1, "malformed catch clause 0x04 (try_table in function 1)",
		"\0\x1f\x40\1\4\0\x0b\x0b");
	ck_body(1, "malformed block type (block in function 1)", "\0\2\xc0\x7f\x0b\x0b");
	ck_body(2, "malformed value type 0x77 (block in function 1)", "\0\2\x77\x0b\x0b");
}
END_TEST

START_TEST(an_instruction_that_the_end_cuts_is_named)
{
	ck_body(7, "unexpected end (i16x8.extract_lane_u in function 1)",
		"\0\x20\0\xfd\x0f\xfd\x19");
	ck_body(4, "unexpected end (i32.load in function 1)", "\0\x20\0\x28");
	/* where the bytes behind the body would go on with it, and the feature is in use already */
	ck_body(8, "unexpected end (delegate in function 1)", "\0\6\x40\x18\0\6\x40\x18");
	ck_body(10, "unexpected end (rethrow in function 1)", "\0\6\x40\x19\x0b\6\x40\x19\x01\x09");
	ck_body(13, "unexpected end (i32.atomic.load in function 1)",
		"\0\x20\0\xfe\x10\2\0\x1a\x20\0\xfe\x10\2");
}
END_TEST

START_TEST(blocks_are_closed_as_they_were_opened)
{
	ck_body(1, "else without if (else in function 1)", "\0\5\x0b");
	ck_body(1, "catch without try (catch in function 1)", "\0\7\0\x0b");
	ck_body(4, "catch_all without try (catch_all in function 1)", "\0\2\x40\1\x19\x0b\x0b");
	ck_body(1, "delegate without try (delegate in function 1)", "\0\x18\0\x0b");
	ck_body(3, "invalid rethrow label (rethrow in function 1)", "\0\6\x40\x09\0\x0b\x0b");
	ck_body_valid("\0\6\x40\7\0\x09\0\x0b\x20\0\x0b");
	ck_body_valid("\0\6\x40\x18\0\x20\0\x0b");
	ck_body_valid("\0\6\x40\x19\6\x40\x18\0\x09\0\x0b\6\x40\x19\x09\0\x0b\x20\0\x0b");
	ck_body(13, "unknown label 2 (delegate in function 1)",
		"\0\6\x40\x18\0\2\x40\6\x40\x18\1\6\x40\x18\2\x0b\x20\0\x0b");
	ck_body(8, "invalid rethrow label (rethrow in function 1)",
		"\0\6\x40\x19\x0b\6\x40\1\x09\0\x0b\x20\0\x0b");
	ck_body(3, "unknown label 1 (delegate in function 1)", "\0\6\x40\x18\1\x20\0\x0b");
	/* an if that gives what it takes needs no else; one that only gives does */
	ck_body_valid("\0\x20\0\x20\0\x20\0\4\4\x0b\x6a\x0b");
	ck_body(5, "type mismatch: expected i32, but the stack is empty (end in function 1)",
		"\0\x20\0\4\x7f\x0b\x0b");
}
END_TEST

START_TEST(code_that_is_never_reached_is_of_every_type)
{
	ck_body_valid("\0\0\x0b");
	ck_body_valid("\0\0\x6a\x1a\x0b");
	ck_body_valid("\0\x20\0\x0f\x1b\x0b");
	ck_body_valid("\0\0\xd4\xd1\x0b");
	ck_body_valid("\0\0\xfb\x08\3\xff\xff\xff\xff\x0f\x1a\x0b"); /* no end of operands */
	ck_body(4, "type mismatch: expected i32, found i64 (i32.add in function 1)",
		"\0\0\x42\0\x6a\x0b");
	ck_body(5,
		"type mismatch: labels of br_table take 0 and 1 operands (br_table in function 1)",
		"\0\2\x40\x41\0\x0e\1\0\1\x0b\0\x0b");
}
END_TEST

START_TEST(a_local_without_default_must_be_set_first)
{
	/* local 1 is a reference that cannot be null */
	ck_body(4, "uninitialized local 1 (local.get in function 1)",
		"\1\1\x64\x6c\x20\1\x1a\x20\0\x0b");
	ck_body_valid("\1\1\x64\x6c\x41\1\xfb\x1c\x21\1\x20\1\x1a\x20\0\x0b");
	/* what a block sets counts to its end only */
	ck_body(13, "uninitialized local 1 (local.get in function 1)",
		"\1\1\x64\x6c\2\x40\x41\1\xfb\x1c\x21\1\x0b\x20\1\x1a\x20\0\x0b");
	/* the same with more locals than the body has bytes */
	ck_body(6, "uninitialized local 49999 (local.get in function 1)",
		"\1\xcf\x86\3\x64\x6c\x20\xcf\x86\3\x1a\x20\0\x0b");
	ck_body_valid("\1\xcf\x86\3\x64\x6c\x41\1\xfb\x1c\x22\xcf\x86\3\x1a"
		      "\x20\xcf\x86\3\x1a\x20\0\x0b");
	ck_body(17, "uninitialized local 49999 (local.get in function 1)",
		"\1\xcf\x86\3\x64\x6c\2\x40\x41\1\xfb\x1c\x21\xcf\x86\3\x0b"
		"\x20\xcf\x86\3\x1a\x20\0\x0b");
}
END_TEST

/* Bodies of one module, wrong where a list says so. */
/* So many blocks, one in the other; a local is set in the innermost and read at that many ends. */
static void build_deep(struct wpkg_buf *out, unsigned blocks, unsigned ends)
{
	wpkg_buf_init(out, BUILD_MAX);
	wpkg_buf_append_str(out, WPKG_LIT("\1\1\x64\2")); /* one local: a struct, not null */
	for (unsigned i = 0; i < blocks; i++)
		wpkg_buf_append_str(out, WPKG_LIT("\2\x40"));
	wpkg_buf_append_str(out, WPKG_LIT("\x41\0\x41\0\xfb\0\2\x21\1"));
	for (unsigned i = 0; i < ends; i++)
		wpkg_buf_append_byte(out, 0x0b);
	wpkg_buf_append_str(out, WPKG_LIT("\x20\1\x1a"));
	for (unsigned i = ends; i < blocks; i++)
		wpkg_buf_append_byte(out, 0x0b);
	wpkg_buf_append_str(out, WPKG_LIT("\x41\0\x0b"));
}

START_TEST(deep_blocks_know_which_locals_were_set_before)
{
	struct wpkg_buf body;
	for (unsigned blocks = 60; blocks < 300; blocks += 67) {
		build_deep(&body, blocks, 0);
		check_valid_body(wpkg_buf_str(&body));
		wpkg_buf_clear(&body);
		build_deep(&body, blocks, 1);
		check_body(wpkg_buf_str(&body), 4 + 2 * blocks + 9 + 1,
			   "uninitialized local 1 (local.get in function 1)");
		wpkg_buf_clear(&body);
	}
}
END_TEST

START_TEST(labels_of_a_table_take_the_same)
{
	/* block, block i32, i32.const, i32.const, br_table, end, drop, end, i32.const, end */
	ck_body_valid("\0\2\x7f\2\x7f\x41\0\x41\0\x0e\2\0\1\1\x0b\x0b\x0b");
	ck_body_valid("\0\2\x40\2\x40\x41\0\x0e\2\0\1\1\x0b\x0b\x41\0\x0b");
	ck_body(9,
		"type mismatch: labels of br_table take 0 and 1 operands (br_table in function 1)",
		"\0\2\x7f\2\x40\x41\0\x41\0\x0e\2\0\1\1\x0b\x0b\x0b");
	ck_body(5, "unknown label 3 (br_table in function 1)",
		"\0\2\x40\x41\0\x0e\1\0\3\x0b\x41\0\x0b");
	ck_body(5, "type mismatch: expected i32, found i64 (br_table in function 1)",
		"\0\2\x40\x42\0\x0e\1\0\0\x0b\x41\0\x0b");
}
END_TEST

static void build_many(struct wpkg_buf *out, unsigned count, const unsigned *wrong, size_t wrongs)
{
	struct wpkg_buf functions, code;
	wpkg_buf_init(&functions, BUILD_MAX);
	wpkg_buf_init(&code, BUILD_MAX);
	put_number(&functions, count);
	put_number(&code, count);
	for (unsigned i = 0; i < count; i++) {
		struct wpkg_buf body;
		wpkg_buf_init(&body, BUILD_MAX);
		wpkg_buf_append_byte(&body, 0);
		for (unsigned j = 0; j < 100; j++)
			wpkg_buf_append(&body, "\x41\0\x1a", 3);
		for (size_t j = 0; j < wrongs; j++)
			if (wrong[j] == i)
				wpkg_buf_append(&body, "\xd2\0", 2);
		if (i == count / 2) /* the only one that needs it */
			wpkg_buf_append(&body, "\x41\0\xc0\x1a", 4);
		wpkg_buf_append_byte(&body, 0x0b);
		put_number(&functions, 0);
		put_body(&code, wpkg_buf_str(&body));
		wpkg_buf_clear(&body);
	}
	put_header(out);
	put_bytes(out, WPKG_SECTION_TYPE, "\1\x60\0\0");
	put_section(out, WPKG_SECTION_FUNCTION, wpkg_buf_str(&functions));
	put_section(out, WPKG_SECTION_CODE, wpkg_buf_str(&code));
	wpkg_buf_clear(&functions);
	wpkg_buf_clear(&code);
}

START_TEST(more_threads_find_the_same_first_error)
{
	static const unsigned wrong[] = {4100, 1999, 2500, 1700, 4000};
	struct wpkg_module_fault fault[2];
	struct wpkg_err err[2];
	struct wpkg_buf bytes;
	struct wpkg_module *module = NULL;
	for (size_t wrongs = 1; wrongs <= 5; wrongs++) {
		build_many(&bytes, 5000, wrong, wrongs);
		for (unsigned i = 0; i < 2; i++) {
			struct wpkg_module_options options = {.threads = 1 + 3 * i,
							      .fault = &fault[i]};
			ck_status(
				wpkg_module_read(&module, wpkg_buf_str(&bytes), &options, &err[i]),
				WPKG_EFORMAT);
		}
		ck_assert_str_eq(err[0].msg, err[1].msg);
		ck_assert_uint_eq(fault[0].offset, fault[1].offset);
		ck_assert_uint_eq(fault[0].function, fault[1].function);
		wpkg_buf_clear(&bytes);
	}
}
END_TEST

START_TEST(more_threads_find_a_wrong_body_before_a_wrong_size)
{
	static const unsigned wrong[] = {3000};
	struct wpkg_module_options options = {.threads = 2};
	struct wpkg_module *module = NULL;
	struct wpkg_buf bytes;
	struct wpkg_err err, threaded_err;
	for (size_t wrongs = 0; wrongs < 2; wrongs++) {
		build_many(&bytes, 5000, wrong, wrongs);
		/* the last body's size now goes beyond the section */
		bytes.ptr[bytes.len - 304] = (char)0xff;
		ck_status(wpkg_module_read(&module, wpkg_buf_str(&bytes), NULL, &err),
			  WPKG_EFORMAT);
		ck_status(wpkg_module_read(&module, wpkg_buf_str(&bytes), &options, &threaded_err),
			  WPKG_EFORMAT);
		ck_assert_str_eq(err.msg, threaded_err.msg);
		ck_assert_int_eq(strstr(err.msg, "in function 3000") != NULL, wrongs == 1);
		wpkg_buf_clear(&bytes);
	}
}
END_TEST

START_TEST(more_threads_note_the_same_features)
{
	struct wpkg_buf bytes;
	struct wpkg_module *one = NULL, *two = NULL;
	struct wpkg_err err;
	struct wpkg_module_options options = {.threads = 2};
	build_many(&bytes, 5000, NULL, 0);
	ck_ok(wpkg_module_read(&one, wpkg_buf_str(&bytes), NULL, &err), err);
	ck_ok(wpkg_module_read(&two, wpkg_buf_str(&bytes), &options, &err), err);
	ck_assert_uint_eq(one->features, WPKG_FEATURE_BIT(SIGN_EXTENSION));
	ck_assert_uint_eq(one->features, two->features);
	ck_assert_int_eq(
		memcmp(one->feature_offsets, two->feature_offsets, sizeof(one->feature_offsets)),
		0);
	ck_assert_int_eq((uint8_t)bytes.ptr[one->feature_offsets[WPKG_FEATURE_SIGN_EXTENSION]],
			 0xc0);
	wpkg_module_free(one);
	wpkg_module_free(two);
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(a_feature_that_is_not_allowed_fails_at_its_first_use)
{
	struct wpkg_module_options options = {.features = WPKG_FEATURE_BIT(MVP)};
	struct wpkg_module *module = NULL;
	struct wpkg_buf bytes;
	struct wpkg_err err;
	build_many(&bytes, 10, NULL, 0);
	ck_status(wpkg_module_read(&module, wpkg_buf_str(&bytes), &options, &err), WPKG_EFORMAT);
	ck_assert_ptr_nonnull(strstr(err.msg, ": needs the feature sign-extension "
					      "(i32.extend8_s in function 5)"));
	wpkg_buf_clear(&bytes);
}
END_TEST

static enum wpkg_status read_many(struct wpkg_str bytes, unsigned threads)
{
	struct wpkg_module_options options = {.threads = threads};
	struct wpkg_module *module = NULL;
	enum wpkg_status status = wpkg_module_read(&module, bytes, &options, NULL);
	wpkg_module_free(module);
	return status;
}

/* An operand of the value type with that byte. */
static struct wpkg_str operand(uint8_t type)
{
	switch (type) {
	case 0x7f:
		return WPKG_LIT("\x41\0");
	case 0x7e:
		return WPKG_LIT("\x42\xff\xff\xff\xff\xff\xff\xff\xff\xff\0");
	case 0x7d:
		return WPKG_LIT("\x43\0\0\0\0");
	case 0x7c:
		return WPKG_LIT("\x44\0\0\0\0\0\0\0\0");
	default:
		return WPKG_LIT("\xd0\x70");
	}
}

/*
 * Function 1, of type 0, calls function 0, of type 1, directly or by the table. That takes count
 * parameters and gives what it takes last; the operand with the number odd is of another type.
 */
static void build_call(struct wpkg_buf *out, bool is_direct, unsigned count, unsigned odd)
{
	static const uint8_t types[] = {0x7f, 0x7e, 0x7d, 0x7c, 0x70};
	const unsigned kinds = count % 3 ? 4 : 5; /* some lists have references */
	struct wpkg_buf type, body, code;
	wpkg_buf_init(&type, BUILD_MAX);
	wpkg_buf_init(&body, BUILD_MAX);
	wpkg_buf_init(&code, BUILD_MAX);
	wpkg_buf_append(&type, "\2\x60\0\0\x60", 5);
	put_number(&type, count);
	wpkg_buf_append_byte(&body, 0);
	for (unsigned i = 0; i < count; i++) {
		wpkg_buf_append_byte(&type, types[i % kinds]);
		wpkg_buf_append_str(&body, operand(types[(i + (i == odd)) % kinds]));
	}
	wpkg_buf_append_byte(&type, count ? 1 : 0);
	if (count)
		wpkg_buf_append_byte(&type, types[(count - 1) % kinds]);
	wpkg_buf_append_str(&body, is_direct ? WPKG_LIT("\x10\x80\0") : WPKG_LIT("\x41\0\x11\1\0"));
	if (count)
		wpkg_buf_append_byte(&body, 0x1a);
	wpkg_buf_append_byte(&body, 0x0b);
	put_header(out);
	put_section(out, WPKG_SECTION_TYPE, wpkg_buf_str(&type));
	put_bytes(out, WPKG_SECTION_IMPORT, "\1\3env\1f\0\1");
	put_bytes(out, WPKG_SECTION_FUNCTION, "\1\0");
	put_bytes(out, WPKG_SECTION_TABLE, "\1\x70\0\1");
	put_number(&code, 1);
	put_body(&code, wpkg_buf_str(&body));
	put_section(out, WPKG_SECTION_CODE, wpkg_buf_str(&code));
	put_bytes(out, WPKG_SECTION_CUSTOM,
		  "\1x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	wpkg_buf_clear(&type);
	wpkg_buf_clear(&body);
	wpkg_buf_clear(&code);
}

/* Whatever the number of parameters is, and whichever operand is the wrong one. */
START_TEST(a_call_takes_what_its_type_says)
{
	for (unsigned count = 0; count <= 20; count++) {
		for (unsigned odd = 0; odd <= count; odd++) {
			for (int is_direct = 0; is_direct < 2; is_direct++) {
				const struct wpkg_module_options slow = {.is_slow = true};
				struct wpkg_err err = {.msg = "valid"}, slow_err = {.msg = "valid"};
				struct wpkg_module *module = NULL;
				struct wpkg_buf bytes;
				build_call(&bytes, is_direct, count, odd);
				struct wpkg_str all = wpkg_buf_str(&bytes);
				enum wpkg_status status =
					wpkg_module_read(&module, all, NULL, &err);
				wpkg_module_free(module);
				ck_assert_int_eq(status, odd < count ? WPKG_EFORMAT : WPKG_OK);
				module = NULL;
				ck_assert_int_eq(wpkg_module_read(&module, all, &slow, &slow_err),
						 status);
				wpkg_module_free(module);
				ck_assert_str_eq(err.msg, slow_err.msg);
				wpkg_buf_clear(&bytes);
			}
		}
	}
}
END_TEST

/* A body with locals that need setting, blocks, and a br_table of wide labels. */
static void build_rich(struct wpkg_buf *out)
{
	build_with(out, WPKG_LIT("\2\1\x64\x6c\2\x7f"
				 "\x41\1\xfb\x1c\x21\1"	      /* set local 1 */
				 "\x20\0\x20\0\2\4"	      /* block with two i32 */
				 "\3\4\x41\0\x0e\2\1\1\1\x0b" /* br_table in a loop */
				 "\x0b\x6a\x0b"));
}

START_TEST(every_failed_allocation_is_reported)
{
	struct wpkg_buf bytes;
	build_rich(&bytes);
	unit_fail_each_allocation(read_many(wpkg_buf_str(&bytes), 1));
	wpkg_buf_clear(&bytes);
	build_many(&bytes, 1000, NULL, 0);
	unit_fail_each_allocation(read_many(wpkg_buf_str(&bytes), 1));
	unit_fail_each_allocation(read_many(wpkg_buf_str(&bytes), 2));
	wpkg_buf_clear(&bytes);
}
END_TEST

UNIT_MAIN(a_type_mismatch_says_what_was_expected_and_found, what_is_below_a_block_is_not_the_blocks,
	  what_comes_out_of_a_loop_has_the_loops_type, unknown_things_are_named,
	  malformed_instructions_fail_at_the_byte_that_is_wrong,
	  an_instruction_that_the_end_cuts_is_named, blocks_are_closed_as_they_were_opened,
	  code_that_is_never_reached_is_of_every_type, a_local_without_default_must_be_set_first,
	  deep_blocks_know_which_locals_were_set_before, labels_of_a_table_take_the_same,
	  a_call_takes_what_its_type_says, more_threads_find_the_same_first_error,
	  more_threads_find_a_wrong_body_before_a_wrong_size, more_threads_note_the_same_features,
	  a_feature_that_is_not_allowed_fails_at_its_first_use, every_failed_allocation_is_reported)
