/* SPDX-License-Identifier: Apache-2.0 */
/* Whose an import is, among the modules of several packages. */
#include "../unit.h"

#include "link/wiring.h"
#include "wasm/wat.h"

static struct wpkg_str names[] = {WPKG_STR("e.example/json"), WPKG_STR("f.example/json"),
				  WPKG_STR("e.example/set")};

static const struct wpkg_wiring_package json = {
	.name = WPKG_STR("e.example/json"), .version = WPKG_STR("1.0.0"), .module_count = 1};
static const struct wpkg_wiring_package other_json = {
	.name = WPKG_STR("f.example/json"), .version = WPKG_STR("2.0.0"), .module_count = 1};
static const struct wpkg_wiring_package set = {
	.name = WPKG_STR("e.example/set"), .version = WPKG_STR("3.0.0"), .module_count = 2};
static const struct wpkg_wiring_package hidden = {
	.name = WPKG_STR("e.example/hidden"), .version = WPKG_STR("1.0.0"), .module_count = 1};

/* Of the root: app.wasm (0) and lib/own.wasm (1); of others 2 to 6. */
static enum wpkg_status add_all(struct wpkg_wiring *wiring, struct wpkg_err *err)
{
	const struct {
		const struct wpkg_wiring_package *package;
		const char *name;
	} rows[] = {{NULL, "app.wasm"},	     {NULL, "lib/own.wasm"}, {&json, "json.wasm"},
		    {&other_json, "m.wasm"}, {&set, "deep/a.wasm"},  {&set, "b.wasm"},
		    {&hidden, "h.wasm"}};
	enum wpkg_status status = WPKG_OK;
	wiring->needs = (struct wpkg_strings){names, 3};
	for (size_t i = 0; status == WPKG_OK && i < sizeof(rows) / sizeof(rows[0]); i++)
		status = wpkg_wiring_add(wiring, rows[i].package, wpkg_str_from(rows[i].name), err);
	return status;
}

static struct wpkg_module *read_module(struct wpkg_buf *bytes, const char *text)
{
	struct wpkg_err err;
	struct wpkg_module *module = NULL;
	wpkg_buf_init(bytes, 1 << 20);
	ck_ok(wpkg_wat_parse(bytes, wpkg_str_from(text), NULL, &err), err);
	ck_ok(wpkg_module_read(&module, wpkg_buf_str(bytes), NULL, &err), err);
	return module;
}

static const char app[] =
	"(module (import \"own\" \"f\" (func)) (import \"e.example/json\" \"f\" (func))"
	" (import \"set/a\" \"f\" (func)) (import \"e.example/set/deep/a\" \"g\" (func))"
	" (import \"set/b\" \"f\" (func)) (import \"own\" \"g\" (func)) (import \"set\" \"f\" "
	"(func))"
	" (import \"hidden\" \"f\" (func)) (import \"wasi\" \"f\" (func)))";

static enum wpkg_status connect_once(const struct wpkg_module *module)
{
	struct wpkg_arena arena;
	struct wpkg_err err;
	wpkg_arena_init(&arena, 1 << 20);
	struct wpkg_wiring wiring = {.arena = &arena};
	enum wpkg_status status = add_all(&wiring, &err);
	if (status == WPKG_OK)
		status = wpkg_wiring_connect(&wiring, 0, module, &err);
	wpkg_arena_clear(&arena);
	return status;
}

START_TEST(each_import_is_of_who_is_called_so)
{
	struct wpkg_buf bytes;
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_module *module = read_module(&bytes, app);
	const struct wpkg_wire expected[] = {{WPKG_STR("own"), 1},
					     {WPKG_STR("e.example/json"), 2},
					     {WPKG_STR("set/a"), 4},
					     {WPKG_STR("e.example/set/deep/a"), 4},
					     {WPKG_STR("set/b"), 5}};
	wpkg_arena_init(&arena, 1 << 20);
	struct wpkg_wiring wiring = {.arena = &arena};
	ck_ok(add_all(&wiring, &err), err);
	ck_ok(wpkg_wiring_connect(&wiring, 0, module, &err), err);
	const struct wpkg_wired *wired = &wiring.modules[0];
	ck_assert_uint_eq(wired->wire_count, 5);
	ck_assert_uint_eq(wired->elsewhere.count, 5);
	ck_assert_uint_eq(wired->ambiguity.len, 0);
	for (size_t i = 0; i < 5; i++) {
		ck_assert(wpkg_str_equal(wired->wires[i].import, expected[i].import));
		ck_assert_uint_eq(wired->wires[i].from, expected[i].from);
	}
	ck_assert(wpkg_str_equal(wpkg_wiring_origin(&wiring, 4),
				 WPKG_LIT("e.example/set/3.0.0 deep/a.wasm")));
	wpkg_arena_clear(&arena);
	unit_fail_each_allocation(connect_once(module));
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
}
END_TEST

START_TEST(one_of_two_that_may_be_meant_is_said)
{
	struct wpkg_buf bytes;
	struct wpkg_err err;
	struct wpkg_arena arena;
	struct wpkg_strings *problems = NULL;
	struct wpkg_module *module = read_module(&bytes, "(module (import \"json\" \"f\" (func)))");
	wpkg_arena_init(&arena, 1 << 20);
	struct wpkg_wiring wiring = {.arena = &arena};
	ck_ok(add_all(&wiring, &err), err);
	ck_ok(wpkg_wiring_connect(&wiring, 0, module, &err), err);
	wiring.modules[0].module = module;
	ck_ok(wpkg_wiring_check(&problems, &wiring, &err), err);
	ck_assert_uint_eq(problems[0].count, 1);
	ck_assert_str_eq(problems[0].items[0].ptr,
			 "app.wasm: the import module 'json' may be e.example/json/1.0.0 json.wasm "
			 "or f.example/json/2.0.0 m.wasm");
	wpkg_arena_clear(&arena);
	wpkg_module_free(module);
	wpkg_buf_clear(&bytes);
}
END_TEST

/* Before the dependencies are there: is one of them needed? */
START_TEST(what_is_lacking_is_known_by_its_name)
{
	const struct {
		const char *text;
		bool lacks;
	} rows[] = {
		{"(module (import \"wasi\" \"f\" (func)) (import \"own\" \"f\" (func)))", false},
		{"(module (import \"json\" \"f\" (func)))", true},
		{"(module (import \"e.example/json\" \"f\" (func)))", true},
		{"(module (import \"set/a\" \"f\" (func)))", true},
		{"(module (import \"sets\" \"f\" (func)))", false},
		{"(module (import \"e.example\" \"f\" (func)))", false},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wpkg_buf bytes;
		struct wpkg_err err;
		struct wpkg_arena arena;
		struct wpkg_module *module = read_module(&bytes, rows[i].text);
		wpkg_arena_init(&arena, 1 << 20);
		struct wpkg_wiring wiring = {.arena = &arena, .needs = {names, 3}};
		ck_ok(wpkg_wiring_add(&wiring, NULL, WPKG_LIT("app.wasm"), &err), err);
		ck_ok(wpkg_wiring_add(&wiring, NULL, WPKG_LIT("own.wasm"), &err), err);
		ck_assert_msg(wpkg_wiring_lacks(&wiring, 0, module) == rows[i].lacks, "%s",
			      rows[i].text);
		wpkg_arena_clear(&arena);
		wpkg_module_free(module);
		wpkg_buf_clear(&bytes);
	}
}
END_TEST

UNIT_MAIN(each_import_is_of_who_is_called_so, one_of_two_that_may_be_meant_is_said,
	  what_is_lacking_is_known_by_its_name)
