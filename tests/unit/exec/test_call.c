/* SPDX-License-Identifier: Apache-2.0 */
/* Calls into guests, what comes of them, and what a host function may do. */
#include "guest.h"

#include <math.h>

/* Values. */

START_TEST(values_of_every_type_go_in_and_come_out)
{
	struct guest guest;
	guest_open(&guest, NULL,
		   "(module (func (export \"turn\")"
		   "  (param i32 i64 f32 f64 externref) (result externref f64 f32 i64 i32)"
		   "  local.get 4 local.get 3 local.get 2 local.get 1 local.get 0))");
	union wpkg_wasm_value in[5] = {{.i32 = 0xfffffffe},
				       {.i64 = 1ULL << 63},
				       {.f32 = 1.5f},
				       {.f64 = -0.0},
				       {.ref = wpkg_ref_from_host(99)}};
	union wpkg_wasm_value out[5];
	ck_trap(wpkg_func_call(NULL, guest_func(&guest, "turn"), in, out), WPKG_TRAP_NONE);
	ck_assert_uint_eq(wpkg_ref_to_host(out[0].ref), 99);
	ck_assert(out[1].f64 == 0 && signbit(out[1].f64));
	ck_assert(out[2].f32 == 1.5f);
	ck_assert_uint_eq(out[3].i64, 1ULL << 63);
	ck_assert_uint_eq(out[4].i32, 0xfffffffe);
	guest_close(&guest);
}
END_TEST

START_TEST(an_i32_comes_out_with_nothing_above_it)
{
	struct guest guest;
	guest_open(&guest, NULL,
		   "(module (func (export \"low\") (param i64) (result i32)"
		   "  local.get 0 i32.wrap_i64))");
	ck_assert_uint_eq(guest_value(&guest, "low", 0x123456789abcdef0), 0x9abcdef0);
	guest_close(&guest);
}
END_TEST

START_TEST(globals_and_memories_are_read_from_outside)
{
	struct guest guest;
	guest_open(&guest, NULL,
		   "(module (memory (export \"m\") 1 3) (global (export \"g\") (mut i32) "
		   "(i32.const 7))"
		   "  (data (i32.const 65534) \"hi\")"
		   "  (func (export \"grow\") (param i64) (result i64)"
		   "    (global.set 0 (i32.const 8))"
		   "    (i64.extend_i32_s (memory.grow (i32.wrap_i64 (local.get 0))))))");
	struct wpkg_memory *memory = wpkg_instance_find_memory(guest.instance, WPKG_LIT("m"));
	struct wpkg_global *global = wpkg_instance_find_global(guest.instance, WPKG_LIT("g"));
	ck_assert_ptr_nonnull(memory);
	ck_assert_uint_eq(wpkg_memory_size(memory), 65536);
	ck_assert_mem_eq(wpkg_memory_bytes(memory) + 65534, "hi", 2);
	ck_assert_uint_eq(wpkg_global_get(global).i32, 7);
	ck_assert_uint_eq(guest_value(&guest, "grow", 2), 1);
	ck_assert_uint_eq(wpkg_memory_size(memory), 3 * 65536);
	ck_assert_uint_eq(wpkg_global_get(global).i32, 8);
	ck_assert_uint_eq(guest_value(&guest, "grow", 1), UINT64_MAX);
	ck_assert_ptr_null(wpkg_instance_find_memory(guest.instance, WPKG_LIT("g")));
	ck_assert_ptr_null(wpkg_instance_find_func(guest.instance, WPKG_LIT("absent")));
	guest_close(&guest);
}
END_TEST

/* Traps. */

