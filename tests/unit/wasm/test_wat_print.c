/* SPDX-License-Identifier: Apache-2.0 */
/* The printer: what it writes, and that parsing it gives the module again. */
#include "../vectors.h"
#include "text.h"

#include <dirent.h>
#include <string.h>

/* A text, what it prints as, and flags. */
static void check_print(const char *text, bool fold, bool offsets, const char *expected)
{
	struct wpkg_buf bytes = text_parse(wpkg_str_from(text));
	struct wpkg_module *module = text_read(&bytes);
	struct wpkg_buf printed = text_print(module, fold, offsets);
	ck_assert_str_eq(wpkg_buf_text(&printed), expected);
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
	wpkg_buf_clear(&printed);
}

START_TEST(a_module_is_printed_flat)
{
	check_print("", false, false, "(module)\n");
	check_print("(module $m (func $f (param $x i32) block $b local.get $x br_if $b br 1 end "
		    "loop br 0 end))",
		    false, false,
		    "(module $m\n"
		    "  (type (;0;) (func (param i32)))\n"
		    "  (func $f (;0;) (type 0) (param $x (;0;) i32)\n"
		    "    block $b\n"
		    "      local.get $x\n"
		    "      br_if $b\n"
		    "      br 1 (;@0;)\n"
		    "    end\n"
		    "    loop (;@1;)\n"
		    "      br 0 (;@1;)\n"
		    "    end)\n"
		    ")\n");
}
END_TEST

START_TEST(operands_are_folded_into_their_instruction)
{
	check_print("(memory 1) (func (param i32 i32) (result i32) (local i32)"
		    " local.get 0 local.get 1 i32.add local.set 2 nop local.get 0"
		    " if (result i32) local.get 2 i32.load offset=8 align=1 else i32.const 1 end)",
		    true, false,
		    "(module\n"
		    "  (type (;0;) (func (param i32 i32) (result i32)))\n"
		    "  (memory (;0;) 1)\n"
		    "  (func (;0;) (type 0) (param i32 i32) (result i32)\n"
		    "    (local i32)\n"
		    "    (local.set 2 (i32.add (local.get 0) (local.get 1)))\n"
		    "    (nop)\n"
		    "    (if (;@1;) (result i32)\n"
		    "      (local.get 0)\n"
		    "      (then\n"
		    "        (i32.load offset=8 align=1 (local.get 2)))\n"
		    "      (else\n"
		    "        (i32.const 1))))\n"
		    ")\n");
}
END_TEST

START_TEST(offsets_are_those_of_the_file)
{
	check_print("(func nop (drop (i32.const 1)))", false, true,
		    "(module\n"
		    "  (type (;0;) (func))\n"
		    "  (;0x16;) (func (;0;) (type 0)\n"
		    "    (;0x17;) nop\n"
		    "    (;0x18;) i32.const 1\n"
		    "    (;0x1a;) drop)\n"
		    ")\n");
}
END_TEST

/* A name that is no identifier, or that another function has, is an annotation beside one. */
START_TEST(names_that_are_no_identifiers_are_annotations)
{
	check_print("(func (@name \"a b\")) (func $a_b#0) (func (@name \"x\")) (func $x) "
		    "(func (@name \"\")) (func (@name \"\\e2\\80\\ae\")) (start 0)",
		    false, false,
		    "(module\n"
		    "  (type (;0;) (func))\n"
		    "  (start 0)\n"
		    "  (func (;0;) (@name \"a b\") (type 0))\n"
		    "  (func $a_b#0 (;1;) (type 0))\n"
		    "  (func $x (;2;) (type 0))\n"
		    "  (func $x#3 (;3;) (@name \"x\") (type 0))\n"
		    "  (func (;4;) (@name \"\") (type 0))\n"
		    "  (func $___#5 (;5;) (@name \"\\e2\\80\\ae\") (type 0))\n"
		    ")\n");
}
END_TEST

