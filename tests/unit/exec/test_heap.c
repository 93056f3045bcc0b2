/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The collector: what is reachable stays, what is not goes, however it is linked. Most tests run
 * twice: as it is, and with a collection at each allocation, which overwrites what it frees.
 */
#include "guest.h"

#define HEAP_CASES                                                                                 \
	for (int always = 0; always < 2; always++)                                                 \
		for (unsigned off = 0; off <= WPKG_OPT_ALL; off += WPKG_OPT_ALL)

static void open_heap(struct guest *guest, bool always, unsigned off, const char *text)
{
	struct wpkg_engine_limits limits = {.collect_always = always, .optimisations_off = off};
	guest_open(guest, &limits, text);
}

static struct wpkg_engine_usage usage_of(const struct guest *guest)
{
	struct wpkg_engine_usage usage;
	wpkg_engine_usage(&usage, guest->engine);
	return usage;
}

/* Roots. */

START_TEST(a_list_that_a_local_holds_stays)
{
	HEAP_CASES
	{
		struct guest guest;
		open_heap(&guest, always, off,
			  "(module (type $n (struct (field $next (ref null $n)) (field $v i64)))"
			  "  (func (export \"sum\") (param $i i64) (result i64)"
			  "    (local $list (ref null $n)) (local $sum i64)"
			  "    (loop $make"
			  "      (local.set $list (struct.new $n (local.get $list) (local.get $i)))"
			  "      (drop (struct.new_default $n))"
			  "      (br_if $make (i64.ne (i64.const 0)"
			  "        (local.tee $i (i64.sub (local.get $i) (i64.const 1))))))"
			  "    (loop $add"
			  "      (local.set $sum (i64.add (local.get $sum)"
			  "        (struct.get $n $v (local.get $list))))"
			  "      (br_if $add (i32.eqz (ref.is_null"
			  "        (local.tee $list (struct.get $n $next (local.get $list)))))))"
			  "    (local.get $sum)))");
		ck_assert_uint_eq(guest_value(&guest, "sum", 500), 125250);
		guest_close(&guest);
	}
}
END_TEST

/* The first object is an operand only while the others are made: in its slot, and in calls. */
START_TEST(operands_stay)
{
	HEAP_CASES
	{
		struct guest guest;
		open_heap(
			&guest, always, off,
			"(module (type $b (struct (field i64)))"
			"  (type $pair (struct (field (ref $b)) (field i32) (field (ref $b))))"
			"  (func $box (param i64) (result (ref $b)) (struct.new $b (local.get 0)))"
			"  (func $add (param (ref $b) (ref $b) (ref $pair)) (result i64)"
			"    (i64.add (struct.get $b 0 (struct.get $pair 2 (local.get 2)))"
			"      (i64.add (struct.get $b 0 (local.get 0)) (struct.get $b 0 "
			"(local.get 1)))))"
			"  (func (export \"sum\") (param i64) (result i64)"
			"    (call $add (struct.new $b (local.get 0))"
			"      (call $box (i64.mul (local.get 0) (i64.const 10)))"
			"      (struct.new $pair (call $box (i64.const 1)) (i32.const 2)"
			"        (call $box (i64.mul (local.get 0) (i64.const 100)))))))");
		ck_assert_uint_eq(guest_value(&guest, "sum", 3), 333);
		guest_close(&guest);
	}
}
END_TEST

START_TEST(values_of_blocks_stay_on_every_way)
{
	HEAP_CASES
	{
		struct guest guest;
		open_heap(&guest, always, off,
			  "(module (type $b (struct (field i64)))"
			  "  (func (export \"pick\") (param i64) (result i64)"
			  "    (struct.get $b 0"
			  "      (block $out (result (ref $b))"
			  "        (struct.new $b (i64.const 5))"
			  "        (br_if $out (i64.eqz (local.get 0)))"
			  "        (if (param (ref $b)) (result (ref $b))"
			  "          (i64.eq (local.get 0) (i64.const 1))"
			  "          (then (drop (struct.new $b (i64.const 6))))"
			  "          (else (drop) (struct.new $b (i64.const 7))"
			  "            (drop (struct.new $b (i64.const 8)))))))))");
		ck_assert_uint_eq(guest_value(&guest, "pick", 0), 5);
		ck_assert_uint_eq(guest_value(&guest, "pick", 1), 5);
		ck_assert_uint_eq(guest_value(&guest, "pick", 2), 7);
		guest_close(&guest);
	}
}
END_TEST

