/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects made one object (-r): everything stays, each data segment by itself, so that a later link
 * can still leave out what nothing reaches. What nobody defines is imported, as compilers do.
 */
#include "base/mem.h"
#include "link/object_int.h"

struct join {
	struct obj_link *o;
	struct link_names variants; /* symbols of a name that are needed as another type */
	bool failed;		    /* no memory */
};

static void push(struct join *j, struct obj_number_list *list, uint32_t number)
{
	j->failed = j->failed || !obj_list_add(j->o, list, number);
}

/* Names that only options have said. */
static void check_wanted(struct join *j)
{
	for (uint32_t i = 0; i < j->o->symbol_count; i++) {
		struct obj_symbol *symbol = &j->o->symbols[i];
		bool is_wanted = symbol->must_export || symbol->flags & OBJ_NO_STRIP;
		if (symbol->must_export)
			symbol->flags |= OBJ_EXPORTED;
		if (is_wanted && symbol->kind == OBJ_KIND_COUNT)
			obj_problem(j->o, "symbol '%.*s' is not defined",
				    WPKG_STR_ARG(symbol->name));
	}
}

/*
 * A function that a file calls with another type than it has elsewhere is an import of its own
 * under the same name: the last link says what is wrong, if it is reached.
 */
static void take_variant(struct join *j, uint32_t file, struct obj_ref *ref)
{
	struct obj_link *o = j->o;
	const struct obj_file *from = &o->files[file];
	uint32_t type = from->types[from->module->funcs[ref->index].type];
	const struct obj_symbol *symbol = &o->symbols[ref->symbol];
	if (symbol->type == type)
		return;
	const uint64_t words[] = {ref->symbol, type};
	struct wpkg_str key =
		link_import_key(&o->arena, symbol->name, (struct wpkg_str){0}, words, 2);
	bool is_new;
	uint32_t *number = key.ptr ? link_names_put(&j->variants, key, &is_new) : NULL;
	j->failed = j->failed || !number;
	if (number && is_new) {
		*number = obj_symbol_add(o, symbol->name);
		j->failed = j->failed || *number == OBJ_NONE;
		if (j->failed)
			return;
		const struct obj_symbol *original = &o->symbols[ref->symbol];
		struct obj_symbol *variant = &o->symbols[*number];
		variant->kind = OBJ_FUNC;
		variant->file = variant->asker = file;
		variant->index = ref->index;
		variant->type = type;
		variant->flags = original->flags & OBJ_HIDDEN;
		variant->is_strong = original->is_strong;
	}
	if (number)
		ref->symbol = *number;
}

static void take_variants(struct join *j)
{
	for (uint32_t i = 0; i < j->o->file_count; i++)
		for (uint32_t r = 0; !j->failed && r < j->o->files[i].ref_count; r++) {
			struct obj_ref *ref = &j->o->files[i].refs[r];
			if (j->o->symbols[ref->symbol].kind == OBJ_FUNC)
				take_variant(j, i, ref);
		}
}

static void keep_chunks(struct obj_chunk *chunks, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		chunks[i].is_live = !chunks[i].is_discarded;
}

static void keep_all(struct obj_link *o)
{
	for (uint32_t i = 0; i < o->file_count; i++) {
		struct obj_file *file = &o->files[i];
		file->is_live = true;
		keep_chunks(file->funcs, file->module->func_count - obj_imports_of(file));
		keep_chunks(file->datas, file->module->data_count);
	}
	for (uint32_t i = 0; i < o->symbol_count; i++) {
		struct obj_symbol *symbol = &o->symbols[i];
		symbol->is_live = symbol->kind != OBJ_KIND_COUNT;
		symbol->is_import = symbol->is_live && obj_is_undefined(symbol);
	}
	for (uint32_t i = 0; i < o->types.count; i++) {
		o->type_live[i] = true;
		o->type_out[i] = i;
	}
}

/* The table of functions is the first one: code of compilers that know of one table says so. */
static void take_table(struct join *j)
{
	struct obj_link *o = j->o;
	uint32_t number = obj_symbol_find(o, WPKG_LIT("__indirect_function_table"));
	bool is_needed = number != OBJ_NONE || o->slots.count > 0;
	for (uint32_t i = 0; i < o->file_count; i++)
		is_needed = is_needed || o->files[i].has_table;
	if (!is_needed)
		return;
	if (number == OBJ_NONE)
		number = obj_symbol_add(o, WPKG_LIT("__indirect_function_table"));
	if (number == OBJ_NONE) {
		j->failed = true;
		return;
	}
	struct obj_symbol *symbol = &o->symbols[number];
	if (symbol->kind != OBJ_KIND_COUNT &&
	    (symbol->kind != OBJ_TABLE || !obj_is_undefined(symbol)))
		obj_problem(o, "symbol '%.*s' is the table of functions, which no object defines",
			    WPKG_STR_ARG(symbol->name));
	symbol->kind = OBJ_TABLE;
	symbol->state = OBJ_IS_MADE;
	symbol->made = OBJ_MADE_TABLE;
	symbol->flags |= OBJ_UNDEFINED | OBJ_NO_STRIP;
	symbol->is_live = true;
	symbol->is_import = false;
	o->made[OBJ_MADE_TABLE] = number;
	push(j, &o->tables, number);
	symbol->out = 0;
}

