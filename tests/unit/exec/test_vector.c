/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vectors wherever values go: through the host, in globals, structs, arrays and exceptions, over
 * branches and calls. Each test runs with every set of handlers that the processor has, with all
 * optimisations and with none, and with a collection at each allocation.
 */
#include "guest.h"

#include "exec/external.h"

struct way {
	unsigned off;
	bool collect;
};

static const struct way ways[] = {
	{0, false},
	{WPKG_OPT_AVX2, false},			 /* SSE 4.1 */
	{WPKG_OPT_AVX2 | WPKG_OPT_SSE41, false}, /* portable */
	{WPKG_OPT_ALL, false},
	{0, true},
	{WPKG_OPT_ALL, true},
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

#define LOW UINT64_C(0x0123456789abcdef)
#define HIGH UINT64_C(0xfedcba9876543210)

static void init_way(struct guest *guest, size_t way)
{
	struct wpkg_engine_limits limits = {.optimisations_off = ways[way].off,
					    .collect_always = ways[way].collect};
	guest_init(guest, &limits);
}

static union wpkg_wasm_value vector(uint64_t low, uint64_t high)
{
	return (union wpkg_wasm_value){.v128 = {low, high}};
}

static void call(struct guest *guest, const char *name, const union wpkg_wasm_value *args,
		 union wpkg_wasm_value *results)
{
	ck_trap(wpkg_func_call(&guest->outcome, guest_func(guest, name), args, results),
		WPKG_TRAP_NONE);
}

#define ck_vector(value, low, high)                                                                \
	do {                                                                                       \
		ck_assert_uint_eq((value).v128[0], (low));                                         \
		ck_assert_uint_eq((value).v128[1], (high));                                        \
	} while (0)

/* Functions of the host. */

/* "i32 v128 f64 v128 -> v128 i64 v128": both vectors the other way round, the sum between. */
static enum wpkg_trap exchange(struct wpkg_caller *caller, void *user,
			       const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	(void)caller;
	++*(int *)user;
	results[0] = args[3];
	results[1].i64 = args[0].i32 + (uint64_t)args[2].f64;
	results[2] = args[1];
	return WPKG_TRAP_NONE;
}

START_TEST(vectors_go_to_the_host_and_back)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct guest guest;
		int calls = 0;
		init_way(&guest, way);
		ck_ok(wpkg_linker_define_func(guest.linker, WPKG_LIT("h"), WPKG_LIT("f"),
					      "i32 v128 f64 v128 -> v128 i64 v128", exchange,
					      &calls, &guest.err),
		      guest.err);
		guest_load(&guest,
			   "(module (type $t (func (param i32 v128 f64 v128)"
			   "    (result v128 i64 v128)))"
			   "  (import \"h\" \"f\" (func $f (type $t)))"
			   "  (table funcref (elem $f))"
			   "  (func (export \"direct\") (type $t)"
			   "    (call $f (local.get 0) (local.get 1) (local.get 2) (local.get 3)))"
			   "  (func (export \"table\") (type $t)"
			   "    (call_indirect (type $t) (local.get 0) (local.get 1) (local.get 2)"
			   "      (local.get 3) (i32.const 0)))"
			   "  (func (export \"tail\") (type $t)"
			   "    (return_call $f (local.get 0) (local.get 1) (local.get 2)"
			   "      (local.get 3)))"
			   "  (export \"itself\" (func $f)))");
		static const char *const names[] = {"direct", "table", "tail", "itself"};
		union wpkg_wasm_value args[] = {
			{.i32 = 7}, vector(LOW, HIGH), {.f64 = 9}, vector(1, 2)};
		for (size_t i = 0; i < 4; i++) {
			union wpkg_wasm_value results[3];
			call(&guest, names[i], args, results);
			ck_vector(results[0], 1, 2);
			ck_assert_uint_eq(results[1].i64, 16);
			ck_vector(results[2], LOW, HIGH);
		}
		ck_assert_int_eq(calls, 4);
		guest_close(&guest);
	}
}
END_TEST

/* More than a call has room for on the stack. */
#define MANY 30

static enum wpkg_trap sum_many(struct wpkg_caller *caller, void *user,
			       const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	(void)caller, (void)user;
	results[0] = vector(0, 0);
	for (int i = 0; i < MANY; i++) {
		results[0].v128[0] += args[i].v128[0];
		results[0].v128[1] += args[i].v128[1];
	}
	return WPKG_TRAP_NONE;
}

