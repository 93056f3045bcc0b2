/* SPDX-License-Identifier: Apache-2.0 */
/* Each limit ends the guest with its own trap, wherever the guest is, and the engine works on. */
#include "guest.h"

#include "base/mem.h"
#include "exec/external.h"
#include "exec/object.h"

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

/* Every way to run without end that has its own code in the interpreter. */
#define ENDLESS                                                                                    \
	"(module (type $f (func (param i64) (result i64))) (tag $e) (memory 1)"                    \
	"  (table 2 funcref) (elem (i32.const 0) $call $tail_indirect)"                            \
	"  (func $branch (export \"branch\") (type $f) (loop $l (br $l)) (unreachable))"           \
	"  (func (export \"branch_if\") (type $f) (loop $l (br_if $l (i64.eqz (i64.const 0))))"    \
	"    (unreachable))"                                                                       \
	"  (func (export \"branch_compare\") (type $f)"                                            \
	"    (loop $l (br_if $l (i64.eq (local.get 0) (local.get 0)))) (unreachable))"             \
	"  (func (export \"branch_step\") (type $f) (local $i i32)"                                \
	"    (loop $l (br_if $l (i32.ne (i32.const 1)"                                             \
	"      (local.tee $i (i32.add (local.get $i) (i32.const 2)))))) (unreachable))"            \
	"  (func (export \"branch_row\") (type $f) (local $k i32) (local $step i32)"               \
	"    (local $end i32) (local.set $end (i32.const 1))"                                      \
	"    (loop $l (i32.store8 (local.get $k) (i32.const 1))"                                   \
	"      (br_if $l (i32.lt_u (local.tee $k (i32.add (local.get $k) (local.get $step)))"      \
	"        (local.get $end)))) (unreachable))"                                               \
	"  (func (export \"branch_loaded\") (type $f)"                                             \
	"    (loop $l (br_if $l (i32.eqz (i32.load (i32.const 4))))) (unreachable))"               \
	"  (func (export \"branch_table\") (type $f) (loop $l (br_table $l $l (i32.const 0)))"     \
	"    (unreachable))"                                                                       \
	"  (func (export \"branch_null\") (type $f) (loop $l (br_on_null $l (ref.null func)) "     \
	"drop)"                                                                                    \
	"    (unreachable))"                                                                       \
	"  (func (export \"branch_cast\") (type $f) (ref.i31 (i32.const 1))"                       \
	"    (loop $l (param i31ref) (br_on_cast $l i31ref (ref i31)) (drop)) (unreachable))"      \
	"  (func $call (export \"call\") (type $f) (loop $l (drop (call $leaf)) (br $l))"          \
	"    (unreachable))"                                                                       \
	"  (func $leaf (result i64) (i64.const 1))"                                                \
	"  (func $tail (export \"tail\") (type $f) (return_call $tail (local.get 0)))"             \
	"  (func $tail_indirect (export \"tail_indirect\") (type $f)"                              \
	"    (return_call_indirect (type $f) (local.get 0) (i32.const 1)))"                        \
	"  (func (export \"throw\") (type $f)"                                                     \
	"    (loop $l (try_table (catch_all $l) (throw $e))) (unreachable)))"

static const char *const endless[] = {
	"branch",	 "branch_if",	  "branch_compare", "branch_step", "branch_row",
	"branch_loaded", "branch_table",  "branch_null",    "branch_cast", "call",
	"tail",		 "tail_indirect", "throw",
};

#define ENDLESS_COUNT (sizeof(endless) / sizeof(endless[0]))

static double now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Interrupts. */

static void *interrupt_soon(void *engine)
{
	nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	wpkg_engine_interrupt(engine);
	return NULL;
}

START_TEST(another_thread_ends_any_endless_loop)
{
	for (size_t i = 0; i < ENDLESS_COUNT; i++) {
		for (unsigned off = 0; off <= WPKG_OPT_ALL; off += WPKG_OPT_ALL) {
			struct wpkg_engine_limits limits = {.optimisations_off = off};
			struct guest guest;
			pthread_t thread;
			guest_open(&guest, &limits, ENDLESS);
			pthread_create(&thread, NULL, interrupt_soon, guest.engine);
			ck_trap(guest_call(NULL, &guest, endless[i], 0), WPKG_TRAP_INTERRUPT);
			pthread_join(thread, NULL);
			guest_close(&guest);
		}
	}
}
END_TEST

