/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens in the midst of instructions that the machine does as one: an access that finds a
 * shared memory larger than it was, a trap, the end of the fuel. Nothing may be done twice or left
 * out, and a trap is where the instruction stands that it is of. What they do otherwise is in
 * test_fusion.
 */
#include "guest.h"

#include "exec/engine_int.h"
#include "exec/run.h"

#define PAGE ((uint64_t)65536)
#define BEFORE 512 /* bytes around the end of a page that guests see and change */
#define BEHIND 8192

/* Each gets an address near the end of a page. All that is made of it is in the result or stored.
 */
#define F(name) "(func (export \"" name "\") (param $a i64) (result i64) "
#define P "(local $p i32) "
#define SET_P "(local.set $p (i32.wrap_i64 (local.get $a))) "
#define GET_P "(local.get $p)"

/* clang-format off */
static const char guest_text[] =
	"(module (import \"m\" \"memory\" (memory 1 1000 shared))"
	"  (func (export \"grow\") (param $a i64) (result i64)"
	"    (i64.extend_i32_u (memory.grow (i32.const 1))))"
	/* Two loads, a product, a sum, a store. */
	F("products") P "(local $x v128) " SET_P "(local.set $x (f32x4.splat (f32.const 4)))"
	"(v128.store " GET_P " (f32x4.add (v128.load " GET_P ")"
	"  (f32x4.mul (local.get $x) (v128.load offset=16 " GET_P "))))"
	"(i64.extend_i32_u (i32.load offset=12 " GET_P ")))"
	/* The address is made in the row, and kept. */
	F("stepped") P "(local $q i32) (local $x v128) " SET_P
	"(local.set $x (f32x4.splat (f32.const 4)))"
	"(v128.store (local.tee $q (i32.add " GET_P " (i32.const -24)))"
	"  (f32x4.add (v128.load (local.get $q)) (f32x4.mul (local.get $x)"
	"    (v128.load offset=32 " GET_P "))))"
	"(i64.extend_i32_u (i32.add (local.get $q) (i32.add " GET_P " (i32.load offset=4 " GET_P
	")))))"
	/* Numbers that become vectors. */
	F("splats") P "(local $x v128) " SET_P "(local.set $x (v128.load (i32.const 16)))"
	"(v128.store offset=8 " GET_P " (f32x4.add (f32x4.add (local.get $x)"
	"  (f32x4.mul (v128.load32_splat offset=40 " GET_P ") (v128.const f32x4 4 4 4 4)))"
	"  (f32x4.mul (v128.load32_splat offset=80 " GET_P ") (v128.const f32x4 8 4 2 1))))"
	"(i64.extend_i32_u (i32.load offset=8 " GET_P ")))"
	/* Bytes of two vectors, stored. */
	F("shuffled") P "(local $x v128) " SET_P "(local.set $x (v128.load (i32.const 0)))"
	"(v128.store offset=4 " GET_P
	" (i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31"
	"  (local.get $x) (v128.load (i32.const 16)))) (i64.const 0))"
	/* What is loaded is where to load from, and that is stored. */
	F("chained") P "(local $b i32) " SET_P "(local.set $b (i32.sub " GET_P
	" (i32.const 40)))"
	"(i32.store (local.get $b) (i32.load offset=4 (i32.add (local.get $b) (i32.shl"
	"  (i32.load offset=20 " GET_P ") (i32.const 2)))))"
	"(i64.extend_i32_u (i32.add " GET_P " (i32.load (local.get $b)))))"
	/* A step, and a load from there: once, and as long as the number is small. */
	F("walked") P "(local $v i32) (local $n i32) (local $s i32) " SET_P
	"(local.set $n (i32.const 2000)) (local.set $s (i32.const 1))"
	"(loop $l (local.set $s (i32.add (local.get $v) (i32.mul (local.get $s) (local.get $s))))"
	"  (local.set $s (i32.xor (local.get $s) (i32.shl (local.get $s) (i32.const 1))))"
	"  (br_if $l (i32.lt_u (local.tee $v (i32.load (local.tee $p"
	"    (i32.add " GET_P " (i32.const 4))))) (local.get $n))))"
	"(i64.add (i64.extend_i32_u (local.get $s)) (i64.shl (i64.extend_i32_u " GET_P ")"
	"  (i64.const 32))))"
	F("moved") P "(local $q i32) (local $r i32) (local $v i32) " SET_P "(local.set $q "
	GET_P ") (local.set $r " GET_P ")"
	"(local.set $q (i32.add (local.get $q) (i32.const 12)))"
	"(local.set $v (i32.load offset=20 (local.get $r)))"
	"(i64.extend_i32_u (i32.add (i32.mul " GET_P " " GET_P ") (i32.add " GET_P
	"  (i32.add (local.get $v) (local.get $q))))))"
	/* A store, and the loop's end. */
	F("filled") P "(local $n i32) (local $v i32) " SET_P "(local.set $n (i32.add " GET_P
	" (i32.const 120))) (local.set $v (i32.const 77))"
	"(loop $l (i32.store " GET_P " (local.get $v))"
	"  (br_if $l (i32.ne (local.tee $p (i32.add " GET_P " (i32.const 4))) (local.get $n))))"
	"(i64.extend_i32_u " GET_P "))"
	/* Machines that step over their program; a step or a store jumps to where the next begins.
	 */
	F("interpreted") P "(local $next i32) (local $s i32) (local $k i32) " SET_P
	"(block $end (loop $l (block $store (block $add"
	"  (local.set $next (i32.add " GET_P " (i32.const 1)))"
	"  (br_table $add $store $store $store $add (i32.load8_u " GET_P ")))"
	"  (br_if $end (i32.gt_u (local.get $s) (i32.const 200)))"
	"  (local.set $s (i32.add (local.get $s) (i32.const 3)))"
	"  (local.set $p (local.get $next)) (br $l))"
	"  (local.set $p (local.get $next))"
	"  (i32.store offset=300 " GET_P " (local.get $s)) (br $l)))"
	"(i64.add (i64.extend_i32_u " GET_P ") (i64.extend_i32_u (i32.mul (local.get $s)"
	"  (i32.const 1000)))))"
	F("bytes") P "(local $s i32) (local $n i32) " SET_P "(local.set $n (i32.const 200))"
	"(block $end (loop $l (block $b (block $a"
	"  (br_table $a $b $a $b $a (i32.load8_u " GET_P ")))"
	"  (br_if $end (i32.eqz (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
	"  (local.set $p (i32.add " GET_P " (i32.const 1)))"
	"  (local.set $s (i32.add (local.get $s) (i32.const -7))) (br $l))"
	"  (local.set $p (i32.add " GET_P " (i32.const 1)))"
	"  (i32.store8 offset=300 " GET_P " (local.get $s)) (br $l)))"
	"(i64.extend_i32_u (i32.add " GET_P " (local.get $s))))"
	/* Numbers of doubles: a sum with a product of what is loaded. */
	F("doubles") P "(local $x f64) (local $y f64) " SET_P
	"(local.set $x (f64.const 4)) (local.set $y (f64.const 3))"
	"(local.set $y (f64.add (f64.load offset=16 " GET_P ") (f64.mul (local.get $x)"
	"  (f64.load offset=48 " GET_P "))))"
	"(local.set $y (f64.add (local.get $y) (f64.mul (f64.load (i32.add " GET_P
	"  (i32.const 56))) (local.get $x))))"
	"(f64.store offset=64 " GET_P " (f64.mul (local.get $y) (f64.load offset=80 " GET_P
	")))"
	"(i64.reinterpret_f64 (local.get $y)))"
	/* And of integers, more than one. */
	F("weighed") P "(local $x i32) (local $y i32) " SET_P
	"(local.set $x (i32.const 3)) (local.set $y (i32.const 5))"
	"(i32.store offset=100 " GET_P " (i32.add (i32.add (i32.add (i32.add"
	"  (i32.mul (i32.load16_u (i32.add " GET_P " (i32.const 96))) (local.get $x))"
	"  (i32.mul (i32.load16_u (i32.add " GET_P " (i32.const 8))) (local.get $y)))"
	"  (i32.mul (i32.load16_u (i32.add " GET_P " (i32.const 70))) (local.get $x)))"
	"  (i32.mul (i32.load16_u (i32.add " GET_P " (i32.const 42))) (local.get $y)))"
	"  (i32.mul (i32.load16_u (i32.add " GET_P " (i32.const 16))) (local.get $x))))"
	"(i64.extend_i32_u (i32.add (i32.mul (i32.load offset=4 " GET_P ") (local.get $y))"
	"  (i32.mul (i32.load8_s offset=80 " GET_P ") (local.get $x)))))"
	/* Loads that are operands, conditions and indices at once. */
	F("operands") P "(local $s i32) " SET_P "(local.set $s (i32.add (i32.load offset=8 "
	GET_P ") (local.get $s)))"
	"(local.set $s (i32.xor (local.get $s) (i32.load8_u offset=16 " GET_P ")))"
	"(if (i32.lt_u (i32.load offset=24 " GET_P ") (i32.const 500))"
	"  (then (local.set $s (i32.mul (local.get $s) (i32.const 3)))))"
	"(if (i32.load8_u offset=32 " GET_P ")"
	"  (then (local.set $s (i32.mul (local.get $s) (i32.const 5)))))"
	"(block $b (block $a (br_table $a $b (i32.load8_u offset=40 " GET_P ")))"
	"  (local.set $s (i32.add (local.get $s) (i32.const 11))))"
	"(i64.extend_i32_u (i32.add (local.get $s) (i32.load offset=48 (i32.add " GET_P
	"  (i32.shl (local.get $s) (i32.const 2)))))))"
	")";
