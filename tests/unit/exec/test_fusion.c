/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that the translator makes one of: as one and apart they do the same. */
#include "guest.h"

static const char fused[] =
	"(module (memory 1) (data (i32.const 62) "
	"\"\\01\\02\\05\\00\\00\\00\\07\\00\\00\\00\\0b\")"
	"  (global $sp (mut i32) (i32.const 1024)) (global $other (mut i32) (i32.const 500))"
	"  (; A frame on the guest's stack; how far down it was, and that it is gone. ;)"
	"  (func (export \"frame\") (param $x i64) (result i64) (local $f i32)"
	"    (global.set $sp (local.tee $f (i32.sub (global.get $sp) (i32.const 16))))"
	"    (i64.store offset=8 (local.get $f) (local.get $x))"
	"    (local.set $x (i64.add (i64.load offset=8 (local.get $f))"
	"      (i64.extend_i32_u (global.get $sp))))"
	"    (global.set $sp (i32.add (local.get $f) (i32.const 16)))"
	"    (i64.add (local.get $x) (i64.extend_i32_u (i32.mul (global.get $sp)"
	"      (i32.const 10000)))))"
	"  (; Not the same global, and not the sum that the local has. ;)"
	"  (func (export \"globals\") (param i64) (result i64) (local $f i32)"
	"    (global.set $other (local.tee $f (i32.add (global.get $sp) (i32.const 1))))"
	"    (global.set $sp (i32.add (global.get $sp) (i32.const 4)))"
	"    (global.set $sp (i32.sub (local.get $f) (i32.const 1)))"
	"    (i64.extend_i32_u (i32.add (i32.mul (global.get $other) (i32.const 10000))"
	"      (global.get $sp))))"
	"  (func (export \"scaled\") (param i64) (result i64) (local $a i32) (local $i i32)"
	"    (local.set $a (i32.const 60)) (local.set $i (i32.wrap_i64 (local.get 0)))"
	"    (i64.extend_i32_u (i32.add (i32.mul (i32.const 100)"
	"      (i32.load offset=4 (i32.add (local.get $a) (i32.shl (local.get $i) (i32.const "
	"2)))))"
	"      (i32.load (i32.add (i32.shl (i32.sub (local.get $i) (i32.const 1)) (i32.const 3))"
	"        (i32.const 64))))))"
	"  (func (export \"index\") (param i64) (result i64) (local $i i32)"
	"    (local.set $i (i32.wrap_i64 (local.get 0)))"
	"    (block $c (block $b (block $a"
	"      (br_table $a $b $c (i32.load8_u offset=60 (local.get $i)))) (return (i64.const "
	"1)))"
	"      (return (i64.const 2)))"
	"    (block $d (block $e (br_table $e $d (i32.sub (local.get $i) (i32.const 3))))"
	"      (return (i64.const 3)))"
	"    (block $f (block $g (br_table $g $f (i32.load (i32.shl (local.get $i)"
	"      (i32.const 4))))) (return (i64.const 4)))"
	"    (i64.const 5))"
	"  (; Fibonacci's numbers by moves around a loop that only jumps; sums by one that adds. ;)"
	"  (func (export \"moves\") (param $n i64) (result i64) (local $a i64) (local $b i64)"
	"    (local $t i64) (local $i i32) (local.set $b (i64.const 1))"
	"    (block $out (loop $l (br_if $out (i64.eqz (local.get $n)))"
	"      (local.set $n (i64.sub (local.get $n) (i64.const 1)))"
	"      (local.set $t (i64.add (local.get $a) (local.get $b)))"
	"      (local.set $a (local.get $b)) (local.set $b (local.get $t)) (br $l)))"
	"    (local.get $a))"
	"  (func (export \"adds\") (param $n i64) (result i64) (local $i i32) (local $k i32)"
	"    (block $out (loop $l"
	"      (br_if $out (i32.gt_u (local.get $i) (i32.wrap_i64 (local.get $n))))"
	"      (local.set $k (i32.add (local.get $k) (local.get $i)))"
	"      (if (i32.and (local.get $i) (i32.const 1))"
	"        (then (local.set $k (i32.load8_u (i32.add (local.get $k) (i32.const 0)))))"
	"        (else (local.set $k (i32.const 64))))"
	"      (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l)))"
	"    (i64.extend_i32_u (i32.add (i32.mul (local.get $k) (i32.const 1000))"
	"      (local.get $i))))"
	"  (; A loop that begins with a br_table of what *pc++ is; how it goes on, by steps and "
	"stores. ;)"
	"  (data (i32.const 200) \"\\00\\00\\00\\00\\01\\00\\00\\00\\00\\00\\00\\00\\02\\00\\00\\00"
	"\\c8\\00\\00\\00\")"
	"  (func (export \"machine\") (param $n i64) (result i64) (local $pc i32) (local $next i32)"
	"    (local $sum i32) (local.set $pc (i32.const 200))"
	"    (block $end (loop $l (block $jump (block $store (block $add"
	"      (local.set $next (i32.add (local.get $pc) (i32.const 4)))"
	"      (br_table $add $store $jump $end (i32.load (local.get $pc))))"
	"      (local.set $sum (i32.add (local.get $sum) (i32.const 3)))"
	"      (local.set $pc (i32.add (local.get $pc) (i32.const 4))) (br $l))"
	"      (local.set $pc (local.get $next))"
	"      (i32.store offset=20 (i32.const 300) (i32.sub (local.get $sum) (i32.const 1)))"
	"      (i32.store offset=100 (local.get $pc) (local.get $sum)) (br $l))"
	"      (br_if $end (i64.eqz (local.get $n)))"
	"      (local.set $n (i64.sub (local.get $n) (i64.const 1)))"
	"      (if (i64.eq (local.get $n) (i64.const 99)) (then"
	"        (local.set $pc (i32.sub (local.get $pc) (i32.const 1000))) (br $l)))"
	"      (local.set $pc (i32.load (local.get $next))) (br $l)))"
	"    (i64.extend_i32_u (i32.add (i32.mul (local.get $sum) (i32.const 1000))"
	"      (i32.load (i32.const 308)))))"
	"  (data (i32.const 220) \"\\01\\00\\01\\02\\01\\03\")"
	"  (func (export \"bytes\") (param $n i64) (result i64) (local $pc i32) (local $sum i32)"
	"    (local $next i32) (local.set $pc (i32.const 220))"
	"    (block $end (loop $l (block $c (block $b (block $a"
	"      (br_table $a $b $c $end (i32.load8_u (local.get $pc))))"
	"      (local.set $pc (i32.add (local.get $pc) (i32.const 1)))"
	"      (local.set $sum (i32.add (local.get $sum) (i32.const -7))) (br $l))"
	"      (local.set $pc (i32.add (local.get $pc) (i32.const 1)))"
	"      (i32.store8 (i32.const 310) (local.get $sum)) (br $l))"
	"      (local.set $pc (i32.add (local.get $pc) (i32.const 1)))"
	"      (local.set $sum (i32.load8_u (i32.const 310))) (br $l)))"
	"    (i64.extend_i32_u (local.get $sum)))"
	"  (; A number of one table is where to look in another. ;)"
	"  (data (i32.const 400) \"\\02\\00\\00\\00\\00\\00\\00\\00\\01\\00\\00\\00\\ff\\ff\\3f\")"
	"  (func (export \"indirect\") (param i64) (result i64) (local $a i32) (local $i i32)"
	"    (local.set $a (i32.const 60)) (local.set $i (i32.wrap_i64 (local.get 0)))"
	"    (i64.extend_i32_u (i32.load offset=4 (i32.add (local.get $a)"
	"      (i32.shl (i32.load offset=400 (local.get $i)) (i32.const 2))))))"
	"  (; A rotation of a local, and what only looks like one; products added to what is "
	"stored. ;)"
	"  (func (export \"rotations\") (param $n i64) (result i64) (local $a v128) (local $b v128)"
	"    (local $t v128) (local $d v128) (local.set $a (i32x4.splat (i32.wrap_i64 (local.get "
	"$n))))"
	"    (local.set $b (i32x4.splat (i32.const 3))) (local.set $d (i32x4.splat (i32.const "
	"100)))"
	"    (local.set $d (v128.or (i32x4.shl (local.tee $t (v128.xor (local.tee $a"
	"      (i32x4.add (local.get $a) (local.get $b))) (local.get $d))) (i32.const 31))"
	"      (i32x4.shr_u (local.get $t) (i32.const 1))))"
	"    (local.set $t (v128.or (i32x4.shl (local.tee $t (v128.xor (local.tee $a"
	"      (i32x4.add (local.get $a) (local.get $b))) (i32x4.splat (i32.const 100))))"
	"      (i32.const 31)) (i32x4.shr_u (local.get $b) (i32.const 1))))"
	"    (i64.add (i64.extend_i32_u (i32x4.extract_lane 3 (local.get $d)))"
	"      (i64.extend_i32_u (i32x4.extract_lane 0 (local.get $t)))))"
	"  (data (i32.const 616) "
	"\"\\00\\00\\c0\\3f\\00\\00\\c0\\3f\\00\\00\\c0\\3f\\00\\00\\c0\\3f\")"
	"  (func (export \"products\") (param $n i64) (result i64) (local $p i32) (local $x v128)"
	"    (local.set $p (i32.wrap_i64 (local.get $n))) (local.set $x (f32x4.splat (f32.const "
	"4)))"
	"    (v128.store (local.get $p) (f32x4.splat (f32.const 2)))"
	"    (v128.store (local.get $p) (f32x4.add (v128.load (local.get $p))"
	"      (f32x4.mul (local.get $x) (v128.load offset=16 (local.get $p)))))"
	"    (i64.extend_i32_u (i32.load offset=12 (local.get $p))))"
	"  (; A loop that is one row. ;)"
	"  (func (export \"steps\") (param $n i64) (result i64) (local $k i32) (local $step i32)"
	"    (local $end i32) (local.set $k (i32.const 1000)) (local.set $step (i32.const 7))"
	"    (local.set $end (i32.wrap_i64 (local.get $n)))"
	"    (loop $l (i32.store8 (local.get $k) (i32.const 9))"
	"      (br_if $l (i32.lt_u (local.tee $k (i32.add (local.get $k) (local.get $step)))"
	"        (local.get $end))))"
	"    (i64.extend_i32_u (local.get $k)))"
	"  (; Less what has no opposite, or none that is as short. ;)"
	"  (func (export \"less\") (param $n i64) (result i64) (local $i i32)"
	"    (local.set $i (i32.wrap_i64 (local.get $n)))"
	"    (i64.add (i64.sub (i64.sub (i64.sub (local.get $n)"
	"      (i64.const -0x8000000000000000)) (i64.const -0x80000000)) (i64.const 0x100000000))"
	"      (i64.load8_u (i32.sub (i32.sub (local.get $i) (i32.const -0x80000000))"
	"        (i32.const 0x7fffff28)))))"
	"  (func (export \"byte\") (param i64) (result i64)"
	"    (i64.load8_u (i32.wrap_i64 (local.get 0))))"
	")";

