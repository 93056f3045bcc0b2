/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions beyond the specification suite: the legacy form, the host between, other memories. */
#include "guest.h"

#define BOTH_WAYS for (unsigned off = 0; off <= WPKG_OPT_ALL; off += WPKG_OPT_ALL)

static void open_without(struct guest *guest, unsigned off, const char *text)
{
	struct wpkg_engine_limits limits = {.optimisations_off = off};
	guest_open(guest, &limits, text);
}

START_TEST(a_legacy_try_catches_by_tag_and_all)
{
	BOTH_WAYS
	{
		struct guest guest;
		open_without(&guest, off,
			     "(module (tag $a (param i64)) (tag $b (param i64 i64)) (tag $c)"
			     "  (func $throw (param i64)"
			     "    (if (i64.eq (local.get 0) (i64.const 1))"
			     "      (then (throw $a (i64.const 10))))"
			     "    (if (i64.eq (local.get 0) (i64.const 2))"
			     "      (then (throw $b (i64.const 20) (i64.const 3))))"
			     "    (if (i64.eq (local.get 0) (i64.const 3)) (then (throw $c))))"
			     "  (func (export \"run\") (param i64) (result i64)"
			     "    (i64.add (i64.const 1000)"
			     "      (try (result i64)"
			     "        (do (call $throw (local.get 0)) (i64.const 5))"
			     "        (catch $a (i64.add (i64.const 1)))"
			     "        (catch $b (i64.sub))"
			     "        (catch_all (i64.const 30))))))");
		ck_assert_uint_eq(guest_value(&guest, "run", 0), 1005);
		ck_assert_uint_eq(guest_value(&guest, "run", 1), 1011);
		ck_assert_uint_eq(guest_value(&guest, "run", 2), 1017);
		ck_assert_uint_eq(guest_value(&guest, "run", 3), 1030);
		guest_close(&guest);
	}
}
END_TEST

START_TEST(a_legacy_clause_throws_its_exception_again_past_inner_ones)
{
	BOTH_WAYS
	{
		struct guest guest;
		open_without(&guest, off,
			     "(module (tag $a (param i64)) (tag $b (param i64))"
			     "  (func (export \"run\") (param i64) (result i64)"
			     "    (try $outer (result i64)"
			     "      (do (try $t (result i64)"
			     "        (do (throw $a (local.get 0)))"
			     "        (catch $a (drop)"
			     "          (try (result i64)"
			     "            (do (throw $b (i64.const 7)))"
			     "            (catch $b (drop) (rethrow $t))))))"
			     "      (catch $b (drop) (i64.const 0))"
			     "      (catch $a (i64.mul (i64.const 2))))))");
		ck_assert_uint_eq(guest_value(&guest, "run", 21), 42);
		guest_close(&guest);
	}
}
END_TEST

START_TEST(a_delegated_exception_skips_the_clauses_between)
{
	BOTH_WAYS
	{
		struct guest guest;
		open_without(
			&guest, off,
			"(module (tag $a (param i64))"
			"  (func (export \"outer\") (param i64) (result i64)"
			"    (try $outer (result i64)"
			"      (do (try (result i64)"
			"        (do (try (result i64)"
			"          (do (throw $a (local.get 0)))"
			"          (delegate $outer)))"
			"        (catch $a (drop) (i64.const 1))))"
			"      (catch $a (i64.add (i64.const 100)))))"
			"  (func $away (param i64) (result i64)"
			"    (try (result i64)"
			"      (do (try (result i64) (do (throw $a (local.get 0))) (delegate 1)))"
			"      (catch_all (i64.const 2))))"
			"  (func (export \"caller\") (param i64) (result i64)"
			"    (try (result i64) (do (call $away (local.get 0)))"
			"      (catch $a (i64.add (i64.const 200))))))");
		ck_assert_uint_eq(guest_value(&guest, "outer", 5), 105);
		ck_assert_uint_eq(guest_value(&guest, "caller", 6), 206);
		guest_close(&guest);
	}
}
END_TEST

