/* SPDX-License-Identifier: Apache-2.0 */
/* Symbols that the linker defines itself. */
#include "link/object_int.h"

/* Symbols of these names are the linker's, when somebody needs them and nobody defines them. */
static const struct {
	struct wpkg_str name;
	uint8_t kind, made;
} own_symbols[] = {
	{WPKG_STR("__wasm_call_ctors"), OBJ_FUNC, OBJ_MADE_CTORS},
	{WPKG_STR("__wasm_init_memory"), OBJ_FUNC, OBJ_MADE_INIT_MEMORY},
	{WPKG_STR("__wasm_init_tls"), OBJ_FUNC, OBJ_MADE_INIT_TLS},
	{WPKG_STR("__stack_pointer"), OBJ_GLOBAL, OBJ_MADE_STACK_POINTER},
	{WPKG_STR("__tls_base"), OBJ_GLOBAL, OBJ_MADE_TLS_BASE},
	{WPKG_STR("__tls_size"), OBJ_GLOBAL, OBJ_MADE_TLS_SIZE},
	{WPKG_STR("__tls_align"), OBJ_GLOBAL, OBJ_MADE_TLS_ALIGN},
	{WPKG_STR("__indirect_function_table"), OBJ_TABLE, OBJ_MADE_TABLE},
};

static const struct wpkg_str address_symbols[] = {
	WPKG_STR("__heap_base"),
	WPKG_STR("__heap_end"),
	WPKG_STR("__data_end"),
	WPKG_STR("__stack_low"),
	WPKG_STR("__stack_high"),
	WPKG_STR("__global_base"),
	WPKG_STR("__dso_handle"),
	WPKG_STR("__memory_base"),
	WPKG_STR("__table_base"),
	WPKG_STR("__table_base32"),
	WPKG_STR("__wasm_first_page_end"),
};

static enum wpkg_status own_type(uint32_t *out, struct obj_link *o, uint8_t made)
{
	const wpkg_valtype pointer = o->is_64 ? WPKG_TYPE_I64 : WPKG_TYPE_I32;
	*out = OBJ_NONE;
	if (made == OBJ_MADE_INIT_TLS)
		return wpkg_types_add_func(out, &o->types, &pointer, 1, 0, o->err);
	return made == OBJ_MADE_CTORS || made == OBJ_MADE_INIT_MEMORY
		       ? wpkg_types_add_func(out, &o->types, NULL, 0, 0, o->err)
		       : WPKG_OK;
}

/* A symbol of that name is of another kind: the link goes on with one that has none of its users.
 */
static uint32_t report_kind(struct obj_link *o, uint32_t number, struct wpkg_str name, uint8_t kind)
{
	obj_problem(o, "symbol '%.*s' is %s of the linker, not %s", WPKG_STR_ARG(name),
		    obj_kind_name(kind), obj_kind_name(o->symbols[number].kind));
	return obj_symbol_add(o, name);
}

static enum wpkg_status make_symbol(struct obj_link *o, struct wpkg_str name, uint8_t kind,
				    uint8_t made)
{
	uint32_t number = obj_symbol_find(o, name);
	/* Others need not know its name. */
	if (number == OBJ_NONE || !obj_is_undefined(&o->symbols[number]))
		number = obj_symbol_add(o, name);
	else if (o->symbols[number].kind != OBJ_KIND_COUNT && o->symbols[number].kind != kind)
		number = report_kind(o, number, name, kind);
	if (number == OBJ_NONE)
		return obj_no_memory(o);
	struct obj_symbol *symbol = &o->symbols[number];
	symbol->kind = kind;
	symbol->state = OBJ_IS_MADE;
	symbol->made = made;
	symbol->file = OBJ_NONE;
	symbol->is_import = false;
	symbol->flags |= OBJ_HIDDEN;
	symbol->must_export =
		symbol->must_export || (o->options->export_all && made == OBJ_MADE_CTORS);
	o->made[made] = number;
	enum wpkg_status status = own_type(&symbol->type, o, made);
	if (status == WPKG_OK && kind == OBJ_FUNC && !obj_list_add(o, &o->made_funcs, number))
		return WPKG_ENOMEM;
	return status;
}

/* A global of that name holds the address, as that of any other symbol. */
static enum wpkg_status make_address(struct obj_link *o, struct wpkg_str name)
{
	bool is_exported = o->options->export_all && !wpkg_str_equal_text(name, "__table_base32");
	uint32_t number = is_exported ? obj_symbol_want(o, name) : obj_symbol_find(o, name);
	if (number == OBJ_NONE)
		return is_exported ? WPKG_ENOMEM : WPKG_OK;
	struct obj_symbol *symbol = &o->symbols[number];
	if (!obj_is_undefined(symbol) || symbol->kind == OBJ_FUNC)
		return WPKG_OK;
	symbol->kind = OBJ_DATA;
	symbol->state = OBJ_IS_MADE;
	symbol->made = OBJ_MADE_ADDRESS;
	symbol->is_import = false;
	symbol->must_export = symbol->must_export || is_exported;
	return WPKG_OK;
}

enum wpkg_status obj_make_own(struct obj_link *o)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; i < OBJ_MADE_COUNT; i++)
		o->made[i] = OBJ_NONE;
	for (size_t i = 0; status == WPKG_OK && i < sizeof(own_symbols) / sizeof(own_symbols[0]);
	     i++)
		status = make_symbol(o, own_symbols[i].name, own_symbols[i].kind,
				     own_symbols[i].made);
	for (size_t i = 0;
	     status == WPKG_OK && i < sizeof(address_symbols) / sizeof(address_symbols[0]); i++)
		status = make_address(o, address_symbols[i]);
	return status;
}