static const struct {
	const char *name;
	uint64_t argument, result;
} calls[] = {
	{"frame", 5, 10240000 + 1008 + 5},
	{"globals", 0, 10250000 + 1024},
	{"scaled", 1, 705}, /* the second number from 64 on, and the first */
	{"scaled", 2, 1111},
	{"index", 0, 1},
	{"index", 2, 2},
	{"index", 3, 3},
	{"index", 4, 5},
	{"index", 8, 4},
	{"moves", 10, 55},
	{"moves", 90, 2880067194370816120},
	{"adds", 0, 64001},
	{"adds", 3, 4},
	{"machine", 0, 6003},
	{"machine", 5, 36033},
	{"bytes", 0, 249},
	{"rotations", 5, 54 + UINT64_C(0x80000001)},
	{"products", 600, 0x41000000}, /* 8.0 */
	{"indirect", 0, 11},
	{"indirect", 4, 5},
	{"indirect", 8, 7},
	{"steps", 0, 1007},
	{"steps", 1008, 1014},
	{"steps", 1100, 1105},
	{"less", 0, 0x7fffffff80000000 + 0xc8},
	{"byte", 1098, 9},
	{"byte", 1105, 0},
};

START_TEST(what_is_one_instruction_does_what_two_do)
{
	static const unsigned offs[] = {0,
					WPKG_OPT_FUSE,
					WPKG_OPT_JOIN,
					WPKG_OPT_BRANCH,
					WPKG_OPT_PIN,
					WPKG_OPT_ADDRESS,
					WPKG_OPT_DESTINATION,
					WPKG_OPT_ACCUMULATOR,
					WPKG_OPT_ALL};
	for (size_t way = 0; way < 2 * sizeof(offs) / sizeof(*offs); way++) {
		struct wpkg_engine_limits limits = {.optimisations_off = offs[way / 2],
						    .fuel = way % 2 ? 1 << 20 : 0};
		struct guest guest;
		guest_open(&guest, &limits, fused);
		for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
			ck_assert_msg(guest_value(&guest, calls[i].name, calls[i].argument) ==
					      calls[i].result,
				      "%s of %llu with %x off: %llu", calls[i].name,
				      (unsigned long long)calls[i].argument, offs[way / 2],
				      (unsigned long long)guest_value(&guest, calls[i].name,
								      calls[i].argument));
		guest_close(&guest);
	}
}
END_TEST