START_TEST(locals_and_operands_have_their_values_where_it_is_caught)
{
	BOTH_WAYS
	{
		struct guest guest;
		open_without(&guest, off,
			     "(module (tag $a (param i64))"
			     "  (func $throw (param i64) (result i64) (throw $a (local.get 0)))"
			     "  (func (export \"run\") (param $n i64) (result i64)"
			     "    (local $x i64) (local $i i64)"
			     "    (local.set $x (i64.add (local.get $n) (i64.const 1)))"
			     "    (i64.mul (local.get $x)" /* an operand below the block */
			     "      (block $h (result i64)"
			     "        (local.set $x (i64.const 50))"
			     "        (try_table (result i64) (catch $a $h)"
			     "          (local.set $i (i64.add (local.get $x) (local.get $n)))"
			     "          (i64.add (i64.const 9) (call $throw (local.get $i))))"
			     "        (local.set $x (i64.const 60))))"
			     "    (i64.add (local.get $x)) (i64.add (local.get $i))))");
		/* (n + 1) * (50 + n) + 50 + (50 + n) */
		ck_assert_uint_eq(guest_value(&guest, "run", 3), 4 * 53 + 50 + 53);
		guest_close(&guest);
	}
}
END_TEST

START_TEST(a_catch_of_the_whole_function_returns)
{
	BOTH_WAYS
	{
		struct guest guest;
		open_without(&guest, off,
			     "(module (tag $a (param i64 i64))"
			     "  (func $pair (param i64) (result i64 i64) (local i64)"
			     "    (try_table (catch $a 0) (throw $a (local.get 0) (i64.const 4)))"
			     "    (unreachable))"
			     "  (func $nothing (param i64)"
			     "    (try_table (catch_all 0) (throw $a (local.get 0) (i64.const 4)))"
			     "    (unreachable))"
			     "  (func (export \"run\") (param i64) (result i64)"
			     "    (call $nothing (local.get 0))"
			     "    (i64.sub (call $pair (local.get 0)))))");
		ck_assert_uint_eq(guest_value(&guest, "run", 14), 10);
		guest_close(&guest);
	}
}
END_TEST

START_TEST(a_loop_can_be_where_an_exception_is_caught)
{
	BOTH_WAYS
	{
		struct guest guest;
		open_without(
			&guest, off,
			"(module (tag $a (param i64))"
			"  (func (export \"run\") (param i64) (result i64)"
			"    (local.get 0)"
			"    (loop $l (param i64) (result i64)"
			"      (local.tee 0)"
			"      (if (param i64) (result i64) (i64.gt_u (local.get 0) (i64.const 3))"
			"        (then (drop)"
			"          (try_table (catch $a $l)"
			"            (throw $a (i64.sub (local.get 0) (i64.const 3))))"
			"          (unreachable))))))");
		ck_assert_uint_eq(guest_value(&guest, "run", 301), 1);
		guest_close(&guest);
	}
}
END_TEST

/* The callee's memory has another first byte than the catching one's. */
START_TEST(the_catching_function_has_its_own_memory_again)
{
	BOTH_WAYS
	{
		struct wpkg_engine_limits limits = {.optimisations_off = off};
		struct guest guest;
		struct wpkg_module *first;
		struct wpkg_buf bytes;
		guest_init(&guest, &limits);
		guest_load(&guest,
			   "(module (memory 1) (data (i32.const 0) \"\\07\") (tag (export \"a\"))"
			   "  (tag $a) (export \"b\" (tag $a))"
			   "  (func (export \"throw\") (param i64) (result i64)"
			   "    (if (i64.eq (i64.load8_u (i32.const 0)) (i64.const 7))"
			   "      (then (throw $a)))"
			   "    (i64.const 0)))");
		ck_ok(wpkg_linker_define_instance(guest.linker, WPKG_LIT("first"), guest.instance,
						  &guest.err),
		      guest.err);
		first = guest.module;
		bytes = guest.bytes;
		wpkg_buf_init(&guest.bytes, GUEST_MAX);
		guest_load(
			&guest,
			"(module (import \"first\" \"throw\" (func $t (param i64) (result i64)))"
			"  (import \"first\" \"a\" (tag $other)) (import \"first\" \"b\" (tag $a))"
			"  (memory 1) (data (i32.const 0) \"\\09\")"
			"  (func (export \"run\") (param i64) (result i64)"
			"    (block $h (block $o (try_table (catch $other $o) (catch $a $h)"
			"      (drop (call $t (i64.const 0)))))"
			"      (return (i64.const 0)))"
			"    (i64.load8_u (i32.const 0))))");
		ck_assert_uint_eq(guest_value(&guest, "run", 0), 9);
		guest_close(&guest);
		wpkg_module_free(first);
		wpkg_buf_clear(&bytes);
	}
}
END_TEST

/* Calls the guest's "throw" and passes on what comes of it, or swallows it. */
static enum wpkg_trap call_throw(struct wpkg_caller *caller, void *user,
				 const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	struct guest *guest = user;
	struct wpkg_outcome outcome;
	(void)caller;
	enum wpkg_trap trap = wpkg_func_call(
		&outcome, wpkg_instance_find_func(guest->instance, WPKG_LIT("throw")), args,
		results);
	ck_trap(trap, WPKG_TRAP_EXCEPTION);
	return args[0].i64 > 100 ? WPKG_TRAP_NONE : trap;
}