START_TEST(one_function_is_printed_alone)
{
	struct wpkg_err err;
	struct wpkg_buf bytes =
		text_parse(WPKG_LIT("(import \"a\" \"b\" (func $i)) (func $f nop)"));
	struct wpkg_module *module = text_read(&bytes);
	struct wpkg_buf out;
	wpkg_buf_init(&out, SIZE_MAX);
	ck_ok(wpkg_wat_print_func(&out, module, 1, NULL, &err), err);
	ck_assert_str_eq(wpkg_buf_text(&out), "(func $f (;1;) (type 0)\n  nop)\n");
	wpkg_buf_reset(&out);
	ck_ok(wpkg_wat_print_func(&out, module, 0, NULL, &err), err);
	ck_assert_str_eq(wpkg_buf_text(&out), "(import \"a\" \"b\" (func $i (;0;) (type 0)))\n");
	wpkg_buf_clear(&out);
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
}
END_TEST

/* Round trips. */

struct tally {
	unsigned modules, same;
};

/* Prints, parses and prints again: both texts are the same, and the second parse changes nothing.
 */
static void check_way(struct tally *tally, const char *name, const struct wpkg_module *module,
		      bool fold, bool offsets)
{
	struct wpkg_err err;
	struct wpkg_buf text = text_print(module, fold, offsets), bytes, again;
	wpkg_buf_init(&bytes, SIZE_MAX);
	wpkg_buf_init(&again, SIZE_MAX);
	enum wpkg_status status = wpkg_wat_parse(&bytes, wpkg_buf_str(&text), NULL, &err);
	ck_assert_msg(status == WPKG_OK, "%s: %s", name, err.msg);
	struct wpkg_module *second = NULL;
	status = wpkg_module_read(&second, wpkg_buf_str(&bytes), NULL, &err);
	ck_assert_msg(status == WPKG_OK, "%s: %s", name, err.msg);
	struct wpkg_buf second_text = text_print(second, fold, false);
	if (!offsets)
		ck_assert_msg(wpkg_str_equal(wpkg_buf_str(&text), wpkg_buf_str(&second_text)),
			      "%s: the texts differ:\n%s\n%s", name, wpkg_buf_text(&text),
			      wpkg_buf_text(&second_text));
	ck_ok(wpkg_wat_parse(&again, wpkg_buf_str(&second_text), NULL, &err), err);
	ck_assert_msg(wpkg_str_equal(wpkg_buf_str(&bytes), wpkg_buf_str(&again)),
		      "%s: the canonical encoding changes", name);
	tally->modules++;
	tally->same += wpkg_str_equal(wpkg_buf_str(&bytes), module->bytes);
	wpkg_module_free(second);
	wpkg_buf_clear(&second_text);
	wpkg_buf_clear(&text);
	wpkg_buf_clear(&bytes);
	wpkg_buf_clear(&again);
}

static void check_file(struct tally *tally, const char *path)
{
	struct wpkg_arena arena;
	struct wpkg_module *module;
	wpkg_arena_init(&arena, SIZE_MAX);
	struct wpkg_str bytes = vectors_load(&arena, path);
	if (wpkg_module_read(&module, bytes, NULL, NULL) == WPKG_OK) {
		check_way(tally, path, module, false, false);
		check_way(tally, path, module, true, false);
		check_way(tally, path, module, true, true);
		wpkg_module_free(module);
	}
	wpkg_arena_clear(&arena);
}

static void check_folder(struct tally *tally, const char *folder)
{
	char path[512];
	const char *vectors = getenv("WPKG_VECTORS");
	snprintf(path, sizeof(path), "%s/wasm-spec/%s", vectors ? vectors : "../shared/vectors",
		 folder);
	DIR *directory = opendir(path);
	ck_assert_msg(directory, "missing test data: %s", path);
	const struct dirent *entry;
	while ((entry = readdir(directory)) != NULL) {
		if (!wpkg_str_ends(wpkg_str_from(entry->d_name), WPKG_LIT(".wasm")))
			continue;
		snprintf(path, sizeof(path), "wasm-spec/%s/%s", folder, entry->d_name);
		check_file(tally, path);
	}
	closedir(directory);
}

START_TEST(every_valid_binary_of_the_suite_comes_back)
{
	static const char *const folders[] = {"core",
					      "simd",
					      "gc",
					      "exceptions",
					      "memory64",
					      "multi-memory",
					      "relaxed-simd",
					      "bulk-memory",
					      "threads",
					      "custom",
					      "proposals/custom-page-sizes",
					      "proposals/wide-arithmetic"};
	struct tally tally = {0};
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		check_folder(&tally, folders[i]);
	/* The suite's assembler does not write the shortest encoding everywhere. */
	ck_assert_uint_gt(tally.modules, 8000);
	ck_assert_uint_gt(tally.same * 10, tally.modules * 8);
}
END_TEST