START_TEST(globals_tables_segments_and_constants_hold_what_they_refer_to)
{
	HEAP_CASES
	{
		struct guest guest;
		open_heap(&guest, always, off,
			  "(module (type $b (struct (field i64))) (type $a (array (mut (ref null "
			  "$b))))"
			  "  (global $g (mut anyref) (struct.new $b (i64.const 1)))"
			  "  (global $c (ref $a) (array.new_fixed $a 2"
			  "    (struct.new $b (i64.const 2)) (struct.new $b (i64.const 3))))"
			  "  (table $t 2 anyref (struct.new $b (i64.const 4)))"
			  "  (elem $e (ref null $b) (item (struct.new $b (i64.const 5))))"
			  "  (func $v (param anyref) (result i64)"
			  "    (struct.get $b 0 (ref.cast (ref $b) (local.get 0))))"
			  "  (func (export \"run\") (param i64) (result i64) (local $sum i64)"
			  "    (loop $l (drop (array.new_default $a (i32.const 1000)))"
			  "      (br_if $l (i64.ne (i64.const 0) (local.tee 0"
			  "        (i64.sub (local.get 0) (i64.const 1))))))"
			  "    (local.set $sum (call $v (global.get $g)))"
			  "    (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 10))"
			  "      (call $v (array.get $a (global.get $c) (i32.const 1)))))"
			  "    (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 10))"
			  "      (call $v (table.get $t (i32.const 1)))))"
			  "    (i64.add (i64.mul (local.get $sum) (i64.const 10)) (call $v"
			  "      (array.get $a (array.new_elem $a $e (i32.const 0) (i32.const 1))"
			  "        (i32.const 0))))))");
		ck_assert_uint_eq(guest_value(&guest, "run", 300), 1345);
		guest_close(&guest);
	}
}
END_TEST

START_TEST(an_object_behind_an_external_reference_stays)
{
	HEAP_CASES
	{
		struct guest guest;
		open_heap(&guest, always, off,
			  "(module (type $b (struct (field i64)))"
			  "  (func (export \"run\") (param i64) (result i64) (local $e externref)"
			  "    (local.set $e (extern.convert_any (struct.new $b (local.get 0))))"
			  "    (drop (struct.new_default $b))"
			  "    (struct.get $b 0 (ref.cast (ref $b)"
			  "      (any.convert_extern (local.get $e))))))");
		ck_assert_uint_eq(guest_value(&guest, "run", 9), 9);
		guest_close(&guest);
	}
}
END_TEST

/* An exception keeps its values, as an operand and while it is on its way. */
START_TEST(values_of_exceptions_stay)
{
	HEAP_CASES
	{
		struct guest guest;
		open_heap(&guest, always, off,
			  "(module (type $b (struct (field i64))) (tag $e (param i32 (ref $b)))"
			  "  (func $throw (param i64)"
			  "    (throw $e (i32.const 1) (struct.new $b (local.get 0))))"
			  "  (func (export \"run\") (param i64) (result i64) (local $x exnref)"
			  "    (block $h (result i32 (ref $b) exnref)"
			  "      (try_table (catch_ref $e $h) (call $throw (local.get 0)))"
			  "      (unreachable))"
			  "    (local.set $x) (drop) (drop)"
			  "    (drop (struct.new $b (i64.const 77)))"
			  "    (block $again (result i32 (ref $b))"
			  "      (try_table (catch $e $again) (throw_ref (local.get $x)))"
			  "      (unreachable))"
			  "    (drop (struct.new $b (i64.const 88)))"
			  "    (struct.get $b 0) (i64.add (i64.const 1)) (return))"
			  "  (func (export \"legacy\") (param i64) (result i64)"
			  "    (try (result i64)"
			  "      (do (try (result i64)"
			  "        (do (call $throw (local.get 0)) (i64.const 0))"
			  "        (catch $e (drop) (drop) (drop (struct.new $b (i64.const 9)))"
			  "          (rethrow 0))))"
			  "      (catch $e (drop (struct.new $b (i64.const 8)))"
			  "        (struct.get $b 0) (i64.add (i64.const 2)) (return)))))");
		ck_assert_uint_eq(guest_value(&guest, "run", 40), 41);
		ck_assert_uint_eq(guest_value(&guest, "legacy", 40), 42);
		guest_close(&guest);
	}
}
END_TEST