START_TEST(an_interrupt_holds_until_it_is_cleared)
{
	struct guest guest;
	guest_open(&guest, NULL,
		   "(module (func (export \"loop\") (param i64) (result i64)"
		   "  (loop $l (local.set 0 (i64.sub (local.get 0) (i64.const 1)))"
		   "    (br_if $l (i64.ne (local.get 0) (i64.const 0)))) (i64.const 7)))");
	wpkg_engine_interrupt(guest.engine);
	ck_trap(guest_call(NULL, &guest, "loop", 3), WPKG_TRAP_INTERRUPT);
	ck_trap(guest_call(NULL, &guest, "loop", 3), WPKG_TRAP_INTERRUPT);
	ck_assert(wpkg_trap_is_limit(WPKG_TRAP_INTERRUPT));
	wpkg_engine_clear_interrupt(guest.engine);
	ck_assert_uint_eq(guest_value(&guest, "loop", 3), 7);
	guest_close(&guest);
}
END_TEST

/* Fuel. */

START_TEST(fuel_ends_any_endless_loop)
{
	for (size_t i = 0; i < ENDLESS_COUNT; i++) {
		struct wpkg_engine_limits limits = {.fuel = 100000};
		struct guest guest;
		guest_open(&guest, &limits, ENDLESS);
		ck_trap(guest_call(NULL, &guest, endless[i], 0), WPKG_TRAP_FUEL);
		ck_assert_uint_eq(wpkg_engine_fuel(guest.engine), 0);
		ck_trap(guest_call(NULL, &guest, endless[i], 0), WPKG_TRAP_FUEL);
		guest_close(&guest);
	}
}
END_TEST

#define COUNTED                                                                                    \
	"(module (memory 100) (type $t (func (param i64) (result i64))) (tag $e)"                  \
	"  (func $leaf (export \"leaf\") (type $t) (local.get 0))"                                 \
	"  (func $fib (param i64) (result i64)"                                                    \
	"    (if (result i64) (i64.lt_u (local.get 0) (i64.const 2)) (then (local.get 0))"         \
	"      (else (i64.add (call $fib (i64.sub (local.get 0) (i64.const 1)))"                   \
	"        (call $fib (i64.sub (local.get 0) (i64.const 2)))))))"                            \
	"  (func (export \"fib\") (param i64) (result i64) (call $fib (local.get 0)))"             \
	"  (func (export \"loops\") (param i64) (result i64) (local $i i32) (local $f f64)"        \
	"    (local $k i32) (local $step i32) (local $end i32)"                                    \
	"    (i32.store (i32.const 0) (i32.wrap_i64 (local.get 0)))"                               \
	"    (loop $l"                                                                             \
	"      (i32.store (i32.const 0) (i32.sub (i32.load (i32.const 0)) (i32.const 1)))"         \
	"      (br_if $l (i32.load (i32.const 0))))"                                               \
	"    (local.set $end (i32.wrap_i64 (local.get 0))) (local.set $step (i32.const 1))"        \
	"    (loop $l (i32.store8 (local.get $k) (i32.const 1))"                                   \
	"      (br_if $l (i32.lt_u (local.tee $k (i32.add (local.get $k) (local.get $step)))"      \
	"        (local.get $end))))"                                                              \
	"    (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))"   \
	"      (i32.wrap_i64 (local.get 0)))))"                                                    \
	"    (loop $l (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))"           \
	"    (loop $l (local.set $f (f64.add (local.get $f) (f64.const 1)))"                       \
	"      (br_if $l (f64.lt (local.get $f) (f64.convert_i64_u (local.get 0)))))"              \
	"    (loop $l (local.set 0 (i64.sub (local.get 0) (i64.const 1)))"                         \
	"      (br_if $l (i64.ne (local.get 0) (i64.const 0))))"                                   \
	"    (loop $l (drop (call_ref $t (i64.const 0) (ref.func $leaf))))"                        \
	"    (local.get 0))"                                                                       \
	"  (func (export \"nested\") (type $t) (local $k i32)"                                     \
	"    (loop $outer (local.set $k (i32.const 3))"                                            \
	"      (loop $inner"                                                                       \
	"        (br_if $inner (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))"            \
	"      (local.set 0 (i64.sub (local.get 0) (i64.const 1)))"                                \
	"      (br_if $outer (i64.ne (local.get 0) (i64.const 0))))"                               \
	"    (local.get 0))"                                                                       \
	"  (func (export \"table\") (type $t)"                                                     \
	"    (block $out (loop $l (local.set 0 (i64.sub (local.get 0) (i64.const 1)))"             \
	"      (br_table $out $l (i64.ne (local.get 0) (i64.const 0)))))"                          \
	"    (local.get 0))"                                                                       \
	"  (func (export \"cast\") (type $t) (ref.null i31)"                                       \
	"    (loop $l (param i31ref) (drop) (local.set 0 (i64.sub (local.get 0) (i64.const 1)))"   \
	"      (select (result i31ref) (ref.i31 (i32.const 1)) (ref.null i31)"                     \
	"        (i64.ne (local.get 0) (i64.const 0)))"                                            \
	"      (br_on_cast $l i31ref (ref i31)) (drop))"                                           \
	"    (local.get 0))"                                                                       \
	"  (func (export \"catch\") (type $t)"                                                     \
	"    (loop $l (local.set 0 (i64.sub (local.get 0) (i64.const 1)))"                         \
	"      (try_table (catch_all $l)"                                                          \
	"        (if (i64.ne (local.get 0) (i64.const 0)) (then (throw $e)))))"                    \
	"    (local.get 0))"                                                                       \
	"  (func (export \"switch\") (type $t)"                                                    \
	"    (loop $l (block $long (block $short"                                                  \
	"      (br_table $short $long (i32.wrap_i64 (i64.and (local.get 0) (i64.const 1)))))"      \
	"      (local.set 0 (i64.sub (local.get 0) (i64.const 2)))"                                \
	"      (br_if $l (i64.gt_u (local.get 0) (i64.const 1))) (return (local.get 0)))"          \
	"      (nop) (nop) (nop) (nop) (nop) (nop) (nop) (nop) (nop) (nop)"                        \
	"      (local.set 0 (i64.sub (local.get 0) (i64.const 2)))"                                \
	"      (br_if $l (i64.gt_u (local.get 0) (i64.const 1))))"                                 \
	"    (local.get 0))"                                                                       \
	"  (func (export \"fill\") (param i64) (result i64)"                                       \
	"    (memory.fill (i32.const 0) (i32.const 1) (i32.wrap_i64 (local.get 0)))"               \
	"    (memory.copy (i32.const 1) (i32.const 0) (i32.wrap_i64 (local.get 0)))"               \
	"    (i64.const 0)))"