START_TEST(a_host_function_takes_many_vectors)
{
	struct wpkg_valtypes {
		wpkg_valtype of[MANY + 1];
	} types;
	for (int i = 0; i <= MANY; i++)
		types.of[i] = WPKG_TYPE_V128;
	for (size_t way = 0; way < WAYS; way++) {
		struct guest guest;
		struct wpkg_external external = {.kind = WPKG_EXTERN_FUNC};
		union wpkg_wasm_value args[MANY], result;
		init_way(&guest, way);
		ck_ok(wpkg_func_new(&external.func, guest.engine, types.of, MANY, 1, sum_many, NULL,
				    &guest.err),
		      guest.err);
		for (int i = 0; i < MANY; i++)
			args[i] = vector((uint64_t)i, (uint64_t)i << 32);
		ck_trap(wpkg_func_call(NULL, external.func, args, &result), WPKG_TRAP_NONE);
		ck_vector(result, 435, UINT64_C(435) << 32);
		guest_close(&guest);
	}
}
END_TEST

START_TEST(globals_hold_vectors)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct guest guest;
		union wpkg_wasm_value arg = vector(LOW, HIGH), result;
		init_way(&guest, way);
		ck_ok(wpkg_linker_define_global(guest.linker, WPKG_LIT("h"), WPKG_LIT("g"), "v128",
						true, vector(3, 4), &guest.err),
		      guest.err);
		ck_ok(wpkg_linker_define_global(guest.linker, WPKG_LIT("h"), WPKG_LIT("c"), "v128",
						false, vector(5, 6), &guest.err),
		      guest.err);
		guest_load(&guest, "(module (import \"h\" \"g\" (global $g (mut v128)))"
				   "  (import \"h\" \"c\" (global $c v128))"
				   "  (global $d v128 (global.get $c))"
				   "  (export \"g\" (global $g)) (export \"d\" (global $d))"
				   "  (func (export \"swap\") (param v128) (result v128)"
				   "    (global.get $g) (global.set $g (local.get 0)))"
				   "  (func (export \"constant\") (result v128)"
				   "    (i64x2.add (global.get $c) (global.get $d))))");
		call(&guest, "swap", &arg, &result);
		ck_vector(result, 3, 4);
		struct wpkg_global *global =
			wpkg_instance_find_global(guest.instance, WPKG_LIT("g"));
		ck_vector(wpkg_global_get(global), LOW, HIGH);
		wpkg_global_set(global, vector(HIGH, LOW));
		call(&guest, "swap", &arg, &result);
		ck_vector(result, HIGH, LOW);
		call(&guest, "constant", NULL, &result);
		ck_vector(result, 10, 12);
		ck_vector(wpkg_global_get(wpkg_instance_find_global(guest.instance, WPKG_LIT("d"))),
			  5, 6);
		guest_close(&guest);
	}
}
END_TEST

START_TEST(structs_hold_vectors_among_others)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct guest guest;
		union wpkg_wasm_value args[] = {vector(LOW, HIGH), vector(1, 2)}, results[3];
		init_way(&guest, way);
		guest_load(&guest,
			   "(module (type $s (struct (field $a (mut i8)) (field $v (mut v128))"
			   "    (field $b (mut i32)) (field $next (mut (ref null $s)))"
			   "    (field $w (mut v128))))"
			   "  (func (export \"f\") (param $x v128) (param $y v128)"
			   "      (result v128 v128 i32)"
			   "    (local $s (ref null $s)) (local $t (ref null $s))"
			   "    (local.set $s (struct.new $s (i32.const 1) (local.get $x)"
			   "      (i32.const 2) (ref.null $s) (local.get $y)))"
			   "    (local.set $t (struct.new_default $s))"
			   "    (struct.set $s $next (local.get $t) (local.get $s))"
			   "    (struct.set $s $v (local.get $t)"
			   "      (struct.get $s $w (struct.get $s $next (local.get $t))))"
			   "    (struct.set $s $w (local.get $s)"
			   "      (v128.not (struct.get $s $w (local.get $t))))"
			   "    (i64x2.add (struct.get $s $v (local.get $t))"
			   "      (struct.get $s $v (local.get $s)))"
			   "    (struct.get $s $w (local.get $s))"
			   "    (i32.add (struct.get_u $s $a (local.get $s))"
			   "      (struct.get $s $b (local.get $s)))))");
		call(&guest, "f", args, results);
		ck_vector(results[0], LOW + 1, HIGH + 2);
		ck_vector(results[1], UINT64_MAX, UINT64_MAX);
		ck_assert_uint_eq(results[2].i32, 3);
		guest_close(&guest);
	}
}
END_TEST