/* clang-format on */

/* What the machine must have done as one, in case it is never made of these texts any more. */
static const struct {
	const char *name;
	const char *handlers[6];
} functions[] = {
	{"products",
	 {"v128_load_L_t__v128_load_L_t__f32x4_mul_SR_t__f32x4_add_SR_t_1_0__v128_store_L_R"}},
	{"stepped",
	 {"i32_add_LC_slot__v128_load_R_t__v128_load_L_t__f32x4_mul_SR_t__f32x4_add_SR_t_1_1__"
	  "v128_store_R_R"}},
	{"splats",
	 {"v128_load32_splat_L_t__f32x4_mul_RC_t__f32x4_add_SR_t__v128_load32_splat_L_t__"
	  "f32x4_mul_RC_t__f32x4_add_SR_t_1_2__v128_store_L_R"}},
	{"shuffled", {"i8x16_shuffle_SR_t__v128_store_L_R"}},
	{"chained", {"i32_load_load_L_acc__i32_store_S_R"}},
	{"walked", {"i32_add_SC_slot__br_i32_load_R_slot_lt_u_S_back"}},
	{"moved", {"i32_add_SC_slot__i32_load_S_slot"}},
	{"filled", {"i32_store_L_S__br_add_LC_ne_S_back"}},
	{"interpreted",
	 {"mov_pin_jump_back_i32_load8_u_step", "i32_store_L_S_jump_back_i32_load8_u_step",
	  "br_table_i32_load8_u_step"}},
	{"bytes",
	 {"i32_store8_L_S_jump_back_i32_load8_u_L", "step_LS_jump_back_i32_load8_u_L",
	  "br_table_i32_load8_u_L"}},
	{"doubles", {"f64_load_mul_LS_acc", "f64_load_LC_acc__f64_mul_add_RS_slot"}},
	{"weighed",
	 {"i32_load16_u_LC_acc__mul_add_RS_slot__i32_load16_u_LC_acc__mul_add_RS_slot",
	  "i32_load8_s_L_acc__mul_add_RS_acc"}},
	{"operands",
	 {"br_i32_load_S_slot_ge_u_C", "i32_load8_u_br_S_acc_unless", "br_table_i32_load8_u_S",
	  "i32_load_add_SS_pin", "i32_load8_u_xor_SR_pin", "i32_load_shl_add_L_acc"}},
};
#define FUNCTIONS (sizeof(functions) / sizeof(*functions))