/* Host functions: their arguments, and what the host holds. */

static enum wpkg_trap make_garbage(struct wpkg_caller *caller, void *user,
				   const union wpkg_wasm_value *args,
				   union wpkg_wasm_value *results)
{
	struct guest *guest = user;
	(void)caller;
	guest_value(guest, "garbage", 100);
	results[0].ref = args[0].ref;
	return WPKG_TRAP_NONE;
}

#define WITH_GARBAGE                                                                               \
	"(module (import \"host\" \"f\" (func $f (param externref i64) (result externref)))"       \
	"  (type $b (struct (field i64)))"                                                         \
	"  (func (export \"garbage\") (param i64) (result i64)"                                    \
	"    (loop $l (drop (struct.new $b (i64.const -1)))"                                       \
	"      (br_if $l (i64.ne (i64.const 0) (local.tee 0"                                       \
	"        (i64.sub (local.get 0) (i64.const 1))))))"                                        \
	"    (i64.const 0))"                                                                       \
	"  (func (export \"make\") (param i64) (result externref)"                                 \
	"    (extern.convert_any (struct.new $b (local.get 0))))"                                  \
	"  (func (export \"get\") (param externref) (result i64)"                                  \
	"    (struct.get $b 0 (ref.cast (ref $b) (any.convert_extern (local.get 0)))))"            \
	"  (func (export \"run\") (param i64) (result i64)"                                        \
	"    (struct.get $b 0 (ref.cast (ref $b) (any.convert_extern (call $f"                     \
	"      (extern.convert_any (struct.new $b (local.get 0))) (i64.const 1)))))))"

static void open_with_garbage(struct guest *guest, bool always)
{
	struct wpkg_engine_limits limits = {.collect_always = always};
	guest_init(guest, &limits);
	ck_ok(wpkg_linker_define_func(guest->linker, WPKG_LIT("host"), WPKG_LIT("f"),
				      "externref i64 -> externref", make_garbage, guest,
				      &guest->err),
	      guest->err);
	guest_load(guest, WITH_GARBAGE);
}

START_TEST(arguments_of_a_host_function_stay_while_it_runs)
{
	struct guest guest;
	open_with_garbage(&guest, true);
	ck_assert_uint_eq(guest_value(&guest, "run", 17), 17);
	guest_close(&guest);
}
END_TEST

START_TEST(what_the_host_holds_stays_until_it_is_released)
{
	struct guest guest;
	open_with_garbage(&guest, true);
	union wpkg_wasm_value in = {.i64 = 5}, made, got;
	ck_trap(wpkg_func_call(NULL, guest_func(&guest, "make"), &in, &made), WPKG_TRAP_NONE);
	ck_assert_int_eq(wpkg_ref_kind(guest.engine, made.ref), WPKG_REF_KIND_STRUCT);
	ck_ok(wpkg_ref_hold(guest.engine, made.ref, &guest.err), guest.err);
	ck_ok(wpkg_ref_hold(guest.engine, made.ref, &guest.err), guest.err);
	wpkg_ref_release(guest.engine, made.ref);
	guest_value(&guest, "garbage", 1000);
	ck_trap(wpkg_func_call(NULL, guest_func(&guest, "get"), &made, &got), WPKG_TRAP_NONE);
	ck_assert_uint_eq(got.i64, 5);
	wpkg_ref_release(guest.engine, made.ref);
	uint64_t before = usage_of(&guest).heap_bytes;
	guest_value(&guest, "garbage", 1000);
	ck_assert_uint_le(usage_of(&guest).heap_bytes, before);
	/* Nothing to hold: no object, or none of this engine's heap. */
	ck_ok(wpkg_ref_hold(guest.engine, wpkg_ref_from_host(3), &guest.err), guest.err);
	ck_ok(wpkg_ref_hold(guest.engine, 0, &guest.err), guest.err);
	guest_close(&guest);
}
END_TEST