static void check_text(const char *text, bool is_same)
{
	struct tally tally = {0};
	struct wpkg_buf bytes = text_parse(wpkg_str_from(text));
	struct wpkg_module *module = text_read(&bytes);
	check_way(&tally, text, module, false, false);
	check_way(&tally, text, module, true, false);
	ck_assert_msg(!is_same || tally.same == tally.modules, "not the same bytes: %s", text);
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
}

START_TEST(what_the_suite_has_not_comes_back_too)
{
	/* Legacy exceptions, and a label between the blocks of a delegate. */
	check_text("(tag $e (param i32)) (func (result i32) try $a (result i32) try (result i32) "
		   "i32.const 1 throw $e delegate $a catch $e catch_all rethrow 0 end)",
		   true);
	check_text("(func block try $t try nop delegate 1 catch_all end end)", true);
	/* A group that is there twice refers to itself, not to the first. */
	check_text("(rec (type (struct (field (ref null 0)))) (type (func))) "
		   "(rec (type (struct (field (ref null 2)))) (type (func))) "
		   "(global (ref null 2) (ref.null 2))",
		   false);
	/* Branch hints and custom sections around them. */
	check_text("(@custom \"a\" (before code) \"1\") (@custom \"metadata.code.x\" (after type) "
		   "\"2\") "
		   "(func (@metadata.code.branch_hint \"\\01\") (if (i32.const 1) (then nop)) "
		   "i32.const 0 (@metadata.code.branch_hint \"\\00\") br_if 0)",
		   true);
	/* A name section that names cannot bring back stays as it is. */
	check_text("(func $f) (@custom \"name\" \"\\01\\84\\80\\00\\01\\00\\01f\")", true);
	check_text("(func $f) (@custom \"name\" \"\\01\\04\\01\\07\\01f\")", true);
	check_text("(func $f) (@custom \"x\" \"\") (@custom \"name\" \"\\01\\04\\01\\00\\01f\")",
		   true);
	check_text("(@custom \"name\" (before type) \"\\00\\02\\01f\") (func)", true);
	check_text("(@custom \"name\" \"\") (@custom \"name\" \"\\00\\02\\01m\") (func)", true);
	check_text("(@custom \"metadata.code.branch_hint\" (before code) "
		   "\"\\01\\00\\01\\01\\01\\00\") "
		   "(func nop)",
		   true);
	/* Operands that are not right before their instruction. */
	check_text("(func $two (result i32 i32) i32.const 1 i32.const 2) "
		   "(func (result i32) call $two i32.add call $two drop nop nop i32.add)",
		   true);
	check_text("(func unreachable i32.add drop br 0 i32.add drop)", true);
	check_text("(func i32.const 0 (block (param i32) drop (i32.const 1) (loop (param i32) "
		   "drop)))",
		   true);
}
END_TEST

/* Deep and wide code is printed in memory and time that its size bounds. */
START_TEST(ten_thousand_blocks_are_printed)
{
	struct tally tally = {0};
	struct wpkg_buf text, bytes;
	wpkg_buf_init(&text, SIZE_MAX);
	wpkg_buf_append_text(&text, "(func ");
	for (int i = 0; i < 10000; i++)
		wpkg_buf_append_text(&text, "block $b ");
	wpkg_buf_append_text(&text, "br $b ");
	for (int i = 0; i < 10000; i++)
		wpkg_buf_append_text(&text, "end ");
	for (int i = 0; i < 10000; i++)
		wpkg_buf_append_text(&text, "i32.const 1 ");
	for (int i = 0; i < 9999; i++)
		wpkg_buf_append_text(&text, "i32.add ");
	wpkg_buf_append_text(&text, "drop)");
	bytes = text_parse(wpkg_buf_str(&text));
	struct wpkg_module *module = text_read(&bytes);
	check_way(&tally, "blocks", module, false, false);
	check_way(&tally, "blocks", module, true, false);
	ck_assert_uint_eq(tally.same, 2);
	struct wpkg_buf printed = text_print(module, true, false);
	ck_assert_uint_lt(printed.len, 4000000);
	wpkg_buf_clear(&printed);
	wpkg_module_free(module);
	wpkg_buf_clear(&text);
	wpkg_buf_clear(&bytes);
}
END_TEST