START_TEST(a_fused_load_out_of_bounds_traps)
{
	struct guest guest;
	guest_open(&guest, NULL, fused);
	ck_trap(guest_call(NULL, &guest, "machine", 100), WPKG_TRAP_MEMORY_BOUNDS);
	ck_trap(guest_call(NULL, &guest, "indirect", 12), WPKG_TRAP_MEMORY_BOUNDS);
	ck_trap(guest_call(NULL, &guest, "products", 65520), WPKG_TRAP_MEMORY_BOUNDS);
	ck_trap(guest_call(NULL, &guest, "indirect", 65133), WPKG_TRAP_MEMORY_BOUNDS);
	ck_trap(guest_call(NULL, &guest, "scaled", 16384), WPKG_TRAP_MEMORY_BOUNDS);
	ck_trap(guest_call(NULL, &guest, "scaled", 0), WPKG_TRAP_NONE);
	guest_close(&guest);
}
END_TEST

/* Where "steps" traps, and what was stored before. */
static uint64_t trapping_store(unsigned off)
{
	struct wpkg_engine_limits limits = {.optimisations_off = off};
	struct guest guest;
	guest_open(&guest, &limits, fused);
	ck_trap(guest_call(NULL, &guest, "steps", 70000), WPKG_TRAP_MEMORY_BOUNDS);
	uint64_t offset = guest.outcome.frames[0].offset;
	ck_assert_uint_eq(guest_value(&guest, "byte", 65533), 9);
	ck_assert_uint_eq(guest_value(&guest, "byte", 65535), 0);
	guest_close(&guest);
	return offset;
}

START_TEST(a_row_that_is_a_loop_traps_where_its_store_stands)
{
	ck_assert_uint_gt(trapping_store(0), 0);
	ck_assert_uint_eq(trapping_store(0), trapping_store(WPKG_OPT_ALL));
}
END_TEST

UNIT_MAIN(what_is_one_instruction_does_what_two_do, a_fused_load_out_of_bounds_traps,
	  a_row_that_is_a_loop_traps_where_its_store_stands)