START_TEST(each_trap_is_told_apart)
{
	static const struct {
		uint64_t which;
		enum wpkg_trap trap;
		const char *message;
	} cases[] = {
		{0, WPKG_TRAP_UNREACHABLE, "unreachable"},
		{1, WPKG_TRAP_MEMORY_BOUNDS, "out of bounds memory access"},
		{2, WPKG_TRAP_TABLE_BOUNDS, "out of bounds table access"},
		{3, WPKG_TRAP_INTEGER_DIVIDE, "integer divide by zero"},
		{4, WPKG_TRAP_INTEGER_OVERFLOW, "integer overflow"},
		{5, WPKG_TRAP_INVALID_CONVERSION, "invalid conversion to integer"},
		{6, WPKG_TRAP_UNDEFINED_ELEMENT, "undefined element"},
		{7, WPKG_TRAP_UNINITIALIZED_ELEMENT, "uninitialized element"},
		{8, WPKG_TRAP_INDIRECT_TYPE, "indirect call type mismatch"},
		{9, WPKG_TRAP_NULL_REFERENCE, "null reference"},
		{10, WPKG_TRAP_CAST, "cast failure"},
		{11, WPKG_TRAP_ARRAY_BOUNDS, "out of bounds array access"},
		{12, WPKG_TRAP_EXCEPTION, "uncaught exception"},
		{13, WPKG_TRAP_STACK, "call stack exhausted"},
	};
	struct guest guest;
	guest_open(&guest, NULL,
		   "(module (memory 1) (table $t 2 funcref) (elem (table $t) (i32.const 0) func $f)"
		   "  (type $a (array i8)) (tag $e)"
		   "  (func $f (param i64))"
		   "  (func $deep (call $deep))"
		   "  (func (export \"trap\") (param i64) (result i64)"
		   "    (block (block (block (block (block (block (block (block"
		   "    (block (block (block (block (block (block (block"
		   "      (br_table 0 1 2 3 4 5 6 7 8 9 10 11 12 13"
		   "        (i32.wrap_i64 (local.get 0))))"
		   "    unreachable)"
		   "    (drop (i32.load (i32.const 65533))))"
		   "    (drop (table.get $t (i32.const 2))))"
		   "    (drop (i32.div_u (i32.const 1) (i32.const 0))))"
		   "    (drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1))))"
		   "    (drop (i32.trunc_f32_s (f32.const nan))))"
		   "    (call_indirect $t (i32.const 2)))"
		   "    (call_indirect $t (i32.const 1)))"
		   "    (call_indirect $t (i32.const 0)))"
		   "    (drop (ref.as_non_null (ref.null $a))))"
		   "    (drop (ref.cast i31ref (array.new_default $a (i32.const 1)))))"
		   "    (drop (array.get_u $a (array.new_default $a (i32.const 1)) (i32.const 1))))"
		   "    (throw $e))"
		   "    (call $deep))"
		   "    (i64.const 0)))");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_trap(guest_call(NULL, &guest, "trap", cases[i].which), cases[i].trap);
		ck_assert_str_eq(guest.outcome.message, cases[i].message);
		ck_assert_int_eq(guest.outcome.trap, cases[i].trap);
		ck_assert_int_eq(wpkg_trap_is_limit(cases[i].trap),
				 cases[i].trap == WPKG_TRAP_STACK);
	}
	guest_close(&guest);
}
END_TEST

/* Offsets are those of the file: the byte at each is the opcode that trapped or called. */
START_TEST(a_trap_says_which_functions_it_was_in_and_where)
{
	struct guest guest;
	guest_open(&guest, NULL,
		   "(module"
		   "  (func $divide (param i64) (result i64)"
		   "    (i64.div_u (i64.const 10) (local.get 0)))"
		   "  (func (param i64) (result i64)"
		   "    (i64.add (i64.const 1) (call $divide (local.get 0))))"
		   "  (func $outer (export \"run\") (param i64) (result i64) (call 1 (local.get 0))"
		   "    (i64.const 3) i64.mul))");
	ck_assert_uint_eq(guest_value(&guest, "run", 5), 9);
	ck_trap(guest_call(NULL, &guest, "run", 0), WPKG_TRAP_INTEGER_DIVIDE);
	static const uint8_t opcodes[] = {0x80, 0x10, 0x10};
	ck_assert_uint_eq(guest.outcome.depth, 3);
	ck_assert_uint_eq(guest.outcome.frame_count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		const struct wpkg_frame *frame = &guest.outcome.frames[i];
		ck_assert_ptr_eq(frame->instance, guest.instance);
		ck_assert_uint_eq(frame->function, i);
		ck_assert_uint_eq((uint8_t)guest.bytes.ptr[frame->offset], opcodes[i]);
	}
	struct wpkg_buf text;
	char expected[128];
	wpkg_buf_init(&text, 1000);
	wpkg_outcome_format_frames(&guest.outcome, &text);
	snprintf(expected, sizeof(expected), "  divide+0x%x\n  function 1+0x%x\n  outer+0x%x\n",
		 guest.outcome.frames[0].offset, guest.outcome.frames[1].offset,
		 guest.outcome.frames[2].offset);
	ck_assert_str_eq(wpkg_buf_text(&text), expected);
	wpkg_buf_clear(&text);
	guest_close(&guest);
}
END_TEST