static uint64_t fuel_of(const char *name, uint64_t argument, unsigned off, bool eager)
{
	struct wpkg_engine_limits limits = {
		.fuel = 1 << 30, .optimisations_off = off, .eager = eager};
	struct guest guest;
	guest_open(&guest, &limits, COUNTED);
	guest_value(&guest, name, argument);
	uint64_t first = wpkg_engine_fuel(guest.engine);
	guest_value(&guest, name, argument);
	uint64_t second = wpkg_engine_fuel(guest.engine);
	ck_assert_uint_eq(limits.fuel - first, first - second);
	guest_close(&guest);
	return limits.fuel - first;
}

START_TEST(the_same_run_takes_the_same_fuel_however_it_is_compiled)
{
	uint64_t all = fuel_of("fib", 15, 0, false);
	ck_assert_uint_eq(fuel_of("fib", 15, WPKG_OPT_ALL, false), all);
	ck_assert_uint_eq(fuel_of("fib", 15, WPKG_OPT_PIN, true), all);
	uint64_t ten = fuel_of("loops", 10, 0, false), thousand = fuel_of("loops", 1000, 0, false);
	ck_assert_uint_eq(fuel_of("loops", 10, WPKG_OPT_ALL, false), ten);
	ck_assert_uint_eq(fuel_of("loops", 1000, WPKG_OPT_ALL, true), thousand);
	/* Of a turn in the six loops. */
	ck_assert_uint_eq(thousand - ten, 990 * (9 + 10 + 8 + 5 + 9 + 8));
	ck_assert_uint_gt(all, 1973 * 5); /* calls of fib, and instructions in each */
	ck_assert_uint_lt(all, 1973 * 30);
}
END_TEST

/*
 * The first turn of an inner one is paid with the outer one's, of a switch only the case that is
 * taken; to find a catch takes one, too.
 */
START_TEST(a_turn_costs_what_is_on_the_way_however_it_goes_back)
{
	static const struct {
		const char *name;
		uint64_t turn, step, first; /* turns are counted in the argument, by that step */
	} loops[] = {{"nested", 11 + 3 * 5, 1, 0}, {"table", 8, 1, 0},	 {"cast", 13, 1, 0},
		     {"catch", 10 + 1, 1, 0},	   {"switch", 15, 2, 0}, {"switch", 25, 2, 1}};
	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		const char *name = loops[i].name;
		uint64_t ten = 10 * loops[i].step + loops[i].first;
		uint64_t thousand = 1000 * loops[i].step + loops[i].first;
		uint64_t few = fuel_of(name, ten, 0, false);
		ck_assert_uint_eq(fuel_of(name, ten, WPKG_OPT_ALL, true), few);
		uint64_t many = fuel_of(name, thousand, 0, false);
		ck_assert_uint_eq(fuel_of(name, thousand, WPKG_OPT_ALL, true), many);
		ck_assert_msg(many - few == 990 * loops[i].turn, "%s: %llu in 990 turns", name,
			      (unsigned long long)(many - few));
	}
}
END_TEST