START_TEST(many_references_are_held_and_released_in_any_order)
{
	struct guest guest;
	union wpkg_wasm_value made[100], got;
	open_with_garbage(&guest, true);
	for (uint64_t i = 0; i < 100; i++) {
		union wpkg_wasm_value in = {.i64 = i};
		ck_trap(wpkg_func_call(NULL, guest_func(&guest, "make"), &in, &made[i]),
			WPKG_TRAP_NONE);
		ck_ok(wpkg_ref_hold(guest.engine, made[i].ref, &guest.err), guest.err);
	}
	for (size_t i = 0; i < 100; i += 3)
		wpkg_ref_release(guest.engine, made[i].ref);
	guest_value(&guest, "garbage", 1000);
	for (size_t i = 0; i < 100; i++) {
		if (i % 3 == 0)
			continue;
		ck_trap(wpkg_func_call(NULL, guest_func(&guest, "get"), &made[i], &got),
			WPKG_TRAP_NONE);
		ck_assert_uint_eq(got.i64, i);
		wpkg_ref_release(guest.engine, made[i].ref);
	}
	guest_close(&guest);
}
END_TEST

/* What goes. */

#define GARBAGE                                                                                    \
	"(module (type $n (struct (field $other (mut (ref null $n))) (field i64)))"                \
	"  (type $a (array (mut i8)))"                                                             \
	"  (func (export \"rings\") (param i64) (result i64) (local $x (ref null $n))"             \
	"    (loop $l (local.set $x (struct.new $n (ref.null $n) (i64.const 1)))"                  \
	"      (struct.set $n $other (local.get $x) (struct.new $n (local.get $x) (i64.const 2)))" \
	"      (br_if $l (i64.ne (i64.const 0) (local.tee 0"                                       \
	"        (i64.sub (local.get 0) (i64.const 1))))))"                                        \
	"    (struct.get $n 1 (struct.get $n $other (local.get $x))))"                             \
	"  (func (export \"arrays\") (param i64) (result i64)"                                     \
	"    (loop $l (drop (array.new_default $a (i32.const 100000)))"                            \
	"      (br_if $l (i64.ne (i64.const 0) (local.tee 0"                                       \
	"        (i64.sub (local.get 0) (i64.const 1))))))"                                        \
	"    (i64.const 1))"                                                                       \
	"  (func (export \"sizes\") (param i64) (result i64) (local $k i32)"                       \
	"    (loop $l (local.set $k (i32.rem_u (i32.add (i32.mul (local.get $k)"                   \
	"        (i32.const 1664525)) (i32.const 1013904223)) (i32.const 5000)))"                  \
	"      (drop (array.new_default $a (local.get $k)))"                                       \
	"      (br_if $l (i64.ne (i64.const 0) (local.tee 0"                                       \
	"        (i64.sub (local.get 0) (i64.const 1))))))"                                        \
	"    (i64.const 1))"                                                                       \
	"  (func (export \"array\") (param i64) (result i64)"                                      \
	"    (i64.extend_i32_u (array.len (array.new_default $a"                                   \
	"      (i32.wrap_i64 (local.get 0))))))"                                                   \
	"  (func (export \"list\") (param i64) (result i64) (local $x (ref null $n))"              \
	"    (loop $l (local.set $x (struct.new $n (local.get $x) (local.get 0)))"                 \
	"      (br_if $l (i64.ne (i64.const 0) (local.tee 0"                                       \
	"        (i64.sub (local.get 0) (i64.const 1))))))"                                        \
	"    (struct.get $n 1 (local.get $x))))"

