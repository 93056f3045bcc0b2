/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors that stay in registers: rotations, locals that are set while their old value is needed,
 * and what often stands together. In each way the results are those of a model of the lanes.
 */
#include "guest.h"

/* clang-format off */
#define GET(x) "(local.get $" x ")"
#define XOR(a, b) "(v128.xor " a b ")"
#define OR(a, b) "(v128.or " a b ")"
#define SHIFT(op, x, n) "(" op " " x " (i32.const " n "))"
/* By n to the left: m are the other bits. */
#define TURN(lanes, x, n, m) OR(SHIFT(lanes ".shl", x, n), SHIFT(lanes ".shr_u", x, m))
#define BACK(lanes, x, n, m) OR(SHIFT(lanes ".shr_u", x, m), SHIFT(lanes ".shl", x, n))
#define PUT(x)                                                                                     \
	"(local.set $r (i32x4.add (i32x4.mul " GET("r") " (v128.const i32x4 31 31 31 31)) " x      \
	"))"
#define START(x, n)                                                                                \
	"(local.set $" x " (i64x2.mul (i64x2.splat (i64.add (local.get $n) (i64.const " n ")))"    \
	"  (v128.const i64x2 0x9e3779b97f4a7c15 0xc2b2ae3d27d4eb4f)))"
#define FOLD(x) "(i64.xor (i64x2.extract_lane 0 " GET(x) ") (i64x2.extract_lane 1 " GET(x) "))"
#define FUNC(name)                                                                                 \
	"(func (export \"" name "\") (param $n i64) (result i64) (local $i i32) (local $a v128)"   \
	"(local $b v128) (local $c v128) (local $d v128) (local $r v128)"

#define MUL(place, column)                                                                         \
	"(f32x4.mul (v128.load32_splat (i32.add (local.get $p) (i32.const " place ")))"            \
	"  (v128.const f32x4 " column "))"

/* A step of ChaCha (RFC 8439), as compilers write it; and one of its kind in other lanes. */
#define STEP_IN(lanes, to, by, turned, n, m)                                                       \
	"(local.set $" turned " (v128.or (" lanes ".shl (local.tee $" turned " (v128.xor"          \
	"  (local.tee $" to " (" lanes ".add " GET(by) GET(to) ")) " GET(turned) ")) (i32.const "  \
	n ")) (" lanes ".shr_u " GET(turned) " (i32.const " m "))))"
#define STEP(to, by, turned, n, m) STEP_IN("i32x4", to, by, turned, n, m)
#define WIDE(to, by, turned, n, m) STEP_IN("i64x2", to, by, turned, n, m)
#define LANES(x, bytes)                                                                            \
	"(local.set $" x " (i8x16.shuffle " bytes GET(x) GET(x) "))"
#define BY_1 "4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3"
#define BY_2 "8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7"
#define BY_3 "12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11"
#define ROUND                                                                                      \
	STEP("a", "b", "d", "16", "16")                                                            \
	STEP("c", "d", "b", "12", "20") STEP("a", "b", "d", "8", "24") STEP("c", "d", "b", "7", "25")

