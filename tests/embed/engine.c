/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's own interface, wpkg.h, as it is installed. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wpkg.h>

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)
#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) != WPKG_OK) {                                                           \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, err.msg);               \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static const char text[] =
	"(module $m (import \"host\" \"add\" (func $add (param i32 i64) (result i64)))"
	"  (memory (export \"memory\") 1) (global (export \"count\") (mut i32) (i32.const 7))"
	"  (data (i32.const 16) \"hello\")"
	"  (func (export \"sum\") (param i32 i64) (result i64)"
	"    (call $add (local.get 0) (local.get 1)))"
	"  (func $inner (param i32) (i32.store (local.get 0) (i32.const 1)))"
	"  (func $outer (export \"outer\") (param i32) (call $inner (local.get 0)))"
	"  (func (export \"spin\") (loop $l (br $l)))"
	"  (func $deep (export \"deep\") (call $deep))"
	"  (func (export \"grow\") (result i32) (memory.grow (i32.const 100))))";

struct guest {
	struct wpkg_buf bytes;
	struct wpkg_module *module;
	struct wpkg_engine *engine;
	struct wpkg_linker *linker;
	struct wpkg_instance *instance;
};

static enum wpkg_trap add(struct wpkg_caller *caller, void *user, const union wpkg_wasm_value *args,
			  union wpkg_wasm_value *results)
{
	if (args[0].i32 == 13)
		return wpkg_caller_fail(caller, "%s: unlucky", (const char *)user);
	results[0].i64 = args[0].i32 + args[1].i64;
	return WPKG_TRAP_NONE;
}

static void guest_open(struct guest *guest, const struct wpkg_engine_limits *limits)
{
	struct wpkg_err err;
	static char name[] = "add";
	wpkg_buf_init(&guest->bytes, 1 << 20);
	OK(wpkg_wat_parse(&guest->bytes, wpkg_str_from(text), NULL, &err));
	OK(wpkg_module_read(&guest->module, wpkg_buf_str(&guest->bytes), NULL, &err));
	OK(wpkg_engine_new(&guest->engine, limits, &err));
	OK(wpkg_linker_new(&guest->linker, guest->engine, &err));
	OK(wpkg_linker_define_func(guest->linker, WPKG_LIT("host"), WPKG_LIT("add"),
				   "i32 i64 -> i64", add, name, &err));
	OK(wpkg_linker_instantiate(&guest->instance, guest->linker, guest->module, NULL, &err));
}

static void guest_close(struct guest *guest)
{
	wpkg_linker_free(guest->linker);
	wpkg_engine_free(guest->engine);
	wpkg_module_free(guest->module);
	wpkg_buf_clear(&guest->bytes);
}

static enum wpkg_trap call(struct guest *guest, struct wpkg_outcome *outcome, const char *name,
			   const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	struct wpkg_func *func = wpkg_instance_find_func(guest->instance, wpkg_str_from(name));
	CHECK(func);
	return wpkg_func_call(outcome, func, args, results);
}

static void check_values(void)
{
	struct guest guest;
	struct wpkg_outcome outcome;
	union wpkg_wasm_value args[2] = {{.i32 = 2}, {.i64 = 40}}, result;
	guest_open(&guest, NULL);
	CHECK(call(&guest, &outcome, "sum", args, &result) == WPKG_TRAP_NONE);
	CHECK(result.i64 == 42);
	args[0].i32 = 13;
	CHECK(call(&guest, &outcome, "sum", args, &result) == WPKG_TRAP_HOST);
	CHECK(strcmp(outcome.message, "add: unlucky") == 0);
	struct wpkg_memory *memory = wpkg_instance_find_memory(guest.instance, WPKG_LIT("memory"));
	CHECK(wpkg_memory_size(memory) == 65536);
	CHECK(memcmp(wpkg_memory_bytes(memory) + 16, "hello", 5) == 0);
	struct wpkg_global *global = wpkg_instance_find_global(guest.instance, WPKG_LIT("count"));
	CHECK(wpkg_global_get(global).i32 == 7 && wpkg_global_is_mutable(global));
	wpkg_global_set(global, (union wpkg_wasm_value){.i32 = 8});
	CHECK(wpkg_global_get(global).i32 == 8);
	CHECK(guest.module->export_count == 7 && guest.module->import_count == 1);
	guest_close(&guest);
}

/* A trap says where: names, and offsets in the file. */
static void check_backtrace(void)
{
	struct guest guest;
	struct wpkg_outcome outcome;
	struct wpkg_buf lines;
	union wpkg_wasm_value at = {.i32 = 65533};
	guest_open(&guest, NULL);
	CHECK(call(&guest, &outcome, "outer", &at, NULL) == WPKG_TRAP_MEMORY_BOUNDS);
	CHECK(outcome.depth == 2 && outcome.frame_count == 2);
	wpkg_buf_init(&lines, 4096);
	wpkg_outcome_format_frames(&outcome, &lines);
	printf("%s\n%s", outcome.message, wpkg_buf_text(&lines));
	wpkg_buf_clear(&lines);
	guest_close(&guest);
}

static void *interrupt(void *engine)
{
	wpkg_engine_interrupt(engine);
	return NULL;
}

static void check_limits(void)
{
	struct guest guest;
	struct wpkg_outcome outcome;
	pthread_t thread;
	union wpkg_wasm_value result;
	struct wpkg_engine_limits limits = {.fuel = 100000, .memory_bytes = 1 << 20};
	guest_open(&guest, &limits);
	CHECK(call(&guest, &outcome, "spin", NULL, NULL) == WPKG_TRAP_FUEL);
	wpkg_engine_set_fuel(guest.engine, 1000);
	CHECK(call(&guest, &outcome, "grow", NULL, &result) == WPKG_TRAP_NONE);
	CHECK(result.i32 == UINT32_MAX);
	CHECK(wpkg_engine_fuel(guest.engine) < 1000);
	guest_close(&guest);
	limits = (struct wpkg_engine_limits){.time_ms = 10};
	guest_open(&guest, &limits);
	CHECK(call(&guest, &outcome, "spin", NULL, NULL) == WPKG_TRAP_DEADLINE);
	CHECK(wpkg_trap_is_limit(outcome.trap));
	guest_close(&guest);
	guest_open(&guest, NULL);
	CHECK(pthread_create(&thread, NULL, interrupt, guest.engine) == 0);
	CHECK(call(&guest, &outcome, "spin", NULL, NULL) == WPKG_TRAP_INTERRUPT);
	pthread_join(thread, NULL);
	wpkg_engine_clear_interrupt(guest.engine);
	CHECK(call(&guest, &outcome, "deep", NULL, NULL) == WPKG_TRAP_STACK);
	guest_close(&guest);
}

int main(void)
{
	check_values();
	check_backtrace();
	check_limits();
	puts("engine");
	return 0;
}