START_TEST(a_deep_backtrace_keeps_the_innermost_frames_and_counts_all)
{
	struct guest guest;
	guest_open(
		&guest, NULL,
		"(module (func $down (export \"down\") (param i64) (result i64)"
		"  (if (i64.eqz (local.get 0)) (then unreachable))"
		"  (i64.add (i64.const 1) (call $down (i64.sub (local.get 0) (i64.const 1))))))");
	ck_trap(guest_call(NULL, &guest, "down", 999), WPKG_TRAP_UNREACHABLE);
	ck_assert_uint_eq(guest.outcome.depth, 1000);
	ck_assert_uint_eq(guest.outcome.frame_count, WPKG_FRAMES);
	struct wpkg_buf text;
	wpkg_buf_init(&text, 10000);
	wpkg_outcome_format_frames(&guest.outcome, &text);
	ck_assert_ptr_nonnull(strstr(wpkg_buf_text(&text), "\n  ... 976 more\n"));
	wpkg_buf_clear(&text);
	guest_close(&guest);
}
END_TEST

START_TEST(an_instance_works_on_after_a_trap)
{
	struct guest guest;
	guest_open(&guest, NULL,
		   "(module (global $n (mut i64) (i64.const 0))"
		   "  (func (export \"count\") (param i64) (result i64)"
		   "    (global.set $n (i64.add (global.get $n) (i64.const 1)))"
		   "    (if (i64.eqz (local.get 0)) (then unreachable))"
		   "    (global.get $n)))");
	ck_trap(guest_call(NULL, &guest, "count", 0), WPKG_TRAP_UNREACHABLE);
	ck_assert_uint_eq(guest_value(&guest, "count", 1), 2);
	guest_close(&guest);
}
END_TEST

/* Host functions. */

static enum wpkg_trap add_or_stop(struct wpkg_caller *caller, void *user,
				  const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	uint32_t *calls = user;
	++*calls;
	if (args[0].i64 == 100)
		return wpkg_caller_exit(caller, 42);
	if (args[0].i64 == 101)
		return wpkg_caller_fail(caller, "no %s", "more\n\x1b[31m");
	if (args[0].i64 == 102)
		return WPKG_TRAP_EXCEPTION; /* though there is none */
	results[0].i64 = args[0].i64 + args[1].i32;
	return WPKG_TRAP_NONE;
}

#define WITH_HOST                                                                                  \
	"(module (import \"host\" \"f\" (func $f (param i64 i32) (result i64)))"                   \
	"  (func (export \"run\") (param i64) (result i64)"                                        \
	"    (i64.mul (i64.const 2) (call $f (local.get 0) (i32.const 5))))"                       \
	"  (table 1 funcref) (elem (i32.const 0) func $f)"                                         \
	"  (func (export \"indirect\") (param i64) (result i64)"                                   \
	"    (call_indirect (param i64 i32) (result i64)"                                          \
	"      (local.get 0) (i32.const 6) (i32.const 0)))"                                        \
	"  (func (export \"tail\") (param i64) (result i64)"                                       \
	"    (return_call $f (local.get 0) (i32.const 7)))"                                        \
	"  (export \"direct\" (func $f)))"