/* At the beginning of the turn that cannot be paid, with nothing of it done. */
START_TEST(fuel_ends_at_the_same_place_however_it_is_compiled)
{
	struct wpkg_engine_limits limits = {.fuel = 1}, plain = limits;
	struct guest guest, other;
	enum wpkg_trap trap = WPKG_TRAP_FUEL;
	uint64_t fuel = 0;
	plain.optimisations_off = WPKG_OPT_ALL;
	guest_open(&guest, &limits, COUNTED);
	guest_open(&other, &plain, COUNTED);
	for (; trap; fuel++) {
		wpkg_engine_set_fuel(guest.engine, fuel);
		wpkg_engine_set_fuel(other.engine, fuel);
		trap = guest_call(NULL, &guest, "loops", 3);
		ck_trap(guest_call(NULL, &other, "loops", 3), trap);
		ck_assert_uint_eq(wpkg_engine_fuel(guest.engine), 0);
		ck_assert_uint_eq(wpkg_engine_fuel(other.engine), 0);
		if (!trap)
			break;
		ck_trap(trap, WPKG_TRAP_FUEL);
		ck_assert_uint_eq(guest.outcome.frames[0].offset, other.outcome.frames[0].offset);
		ck_assert_mem_eq(wpkg_memory_bytes(guest.instance->memories[0]),
				 wpkg_memory_bytes(other.instance->memories[0]), 8);
	}
	ck_assert_uint_gt(fuel, 2 * (9 + 10 + 8 + 5 + 9 + 8));
	guest_close(&guest);
	guest_close(&other);
}
END_TEST

START_TEST(an_instruction_that_moves_much_takes_more_fuel)
{
	uint64_t small = fuel_of("fill", 64, 0, false), large = fuel_of("fill", 6400000, 0, false);
	ck_assert_uint_lt(small, 100);
	ck_assert_uint_gt(large, 2 * 6400000 / 64);
}
END_TEST

START_TEST(fuel_can_be_filled_up)
{
	struct wpkg_engine_limits limits = {.fuel = 10};
	struct guest guest;
	guest_open(&guest, &limits, COUNTED);
	ck_trap(guest_call(NULL, &guest, "fib", 10), WPKG_TRAP_FUEL);
	wpkg_engine_set_fuel(guest.engine, 1000000);
	ck_assert_uint_eq(guest_value(&guest, "fib", 10), 55);
	ck_assert_uint_lt(wpkg_engine_fuel(guest.engine), 1000000);
	guest_close(&guest);
}
END_TEST

/* Time. */

START_TEST(time_ends_any_endless_loop_soon_after_it_is_used_up)
{
	for (size_t i = 0; i < ENDLESS_COUNT; i++) {
		struct wpkg_engine_limits limits = {.time_ms = 5};
		struct guest guest;
		guest_open(&guest, &limits, ENDLESS);
		double before = now();
		ck_trap(guest_call(NULL, &guest, endless[i], 0), WPKG_TRAP_DEADLINE);
		ck_assert(now() - before >= 0.005);
		ck_assert(now() - before < 60); /* milliseconds, unless the machine is busy */
		guest_close(&guest);
	}
}
END_TEST

START_TEST(each_call_from_outside_has_its_own_time)
{
	struct wpkg_engine_limits limits = {.time_ms = 1000};
	struct guest guest;
	guest_open(&guest, &limits, COUNTED);
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(guest_value(&guest, "fib", 12), 144);
		nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);
	}
	guest_close(&guest);
}
END_TEST

START_TEST(a_time_beyond_the_clock_is_no_end)
{
	struct wpkg_engine_limits limits = {.time_ms = UINT64_MAX};
	struct guest guest;
	guest_open(&guest, &limits, COUNTED);
	ck_assert_uint_eq(guest_value(&guest, "fib", 12), 144);
	guest_close(&guest);
}
END_TEST

/* The value stack. */

#define RECURSIVE                                                                                  \
	"(module (func $down (export \"down\") (param i64) (result i64)"                           \
	"  (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 0))"                          \
	"    (else (i64.add (i64.const 1) (call $down (i64.sub (local.get 0) (i64.const 1))))))))"

START_TEST(the_default_stack_takes_a_hundred_thousand_calls)
{
	struct guest guest;
	guest_open(&guest, NULL, RECURSIVE);
	ck_assert_uint_eq(guest_value(&guest, "down", 100000), 100000);
	ck_trap(guest_call(NULL, &guest, "down", 100000000), WPKG_TRAP_STACK);
	ck_assert_uint_gt(guest.outcome.depth, 100000);
	ck_assert_uint_eq(guest_value(&guest, "down", 5), 5);
	guest_close(&guest);
}
END_TEST

START_TEST(a_larger_stack_takes_more_calls)
{
	struct wpkg_engine_limits small = {.stack_bytes = 1 << 20},
				  large = {.stack_bytes = 4 << 20};
	struct guest guest;
	guest_open(&guest, &small, RECURSIVE);
	ck_trap(guest_call(NULL, &guest, "down", 100000000), WPKG_TRAP_STACK);
	uint64_t depth = guest.outcome.depth;
	guest_close(&guest);
	guest_open(&guest, &large, RECURSIVE);
	ck_trap(guest_call(NULL, &guest, "down", 100000000), WPKG_TRAP_STACK);
	ck_assert_uint_gt(guest.outcome.depth, 3 * depth);
	guest_close(&guest);
}
END_TEST