START_TEST(a_host_function_passes_an_exception_on)
{
	BOTH_WAYS
	{
		struct wpkg_engine_limits limits = {.optimisations_off = off};
		struct guest guest;
		guest_init(&guest, &limits);
		ck_ok(wpkg_linker_define_func(guest.linker, WPKG_LIT("host"), WPKG_LIT("f"),
					      "i64 -> i64", call_throw, &guest, &guest.err),
		      guest.err);
		guest_load(&guest,
			   "(module (import \"host\" \"f\" (func $f (param i64) (result i64)))"
			   "  (table 1 funcref) (elem (i32.const 0) func $f)"
			   "  (tag $a (param i64))"
			   "  (func (export \"throw\") (param i64) (result i64)"
			   "    (throw $a (local.get 0)))"
			   "  (func $tail (param i64) (result i64) (return_call $f (local.get 0)))"
			   "  (func (export \"run\") (param i64) (result i64)"
			   "    (block $h (result i64) (try_table (result i64) (catch $a $h)"
			   "      (i64.add (i64.const 1000) (call $f (local.get 0))))))"
			   "  (func (export \"indirect\") (param i64) (result i64)"
			   "    (block $h (result i64) (try_table (result i64) (catch $a $h)"
			   "      (call_indirect (param i64) (result i64) (local.get 0)"
			   "        (i32.const 0)))))"
			   "  (func (export \"tail\") (param i64) (result i64)"
			   "    (block $h (result i64) (try_table (result i64) (catch $a $h)"
			   "      (call $tail (local.get 0)))))"
			   "  (func (export \"uncaught\") (param i64) (result i64)"
			   "    (call $tail (local.get 0))))");
		for (int twice = 0; twice < 2; twice++) {
			ck_assert_uint_eq(guest_value(&guest, "run", 7), 7);
			ck_assert_uint_eq(guest_value(&guest, "indirect", 8), 8);
			ck_assert_uint_eq(guest_value(&guest, "tail", 9), 9);
			ck_assert_uint_eq(guest_value(&guest, "run", 101), 1000);
			ck_trap(guest_call(NULL, &guest, "uncaught", 1), WPKG_TRAP_EXCEPTION);
		}
		guest_close(&guest);
	}
}
END_TEST

START_TEST(a_trap_is_not_caught)
{
	struct guest guest;
	guest_open(&guest, NULL,
		   "(module (func $down (call $down))"
		   "  (func (export \"trap\") (param i64) (result i64)"
		   "    (block $h (try_table (catch_all $h) (unreachable))) (i64.const 1))"
		   "  (func (export \"stack\") (param i64) (result i64)"
		   "    (block $h (try_table (catch_all $h) (call $down))) (i64.const 1)))");
	ck_trap(guest_call(NULL, &guest, "trap", 0), WPKG_TRAP_UNREACHABLE);
	ck_trap(guest_call(NULL, &guest, "stack", 0), WPKG_TRAP_STACK);
	guest_close(&guest);
}
END_TEST

START_TEST(an_uncaught_exception_says_where_it_was_thrown)
{
	struct guest guest;
	guest_open(&guest, NULL,
		   "(module (tag $a) (func $inner (throw $a))"
		   "  (func (export \"run\") (param i64) (result i64)"
		   "    (call $inner) (i64.const 0)))");
	ck_trap(guest_call(NULL, &guest, "run", 0), WPKG_TRAP_EXCEPTION);
	ck_assert_str_eq(guest.outcome.message, "uncaught exception");
	ck_assert_uint_eq(guest.outcome.frame_count, 2);
	ck_assert_uint_eq(guest.outcome.frames[0].function, 0);
	ck_assert_uint_eq((uint8_t)guest.bytes.ptr[guest.outcome.frames[0].offset], 0x08);
	guest_close(&guest);
}
END_TEST

UNIT_MAIN(a_legacy_try_catches_by_tag_and_all,
	  a_legacy_clause_throws_its_exception_again_past_inner_ones,
	  a_delegated_exception_skips_the_clauses_between,
	  locals_and_operands_have_their_values_where_it_is_caught,
	  a_catch_of_the_whole_function_returns, a_loop_can_be_where_an_exception_is_caught,
	  the_catching_function_has_its_own_memory_again, a_host_function_passes_an_exception_on,
	  a_trap_is_not_caught, an_uncaught_exception_says_where_it_was_thrown)