static const struct wpkg_engine_limits ways[] = {
	{.fuel = 0},
	{.fuel = 1 << 30},
	{.optimisations_off = WPKG_OPT_JOIN},
	{.optimisations_off = WPKG_OPT_FUSE},
	{.optimisations_off = WPKG_OPT_PIN},
	{.optimisations_off = WPKG_OPT_ACCUMULATOR, .fuel = 1 << 30},
};
#define WAYS (sizeof(ways) / sizeof(*ways))

static const struct wpkg_engine_limits plain = {.optimisations_off = WPKG_OPT_ALL};

/* A guest with a shared memory, which grows by one page when it is told to, in another engine. */
struct subject {
	struct guest guest, grower;
	struct wpkg_shared_memory *shared;
	uint8_t *bytes;
};

static void subject_open(struct subject *subject, const struct wpkg_engine_limits *limits)
{
	struct wpkg_err err;
	struct wpkg_extent extent = {.min = 1, .max = 1000, .has_max = true};
	ck_ok(wpkg_shared_memory_new(&subject->shared, &extent, &err), err);
	guest_open_shared(&subject->guest, limits, subject->shared, guest_text);
	guest_open_shared(&subject->grower, NULL, subject->shared, guest_text);
	subject->bytes = wpkg_memory_bytes(subject->grower.instance->memories[0]);
}