START_TEST(a_function_with_too_many_locals_is_refused_and_the_others_run)
{
	struct guest guest;
	struct wpkg_buf text;
	wpkg_buf_init(&text, GUEST_MAX);
	wpkg_buf_append_text(&text, "(module (func $wide (param i64) (result i64) (local");
	for (int i = 0; i < 49000; i++)
		wpkg_buf_append_text(&text, " i64");
	wpkg_buf_append_text(&text, ") (local.get 48000)");
	for (int i = 0; i < 20000; i++)
		wpkg_buf_append_text(&text, "(i64.load (i32.const 0))");
	for (int i = 0; i < 20000; i++)
		wpkg_buf_append_text(&text, "(i64.add)");
	wpkg_buf_append_text(&text,
			     ") (memory 1)"
			     "(func (export \"wide\") (param i64) (result i64)"
			     "  (call $wide (local.get 0)))"
			     "(func (export \"same\") (param i64) (result i64) (local.get 0)))");
	guest_open(&guest, NULL, wpkg_buf_text(&text));
	ck_trap(guest_call(NULL, &guest, "wide", 1), WPKG_TRAP_UNSUPPORTED);
	ck_assert_uint_eq(guest_value(&guest, "same", 3), 3);
	wpkg_buf_clear(&text);
	guest_close(&guest);
}
END_TEST

/* Ceilings. */

#define GROWING                                                                                    \
	"(module (memory $a 1) (memory $b 1 100) (table $t 10 funcref)"                            \
	"  (func (export \"a\") (param i64) (result i64)"                                          \
	"    (i64.extend_i32_s (memory.grow $a (i32.wrap_i64 (local.get 0)))))"                    \
	"  (func (export \"b\") (param i64) (result i64)"                                          \
	"    (i64.extend_i32_s (memory.grow $b (i32.wrap_i64 (local.get 0)))))"                    \
	"  (func (export \"t\") (param i64) (result i64)"                                          \
	"    (i64.extend_i32_s (table.grow $t (ref.null func) (i32.wrap_i64 (local.get 0))))))"

START_TEST(all_memories_together_stay_below_the_ceiling)
{
	struct wpkg_engine_limits limits = {.memory_bytes = 10 << 16};
	struct wpkg_engine_usage usage;
	struct guest guest;
	guest_open(&guest, &limits, GROWING);
	ck_assert_uint_eq(guest_value(&guest, "a", 5), 1);
	ck_assert_uint_eq(guest_value(&guest, "b", 4), UINT64_MAX);
	wpkg_engine_usage(&usage, guest.engine);
	ck_assert(usage.memory_refused);
	ck_assert_uint_eq(usage.memory_bytes, 7 << 16);
	ck_assert_uint_eq(guest_value(&guest, "b", 3), 1);
	ck_assert_uint_eq(guest_value(&guest, "a", 0), 6);
	ck_assert_uint_eq(guest_value(&guest, "a", 1), UINT64_MAX);
	guest_close(&guest);
}
END_TEST

START_TEST(a_ceiling_can_trap)
{
	struct wpkg_engine_limits limits = {
		.memory_bytes = 10 << 16, .table_entries = 20, .ceilings_trap = true};
	struct guest guest;
	guest_open(&guest, &limits, GROWING);
	ck_trap(guest_call(NULL, &guest, "a", 9), WPKG_TRAP_MEMORY_LIMIT);
	ck_trap(guest_call(NULL, &guest, "t", 11), WPKG_TRAP_TABLE_LIMIT);
	ck_assert_uint_eq(guest_value(&guest, "a", 8), 1);
	ck_assert_uint_eq(guest_value(&guest, "t", 10), 10);
	/* The memory's own maximum is no ceiling. */
	ck_assert_uint_eq(guest_value(&guest, "b", 100), UINT64_MAX);
	guest_close(&guest);
}
END_TEST

START_TEST(tables_stay_below_their_ceiling)
{
	struct wpkg_engine_limits limits = {.table_entries = 20};
	struct guest guest;
	guest_open(&guest, &limits, GROWING);
	ck_assert_uint_eq(guest_value(&guest, "t", 11), UINT64_MAX);
	ck_assert_uint_eq(guest_value(&guest, "t", 10), 10);
	ck_assert_uint_eq(guest_value(&guest, "t", 1), UINT64_MAX);
	guest_close(&guest);
}
END_TEST

