/* SPDX-License-Identifier: Apache-2.0 */
/* Instances of modules that import from each other. */
#include "guest.h"

#include "exec/assembly.h"

#define PARTS 3

struct several {
	struct wpkg_engine *engine;
	struct wpkg_buf bytes[PARTS];
	struct wpkg_module *modules[PARTS];
	struct wpkg_assembly_part parts[PARTS];
	struct wpkg_assembly assembly;
	struct wpkg_outcome outcome;
	struct wpkg_err err;
};

static enum wpkg_status define_nothing(void *user, struct wpkg_linker *linker, struct wpkg_err *err)
{
	(void)user, (void)linker, (void)err;
	return WPKG_OK;
}

/* The first imports as its wires say. */
static void read_all(struct several *several, const char *const texts[PARTS])
{
	memset(several, 0, sizeof(*several));
	for (size_t i = 0; i < PARTS; i++) {
		wpkg_buf_init(&several->bytes[i], GUEST_MAX);
		if (!texts[i])
			continue;
		ck_ok(wpkg_wat_parse(&several->bytes[i], wpkg_str_from(texts[i]), NULL,
				     &several->err),
		      several->err);
		ck_ok(wpkg_module_read(&several->modules[i], wpkg_buf_str(&several->bytes[i]), NULL,
				       &several->err),
		      several->err);
	}
}

static const struct wpkg_wire wires[PARTS][2] = {
	{{WPKG_STR("b"), 1}, {WPKG_STR("c"), 2}}, {{WPKG_STR("c"), 2}}, {{WPKG_STR("b"), 1}}};
static const size_t wire_counts[PARTS] = {2, 1, 0};

static enum wpkg_status make(struct several *several, struct wpkg_instance **out, bool circle)
{
	static const char *const origins[PARTS] = {"a.wasm", "b.wasm", "c.wasm"};
	for (size_t i = 0; i < PARTS; i++)
		several->parts[i] = (struct wpkg_assembly_part){
			.origin = wpkg_str_from(origins[i]),
			.module = several->modules[i],
			.wires = wires[i],
			.wire_count = circle && i == 2 ? 1 : wire_counts[i]};
	several->assembly = (struct wpkg_assembly){
		.parts = several->parts, .count = PARTS, .define = define_nothing};
	enum wpkg_status status = wpkg_engine_new(&several->engine, NULL, &several->err);
	several->assembly.engine = several->engine;
	if (status == WPKG_OK)
		status = wpkg_assembly_instantiate(out, &several->assembly, 0, &several->outcome,
						   &several->err);
	return status;
}

static void end(struct several *several)
{
	wpkg_engine_free(several->engine);
	several->engine = NULL;
}

static void close_all(struct several *several)
{
	end(several);
	for (size_t i = 0; i < PARTS; i++) {
		wpkg_module_free(several->modules[i]);
		wpkg_buf_clear(&several->bytes[i]);
	}
}

/* c counts its initializations; b and a see the one instance of it. */
static const char *const good[PARTS] = {
	"(module (import \"b\" \"twice\" (func $twice)) (import \"c\" \"n\" (global $n (mut i64)))"
	" (func (export \"_initialize\") unreachable)"
	" (func (export \"run\") (param i64) (result i64) (call $twice)"
	"  (i64.add (local.get 0) (global.get $n))))",
	"(module (import \"c\" \"n\" (global $n (mut i64)))"
	" (func (export \"twice\") (global.set $n (i64.mul (global.get $n) (i64.const 2)))))",
	"(module (global (export \"n\") (mut i64) (i64.const 0))"
	" (func (export \"_initialize\") (global.set 0 (i64.add (global.get 0) (i64.const 10)))))"};

static enum wpkg_status live(struct several *several)
{
	struct wpkg_instance *instance = NULL;
	enum wpkg_status status = make(several, &instance, false);
	if (status == WPKG_OK) {
		union wpkg_wasm_value in = {.i64 = 1}, out;
		enum wpkg_trap trap = wpkg_func_call(
			&several->outcome, wpkg_instance_find_func(instance, WPKG_LIT("run")), &in,
			&out);
		if (trap == WPKG_TRAP_NO_MEMORY)
			status = WPKG_ENOMEM;
		else if (trap != WPKG_TRAP_NONE || out.i64 != 21)
			status = WPKG_EINVAL;
	} else if (several->outcome.trap == WPKG_TRAP_NO_MEMORY) {
		status = WPKG_ENOMEM;
	}
	end(several);
	return status;
}

START_TEST(each_is_made_once_and_initialized_before_others_use_it)
{
	struct several several;
	read_all(&several, good);
	ck_ok(live(&several), several.err);
	unit_fail_each_allocation(live(&several));
	close_all(&several);
}
END_TEST

START_TEST(a_circle_is_refused_with_its_names)
{
	struct several several;
	struct wpkg_instance *instance = NULL;
	read_all(&several, good);
	ck_status(make(&several, &instance, true), WPKG_EINVAL);
	ck_assert_msg(
		strncmp(several.err.msg, "b.wasm: c.wasm: b.wasm: it imports from itself", 46) == 0,
		"%s", several.err.msg);
	ck_assert_ptr_null(instance);
	close_all(&several);
}
END_TEST

/* What is wrong with a part, and what is said of it. */
START_TEST(what_is_wrong_with_a_part_is_said_with_its_name)
{
	const struct {
		const char *module;
		const char *message;
		enum wpkg_trap trap;
	} rows[] = {
		{NULL, "c.wasm: it cannot be linked", WPKG_TRAP_NONE},
		{"(module (global (export \"n\") i64 (i64.const 0)))", "b.wasm: ", WPKG_TRAP_NONE},
		{"(module (global (export \"_initialize\") i64 (i64.const 0)))",
		 "c.wasm: _initialize is no function", WPKG_TRAP_NONE},
		{"(module (func (export \"_initialize\") (param i32)))",
		 "c.wasm: _initialize has another type than [] -> []", WPKG_TRAP_NONE},
		{"(module (func (export \"_initialize\") unreachable))", "c.wasm: unreachable",
		 WPKG_TRAP_UNREACHABLE},
		{"(module (func $f unreachable) (start $f))", "c.wasm: start function: unreachable",
		 WPKG_TRAP_UNREACHABLE},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct several several;
		struct wpkg_instance *instance = NULL;
		const char *const texts[PARTS] = {good[0], good[1], rows[i].module};
		read_all(&several, texts);
		enum wpkg_status status = make(&several, &instance, false);
		ck_assert_int_ne(status, WPKG_OK);
		ck_assert_msg(strstr(several.err.msg, rows[i].message) != NULL, "%zu: %s", i,
			      several.err.msg);
		ck_trap(several.outcome.trap, rows[i].trap);
		close_all(&several);
	}
}
END_TEST

UNIT_MAIN(each_is_made_once_and_initialized_before_others_use_it,
	  a_circle_is_refused_with_its_names, what_is_wrong_with_a_part_is_said_with_its_name)