static void subject_close(struct subject *subject)
{
	guest_close(&subject->guest);
	guest_close(&subject->grower);
	wpkg_shared_memory_drop(subject->shared);
}

/* Small numbers, which differ, around the end of the page. */
static void fill(const struct subject *subject, uint64_t end, uint64_t behind)
{
	for (uint64_t i = 0; i < BEFORE + behind; i += 4) {
		uint32_t value = (uint32_t)(i * 2654435761U >> 7) % 1009;
		memcpy(subject->bytes + end - BEFORE + i, &value, sizeof(value));
	}
}

/* The function in both, which do the same. */
static void ck_same(struct subject *one, struct subject *other, const char *name, uint64_t address,
		    size_t way)
{
	uint64_t got = 0, wanted = 0;
	enum wpkg_trap trap = guest_call(&got, &one->guest, name, address);
	enum wpkg_trap plainly = guest_call(&wanted, &other->guest, name, address);
	ck_assert_msg(trap == plainly && got == wanted,
		      "%s of 0x%llx, way %zu: %s 0x%llx, not %s 0x%llx", name,
		      (unsigned long long)address, way, wpkg_trap_name(trap),
		      (unsigned long long)got, wpkg_trap_name(plainly), (unsigned long long)wanted);
	if (trap)
		ck_assert_msg(one->guest.outcome.frames[0].offset ==
				      other->guest.outcome.frames[0].offset,
			      "%s of 0x%llx, way %zu: a trap at 0x%x, not 0x%x", name,
			      (unsigned long long)address, way,
			      (unsigned)one->guest.outcome.frames[0].offset,
			      (unsigned)other->guest.outcome.frames[0].offset);
}

static void ck_same_bytes(const struct subject *one, const struct subject *other, uint64_t end,
			  uint64_t behind, const char *name, uint64_t address, size_t way)
{
	ck_assert_msg(memcmp(one->bytes + end - BEFORE, other->bytes + end - BEFORE,
			     BEFORE + behind) == 0,
		      "%s of 0x%llx, way %zu: another memory", name, (unsigned long long)address,
		      way);
}

START_TEST(an_access_that_finds_a_larger_memory_goes_on_there)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct subject one, other;
		uint64_t end = PAGE;
		subject_open(&one, &ways[way]);
		subject_open(&other, &plain);
		for (size_t i = 0; i < FUNCTIONS; i++)
			for (uint64_t distance = 0; distance < 140; distance += 4, end += PAGE) {
				const char *name = functions[i].name;
				/* One engine grows it itself; to the other nobody says it. */
				guest_value(&one.grower, "grow", 0);
				guest_value(&other.guest, "grow", 0);
				fill(&one, end, BEHIND);
				fill(&other, end, BEHIND);
				ck_same(&one, &other, name, end - distance, way);
				ck_same_bytes(&one, &other, end, BEHIND, name, end - distance, way);
			}
		subject_close(&one);
		subject_close(&other);
	}
}
END_TEST

