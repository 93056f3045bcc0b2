/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/linker.h"
#include "exec/shared.h"
#include "wast.h"

/* What it prints is nobody's: the functions are there to be called. */

static enum wpkg_trap print(struct wpkg_caller *caller, void *user,
			    const union wpkg_wasm_value *args, union wpkg_wasm_value *results)
{
	(void)caller;
	(void)user;
	(void)args;
	(void)results;
	return WPKG_TRAP_NONE;
}

static enum wpkg_status define_functions(struct wpkg_linker *linker, struct wpkg_err *err)
{
	static const char *const functions[][2] = {{"print", "->"},
						   {"print_i32", "i32 ->"},
						   {"print_i64", "i64 ->"},
						   {"print_f32", "f32 ->"},
						   {"print_f64", "f64 ->"},
						   {"print_i32_f32", "i32 f32 ->"},
						   {"print_f64_f64", "f64 f64 ->"}};
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < sizeof(functions) / sizeof(functions[0]); i++)
		status = wpkg_linker_define_func(linker, WPKG_LIT("spectest"),
						 wpkg_str_from(functions[i][0]), functions[i][1],
						 print, NULL, err);
	return status;
}

static enum wpkg_status define_globals(struct wpkg_linker *linker, struct wpkg_err *err)
{
	static const struct {
		const char *name, *type;
		union wpkg_wasm_value value;
	} globals[] = {{"global_i32", "i32", {.i32 = 666}},
		       {"global_i64", "i64", {.i64 = 666}},
		       {"global_f32", "f32", {.f32 = 666.6F}},
		       {"global_f64", "f64", {.f64 = 666.6}}};
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < sizeof(globals) / sizeof(globals[0]); i++)
		status = wpkg_linker_define_global(linker, WPKG_LIT("spectest"),
						   wpkg_str_from(globals[i].name), globals[i].type,
						   false, globals[i].value, err);
	return status;
}

static enum wpkg_status define_shared(struct wpkg_linker *linker, const struct wpkg_extent *pages,
				      struct wpkg_err *err)
{
	struct wpkg_shared_memory *shared;
	enum wpkg_status status = wpkg_shared_memory_new(&shared, pages, err);
	if (status != WPKG_OK)
		return status;
	status = wpkg_linker_define_shared_memory(linker, WPKG_LIT("spectest"),
						  WPKG_LIT("shared_memory"), shared, err);
	wpkg_shared_memory_drop(shared);
	return status;
}

enum wpkg_status wast_define_spectest(struct wpkg_linker *linker, struct wpkg_err *err)
{
	struct wpkg_str module = WPKG_LIT("spectest");
	struct wpkg_extent entries = {.min = 10, .max = 20, .has_max = true};
	struct wpkg_extent pages = {.min = 1, .max = 2, .has_max = true};
	enum wpkg_status status = define_functions(linker, err);
	if (status == WPKG_OK)
		status = define_globals(linker, err);
	if (status == WPKG_OK)
		status = wpkg_linker_define_table(linker, module, WPKG_LIT("table"), &entries, err);
	entries.is_64 = true;
	if (status == WPKG_OK)
		status = wpkg_linker_define_table(linker, module, WPKG_LIT("table64"), &entries,
						  err);
	if (status == WPKG_OK)
		status = wpkg_linker_define_memory(linker, module, WPKG_LIT("memory"), &pages, err);
	if (status == WPKG_OK)
		status = define_shared(linker, &pages, err);
	return status;
}