static const char guest_text[] =
	"(module (memory 1)"
	FUNC("turned") START("a", "0") START("b", "1")
	PUT(TURN("i16x8", GET("a"), "3", "13")) PUT(TURN("i16x8", GET("a"), "8", "8"))
	PUT(TURN("i32x4", GET("a"), "7", "25")) PUT(TURN("i32x4", GET("a"), "8", "24"))
	PUT(TURN("i32x4", GET("a"), "16", "16")) PUT(TURN("i64x2", GET("a"), "1", "63"))
	PUT(TURN("i64x2", GET("a"), "32", "32")) PUT(TURN("i64x2", GET("a"), "63", "1"))
	PUT(BACK("i32x4", GET("a"), "25", "7")) PUT(BACK("i32x4", GET("a"), "24", "8"))
	PUT(BACK("i64x2", GET("a"), "56", "8"))
	PUT(OR("(i32x4.shl (local.tee $a (v128.xor (local.get $a) (local.get $r))) (i32.const 12))",
	       SHIFT("i32x4.shr_u", GET("a"), "20")))
	/* These are none. */
	PUT(TURN("i32x4", GET("a"), "7", "24"))
	PUT(OR(SHIFT("i32x4.shl", GET("a"), "7"), SHIFT("i32x4.shr_s", GET("a"), "25")))
	PUT(TURN("i32x4", GET("a"), "0", "0"))
	PUT(OR(SHIFT("i32x4.shl", GET("a"), "7"), SHIFT("i32x4.shr_u", GET("b"), "25")))
	PUT(OR(SHIFT("i32x4.shl", GET("a"), "16"), SHIFT("i16x8.shr_u", GET("a"), "0")))
	PUT(OR(SHIFT("i32x4.shr_u", GET("a"), "7"), SHIFT("i32x4.shr_u", GET("a"), "25")))
	PUT(OR(SHIFT("i64x2.shl", GET("a"), "32"), SHIFT("i32x4.shr_u", GET("a"), "32")))
	PUT(XOR(SHIFT("i32x4.shl", GET("a"), "7"), SHIFT("i32x4.shr_u", GET("a"), "25")))
	FOLD("r") ")"
	/* The old value of a local is an operand while the local is set. */
	FUNC("kept") START("a", "0") START("b", "2") START("d", "3")
	" local.get $a local.get $a local.get $b i32x4.add local.set $a"
	" local.get $a i32x4.sub local.set $c" PUT(GET("c"))
	" local.get $a local.get $b i32x4.add local.tee $a"
	" local.get $a local.get $d v128.xor local.set $a"
	" local.get $a i32x4.sub local.set $c" PUT(GET("c"))
	" local.get $a local.get $b i32x4.add local.tee $a local.get $a"
	" local.get $a local.get $d v128.xor local.set $a"
	" local.get $a i32x4.sub i32x4.sub local.set $c" PUT(GET("c"))
	" local.get $a local.get $b i32x4.add local.tee $a"
	" local.get $a local.get $a i32x4.mul local.set $a"
	" local.get $a i32x4.sub local.set $c" PUT(GET("c"))
	" local.get $a local.get $b i32x4.add local.tee $a"
	" i32.const 4 local.set $i local.get $a local.get $i i32.const 1 i32.add i32x4.shl"
	" local.set $a local.get $a i32x4.sub local.set $c" PUT(GET("c"))
	/* What is loaded is kept and added to at once. */
	" i32.const 16 v128.const i32x4 1 2 3 4 v128.store"
	" local.get $i v128.load offset=12 local.tee $a"
	" local.get $b local.get $a i32x4.add local.set $a"
	" local.get $a i32x4.sub local.set $c" PUT(GET("c"))
	FOLD("r") ")"
	/* Two operands are its old value, and what sets it does not read it: x where x is, or x. */
	FUNC("twins") START("b", "1") START("c", "2") START("d", "3")
	" local.get $b local.get $c i32x4.add local.tee $a local.get $a"
	" local.get $b local.get $d v128.xor local.tee $a v128.bitselect local.set $r" FOLD("r") ")"
	FUNC("sum") START("b", "1") START("c", "2")
	"(local.set $r (i32x4.add (local.get $b) (local.get $c)))" FOLD("r") ")"
	FUNC("rounds") START("a", "0") START("b", "1") START("c", "2") START("d", "3")
	"(local.set $i (i32.const 3)) (loop $l"
	ROUND LANES("b", BY_1) LANES("c", BY_2) LANES("d", BY_3)
	ROUND LANES("b", BY_3) LANES("c", BY_2) LANES("d", BY_1)
	"(br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))"
	"(i64.xor (i64.xor " FOLD("a") FOLD("b") ") (i64.xor " FOLD("c") FOLD("d") ")))"
	/* Steps that read what the ones before them made, and what was set between. */
	FUNC("steps") START("a", "0") START("b", "1") START("c", "2") START("d", "3")
	WIDE("a", "b", "d", "32", "32") WIDE("c", "d", "b", "40", "24")
	WIDE("a", "b", "d", "48", "16") WIDE("c", "d", "b", "1", "63")
	"(local.set $c (i16x8.mul (local.get $c) (local.get $b)))"
	WIDE("a", "b", "d", "3", "61") WIDE("c", "d", "b", "8", "56")
	"(local.set $d (i64x2.sub (local.get $d) (local.get $a)))"
	WIDE("a", "b", "d", "5", "59") WIDE("c", "d", "b", "7", "57")
	"(local.set $d (i64x2.sub (local.get $d) (local.get $b)))" WIDE("a", "d", "d", "12", "52")
	WIDE("a", "b", "d", "5", "59") WIDE("c", "d", "b", "8", "56")
	"(local.set $a (i64x2.sub (local.get $a) (local.get $b)))" WIDE("a", "a", "d", "8", "56")
	WIDE("d", "d", "a", "7", "57")
	"(local.set $i (i32.const 5))"
	WIDE("a", "b", "d", "16", "48") LANES("d", BY_1) WIDE("c", "d", "b", "9", "55")
	LANES("c", BY_2) LANES("b", BY_3) WIDE("a", "b", "d", "11", "53")
	WIDE("a", "b", "d", "24", "40") WIDE("a", "d", "b", "2", "62") WIDE("d", "a", "b", "4", "60")
	WIDE("b", "b", "d", "4", "60") WIDE("b", "d", "b", "6", "58") WIDE("a", "b", "c", "6", "58")
	"(i64.xor (i64.xor " FOLD("a") FOLD("b") ") (i64.xor " FOLD("c") FOLD("d") ")))"
	/* What a test says the opposite of, and what else reads it. */
	FUNC("tests") "(local $j i32)" START("a", "0")
	"(loop $l (local.set $a (i32x4.shr_u (local.get $a) (i32.const 3)))"
	"  (local.set $i (i32.add (local.get $i) (i32.const 1)))"
	"  (br_if $l (i32.eqz (i32.eqz (v128.any_true (local.get $a))))))"
	"(loop $l (local.set $a (i8x16.sub (local.get $a) (v128.const i32x4 1 1 1 1)))"
	"  (local.set $i (i32.add (local.get $i) (i32.const 100)))"
	"  (br_if $l (i32.eqz (i8x16.bitmask (local.get $a)))))"
	"(if (i32.eqz (i16x8.all_true (local.get $a))) (then"
	"  (local.set $i (i32.add (local.get $i) (i32.const 1000)))))"
	"(if (i32.eqz (local.tee $j (i32x4.bitmask (local.get $a)))) (then"
	"  (local.set $i (i32.add (local.get $i) (i32.const 10000)))))"
	"(i64.extend_i32_u (i32.add (local.get $i) (i32.mul (local.get $j) (i32.const 100000)))))"
	/* A point by a matrix of four columns, from where $n says to 64 bytes before it. */
	FUNC("matrix") "(local $p i32) (local.set $p (i32.wrap_i64 (local.get $n)))"
	"(v128.store (i32.add (local.get $p) (i32.const -64)) (f32x4.add (f32x4.add (f32x4.add"
	MUL("0", "1 2 3 4") MUL("4", "5 6 7 8") ")" MUL("8", "-1 0 1 0") ")" MUL("12", "0 2 0 2") "))"
	"(i64.extend_i32_u (i32.load (i32.add (local.get $p) (i32.const -52)))))"
	"(func (export \"point\") (param $n i64) (result i64)"
	"  (v128.store (i32.wrap_i64 (local.get $n)) (v128.const f32x4 1 2 4 8)) (i64.const 0))"
	"(func (export \"loops\") (param $n i64) (result i64) (local $p i32) (local $q i32)"
	"  (local.set $p (i32.wrap_i64 (local.get $n))) (loop $l"
	"    (v128.store (local.tee $q (i32.add (local.get $p) (i32.const 4096)))"
	"      (i32x4.add (v128.load (local.get $q)) (v128.const i32x4 1 2 3 4)))"
	"    (br_if $l (local.tee $p (i32.sub (local.get $p) (i32.const 16)))))"
	"  (i64.load (i32.const 4128)))"
	/* Of SHA-256's schedule, and of SHA-512. */
	FUNC("sigma") START("a", "0") START("b", "1")
	"(local.set $r (i64x2.add "
	XOR(XOR(TURN("i32x4", GET("a"), "25", "7"), TURN("i32x4", GET("a"), "14", "18")),
	    SHIFT("i32x4.shr_u", GET("a"), "3"))
	XOR(XOR(TURN("i64x2", GET("b"), "50", "14"), TURN("i64x2", GET("b"), "46", "18")),
	    TURN("i64x2", GET("b"), "23", "41")) "))" FOLD("r") ")"
	")";