START_TEST(a_trap_is_where_its_instruction_stands)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct subject one, other;
		subject_open(&one, &ways[way]);
		subject_open(&other, &plain);
		for (size_t i = 0; i < FUNCTIONS; i++)
			for (uint64_t distance = 0; distance < 140; distance++) {
				fill(&one, PAGE, 0);
				fill(&other, PAGE, 0);
				ck_same(&one, &other, functions[i].name, PAGE - distance, way);
				ck_same_bytes(&one, &other, PAGE, 0, functions[i].name,
					      PAGE - distance, way);
			}
		subject_close(&one);
		subject_close(&other);
	}
}
END_TEST

/* With so much fuel the same is done in both; how much is left at the end. */
static void ck_same_with(struct subject *one, struct subject *other, const char *name,
			 uint64_t fuel, size_t way)
{
	uint64_t address = PAGE - BEFORE;
	fill(one, PAGE, 0);
	fill(other, PAGE, 0);
	wpkg_engine_set_fuel(one->guest.engine, fuel);
	wpkg_engine_set_fuel(other->guest.engine, fuel);
	enum wpkg_trap trap = guest_call(NULL, &one->guest, name, address);
	enum wpkg_trap plainly = guest_call(NULL, &other->guest, name, address);
	ck_assert_msg(trap == plainly && wpkg_engine_fuel(one->guest.engine) ==
						 wpkg_engine_fuel(other->guest.engine),
		      "%s with %llu of fuel, way %zu: %s, not %s", name, (unsigned long long)fuel,
		      way, wpkg_trap_name(trap), wpkg_trap_name(plainly));
	ck_same_bytes(one, other, PAGE, 0, name, address, way);
}

START_TEST(fuel_ends_between_the_same_instructions)
{
	static const struct wpkg_engine_limits fuelled = {.fuel = 1,
							  .optimisations_off = WPKG_OPT_ALL};
	for (size_t way = 0; way < WAYS; way++) {
		struct wpkg_engine_limits limits = ways[way];
		struct subject one, other;
		limits.fuel = 1;
		subject_open(&one, &limits);
		subject_open(&other, &fuelled);
		for (size_t i = 0; i < FUNCTIONS; i++)
			for (uint64_t fuel = 0; fuel < 300; fuel++)
				ck_same_with(&one, &other, functions[i].name, fuel, way);
		subject_close(&one);
		subject_close(&other);
	}
}
END_TEST

static uint64_t count_of(const uint64_t *counts, const char *name)
{
	for (unsigned i = 0; i < H_COUNT; i++)
		if (strcmp(exec_handler_name((enum handler)i), name) == 0)
			return counts[i];
	ck_abort_msg("no handler %s", name);
}

START_TEST(they_are_one_instruction)
{
	static uint64_t counts[H_COUNT + 1];
	for (size_t i = 0; i < FUNCTIONS; i++) {
		struct subject subject;
		subject_open(&subject, NULL);
		memset(counts, 0, sizeof(counts));
		subject.guest.engine->vm.counts = counts;
		fill(&subject, PAGE, 0);
		guest_call(NULL, &subject.guest, functions[i].name, PAGE - BEFORE);
		for (unsigned k = 0; k < 6 && functions[i].handlers[k]; k++)
			ck_assert_msg(count_of(counts, functions[i].handlers[k]) > 0, "%s: no %s",
				      functions[i].name, functions[i].handlers[k]);
		subject_close(&subject);
	}
}
END_TEST

UNIT_MAIN(an_access_that_finds_a_larger_memory_goes_on_there,
	  a_trap_is_where_its_instruction_stands, fuel_ends_between_the_same_instructions,
	  they_are_one_instruction)
