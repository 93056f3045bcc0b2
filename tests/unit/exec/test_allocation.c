/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation of a guest's life fails in turn: each time it ends in order, and is reported. */
#include "guest.h"

#define EVERYTHING                                                                                 \
	"(module (import \"env\" \"f\" (func $f (param i64) (result i64)))"                        \
	"  (type $n (struct (field (ref null $n)) (field i64))) (type $a (array (mut i64)))"       \
	"  (memory 1) (table 3 funcref) (elem (i32.const 0) func $f $callee)"                      \
	"  (global $g (ref $a) (array.new_fixed $a 9 (i64.const 0) (i64.const 1) (i64.const 2)"    \
	"    (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7)"                \
	"    (i64.const 8)))"                                                                      \
	"  (tag $e (param i64))"                                                                   \
	"  (func $callee (param i64) (result i64) (throw $e (local.get 0)))"                       \
	"  (func (export \"run\") (param i64) (result i64) (local $l (ref null $n))"               \
	"    (local.set $l (struct.new $n (ref.null $n) (local.get 0)))"                           \
	"    (local.set $l (struct.new $n (local.get $l) (call $f (i64.const 2))))"                \
	"    (drop (array.new_default $a (i32.const 10000)))"                                      \
	"    (drop (table.grow (ref.null func) (i32.const 50)))"                                   \
	"    (i64.add (struct.get $n 1 (local.get $l))"                                            \
	"      (block $h (result i64) (try_table (result i64) (catch $e $h)"                       \
	"        (call_indirect (param i64) (result i64) (local.get 0) (i32.const 1)))))))"

static enum wpkg_trap same(struct wpkg_caller *caller, void *user,
			   const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	(void)caller, (void)user;
	results[0].i64 = args[0].i64;
	return WPKG_TRAP_NONE;
}

/* Room for a table that could not grow is no error of the guest's: it sees -1. So is none here. */
static enum wpkg_status live(const struct wpkg_module *module, bool eager, unsigned off)
{
	struct wpkg_engine_limits limits = {.eager = eager, .optimisations_off = off};
	struct wpkg_engine *engine = NULL;
	struct wpkg_linker *linker = NULL;
	struct wpkg_instance *instance;
	struct wpkg_err err;
	enum wpkg_status status = wpkg_engine_new(&engine, &limits, &err);
	if (status == WPKG_OK)
		status = wpkg_linker_new(&linker, engine, &err);
	if (status == WPKG_OK)
		status = wpkg_linker_define_func(linker, WPKG_LIT("env"), WPKG_LIT("f"),
						 "i64 -> i64", same, NULL, &err);
	if (status == WPKG_OK)
		status = wpkg_linker_instantiate(&instance, linker, module, NULL, &err);
	if (status == WPKG_OK) {
		union wpkg_wasm_value in = {.i64 = 40}, out;
		struct wpkg_outcome outcome;
		enum wpkg_trap trap = wpkg_func_call(
			&outcome, wpkg_instance_find_func(instance, WPKG_LIT("run")), &in, &out);
		if (trap == WPKG_TRAP_NO_MEMORY)
			status = WPKG_ENOMEM;
		else if (trap != WPKG_TRAP_NONE || out.i64 != 42)
			status = WPKG_EINVAL;
	}
	wpkg_linker_free(linker);
	wpkg_engine_free(engine);
	return status;
}

/* As unit_fail_each_allocation, but that growing the table may fail without a word. */
static void fail_each(const struct wpkg_module *module, bool eager, unsigned off)
{
	unsigned silent = 0;
	for (size_t n = 0;; n++) {
		wpkg_mem_fail_at(n);
		enum wpkg_status status = live(module, eager, off);
		int reached = wpkg_mem_fail_reached();
		wpkg_mem_fail_never();
		if (!reached) {
			ck_assert_int_eq(status, WPKG_OK);
			ck_assert_uint_gt(n, 20);
			break;
		}
		silent += status == WPKG_OK;
		ck_assert_msg(status == WPKG_OK || status == WPKG_ENOMEM, "allocation %zu: %s", n,
			      wpkg_status_name(status));
	}
	ck_assert_uint_le(silent, 1);
}

START_TEST(a_failed_allocation_ends_the_guest_in_order)
{
	struct guest guest;
	guest_init(&guest, NULL);
	guest_read(&guest, EVERYTHING);
	fail_each(guest.module, false, 0);
	fail_each(guest.module, true, 0);
	fail_each(guest.module, false, WPKG_OPT_ALL);
	guest_close(&guest);
}
END_TEST

UNIT_MAIN(a_failed_allocation_ends_the_guest_in_order)