/* clang-format on */

static const struct {
	const char *name;
	uint64_t argument, result;
} calls[] = {
	{"turned", 0, UINT64_C(0x010fa72e027c762c)},  {"turned", 1, UINT64_C(0x1a23c265b8424453)},
	{"turned", 77, UINT64_C(0xea1e4796c394ad6c)}, {"kept", 0, UINT64_C(0x9822230dfd0a2b22)},
	{"kept", 1, UINT64_C(0xddbbdfb1f730b428)},    {"kept", 77, UINT64_C(0xf69d5971cf2fa2b0)},
	{"rounds", 0, UINT64_C(0x814ceced10efed4b)},  {"rounds", 1, UINT64_C(0xcfe316f8ff2949ed)},
	{"rounds", 77, UINT64_C(0x3fe6f819ca9fdc9a)}, {"sigma", 0, UINT64_C(0x3a93aa7d86de36b6)},
	{"sigma", 1, UINT64_C(0xfd24bb791407ea1a)},   {"sigma", 77, UINT64_C(0xd3e10bfa14e234ce)},
	{"steps", 0, UINT64_C(0x58b8593f64a5ee33)},   {"steps", 1, UINT64_C(0xadd392b3cd9743a3)},
	{"steps", 77, UINT64_C(0xeb2e684b0cb91ce2)},  {"tests", 0, UINT64_C(0x0000000000002b5d)},
	{"tests", 1, UINT64_C(0x0000000000002b67)},   {"tests", 77, UINT64_C(0x0000000000002b67)},
};

