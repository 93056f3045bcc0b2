/* SPDX-License-Identifier: Apache-2.0 */
/* Linking and instantiation: what is refused and how, and what a refused one leaves behind. */
#include "guest.h"

#include "exec/wasi.h"

static enum wpkg_trap nothing(struct wpkg_caller *caller, void *user,
			      const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	(void)caller, (void)user, (void)args, (void)results;
	return WPKG_TRAP_NONE;
}

static void define(struct guest *guest, const char *field, const char *type)
{
	ck_ok(wpkg_linker_define_func(guest->linker, WPKG_LIT("env"), wpkg_str_from(field), type,
				      nothing, NULL, &guest->err),
	      guest->err);
}

/* The module is refused with a message that ends like this; it begins with an offset. */
static void check_refused(const char *text, enum wpkg_status status, const char *message)
{
	struct guest guest;
	guest_init(&guest, NULL);
	define(&guest, "f", "i32 -> i64");
	guest_read(&guest, text);
	ck_status(guest_instantiate(&guest), status);
	const char *colon = strstr(guest.err.msg, ": ");
	ck_assert_ptr_nonnull(colon);
	ck_assert_str_eq(colon + 2, message);
	guest_close(&guest);
}

START_TEST(an_import_that_is_missing_or_of_another_type_is_named)
{
	check_refused("(module (import \"env\" \"g\" (func)))", WPKG_ENOTFOUND,
		      "import env.g: no such func");
	check_refused("(module (import \"other\" \"f\" (func)))", WPKG_ENOTFOUND,
		      "import other.f: no such func");
	check_refused("(module (import \"env\" \"f\" (func (param i32))))", WPKG_EINVAL,
		      "import env.f: there is a func, of another type");
	check_refused("(module (import \"env\" \"f\" (memory 1)))", WPKG_EINVAL,
		      "import env.f: there is a func, of another type");
}
END_TEST

START_TEST(a_later_definition_takes_the_place_of_an_earlier_one)
{
	struct guest guest;
	guest_init(&guest, NULL);
	for (int i = 0; i < 300; i++) {
		char name[16];
		snprintf(name, sizeof(name), "f%d", i % 100);
		define(&guest, name, i < 200 ? "i32 ->" : "i64 -> i64");
	}
	guest_load(&guest, "(module (import \"env\" \"f0\" (func (param i64) (result i64)))"
			   "  (import \"env\" \"f99\" (func (param i64) (result i64))))");
	guest_close(&guest);
}
END_TEST

START_TEST(a_type_that_is_none_is_refused)
{
	static const char *const types[] = {"", "i32", "i32 i33 ->", "-> void", "i32->->i32"};
	struct guest guest;
	guest_init(&guest, NULL);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		ck_status(wpkg_linker_define_func(guest.linker, WPKG_LIT("env"), WPKG_LIT("f"),
						  types[i], nothing, NULL, &guest.err),
			  WPKG_EINVAL);
	union wpkg_wasm_value value = {.i64 = 0};
	ck_status(wpkg_linker_define_global(guest.linker, WPKG_LIT("env"), WPKG_LIT("g"), "i8",
					    false, value, &guest.err),
		  WPKG_EINVAL);
	guest_close(&guest);
}
END_TEST

START_TEST(definitions_of_the_host_are_used)
{
	struct guest guest;
	union wpkg_wasm_value value = {.i64 = 11};
	struct wpkg_extent pages = {.min = 2, .max = 3, .has_max = true};
	struct wpkg_extent entries = {.min = 4};
	guest_init(&guest, NULL);
	ck_ok(wpkg_linker_define_global(guest.linker, WPKG_LIT("env"), WPKG_LIT("g"), "i64", true,
					value, &guest.err),
	      guest.err);
	ck_ok(wpkg_linker_define_memory(guest.linker, WPKG_LIT("env"), WPKG_LIT("m"), &pages,
					&guest.err),
	      guest.err);
	ck_ok(wpkg_linker_define_table(guest.linker, WPKG_LIT("env"), WPKG_LIT("t"), &entries,
				       &guest.err),
	      guest.err);
	guest_load(&guest, "(module (import \"env\" \"g\" (global (mut i64)))"
			   "  (import \"env\" \"m\" (memory 1 4))"
			   "  (import \"env\" \"t\" (table 2 funcref))"
			   "  (func (export \"run\") (param i64) (result i64)"
			   "    (i64.add (global.get 0) (i64.extend_i32_u"
			   "      (i32.add (memory.size) (table.size 0))))))");
	ck_assert_uint_eq(guest_value(&guest, "run", 0), 17);
	guest_close(&guest);
}
END_TEST

