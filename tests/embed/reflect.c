/* SPDX-License-Identifier: Apache-2.0 */
/* What a module imports and exports, printed; the same again after it was serialized. */
#include "embed.h"

static void print_valtype(const wasm_valtype_t *type)
{
	switch (wasm_valtype_kind(type)) {
	case WASM_I32:
		printf("i32");
		break;
	case WASM_I64:
		printf("i64");
		break;
	case WASM_F32:
		printf("f32");
		break;
	case WASM_F64:
		printf("f64");
		break;
	case WASM_V128:
		printf("v128");
		break;
	case WASM_FUNCREF:
		printf("funcref");
		break;
	default:
		printf("externref");
		break;
	}
}

static void print_valtypes(const wasm_valtype_vec_t *types)
{
	for (size_t i = 0; i < types->size; i++) {
		printf(" ");
		print_valtype(types->data[i]);
	}
}

static void print_functype(const wasm_functype_t *type)
{
	print_valtypes(wasm_functype_params(type));
	printf(" ->");
	print_valtypes(wasm_functype_results(type));
}

static void print_limits(const wasm_limits_t *limits)
{
	printf(" %u", limits->min);
	if (limits->max != wasm_limits_max_default)
		printf(" %u", limits->max);
}

static void print_externtype(const wasm_externtype_t *type)
{
	const wasm_globaltype_t *global = wasm_externtype_as_globaltype_const(type);
	const wasm_tabletype_t *table = wasm_externtype_as_tabletype_const(type);
	if (wasm_externtype_as_functype_const(type)) {
		printf("func");
		print_functype(wasm_externtype_as_functype_const(type));
	} else if (global) {
		printf("global %s", wasm_globaltype_mutability(global) == WASM_VAR ? "mut " : "");
		print_valtype(wasm_globaltype_content(global));
	} else if (table) {
		printf("table");
		print_limits(wasm_tabletype_limits(table));
		printf(" ");
		print_valtype(wasm_tabletype_element(table));
	} else if (wasm_externtype_kind(type) == WASM_EXTERN_MEMORY) {
		printf("memory");
		print_limits(wasm_memorytype_limits(wasm_externtype_as_memorytype_const(type)));
	} else {
		printf("tag");
		print_functype(wasm_tagtype_functype(wasm_externtype_as_tagtype_const(type)));
	}
	printf("\n");
}

static void print_name(const wasm_name_t *name)
{
	printf("\"%.*s\" ", (int)name->size, name->data);
}

static void print_module(const wasm_module_t *module)
{
	wasm_importtype_vec_t imports, copy;
	wasm_exporttype_vec_t exports;
	wasm_module_imports(module, &imports);
	wasm_importtype_vec_copy(&copy, &imports);
	wasm_importtype_vec_delete(&imports);
	for (size_t i = 0; i < copy.size; i++) {
		printf("import ");
		print_name(wasm_importtype_module(copy.data[i]));
		print_name(wasm_importtype_name(copy.data[i]));
		print_externtype(wasm_importtype_type(copy.data[i]));
	}
	wasm_importtype_vec_delete(&copy);
	wasm_module_exports(module, &exports);
	for (size_t i = 0; i < exports.size; i++) {
		printf("export ");
		print_name(wasm_exporttype_name(exports.data[i]));
		print_externtype(wasm_exporttype_type(exports.data[i]));
	}
	wasm_exporttype_vec_delete(&exports);
}

/* The types of what an instance exports are those that its module says. */
static void check_instance(wasm_store_t *store, const wasm_module_t *module)
{
	wasm_exporttype_vec_t types;
	wasm_extern_vec_t exports;
	wasm_instance_t *instance = wasm_instance_new(store, module, NULL, NULL);
	CHECK(instance);
	wasm_module_exports(module, &types);
	wasm_instance_exports(instance, &exports);
	CHECK(types.size == exports.size);
	for (size_t i = 0; i < exports.size; i++) {
		wasm_externtype_t *type = wasm_extern_type(exports.data[i]);
		CHECK(wasm_externtype_kind(type) ==
		      wasm_externtype_kind(wasm_exporttype_type(types.data[i])));
		CHECK(wasm_externtype_kind(type) == wasm_extern_kind(exports.data[i]));
		printf("instance ");
		print_externtype(type);
		wasm_externtype_delete(type);
	}
	wasm_extern_vec_delete(&exports);
	wasm_exporttype_vec_delete(&types);
	wasm_instance_delete(instance);
}

int main(int argc, char **argv)
{
	wasm_byte_vec_t bytes;
	CHECK(argc == 3);
	wasm_engine_t *engine = wasm_engine_new();
	wasm_store_t *store = wasm_store_new(engine);
	wasm_module_t *module = load(store, argv[1]);
	print_module(module);
	wasm_module_serialize(module, &bytes);
	wasm_module_delete(module);
	module = wasm_module_deserialize(store, &bytes);
	CHECK(module);
	print_module(module);
	wasm_module_delete(module);
	/* What is cut is no module. */
	bytes.size -= 3;
	CHECK(!wasm_module_validate(store, &bytes));
	CHECK(!wasm_module_new(store, &bytes) && !wasm_module_deserialize(store, &bytes));
	wasm_byte_vec_delete(&bytes);
	module = load(store, argv[2]);
	check_instance(store, module);
	wasm_module_delete(module);
	wasm_store_delete(store);
	wasm_engine_delete(engine);
	return 0;
}