static const unsigned offs[] = {0,
				WPKG_OPT_AVX2,			/* SSE 4.1 */
				WPKG_OPT_AVX2 | WPKG_OPT_SSE41, /* portable */
				WPKG_OPT_FUSE,
				WPKG_OPT_JOIN,
				WPKG_OPT_ALIGN,
				WPKG_OPT_DESTINATION,
				WPKG_OPT_ACCUMULATOR,
				WPKG_OPT_ALL};

#define WAYS (2 * sizeof(offs) / sizeof(*offs))

static void open_way(struct guest *guest, size_t way)
{
	struct wpkg_engine_limits limits = {.optimisations_off = offs[way / 2],
					    .fuel = way % 2 ? 1 << 20 : 0};
	guest_open(guest, &limits, guest_text);
}

START_TEST(vectors_are_what_a_model_of_the_lanes_says)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct guest guest;
		open_way(&guest, way);
		for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
			uint64_t result = guest_value(&guest, calls[i].name, calls[i].argument);
			ck_assert_msg(result == calls[i].result, "%s of %llu with %x off: %llx",
				      calls[i].name, (unsigned long long)calls[i].argument,
				      offs[way / 2], (unsigned long long)result);
		}
		guest_close(&guest);
	}
}
END_TEST

#define PAGE 65536

START_TEST(a_row_of_loads_traps_where_each_of_them_does)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct guest guest;
		open_way(&guest, way);
		guest_value(&guest, "point", PAGE - 16);
		ck_assert_uint_eq(guest_value(&guest, "matrix", PAGE - 16), 0x42100000); /* 36 */
		for (uint32_t at = PAGE - 15; at < PAGE + 3; at++)
			ck_trap(guest_call(NULL, &guest, "matrix", at), WPKG_TRAP_MEMORY_BOUNDS);
		/* The store is outside, too: below 0. */
		for (uint32_t at = 49; at < 64; at++)
			ck_trap(guest_call(NULL, &guest, "matrix", at), WPKG_TRAP_MEMORY_BOUNDS);
		ck_trap(guest_call(NULL, &guest, "matrix", 64), WPKG_TRAP_NONE);
		ck_assert_uint_eq(guest_value(&guest, "matrix", PAGE - 16), 0x42100000);
		guest_close(&guest);
	}
}
END_TEST

START_TEST(two_operands_that_are_one_local_stay_the_same)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct guest guest;
		open_way(&guest, way);
		for (uint64_t n = 0; n < 3; n++)
			ck_assert_uint_eq(guest_value(&guest, "twins", n),
					  guest_value(&guest, "sum", n));
		guest_close(&guest);
	}
}
END_TEST

START_TEST(the_last_place_of_an_access_is_inside)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct guest guest;
		open_way(&guest, way);
		ck_trap(guest_call(NULL, &guest, "point", PAGE - 16), WPKG_TRAP_NONE);
		ck_trap(guest_call(NULL, &guest, "point", PAGE - 15), WPKG_TRAP_MEMORY_BOUNDS);
		ck_trap(guest_call(NULL, &guest, "point", UINT32_MAX), WPKG_TRAP_MEMORY_BOUNDS);
		guest_close(&guest);
	}
}
END_TEST

START_TEST(a_loop_of_vectors_adds_at_each_turn)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct guest guest;
		open_way(&guest, way);
		ck_assert_uint_eq(guest_value(&guest, "loops", 160), 1 | UINT64_C(2) << 32);
		ck_assert_uint_eq(guest_value(&guest, "loops", 32), 2 | UINT64_C(4) << 32);
		guest_close(&guest);
	}
}
END_TEST

UNIT_MAIN(vectors_are_what_a_model_of_the_lanes_says, a_row_of_loads_traps_where_each_of_them_does,
	  two_operands_that_are_one_local_stay_the_same, the_last_place_of_an_access_is_inside,
	  a_loop_of_vectors_adds_at_each_turn)