START_TEST(what_trapped_while_it_began_has_written_what_it_had_written)
{
	struct guest guest;
	struct wpkg_module *first;
	struct wpkg_buf bytes;
	guest_init(&guest, NULL);
	guest_load(&guest, "(module (memory (export \"m\") 1) (table (export \"t\") 2 funcref)"
			   "  (func (export \"call\") (param i64) (result i64)"
			   "    (call_indirect (param i64) (result i64) (local.get 0)"
			   "      (i32.const 1)))"
			   "  (func (export \"byte\") (param i64) (result i64)"
			   "    (i64.load8_u (i32.const 9))))");
	struct wpkg_instance *holder = guest.instance;
	ck_ok(wpkg_linker_define_instance(guest.linker, WPKG_LIT("a"), holder, &guest.err),
	      guest.err);
	first = guest.module;
	bytes = guest.bytes;
	wpkg_buf_init(&guest.bytes, GUEST_MAX);
	guest_read(&guest, "(module (import \"a\" \"m\" (memory 1))"
			   "  (import \"a\" \"t\" (table 2 funcref))"
			   "  (global $g (mut i64) (i64.const 100))"
			   "  (func $f (param i64) (result i64)"
			   "    (global.set $g (i64.add (global.get $g) (local.get 0)))"
			   "    (global.get $g))"
			   "  (elem (i32.const 1) func $f)"
			   "  (data (i32.const 9) \"x\")"
			   "  (data (i32.const 65536) \"y\"))");
	ck_status(guest_instantiate(&guest), WPKG_EDENIED);
	ck_assert_str_eq(guest.err.msg, "data segment 1: out of bounds memory access");
	ck_assert_int_eq(guest.outcome.trap, WPKG_TRAP_MEMORY_BOUNDS);
	guest.instance = holder;
	ck_assert_uint_eq(guest_value(&guest, "byte", 0), 'x');
	ck_assert_uint_eq(guest_value(&guest, "call", 1), 101);
	ck_assert_uint_eq(guest_value(&guest, "call", 1), 102);
	guest_close(&guest);
	wpkg_module_free(first);
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(a_start_function_runs_and_may_trap)
{
	struct guest guest;
	guest_open(&guest, NULL,
		   "(module (global $g (mut i64) (i64.const 1))"
		   "  (func $start (global.set $g (i64.const 5))) (start $start)"
		   "  (func (export \"get\") (param i64) (result i64) (global.get $g)))");
	ck_assert_uint_eq(guest_value(&guest, "get", 0), 5);
	guest_close(&guest);
	guest_init(&guest, NULL);
	guest_read(&guest, "(module (func $start (unreachable)) (start $start))");
	ck_status(guest_instantiate(&guest), WPKG_EDENIED);
	ck_assert_str_eq(guest.err.msg, "start function: unreachable");
	ck_assert_uint_eq(guest.outcome.frame_count, 1);
	guest_close(&guest);
}
END_TEST

/* Its constants and arguments go the way of constant expressions. */
START_TEST(constant_expressions_have_as_many_operands_as_they_like)
{
	struct guest guest;
	struct wpkg_buf text;
	wpkg_buf_init(&text, GUEST_MAX);
	wpkg_buf_append_text(&text, "(module (type $a (array i64)) (global $g (ref $a)"
				    "(array.new_fixed $a 5000");
	for (int i = 0; i < 5000; i++)
		wpkg_buf_append_format(&text, "(i64.add (i64.const %d) (i64.const 1))", i);
	wpkg_buf_append_text(&text,
			     "))(func (export \"get\") (param i64) (result i64)"
			     "  (array.get $a (global.get $g) (i32.wrap_i64 (local.get 0)))))");
	struct wpkg_engine_limits limits = {.collect_always = true};
	guest_open(&guest, &limits, wpkg_buf_text(&text));
	ck_assert_uint_eq(guest_value(&guest, "get", 4999), 5000);
	wpkg_buf_clear(&text);
	guest_close(&guest);
}
END_TEST

/* A table and a global that are shared have one state. */
START_TEST(an_instance_can_be_imported_by_another)
{
	struct guest guest;
	struct wpkg_module *first;
	struct wpkg_buf bytes;
	guest_init(&guest, NULL);
	guest_load(&guest, "(module (memory (export \"m\") 1) (global (export \"g\") (mut i64)"
			   "    (i64.const 3))"
			   "  (func (export \"own\") (param i64) (result i64)"
			   "    (i64.store (i32.const 0) (local.get 0))"
			   "    (i64.add (i64.load (i32.const 0)) (global.get 0))))");
	ck_ok(wpkg_linker_define_instance(guest.linker, WPKG_LIT("a"), guest.instance, &guest.err),
	      guest.err);
	first = guest.module;
	bytes = guest.bytes;
	wpkg_buf_init(&guest.bytes, GUEST_MAX);
	guest_load(&guest,
		   "(module (import \"a\" \"own\" (func $own (param i64) (result i64)))"
		   "  (import \"a\" \"m\" (memory $m 1)) (import \"a\" \"g\" (global (mut i64)))"
		   "  (memory $mine 1)"
		   "  (func (export \"run\") (param i64) (result i64)"
		   "    (global.set 0 (i64.const 30))"
		   "    (i64.add (call $own (local.get 0)) (i64.load $m (i32.const 0)))))");
	ck_assert_uint_eq(guest_value(&guest, "run", 5), 5 + 30 + 5);
	guest_close(&guest);
	wpkg_module_free(first);
	wpkg_buf_clear(&bytes);
}
END_TEST

static enum wpkg_trap seven(struct wpkg_caller *caller, void *user,
			    const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	(void)caller, (void)user, (void)args;
	results[0].i32 = 7;
	return WPKG_TRAP_NONE;
}

/* The functions of WASI are made when they are imported. */
START_TEST(a_definition_goes_before_the_function_of_wasi_with_its_name)
{
	const struct wpkg_wasi_options nothing_granted = {.arg_count = 0};
	struct guest guest;
	struct wpkg_wasi *wasi;
	guest_init(&guest, NULL);
	ck_ok(wpkg_wasi_new(&wasi, &nothing_granted, &guest.err), guest.err);
	ck_ok(wpkg_linker_define_func(guest.linker, WPKG_LIT("wasi_snapshot_preview1"),
				      WPKG_LIT("sched_yield"), "-> i32", seven, NULL, &guest.err),
	      guest.err);
	wpkg_wasi_define(guest.linker, wasi);
	guest_load(&guest,
		   "(module"
		   "  (import \"wasi_snapshot_preview1\" \"sched_yield\" (func (result i32)))"
		   "  (import \"wasi_unstable\" \"sched_yield\" (func (result i32)))"
		   "  (func (export \"own\") (param i64) (result i32) (call 0))"
		   "  (func (export \"old\") (param i64) (result i32) (call 1)))");
	ck_assert_uint_eq(guest_value(&guest, "own", 0), 7);
	ck_assert_uint_eq(guest_value(&guest, "old", 0), 0);
	guest_close(&guest);
	wpkg_wasi_free(wasi);
}
END_TEST

START_TEST(what_wasi_has_not_is_no_import)
{
	struct guest guest;
	struct wpkg_wasi *wasi;
	guest_init(&guest, NULL);
	ck_ok(wpkg_wasi_new(&wasi, &(struct wpkg_wasi_options){.arg_count = 0}, &guest.err),
	      guest.err);
	wpkg_wasi_define(guest.linker, wasi);
	guest_read(&guest, "(module (import \"wasi_snapshot_preview1\" \"sock_open\" (func)))");
	ck_status(guest_instantiate(&guest), WPKG_ENOTFOUND);
	ck_assert_ptr_nonnull(
		strstr(guest.err.msg, "import wasi_snapshot_preview1.sock_open: no such func"));
	guest_close(&guest);
	wpkg_wasi_free(wasi);
}
END_TEST

UNIT_MAIN(an_import_that_is_missing_or_of_another_type_is_named,
	  a_later_definition_takes_the_place_of_an_earlier_one, a_type_that_is_none_is_refused,
	  definitions_of_the_host_are_used,
	  what_trapped_while_it_began_has_written_what_it_had_written,
	  a_start_function_runs_and_may_trap,
	  constant_expressions_have_as_many_operands_as_they_like,
	  an_instance_can_be_imported_by_another,
	  a_definition_goes_before_the_function_of_wasi_with_its_name,
	  what_wasi_has_not_is_no_import)