static void open_with_host(struct guest *guest, uint32_t *calls)
{
	guest_init(guest, NULL);
	ck_ok(wpkg_linker_define_func(guest->linker, WPKG_LIT("host"), WPKG_LIT("f"),
				      "i64 i32 -> i64", add_or_stop, calls, &guest->err),
	      guest->err);
	guest_load(guest, WITH_HOST);
}

START_TEST(a_host_function_is_called_directly_indirectly_and_at_the_end)
{
	struct guest guest;
	uint32_t calls = 0;
	open_with_host(&guest, &calls);
	for (int twice = 0; twice < 2; twice++) {
		ck_assert_uint_eq(guest_value(&guest, "run", 10), 30);
		ck_assert_uint_eq(guest_value(&guest, "indirect", 10), 16);
		ck_assert_uint_eq(guest_value(&guest, "tail", 10), 17);
	}
	union wpkg_wasm_value in[2] = {{.i64 = 1}, {.i32 = 2}}, out;
	ck_trap(wpkg_func_call(NULL, guest_func(&guest, "direct"), in, &out), WPKG_TRAP_NONE);
	ck_assert_uint_eq(out.i64, 3);
	ck_assert_uint_eq(calls, 7);
	guest_close(&guest);
}
END_TEST

START_TEST(a_host_function_ends_the_guest_with_a_code_or_a_message)
{
	struct guest guest;
	uint32_t calls = 0;
	open_with_host(&guest, &calls);
	static const char *const ways[] = {"run", "indirect", "tail"};
	for (size_t i = 0; i < 3; i++) {
		ck_trap(guest_call(NULL, &guest, ways[i], 100), WPKG_TRAP_EXIT);
		ck_assert_int_eq(guest.outcome.exit_code, 42);
		ck_trap(guest_call(NULL, &guest, ways[i], 101), WPKG_TRAP_HOST);
		ck_assert_str_eq(guest.outcome.message, "no more\\x0a\\x1b[31m");
		ck_assert_uint_eq(guest.outcome.depth, 1);
		ck_trap(guest_call(NULL, &guest, ways[i], 102), WPKG_TRAP_HOST);
	}
	guest_close(&guest);
}
END_TEST

/* Calls the guest's "down" again, one less, until 0. */
static enum wpkg_trap call_back(struct wpkg_caller *caller, void *user,
				const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	struct guest *guest = user;
	struct wpkg_outcome outcome;
	ck_assert_ptr_eq(wpkg_caller_engine(caller), guest->engine);
	ck_assert_ptr_eq(wpkg_caller_instance(caller), guest->instance);
	if (args[0].i64 == 0)
		return WPKG_TRAP_NONE;
	union wpkg_wasm_value in = {.i64 = args[0].i64 - 1};
	enum wpkg_trap trap = wpkg_func_call(
		&outcome, wpkg_instance_find_func(guest->instance, WPKG_LIT("down")), &in, results);
	results[0].i64 += 1;
	return trap;
}

#define CALLS_BACK                                                                                 \
	"(module (import \"host\" \"f\" (func $f (param i64) (result i64)))"                       \
	"  (memory (export \"memory\") 1)"                                                         \
	"  (func (export \"down\") (param $n i64) (result i64) (local $keep i64)"                  \
	"    (local.set $keep (i64.mul (local.get $n) (i64.const 1000)))"                          \
	"    (drop (i64.add (local.get $keep) (call $f (local.get $n))))"                          \
	"    (i64.sub (i64.add (local.get $keep) (call $f (local.get $n)))"                        \
	"      (i64.mul (local.get $n) (i64.const 1000)))))"

START_TEST(a_host_function_may_call_the_guest_again)
{
	struct guest guest;
	guest_init(&guest, NULL);
	ck_ok(wpkg_linker_define_func(guest.linker, WPKG_LIT("host"), WPKG_LIT("f"), "i64 -> i64",
				      call_back, &guest, &guest.err),
	      guest.err);
	guest_load(&guest, CALLS_BACK);
	ck_assert_uint_eq(guest_value(&guest, "down", 8), 8);
	guest_close(&guest);
}
END_TEST