static void note_reloc(struct join *j, const struct obj_file *file, const struct obj_reloc *reloc)
{
	uint32_t kind = obj_reloc_kind(reloc->type);
	if (kind == OBJ_NONE)
		return;
	uint32_t number = file->refs[reloc->index].symbol;
	struct obj_symbol *symbol = &j->o->symbols[number];
	bool is_address = kind == OBJ_GLOBAL && symbol->kind != OBJ_GLOBAL;
	if (obj_is_gone(j->o, symbol)) {
		obj_report_gone(j->o, file, symbol);
		return;
	}
	if (is_address && symbol->address_global == 0) {
		push(j, &j->o->address_globals, number);
		symbol->address_global = j->o->address_globals.count;
	}
	if (obj_reloc_is_slot(reloc->type) && symbol->slot == 0) {
		push(j, &j->o->slots, number);
		symbol->slot = j->o->slots.count;
	}
}

static void note_relocs(struct join *j, const struct obj_file *file, const struct obj_chunk *chunks,
			uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *at = obj_relocs_of(file, &chunks[i]);
		for (uint32_t r = 0; chunks[i].is_live && r < chunks[i].reloc_count; r++) {
			struct obj_reloc reloc = obj_reloc_take(&at);
			note_reloc(j, file, &reloc);
		}
	}
}

/* The symbols of a kind, behind those that are there: imported ones first. */
static void number_kind(struct join *j, uint8_t kind, bool is_import, struct obj_number_list *list)
{
	for (uint32_t i = 0; i < j->o->symbol_count; i++) {
		struct obj_symbol *symbol = &j->o->symbols[i];
		if (symbol->kind != kind || !symbol->is_live || symbol->is_import != is_import ||
		    symbol->state == OBJ_IS_MADE)
			continue;
		symbol->out = list->count;
		push(j, list, i);
	}
}

static void number_indices(struct join *j)
{
	struct obj_link *o = j->o;
	number_kind(j, OBJ_FUNC, true, &o->func_imports);
	number_kind(j, OBJ_TABLE, true, &o->tables);
	number_kind(j, OBJ_TABLE, false, &o->tables);
	number_kind(j, OBJ_TAG, true, &o->tags);
	number_kind(j, OBJ_TAG, false, &o->tags);
	number_kind(j, OBJ_GLOBAL, true, &o->globals);
	uint32_t imported = o->globals.count;
	number_kind(j, OBJ_GLOBAL, false, &o->globals);
	for (uint32_t i = 0; i < o->address_globals.count; i++)
		o->symbols[o->address_globals.items[i]].address_global = imported + i + 1;
	for (uint32_t i = imported; i < o->globals.count; i++)
		o->symbols[o->globals.items[i]].out += o->address_globals.count;
	obj_number_defined(o, o->func_imports.count);
}

/* Addresses until there are others: one segment behind the other. */
static enum wpkg_status place_segments(struct obj_link *o)
{
	uint64_t at = 0;
	for (uint32_t i = 0; i < o->file_count; i++)
		for (uint32_t s = 0; s < o->files[i].module->data_count; s++) {
			struct obj_chunk *chunk = &o->files[i].datas[s];
			uint64_t mask = (UINT64_C(1) << o->files[i].segments[s].alignment) - 1;
			if (!chunk->is_live)
				continue;
			chunk->part = o->segment_count++;
			uint64_t start = (at + mask) & ~mask;
			at = start + chunk->range.end - chunk->range.start;
			if (at > UINT32_MAX)
				return WPKG_FAIL(o->err, WPKG_ELIMIT,
						 "data of more than 4 GiB in one object");
			chunk->out = (uint32_t)start;
		}
	o->memory_pages = (at + 65535) / 65536;
	return WPKG_OK;
}

enum wpkg_status obj_join(struct obj_link *o)
{
	struct join j = {.o = o};
	o->keep_debug = true; /* each number keeps the form that a later link fills in */
	o->type_live =
		wpkg_arena_alloc(&o->arena, (size_t)o->types.count + 1, sizeof(*o->type_live));
	o->type_out = wpkg_arena_alloc(&o->arena, (size_t)o->types.count + 1, sizeof(*o->type_out));
	if (!o->type_live || !o->type_out)
		return obj_no_memory(o);
	check_wanted(&j);
	take_variants(&j);
	link_names_clear(&j.variants);
	if (j.failed)
		return obj_no_memory(o);
	keep_all(o);
	for (uint32_t i = 0; i < o->file_count; i++) {
		const struct obj_file *file = &o->files[i];
		note_relocs(&j, file, file->funcs, file->module->func_count - obj_imports_of(file));
		note_relocs(&j, file, file->datas, file->module->data_count);
	}
	take_table(&j);
	number_indices(&j);
	return j.failed ? obj_no_memory(o) : place_segments(o);
}