START_TEST(a_module_that_begins_above_a_ceiling_is_refused)
{
	struct wpkg_engine_limits limits = {.memory_bytes = 1 << 16, .table_entries = 20};
	struct guest guest;
	guest_init(&guest, &limits);
	guest_read(&guest, "(module (memory 2))");
	ck_status(guest_instantiate(&guest), WPKG_ELIMIT);
	ck_assert_str_eq(guest.err.msg, "a memory of 2 pages passes the memory limit");
	guest_close(&guest);
	guest_init(&guest, &limits);
	guest_read(&guest, "(module (table 21 funcref))");
	ck_status(guest_instantiate(&guest), WPKG_ELIMIT);
	guest_close(&guest);
}
END_TEST

/* Of all together. */

#define MIXED                                                                                      \
	"(module (memory 1) (table $t 8 funcref) (type $a (array (mut i8)))"                       \
	"  (type $n (struct (field (ref null $n))))"                                               \
	"  (global $kept (mut (ref null $a)) (ref.null $a))"                                       \
	"  (func (export \"memory\") (param i64) (result i64)"                                     \
	"    (i64.extend_i32_s (memory.grow (i32.wrap_i64 (local.get 0)))))"                       \
	"  (func (export \"table\") (param i64) (result i64)"                                      \
	"    (i64.extend_i32_s (table.grow $t (ref.null func) (i32.wrap_i64 (local.get 0)))))"     \
	"  (func (export \"keep\") (param i64) (result i64)"                                       \
	"    (global.set $kept (array.new_default $a (i32.wrap_i64 (local.get 0))))"               \
	"    (i64.extend_i32_u (array.len (global.get $kept))))"                                   \
	"  (func (export \"drop\") (param i64) (result i64)"                                       \
	"    (global.set $kept (ref.null $a)) (i64.const 0))"                                      \
	"  (func (export \"list\") (param i64) (result i64) (local $x (ref null $n))"              \
	"    (loop $l (local.set $x (struct.new $n (local.get $x)))"                               \
	"      (br_if $l (i64.ne (i64.const 0) (local.tee 0"                                       \
	"        (i64.sub (local.get 0) (i64.const 1))))))"                                        \
	"    (i64.const 1)))"

static struct wpkg_engine_usage usage_of(const struct guest *guest)
{
	struct wpkg_engine_usage usage;
	wpkg_engine_usage(&usage, guest->engine);
	return usage;
}

START_TEST(memories_tables_and_the_heap_stay_below_the_total_together)
{
	struct wpkg_engine_limits limits = {.total_bytes = 16 << 16};
	struct guest guest;
	guest_open(&guest, &limits, MIXED);
	ck_assert_uint_eq(usage_of(&guest).total_bytes, (1 << 16) + 8 * 8);
	ck_assert_uint_eq(guest_value(&guest, "memory", 8), 1);
	ck_assert_uint_eq(guest_value(&guest, "table", 8192), 8);
	ck_assert_uint_eq(guest_value(&guest, "keep", 300000), 300000);
	ck_assert(!usage_of(&guest).memory_refused);
	uint64_t used = usage_of(&guest).total_bytes;
	ck_assert_uint_eq(used, (9 << 16) + 8 * 8200 + usage_of(&guest).heap_bytes);
	/* There is a page left for any of them, and no more for none. */
	ck_assert_uint_eq(guest_value(&guest, "memory", 2), UINT64_MAX);
	ck_assert_uint_eq(guest_value(&guest, "table", 12000), UINT64_MAX);
	ck_trap(guest_call(NULL, &guest, "keep", 100000), WPKG_TRAP_HEAP_LIMIT);
	ck_trap(guest_call(NULL, &guest, "list", 10000), WPKG_TRAP_HEAP_LIMIT);
	ck_assert(usage_of(&guest).memory_refused);
	ck_assert_uint_le(usage_of(&guest).total_bytes, limits.total_bytes);
	ck_assert_uint_eq(guest_value(&guest, "keep", 90), 90);
	guest_close(&guest);
}
END_TEST

START_TEST(what_a_collection_frees_is_there_for_all)
{
	struct wpkg_engine_limits limits = {.total_bytes = 16 << 16};
	struct guest guest;
	guest_open(&guest, &limits, MIXED);
	ck_assert_uint_eq(guest_value(&guest, "keep", 900000), 900000);
	ck_assert_uint_eq(guest_value(&guest, "memory", 8), UINT64_MAX);
	ck_trap(guest_call(NULL, &guest, "keep", 300000), WPKG_TRAP_HEAP_LIMIT);
	guest_value(&guest, "drop", 0);
	/* No allocation has come since, so nothing was collected. */
	ck_assert_uint_eq(guest_value(&guest, "memory", 8), UINT64_MAX);
	/* This one finds no room, before it has some. */
	uint64_t collections = usage_of(&guest).collections;
	ck_assert_uint_eq(guest_value(&guest, "keep", 300000), 300000);
	ck_assert_uint_eq(usage_of(&guest).collections, collections + 1);
	ck_assert_uint_eq(guest_value(&guest, "memory", 8), 1);
	guest_value(&guest, "drop", 0);
	ck_trap(guest_call(NULL, &guest, "list", 100000), WPKG_TRAP_HEAP_LIMIT);
	ck_trap(guest_call(NULL, &guest, "keep", 500000), WPKG_TRAP_HEAP_LIMIT);
	ck_assert_uint_eq(usage_of(&guest).total_bytes, (9 << 16) + 8 * 8);
	ck_assert_uint_eq(guest_value(&guest, "table", 57000), 8);
	guest_close(&guest);
}
END_TEST