START_TEST(calls_inside_calls_end_before_the_host_has_no_stack_left)
{
	struct guest guest;
	guest_init(&guest, NULL);
	ck_ok(wpkg_linker_define_func(guest.linker, WPKG_LIT("host"), WPKG_LIT("f"), "i64 -> i64",
				      call_back, &guest, &guest.err),
	      guest.err);
	guest_load(&guest, CALLS_BACK);
	ck_trap(guest_call(NULL, &guest, "down", 1000000), WPKG_TRAP_STACK);
	ck_assert_uint_eq(guest_value(&guest, "down", 3), 3);
	guest_close(&guest);
}
END_TEST

/* Reads and writes at the address that it is given, 8 bytes. */
static enum wpkg_trap touch(struct wpkg_caller *caller, void *user,
			    const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	uint64_t address = args[0].i64, value;
	uint32_t half;
	(void)user;
	results[0].i64 = UINT64_MAX;
	if (!wpkg_caller_read_u64(caller, address, &value)) {
		ck_assert(!wpkg_caller_write_u64(caller, address, 1));
		ck_assert_ptr_null(wpkg_caller_memory(caller, address, 8));
		return WPKG_TRAP_NONE;
	}
	ck_assert(wpkg_caller_write_u32(caller, address, 0x01020304));
	ck_assert(wpkg_caller_write_u16(caller, address + 4, 0x0506));
	ck_assert(wpkg_caller_write_u8(caller, address + 6, 7));
	ck_assert(wpkg_caller_read_u32(caller, address + 3, &half));
	ck_assert_uint_eq(half, 0x07050601);
	results[0].i64 = value;
	return WPKG_TRAP_NONE;
}

START_TEST(a_host_function_sees_the_guests_memory_and_no_byte_more)
{
	struct guest guest;
	guest_init(&guest, NULL);
	ck_ok(wpkg_linker_define_func(guest.linker, WPKG_LIT("host"), WPKG_LIT("f"), "i64 -> i64",
				      touch, NULL, &guest.err),
	      guest.err);
	guest_load(&guest, "(module (import \"host\" \"f\" (func $f (param i64) (result i64)))"
			   "  (memory (export \"memory\") 1)"
			   "  (data (i32.const 65528) \"\\01\\00\\00\\00\\00\\00\\00\\09\")"
			   "  (func (export \"touch\") (param i64) (result i64)"
			   "    (call $f (local.get 0)))"
			   "  (func (export \"load\") (param i64) (result i64)"
			   "    (i64.load (i32.wrap_i64 (local.get 0)))))");
	ck_assert_uint_eq(guest_value(&guest, "touch", 65528), 0x0900000000000001);
	ck_assert_uint_eq(guest_value(&guest, "load", 65528), 0x0907050601020304);
	ck_assert_uint_eq(guest_value(&guest, "touch", 65529), UINT64_MAX);
	ck_assert_uint_eq(guest_value(&guest, "touch", UINT64_MAX), UINT64_MAX);
	ck_assert_uint_eq(guest_value(&guest, "touch", UINT64_MAX - 3), UINT64_MAX);
	guest_close(&guest);
}
END_TEST

/* More values than fit a handful. */
static enum wpkg_trap sum_many(struct wpkg_caller *caller, void *user,
			       const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	(void)caller, (void)user;
	for (uint32_t i = 0; i < 30; i++)
		results[i].i64 = args[29 - i].i64 + i;
	return WPKG_TRAP_NONE;
}

