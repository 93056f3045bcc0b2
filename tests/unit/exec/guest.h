/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TESTS_EXEC_GUEST_H
#define WPKG_TESTS_EXEC_GUEST_H

/* An engine with a guest that is written as text in the test itself. */

#include "../unit.h"

#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "exec/call.h"
#include "exec/engine.h"
#include "exec/host.h"
#include "exec/instance.h"
#include "exec/linker.h"
#include "exec/shared.h"
#include "wasm/module.h"
#include "wasm/wat.h"

#define GUEST_MAX ((size_t)1 << 24)

struct guest {
	struct wpkg_engine *engine;
	struct wpkg_linker *linker;
	struct wpkg_buf bytes;
	struct wpkg_module *module;
	struct wpkg_instance *instance;
	struct wpkg_outcome outcome; /* of the last call */
	struct wpkg_err err;
};

/* Engine and linker; the test may define what the guest imports before it loads one. */
static inline void guest_init(struct guest *guest, const struct wpkg_engine_limits *limits)
{
	memset(guest, 0, sizeof(*guest));
	wpkg_buf_init(&guest->bytes, GUEST_MAX);
	ck_ok(wpkg_engine_new(&guest->engine, limits, &guest->err), guest->err);
	ck_ok(wpkg_linker_new(&guest->linker, guest->engine, &guest->err), guest->err);
}

static inline void guest_read(struct guest *guest, const char *text)
{
	ck_ok(wpkg_wat_parse(&guest->bytes, wpkg_str_from(text), NULL, &guest->err), guest->err);
	ck_ok(wpkg_module_read(&guest->module, wpkg_buf_str(&guest->bytes), NULL, &guest->err),
	      guest->err);
}

static inline enum wpkg_status guest_instantiate(struct guest *guest)
{
	return wpkg_linker_instantiate(&guest->instance, guest->linker, guest->module,
				       &guest->outcome, &guest->err);
}

static inline void guest_load(struct guest *guest, const char *text)
{
	guest_read(guest, text);
	ck_ok(guest_instantiate(guest), guest->err);
}

static inline void guest_open(struct guest *guest, const struct wpkg_engine_limits *limits,
			      const char *text)
{
	guest_init(guest, limits);
	guest_load(guest, text);
}

/* The same of a guest that imports a shared memory, "m" "memory". */
static inline void guest_open_shared(struct guest *guest, const struct wpkg_engine_limits *limits,
				     struct wpkg_shared_memory *shared, const char *text)
{
	guest_init(guest, limits);
	ck_ok(wpkg_linker_define_shared_memory(guest->linker, WPKG_LIT("m"), WPKG_LIT("memory"),
					       shared, &guest->err),
	      guest->err);
	guest_load(guest, text);
}

static inline void guest_close(struct guest *guest)
{
	wpkg_linker_free(guest->linker);
	wpkg_engine_free(guest->engine);
	wpkg_module_free(guest->module);
	wpkg_buf_clear(&guest->bytes);
}

static inline struct wpkg_func *guest_func(struct guest *guest, const char *name)
{
	struct wpkg_func *func = wpkg_instance_find_func(guest->instance, wpkg_str_from(name));
	ck_assert_msg(func != NULL, "no function %s", name);
	return func;
}

/* A function of one i64 and one i64 result. */
static inline enum wpkg_trap guest_call(uint64_t *result, struct guest *guest, const char *name,
					uint64_t argument)
{
	union wpkg_wasm_value in = {.i64 = argument}, out = {.i64 = 0};
	enum wpkg_trap trap = wpkg_func_call(&guest->outcome, guest_func(guest, name), &in, &out);
	if (result)
		*result = out.i64;
	return trap;
}

/* The same, which must return. */
static inline uint64_t guest_value(struct guest *guest, const char *name, uint64_t argument)
{
	uint64_t result;
	enum wpkg_trap trap = guest_call(&result, guest, name, argument);
	ck_assert_msg(trap == WPKG_TRAP_NONE, "%s: %s", name, guest->outcome.message);
	return result;
}

#define ck_trap(call, expected)                                                                    \
	do {                                                                                       \
		enum wpkg_trap ck_trap = (call);                                                   \
		ck_assert_msg(ck_trap == (expected), "%s: %s, not %s", #call,                      \
			      wpkg_trap_name(ck_trap), wpkg_trap_name(expected));                  \
	} while (0)

#endif