START_TEST(a_table_takes_what_is_allocated_for_it)
{
	struct wpkg_engine_limits limits = {.total_bytes = 8 * 1000};
	struct guest guest;
	guest_open(&guest, &limits,
		   "(module (table $t 100 funcref)"
		   "  (func (export \"table\") (param i64) (result i64)"
		   "    (i64.extend_i32_s (table.grow $t (ref.null func)"
		   "      (i32.wrap_i64 (local.get 0))))))");
	ck_assert_uint_eq(usage_of(&guest).total_bytes, 8 * 100);
	ck_assert_uint_eq(guest_value(&guest, "table", 1), 100);
	ck_assert_uint_eq(usage_of(&guest).total_bytes, 8 * 200);
	ck_assert_uint_eq(guest_value(&guest, "table", 99), 101);
	ck_assert_uint_eq(usage_of(&guest).total_bytes, 8 * 200);
	ck_assert_uint_eq(guest_value(&guest, "table", 400), 200);
	/* Twice as much is too much, and what is needed is not. */
	ck_assert_uint_eq(guest_value(&guest, "table", 1), 600);
	ck_assert_uint_eq(usage_of(&guest).total_bytes, 8 * 601);
	ck_assert_uint_eq(guest_value(&guest, "table", 399), 601);
	ck_assert(!usage_of(&guest).memory_refused);
	ck_assert_uint_eq(guest_value(&guest, "table", 1), UINT64_MAX);
	ck_assert(usage_of(&guest).memory_refused);
	ck_assert_uint_eq(usage_of(&guest).total_bytes, limits.total_bytes);
	guest_close(&guest);
}
END_TEST

START_TEST(the_total_can_trap)
{
	struct wpkg_engine_limits limits = {.total_bytes = 16 << 16, .ceilings_trap = true};
	struct guest guest;
	guest_open(&guest, &limits, MIXED);
	guest_value(&guest, "keep", 500000);
	ck_trap(guest_call(NULL, &guest, "memory", 8), WPKG_TRAP_MEMORY_LIMIT);
	ck_trap(guest_call(NULL, &guest, "table", 100000), WPKG_TRAP_TABLE_LIMIT);
	ck_trap(guest_call(NULL, &guest, "keep", 500000), WPKG_TRAP_HEAP_LIMIT);
	ck_assert_uint_eq(guest_value(&guest, "memory", 7), 1);
	ck_assert_uint_eq(guest_value(&guest, "memory", 0), 8);
	guest_close(&guest);
}
END_TEST

/* More than each has without any limit; and a ceiling above the total is none. */
START_TEST(with_a_total_each_may_have_all_of_it)
{
	struct wpkg_engine_limits limits = {.total_bytes = 400 << 20};
	struct guest guest;
	guest_open(&guest, &limits, MIXED);
	ck_assert_uint_eq(guest_value(&guest, "keep", 300000000), 300000000);
	ck_assert_uint_eq(guest_value(&guest, "table", 11000000), 8);
	guest_close(&guest);
	limits = (struct wpkg_engine_limits){.total_bytes = 16 << 16,
					     .memory_bytes = (uint64_t)1 << 40,
					     .table_entries = UINT64_MAX,
					     .heap_bytes = UINT64_MAX};
	guest_open(&guest, &limits, MIXED);
	ck_assert_uint_eq(guest_value(&guest, "memory", 16), UINT64_MAX);
	ck_assert_uint_eq(guest_value(&guest, "table", 1 << 17), UINT64_MAX);
	ck_trap(guest_call(NULL, &guest, "keep", 1 << 20), WPKG_TRAP_HEAP_LIMIT);
	guest_close(&guest);
	limits = (struct wpkg_engine_limits){.total_bytes = 16 << 16, .memory_bytes = 2 << 16};
	guest_open(&guest, &limits, MIXED);
	ck_assert_uint_eq(guest_value(&guest, "memory", 2), UINT64_MAX);
	ck_assert_uint_eq(guest_value(&guest, "memory", 1), 1);
	guest_close(&guest);
}
END_TEST