START_TEST(a_host_function_has_as_many_values_as_its_type_says)
{
	struct guest guest;
	struct wpkg_buf type, text;
	guest_init(&guest, NULL);
	wpkg_buf_init(&type, 10000);
	wpkg_buf_init(&text, 10000);
	for (int i = 0; i < 30; i++)
		wpkg_buf_append_text(&type, "i64 ");
	wpkg_buf_append_format(&text,
			       "(module (type $t (func (param %s) (result %s)))"
			       "(import \"host\" \"f\" (func $f (type $t)))"
			       "(func (export \"run\") (param i64) (result i64)",
			       wpkg_buf_text(&type), wpkg_buf_text(&type));
	for (int i = 0; i < 30; i++)
		wpkg_buf_append_format(&text, "(i64.mul (local.get 0) (i64.const %d))", i);
	wpkg_buf_append_text(&text, "(call $f)");
	for (int i = 0; i < 29; i++)
		wpkg_buf_append_text(&text, "(i64.add)");
	wpkg_buf_append_text(&text, "))");
	struct wpkg_buf full;
	wpkg_buf_init(&full, 10000);
	wpkg_buf_append_format(&full, "%s-> %s", wpkg_buf_text(&type), wpkg_buf_text(&type));
	ck_ok(wpkg_linker_define_func(guest.linker, WPKG_LIT("host"), WPKG_LIT("f"),
				      wpkg_buf_text(&full), sum_many, NULL, &guest.err),
	      guest.err);
	guest_load(&guest, wpkg_buf_text(&text));
	ck_assert_uint_eq(guest_value(&guest, "run", 3), 435 * 3 + 435);
	wpkg_buf_clear(&type);
	wpkg_buf_clear(&text);
	wpkg_buf_clear(&full);
	guest_close(&guest);
}
END_TEST

/* Tail calls. */

START_TEST(tail_calls_a_million_deep_take_no_stack)
{
	static const struct wpkg_engine_limits limits = {.stack_bytes = 1 << 20};
	struct guest guest;
	guest_open(&guest, &limits,
		   "(module (type $f (func (param i64 i64) (result i64)))"
		   "  (table funcref (elem $indirect))"
		   "  (elem declare func $by_ref)"
		   "  (func $direct (type $f)"
		   "    (if (i64.eqz (local.get 0)) (then (return (local.get 1))))"
		   "    (return_call $direct (i64.sub (local.get 0) (i64.const 1))"
		   "      (i64.add (local.get 1) (i64.const 2))))"
		   "  (func $indirect (type $f)"
		   "    (if (i64.eqz (local.get 0)) (then (return (local.get 1))))"
		   "    (return_call_indirect (type $f) (i64.sub (local.get 0) (i64.const 1))"
		   "      (i64.add (local.get 1) (i64.const 3)) (i32.const 0)))"
		   "  (func $by_ref (type $f)"
		   "    (if (i64.eqz (local.get 0)) (then (return (local.get 1))))"
		   "    (return_call_ref $f (i64.sub (local.get 0) (i64.const 1))"
		   "      (i64.add (local.get 1) (i64.const 4)) (ref.func $by_ref)))"
		   "  (func (export \"direct\") (param i64) (result i64)"
		   "    (call $direct (local.get 0) (i64.const 0)))"
		   "  (func (export \"indirect\") (param i64) (result i64)"
		   "    (call $indirect (local.get 0) (i64.const 0)))"
		   "  (func (export \"by_ref\") (param i64) (result i64)"
		   "    (call $by_ref (local.get 0) (i64.const 0))))");
	ck_assert_uint_eq(guest_value(&guest, "direct", 1000000), 2000000);
	ck_assert_uint_eq(guest_value(&guest, "indirect", 1000000), 3000000);
	ck_assert_uint_eq(guest_value(&guest, "by_ref", 1000000), 4000000);
	guest_close(&guest);
}
END_TEST

UNIT_MAIN(values_of_every_type_go_in_and_come_out, an_i32_comes_out_with_nothing_above_it,
	  globals_and_memories_are_read_from_outside, each_trap_is_told_apart,
	  a_trap_says_which_functions_it_was_in_and_where,
	  a_deep_backtrace_keeps_the_innermost_frames_and_counts_all,
	  an_instance_works_on_after_a_trap,
	  a_host_function_is_called_directly_indirectly_and_at_the_end,
	  a_host_function_ends_the_guest_with_a_code_or_a_message,
	  a_host_function_may_call_the_guest_again,
	  calls_inside_calls_end_before_the_host_has_no_stack_left,
	  a_host_function_sees_the_guests_memory_and_no_byte_more,
	  a_host_function_has_as_many_values_as_its_type_says,
	  tail_calls_a_million_deep_take_no_stack)
