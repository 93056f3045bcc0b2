/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The index spaces of the output: imports first, then what the linker makes, then what the files
 * define, in their order. Constructors are put in the order in which they run.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "link/object_int.h"

struct wpkg_str obj_import_module(const struct obj_link *o, const struct obj_symbol *symbol)
{
	const struct wpkg_module_import *import = obj_import_of(o, symbol);
	return import ? import->module : WPKG_LIT("env");
}

struct wpkg_str obj_import_field(const struct obj_link *o, const struct obj_symbol *symbol)
{
	const struct wpkg_module_import *import = obj_import_of(o, symbol);
	return import ? import->field : symbol->name;
}

/* Two symbols for one thing of the host share its index. */
static bool share_import(struct obj_link *o, struct link_names *known, uint32_t number,
			 struct obj_number_list *list)
{
	struct obj_symbol *symbol = &o->symbols[number];
	struct wpkg_str module = obj_import_module(o, symbol), field = obj_import_field(o, symbol);
	const uint64_t type = symbol->type;
	struct wpkg_str key = link_import_key(&o->arena, module, field, &type, 1);
	bool is_new;
	uint32_t *index = key.ptr ? link_names_put(known, key, &is_new) : NULL;
	if (!index)
		return false;
	if (is_new) {
		*index = list->count;
		if (!obj_list_add(o, list, number))
			return false;
	}
	symbol->out = *index;
	return true;
}

static bool number_func_imports(struct obj_link *o)
{
	struct link_names known = {0};
	bool whole = true;
	for (uint32_t i = 0; whole && i < o->symbol_count; i++) {
		const struct obj_symbol *symbol = &o->symbols[i];
		if (symbol->is_import && symbol->is_live && symbol->kind == OBJ_FUNC)
			whole = share_import(o, &known, i, &o->func_imports);
	}
	link_names_clear(&known);
	return whole;
}

static bool is_made_func_live(const struct obj_link *o, const struct obj_symbol *symbol)
{
	if (symbol->made == OBJ_MADE_CTORS && o->has_wrappers && o->inits.count > 0)
		return true;
	if (symbol->made == OBJ_MADE_INIT_MEMORY && o->has_init)
		return true;
	return symbol->is_live;
}

static bool needs_wrapper(const struct obj_link *o, const struct obj_symbol *symbol)
{
	return o->has_wrappers && (o->inits.count > 0 || o->call_dtors != OBJ_NONE) &&
	       symbol->kind == OBJ_FUNC && symbol->state == OBJ_IS_DEFINED;
}

/* The exports are replaced by functions that call them between constructors and destructors. */
static bool make_wrappers(struct obj_link *o)
{
	for (uint32_t i = 0; i < o->exports.count; i++) {
		uint32_t wrapped = o->exports.items[i];
		if (!needs_wrapper(o, &o->symbols[wrapped]))
			continue;
		uint32_t number = obj_symbol_add(o, o->symbols[wrapped].name);
		if (number == OBJ_NONE || !obj_list_add(o, &o->made_funcs, number))
			return false;
		struct obj_symbol *symbol = &o->symbols[number];
		symbol->kind = OBJ_FUNC;
		symbol->state = OBJ_IS_MADE;
		symbol->made = OBJ_MADE_WRAPPER;
		symbol->type = o->symbols[wrapped].type;
		symbol->index = wrapped;
		symbol->is_live = true;
		o->exports.items[i] = number;
	}
	return true;
}

/* Only what is live stays in the list of made functions, and gets its index. */
static void number_made_funcs(struct obj_link *o, uint32_t *next)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < o->made_funcs.count; i++) {
		struct obj_symbol *symbol = &o->symbols[o->made_funcs.items[i]];
		if (!is_made_func_live(o, symbol))
			continue;
		symbol->is_live = true;
		symbol->out = (*next)++;
		o->type_live[symbol->type] = true;
		o->made_funcs.items[kept++] = o->made_funcs.items[i];
	}
	o->made_funcs.count = kept;
}

void obj_number_defined(struct obj_link *o, uint32_t next)
{
	for (uint32_t i = 0; i < o->file_count; i++) {
		struct obj_file *file = &o->files[i];
		uint32_t count = file->module->func_count - obj_imports_of(file);
		for (uint32_t f = 0; f < count; f++)
			if (file->funcs[f].is_live)
				file->funcs[f].out = next++;
	}
	o->func_count = next;
}

static void number_funcs(struct obj_link *o)
{
	uint32_t next = o->func_imports.count;
	number_made_funcs(o, &next);
	obj_number_defined(o, next);
}