START_TEST(a_module_that_begins_above_the_total_is_refused)
{
	static const struct {
		const char *text, *error;
	} modules[] = {
		{"(module (memory 17))", "a memory of 17 pages passes the memory limit"},
		{"(module (memory 8) (memory 9))", "a memory of 9 pages passes the memory limit"},
		{"(module (table 131073 funcref))",
		 "a table of 131073 entries passes the table limit"},
		{"(module (memory 10) (table 100000 funcref))",
		 "a table of 100000 entries passes the total limit"},
		{"(module (type $a (array i8)) (memory 10)"
		 "  (global (ref $a) (array.new_default $a (i32.const 500000))))",
		 "0x19: constant expression: heap limit passed"},
	};
	struct wpkg_engine_limits limits = {.total_bytes = 16 << 16};
	struct guest guest;
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		guest_init(&guest, &limits);
		guest_read(&guest, modules[i].text);
		ck_status(guest_instantiate(&guest), WPKG_ELIMIT);
		ck_assert_str_eq(guest.err.msg, modules[i].error);
		ck_assert(usage_of(&guest).memory_refused);
		guest_close(&guest);
	}
	struct wpkg_memory *memory;
	struct wpkg_extent ten = {.min = 10};
	guest_open(&guest, &limits, "(module (table 100000 funcref))");
	ck_status(wpkg_memory_new(&memory, guest.engine, &ten, &guest.err), WPKG_ELIMIT);
	ck_assert_str_eq(guest.err.msg, "a memory of 10 pages passes the total limit");
	guest_close(&guest);
}
END_TEST

/* When the host is out of memory, nothing was taken. */
START_TEST(what_the_host_does_not_give_is_not_counted)
{
	struct wpkg_engine_limits limits = {.total_bytes = 16 << 16};
	struct guest guest;
	guest_open(&guest, &limits, MIXED);
	guest_value(&guest, "keep", 1);
	guest_value(&guest, "table", 0);
	uint64_t used = usage_of(&guest).total_bytes;
	wpkg_mem_fail_at(0);
	ck_assert_uint_eq(guest_value(&guest, "table", 100), UINT64_MAX);
	ck_trap(guest_call(NULL, &guest, "keep", 1000), WPKG_TRAP_NO_MEMORY);
	ck_trap(guest_call(NULL, &guest, "keep", 100000), WPKG_TRAP_NO_MEMORY);
	wpkg_mem_fail_never();
	ck_assert_uint_eq(usage_of(&guest).total_bytes, used);
	ck_assert(!usage_of(&guest).memory_refused);
	guest_close(&guest);
}
END_TEST

START_TEST(a_deterministic_guest_does_not_see_what_the_host_has)
{
	struct wpkg_engine_limits limits = {.deterministic = true};
	struct guest guest;
	struct rlimit had, less;
	guest_open(&guest, &limits, MIXED);
	guest_value(&guest, "table", 0);
	guest_value(&guest, "memory", 0);
	wpkg_mem_fail_at(0);
	ck_trap(guest_call(NULL, &guest, "table", 100), WPKG_TRAP_NO_MEMORY);
	wpkg_mem_fail_never();
	getrlimit(RLIMIT_DATA, &had);
	less = (struct rlimit){1, had.rlim_max};
	setrlimit(RLIMIT_DATA, &less);
	enum wpkg_trap trap = guest_call(NULL, &guest, "memory", 1);
	setrlimit(RLIMIT_DATA, &had);
	ck_trap(trap, WPKG_TRAP_NO_MEMORY);
	ck_assert(!usage_of(&guest).memory_refused);
	ck_assert_uint_eq(usage_of(&guest).memory_bytes, 1 << 16);
	ck_assert_uint_eq(guest_value(&guest, "memory", 1), 1);
	guest_close(&guest);
}
END_TEST

UNIT_MAIN(another_thread_ends_any_endless_loop, an_interrupt_holds_until_it_is_cleared,
	  fuel_ends_any_endless_loop, the_same_run_takes_the_same_fuel_however_it_is_compiled,
	  a_turn_costs_what_is_on_the_way_however_it_goes_back,
	  fuel_ends_at_the_same_place_however_it_is_compiled,
	  an_instruction_that_moves_much_takes_more_fuel, fuel_can_be_filled_up,
	  time_ends_any_endless_loop_soon_after_it_is_used_up,
	  each_call_from_outside_has_its_own_time, a_time_beyond_the_clock_is_no_end,
	  the_default_stack_takes_a_hundred_thousand_calls, a_larger_stack_takes_more_calls,
	  a_function_with_too_many_locals_is_refused_and_the_others_run,
	  all_memories_together_stay_below_the_ceiling, a_ceiling_can_trap,
	  tables_stay_below_their_ceiling, a_module_that_begins_above_a_ceiling_is_refused,
	  memories_tables_and_the_heap_stay_below_the_total_together,
	  what_a_collection_frees_is_there_for_all, a_table_takes_what_is_allocated_for_it,
	  the_total_can_trap, with_a_total_each_may_have_all_of_it,
	  a_module_that_begins_above_the_total_is_refused,
	  what_the_host_does_not_give_is_not_counted,
	  a_deterministic_guest_does_not_see_what_the_host_has)