/* Who takes a text piece by piece, and fails at a certain one. */
struct taker {
	struct wpkg_buf whole;
	unsigned pieces, fails_at; /* 0: never */
	size_t longest;
};

static enum wpkg_status take(void *user, struct wpkg_str piece, struct wpkg_err *err)
{
	struct taker *taker = user;
	if (++taker->pieces == taker->fails_at)
		return WPKG_FAIL(err, WPKG_EIO, "no more");
	if (piece.len > taker->longest)
		taker->longest = piece.len;
	wpkg_buf_append_str(&taker->whole, piece);
	return WPKG_OK;
}

START_TEST(a_text_is_given_away_while_it_is_made)
{
	struct wpkg_err err;
	struct wpkg_buf text, out;
	wpkg_buf_init(&text, SIZE_MAX);
	wpkg_buf_init(&out, SIZE_MAX);
	wpkg_buf_append_text(&text, "(module $m (memory 1) (func $f) (data \"");
	for (int i = 0; i < 100000; i++)
		wpkg_buf_append_text(&text, "ab\\00");
	wpkg_buf_append_text(&text, "\") (@custom \"c\" \"d\"))");
	struct wpkg_buf bytes = text_parse(wpkg_buf_str(&text));
	struct wpkg_module *module = text_read(&bytes);
	ck_ok(wpkg_wat_print(&out, module, NULL, &err), err);

	struct taker taker = {0};
	wpkg_buf_init(&taker.whole, SIZE_MAX);
	struct wpkg_wat_print_options options = {.take = take, .user = &taker};
	struct wpkg_buf piece;
	wpkg_buf_init(&piece, SIZE_MAX);
	ck_ok(wpkg_wat_print(&piece, module, &options, &err), err);
	ck_assert(wpkg_str_equal(wpkg_buf_str(&taker.whole), wpkg_buf_str(&out)));
	ck_assert_uint_gt(taker.pieces, 5);
	ck_assert_uint_lt(taker.longest, 66 * 1024);
	ck_assert_uint_eq(piece.len, 0);

	for (unsigned at = 1; at <= taker.pieces; at++) {
		struct taker failing = {.fails_at = at};
		wpkg_buf_init(&failing.whole, SIZE_MAX);
		options.user = &failing;
		ck_status(wpkg_wat_print(&piece, module, &options, &err), WPKG_EIO);
		ck_assert_str_eq(err.msg, "no more");
		ck_assert_uint_eq(failing.pieces, at);
		wpkg_buf_clear(&failing.whole);
	}
	wpkg_buf_clear(&taker.whole);
	wpkg_buf_clear(&piece);
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
	wpkg_buf_clear(&out);
	wpkg_buf_clear(&text);
}
END_TEST

static struct wpkg_module *everything;

static enum wpkg_status print_everything(bool fold)
{
	struct wpkg_err err;
	struct wpkg_buf out;
	struct wpkg_wat_print_options options = {.fold = fold};
	wpkg_buf_init(&out, SIZE_MAX);
	enum wpkg_status status = wpkg_wat_print(&out, everything, &options, &err);
	wpkg_buf_clear(&out);
	return status;
}

START_TEST(every_failed_allocation_is_reported)
{
	struct wpkg_buf bytes = text_parse(
		WPKG_LIT("(module $m (type $s (struct (field $a i32))) (func $f (param $p i32) "
			 "(local $l i32) (block $b (@metadata.code.branch_hint \"\\01\") (br_if $b "
			 "(local.get $p))) (if (local.get 0) (then nop) (else nop))) "
			 "(func (@name \"a b\")) (data \"abc\"))"));
	everything = text_read(&bytes);
	unit_fail_each_allocation(print_everything(false));
	unit_fail_each_allocation(print_everything(true));
	wpkg_module_free(everything);
	wpkg_buf_clear(&bytes);
}
END_TEST

UNIT_MAIN(a_module_is_printed_flat, operands_are_folded_into_their_instruction,
	  offsets_are_those_of_the_file, names_that_are_no_identifiers_are_annotations,
	  one_function_is_printed_alone, every_valid_binary_of_the_suite_comes_back,
	  what_the_suite_has_not_comes_back_too, a_text_is_given_away_while_it_is_made,
	  ten_thousand_blocks_are_printed, every_failed_allocation_is_reported)