/* Item i of the array that the function "made", summed up by "sum". */
START_TEST(arrays_hold_vectors)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct guest guest;
		union wpkg_wasm_value args[] = {vector(LOW, HIGH), vector(1, 2)}, result;
		init_way(&guest, way);
		guest_load(&guest,
			   "(module (type $a (array (mut v128)))"
			   "  (data $d \"0123456789abcdef0123456789abcdef\")"
			   "  (func $sum (param $a (ref $a)) (result v128)"
			   "    (local $i i32) (local $sum v128)"
			   "    (loop $l"
			   "      (local.set $sum (i64x2.add (local.get $sum)"
			   "        (array.get $a (local.get $a) (local.get $i))))"
			   "      (br_if $l (i32.lt_u"
			   "        (local.tee $i (i32.add (local.get $i) (i32.const 1)))"
			   "        (array.len (local.get $a)))))"
			   "    (local.get $sum))"
			   "  (func (export \"fixed\") (param v128 v128) (result v128)"
			   "    (call $sum (array.new_fixed $a 3"
			   "      (local.get 0) (local.get 1) (local.get 1))))"
			   "  (func (export \"new\") (param v128 v128) (result v128)"
			   "    (call $sum (array.new $a (local.get 1) (i32.const 100))))"
			   "  (func (export \"set\") (param v128 v128) (result v128)"
			   "    (local $a (ref $a)) (local.set $a (array.new_default $a (i32.const "
			   "5)))"
			   "    (array.set $a (local.get $a) (i32.const 4) (local.get 0))"
			   "    (array.set $a (local.get $a) (i32.const 0) (v128.not (v128.not "
			   "(local.get 1))))"
			   "    (call $sum (local.get $a)))"
			   "  (func (export \"fill\") (param v128 v128) (result v128)"
			   "    (local $a (ref $a)) (local.set $a (array.new_default $a (i32.const "
			   "9)))"
			   "    (array.fill $a (local.get $a) (i32.const 2) (local.get 1) "
			   "(i32.const 4))"
			   "    (array.copy $a $a (local.get $a) (i32.const 4) (local.get $a)"
			   "      (i32.const 2) (i32.const 4))"
			   "    (call $sum (local.get $a)))"
			   "  (func (export \"data\") (param v128 v128) (result v128)"
			   "    (v128.xor (array.get $a (array.new_data $a $d (i32.const 0)"
			   "        (i32.const 2)) (i32.const 1))"
			   "      (v128.const i64x2 0x3736353433323130 0x6665646362613938))))");
		static const struct {
			const char *name;
			uint64_t low, high;
		} cases[] = {{"fixed", LOW + 2, HIGH + 4},
			     {"new", 100, 200},
			     {"set", LOW + 1, HIGH + 2},
			     {"fill", 6, 12},
			     {"data", 0, 0}};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			call(&guest, cases[i].name, args, &result);
			ck_vector(result, cases[i].low, cases[i].high);
		}
		guest_close(&guest);
	}
}
END_TEST

START_TEST(exceptions_carry_vectors)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct guest guest;
		union wpkg_wasm_value args[] = {vector(LOW, HIGH), vector(1, 2)}, results[3];
		init_way(&guest, way);
		guest_load(&guest,
			   "(module (type $s (struct (field v128)))"
			   "  (tag $e (param v128 i32 v128))"
			   "  (func $throw (param v128 v128) (result v128)"
			   "    (drop (struct.new $s (local.get 0)))"
			   "    (throw $e (local.get 0) (i32.const 5) (local.get 1)))"
			   "  (func $between (param v128 v128) (result v128) (local v128)"
			   "    (local.set 2 (v128.not (local.get 0)))"
			   "    (v128.and (local.get 2) (call $throw (local.get 0) (local.get 1))))"
			   "  (func (export \"caught\") (param v128 v128) (result v128 i32 v128)"
			   "    (block $h (result v128 i32 v128)"
			   "      (try_table (catch $e $h)"
			   "        (drop (call $between (local.get 0) (local.get 1))))"
			   "      (unreachable)))"
			   "  (func (export \"again\") (param v128 v128) (result v128 i32 v128)"
			   "    (local $x exnref)"
			   "    (block $h (result v128 i32 v128)"
			   "      (try_table (catch $e $h)"
			   "        (block $r (result v128 i32 v128 exnref)"
			   "          (try_table (catch_ref $e $r)"
			   "            (drop (call $between (local.get 0) (local.get 1))))"
			   "          (unreachable))"
			   "        (local.set $x) (drop) (drop) (drop)"
			   "        (drop (struct.new $s (local.get 1)))"
			   "        (throw_ref (local.get $x)))"
			   "      (unreachable))))");
		static const char *const names[] = {"caught", "again"};
		for (size_t i = 0; i < 2; i++) {
			call(&guest, names[i], args, results);
			ck_vector(results[0], LOW, HIGH);
			ck_assert_uint_eq(results[1].i32, 5);
			ck_vector(results[2], 1, 2);
		}
		guest_close(&guest);
	}
}
END_TEST