START_TEST(garbage_of_many_times_the_ceiling_is_collected)
{
	struct wpkg_engine_limits limits = {.heap_bytes = 1 << 20};
	struct guest guest;
	guest_open(&guest, &limits, GARBAGE);
	ck_assert_uint_eq(guest_value(&guest, "rings", 300000), 2); /* 28 MB */
	ck_assert_uint_eq(guest_value(&guest, "arrays", 300), 1);   /* 30 MB */
	ck_assert_uint_eq(guest_value(&guest, "sizes", 20000), 1);  /* 50 MB */
	struct wpkg_engine_usage usage = usage_of(&guest);
	ck_assert_uint_le(usage.heap_bytes, limits.heap_bytes);
	ck_assert_uint_gt(usage.collections, 80);
	ck_assert_uint_lt(usage.collections, 3000);
	guest_close(&guest);
}
END_TEST

START_TEST(a_heap_that_is_full_ends_the_guest_and_is_free_again)
{
	struct wpkg_engine_limits limits = {.heap_bytes = 1 << 20};
	struct guest guest;
	guest_open(&guest, &limits, GARBAGE);
	ck_trap(guest_call(NULL, &guest, "list", 1000000), WPKG_TRAP_HEAP_LIMIT);
	ck_assert_uint_le(usage_of(&guest).heap_bytes, limits.heap_bytes);
	ck_assert_uint_eq(guest_value(&guest, "list", 10000), 1);
	ck_trap(guest_call(NULL, &guest, "array", 2000000), WPKG_TRAP_HEAP_LIMIT);
	ck_trap(guest_call(NULL, &guest, "array", 0xffffffff), WPKG_TRAP_HEAP_LIMIT);
	ck_assert_uint_eq(guest_value(&guest, "array", 900000), 900000);
	ck_assert_uint_eq(guest_value(&guest, "rings", 1000), 2);
	guest_close(&guest);
}
END_TEST

/* A million objects behind each other: the collector must not recur. */
START_TEST(a_very_long_list_is_marked_in_constant_stack)
{
	struct wpkg_engine_limits limits = {.heap_bytes = 256 << 20};
	struct guest guest;
	guest_open(&guest, &limits, GARBAGE);
	ck_assert_uint_eq(guest_value(&guest, "list", 2000000), 1);
	ck_assert_uint_gt(usage_of(&guest).collections, 3);
	guest_close(&guest);
}
END_TEST

START_TEST(references_tell_their_kind)
{
	struct guest guest;
	guest_open(&guest, NULL,
		   "(module (type $s (struct)) (type $a (array i8)) (tag $e)"
		   "  (elem declare func $f)"
		   "  (func $f (export \"f\") (result anyref anyref anyref funcref exnref anyref)"
		   "    (struct.new $s) (array.new_default $a (i32.const 0))"
		   "    (ref.i31 (i32.const 0)) (ref.func $f)"
		   "    (block $h (result exnref)"
		   "      (try_table (catch_all_ref $h) (throw $e)) (unreachable))"
		   "    (ref.null any)))");
	static const enum wpkg_ref_kind kinds[] = {WPKG_REF_KIND_STRUCT,    WPKG_REF_KIND_ARRAY,
						   WPKG_REF_KIND_I31,	    WPKG_REF_KIND_FUNC,
						   WPKG_REF_KIND_EXCEPTION, WPKG_REF_KIND_NULL};
	union wpkg_wasm_value out[6];
	ck_trap(wpkg_func_call(NULL, guest_func(&guest, "f"), NULL, out), WPKG_TRAP_NONE);
	for (size_t i = 0; i < 6; i++)
		ck_assert_int_eq(wpkg_ref_kind(guest.engine, out[i].ref), kinds[i]);
	ck_assert_int_eq(wpkg_ref_kind(guest.engine, wpkg_ref_from_host(0)), WPKG_REF_KIND_HOST);
	guest_close(&guest);
}
END_TEST

UNIT_MAIN(a_list_that_a_local_holds_stays, operands_stay, values_of_blocks_stay_on_every_way,
	  globals_tables_segments_and_constants_hold_what_they_refer_to,
	  an_object_behind_an_external_reference_stays, values_of_exceptions_stay,
	  arguments_of_a_host_function_stay_while_it_runs,
	  what_the_host_holds_stays_until_it_is_released,
	  many_references_are_held_and_released_in_any_order,
	  garbage_of_many_times_the_ceiling_is_collected,
	  a_heap_that_is_full_ends_the_guest_and_is_free_again,
	  a_very_long_list_is_marked_in_constant_stack, references_tell_their_kind)