/* The symbols of a kind in their order: what is imported, made, and defined by files. */
static bool number_kind(struct obj_link *o, uint8_t kind, struct obj_number_list *list)
{
	static const uint8_t states[] = {OBJ_IS_UNDEFINED, OBJ_IS_MADE, OBJ_IS_DEFINED};
	for (unsigned s = 0; s < 3; s++)
		for (uint32_t i = 0; i < o->symbol_count; i++) {
			struct obj_symbol *symbol = &o->symbols[i];
			bool is_here = symbol->state == states[s] ||
				       (s == 0 && symbol->state == OBJ_IS_LAZY);
			if (symbol->kind != kind || !symbol->is_live || !is_here)
				continue;
			symbol->out = list->count;
			if (!obj_list_add(o, list, i))
				return false;
		}
	return true;
}

static bool number_globals(struct obj_link *o)
{
	if (!number_kind(o, OBJ_GLOBAL, &o->globals))
		return false;
	for (uint32_t i = 0; i < o->address_globals.count; i++)
		o->symbols[o->address_globals.items[i]].address_global = o->globals.count + i + 1;
	return true;
}

static void number_types(struct obj_link *o)
{
	uint32_t next = 0;
	for (uint32_t id = 0; id < o->types.count; id++) {
		/* A type comes with its recursion group. */
		uint32_t group = o->types.types[id].group;
		for (uint32_t i = 0; o->type_live[id] && i < o->types.types[id].group_size; i++)
			o->type_live[group + i] = true;
	}
	for (uint32_t id = 0; id < o->types.count; id++)
		if (o->type_live[id])
			o->type_out[id] = next++;
}

struct init_order {
	uint32_t priority, file, number;
};

static int compare_inits(const void *a, const void *b)
{
	const struct init_order *one = a, *other = b;
	if (one->priority != other->priority)
		return one->priority < other->priority ? -1 : 1;
	if (one->file != other->file)
		return one->file < other->file ? -1 : 1;
	return (one->number > other->number) - (one->number < other->number);
}

static bool is_run(const struct obj_link *o, const struct obj_file *file,
		   const struct obj_init *init)
{
	const struct obj_symbol *symbol = &o->symbols[file->refs[init->symbol].symbol];
	const struct obj_chunk *chunk = obj_symbol_chunk(o, symbol);
	return file->is_live && (!chunk || chunk->is_live) && symbol->state != OBJ_IS_UNDEFINED &&
	       symbol->state != OBJ_IS_LAZY;
}

static enum wpkg_status order_inits(struct obj_link *o)
{
	size_t most = 1, count = 0;
	for (uint32_t i = 0; i < o->file_count; i++)
		most += o->files[i].init_count;
	struct init_order *order = wpkg_mem_calloc(most, sizeof(*order));
	if (!order)
		return obj_no_memory(o);
	for (uint32_t i = 0; i < o->file_count; i++)
		for (uint32_t n = 0; n < o->files[i].init_count; n++) {
			const struct obj_init *init = &o->files[i].inits[n];
			if (is_run(o, &o->files[i], init))
				order[count++] = (struct init_order){init->priority, i, n};
		}
	qsort(order, count, sizeof(*order), compare_inits);
	bool whole = true;
	for (size_t i = 0; whole && i < count; i++) {
		const struct obj_file *file = &o->files[order[i].file];
		uint32_t number = file->refs[file->inits[order[i].number].symbol].symbol;
		const struct obj_symbol *symbol = &o->symbols[number];
		whole = obj_list_add(o, &o->inits, number);
		if (o->types.types[symbol->type].param_count > 0)
			obj_problem(o, "constructor '%.*s' of %.*s takes arguments",
				    WPKG_STR_ARG(symbol->name), WPKG_STR_ARG(file->name));
	}
	wpkg_mem_free(order);
	return whole ? WPKG_OK : WPKG_ENOMEM;
}

/* The globals of thread-local storage are set by the functions that initialize it. */
static void keep_tls(struct obj_link *o)
{
	if (o->options->shared_memory && o->tls_bytes > 0)
		o->symbols[o->made[OBJ_MADE_TLS_BASE]].is_live = true;
	if (o->symbols[o->made[OBJ_MADE_INIT_TLS]].is_live)
		o->symbols[o->made[OBJ_MADE_TLS_BASE]].is_live = true;
}

enum wpkg_status obj_number(struct obj_link *o)
{
	o->type_out = wpkg_arena_alloc(&o->arena, (size_t)o->types.count + 1, sizeof(*o->type_out));
	if (!o->type_out)
		return obj_no_memory(o);
	keep_tls(o);
	enum wpkg_status status = order_inits(o);
	if (status != WPKG_OK)
		return status;
	if (!number_func_imports(o) || !make_wrappers(o) || !number_globals(o) ||
	    !number_kind(o, OBJ_TAG, &o->tags) || !number_kind(o, OBJ_TABLE, &o->tables))
		return obj_no_memory(o);
	number_funcs(o);
	number_types(o);
	return WPKG_OK;
}

uint32_t obj_func_index(const struct obj_link *o, const struct obj_symbol *symbol)
{
	const struct obj_chunk *chunk = obj_symbol_chunk(o, symbol);
	return chunk ? chunk->out : symbol->out;
}