/* A vector is two slots: what stands beside it moves by as much. */
START_TEST(vectors_go_over_branches_and_calls)
{
	for (size_t way = 0; way < WAYS; way++) {
		struct guest guest;
		union wpkg_wasm_value args[] = {{.i32 = 0}, vector(LOW, HIGH), vector(1, 2)};
		union wpkg_wasm_value results[2];
		init_way(&guest, way);
		guest_load(&guest,
			   "(module (type $t (func (param i32 v128 v128) (result v128 i32)))"
			   "  (func $pick (export \"pick\") (type $t)"
			   "    (block $c (result v128) (block $b (result v128) (block $a (result "
			   "v128)"
			   "      (local.get 1)"
			   "      (br_table $a $b $c (local.get 0)))"
			   "      (return (i32.const 10)))"
			   "      (drop) (return (local.get 2) (i32.const 11)))"
			   "    (v128.not) (i32.const 12))"
			   "  (func (export \"count\") (type $t)"
			   "    (i32.const 3) (local.get 1)"
			   "    (loop $l (param i32 v128) (result v128)"
			   "      (local.set 1) (local.set 0)"
			   "      (i32.sub (local.get 0) (i32.const 1))"
			   "      (i64x2.add (local.get 1) (local.get 2))"
			   "      (br_if $l (i32.ne (local.get 0) (i32.const 1)))"
			   "      (local.set 1) (local.set 0) (local.get 1))"
			   "    (local.get 0))"
			   "  (func (export \"select\") (type $t)"
			   "    (select (result v128) (local.get 1) (local.get 2) (local.get 0))"
			   "    (local.get 0))"
			   "  (func (export \"tail\") (type $t)"
			   "    (return_call $pick (i32.const 2) (local.get 2) (local.get 1)))"
			   "  (func $even (param i32 v128 i64 v128) (result v128 i32)"
			   "    (if (i32.eqz (local.get 0)) (then (return (local.get 3) (i32.const "
			   "1))))"
			   "    (return_call $odd (i32.sub (local.get 0) (i32.const 1))"
			   "      (local.get 3) (local.get 1)))"
			   "  (func $odd (param i32 v128 v128) (result v128 i32)"
			   "    (if (i32.eqz (local.get 0)) (then (return (local.get 2) (i32.const "
			   "0))))"
			   "    (return_call $even (i32.sub (local.get 0) (i32.const 1))"
			   "      (local.get 1) (i64.const 9) (local.get 2)))"
			   "  (func (export \"even\") (type $t)"
			   "    (call $even (i32.const 1001) (local.get 1) (i64.const 4)"
			   "      (local.get 2))))");
		static const struct {
			const char *name;
			uint32_t arg, tag;
			uint64_t low, high;
		} cases[] = {{"pick", 0, 10, LOW, HIGH},
			     {"pick", 1, 11, 1, 2},
			     {"pick", 9, 12, ~LOW, ~HIGH},
			     {"count", 0, 0, LOW + 3, HIGH + 6},
			     {"select", 0, 0, 1, 2},
			     {"select", 4, 4, LOW, HIGH},
			     {"tail", 0, 12, ~UINT64_C(1), ~UINT64_C(2)},
			     {"even", 0, 0, LOW, HIGH}};
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			args[0].i32 = cases[i].arg;
			call(&guest, cases[i].name, args, results);
			ck_vector(results[0], cases[i].low, cases[i].high);
			ck_assert_uint_eq(results[1].i32, cases[i].tag);
		}
		guest_close(&guest);
	}
}
END_TEST

UNIT_MAIN(vectors_go_to_the_host_and_back, a_host_function_takes_many_vectors, globals_hold_vectors,
	  structs_hold_vectors_among_others, arrays_hold_vectors, exceptions_carry_vectors,
	  vectors_go_over_branches_and_calls)
