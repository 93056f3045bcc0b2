/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two modules that stand for a dynamic loader:
 *
 *   base     memory, table, stack pointer, and a global for each address; imports nothing
 *   loader   puts functions that have an address into the table; runs what applies relocations
 *            (its start function) and what constructs (its export)
 */
#include "link/dylink_int.h"
#include "wasm/opcode.h"
#include "wasm/writer.h"

static void end_section(struct dylink *j, struct wpkg_buf *out, enum wpkg_section id)
{
	if (j->section.failed != WPKG_OK)
		out->failed = j->section.failed;
	wpkg_writer_section(out, id, wpkg_buf_str(&j->section));
	wpkg_buf_reset(&j->section);
}

static void put_global(struct dylink *j, uint32_t value, bool is_mutable)
{
	wpkg_writer_valtype(&j->section, WPKG_TYPE_I32);
	wpkg_buf_append_byte(&j->section, is_mutable);
	wpkg_buf_append_byte(&j->section, WPKG_OP_I32_CONST);
	wpkg_writer_signed(&j->section, (int32_t)value);
	wpkg_buf_append_byte(&j->section, WPKG_OP_END);
}

static void put_limits(struct dylink *j, uint64_t min, uint64_t max)
{
	wpkg_buf_append_byte(&j->section, max > 0);
	wpkg_writer_u64(&j->section, min);
	if (max > 0)
		wpkg_writer_u64(&j->section, max);
}

void dylink_put_base(struct dylink *j)
{
	uint64_t stack = dylink_stack(j);
	wpkg_writer_header(&j->base);
	wpkg_writer_u32(&j->section, 1);
	wpkg_writer_valtype(&j->section, WPKG_TYPE_FUNCREF);
	put_limits(j, j->first_slot + j->slot_count, 0);
	end_section(j, &j->base, WPKG_SECTION_TABLE);
	wpkg_writer_u32(&j->section, 1);
	put_limits(j, j->memory_pages, j->memory_max);
	end_section(j, &j->base, WPKG_SECTION_MEMORY);
	wpkg_writer_u32(&j->section, dylink_global_of_place(j, j->place_count));
	put_global(j, (uint32_t)stack, true);
	for (uint32_t i = 0; i < j->count; i++) {
		put_global(j, j->libraries[i].memory_base, false);
		put_global(j, j->libraries[i].table_base, false);
	}
	for (uint32_t i = 0; i < j->place_count; i++)
		put_global(j, j->places[i].value, true);
	end_section(j, &j->base, WPKG_SECTION_GLOBAL);
}

/* What the loader imports; its bindings say which. */
struct imported {
	struct wpkg_link_target target;
	uint32_t type; /* of the loader */
};

struct loader {
	struct dylink *j;
	struct imported *funcs;
	uint32_t func_count, relocs_end,
		ctors_end; /* those that run at the start, then the others */
	uint32_t start;	   /* the program's own "_start", among the functions; NONE */
	struct wpkg_buf types;
	uint32_t type_count;
};

static void add_named(struct loader *l, struct wpkg_str name)
{
	for (uint32_t i = 0; i < l->j->count; i++) {
		uint32_t number = l->j->order[i];
		const struct wpkg_module *m = l->j->libraries[number].input->module;
		const struct wpkg_module_export *export = wpkg_module_find_export(m, name);
		if (export && export->kind == WPKG_EXTERN_FUNC)
			l->funcs[l->func_count++] = (struct imported){
				{DYLINK_FIRST_LIBRARY + number, export->index}, 0};
	}
}

/* A type of the loader for the function; each has its own, since nobody counts them. */
static void add_slot(struct loader *l, const struct dylink_place *place)
{
	struct dylink *j = l->j;
	const struct dylink_library *library =
		&j->libraries[place->target.input - DYLINK_FIRST_LIBRARY];
	const struct wpkg_module *m = library->input->module;
	const struct wpkg_type *type =
		&m->types.types[m->type_ids[m->funcs[place->target.index].type]];
	uint32_t count = type->param_count + type->result_count;
	for (uint32_t i = 0; i < count; i++)
		if (wpkg_valtype_id(type->params[i]) != WPKG_TYPE_ID_NONE)
			dylink_problem(j, library,
				       "a function with an address has types of its own");
	wpkg_buf_append_byte(&l->types, 0x60);
	wpkg_writer_u32(&l->types, type->param_count);
	for (uint32_t i = 0; i < type->param_count; i++)
		wpkg_writer_valtype(&l->types, type->params[i]);
	wpkg_writer_u32(&l->types, type->result_count);
	for (uint32_t i = type->param_count; i < count; i++)
		wpkg_writer_valtype(&l->types, type->params[i]);
	l->funcs[l->func_count++] = (struct imported){place->target, l->type_count++};
}

static void put_import(struct dylink *j, const char *field, enum wpkg_extern kind)
{
	wpkg_writer_name(&j->section, WPKG_LIT("env"));
	wpkg_writer_name(&j->section, wpkg_str_from(field));
	wpkg_buf_append_byte(&j->section, (uint8_t)kind);
}

static void put_imports(struct loader *l)
{
	struct dylink *j = l->j;
	wpkg_writer_u32(&j->section, l->func_count + 2);
	for (uint32_t i = 0; i < l->func_count; i++) {
		put_import(j, "function", WPKG_EXTERN_FUNC);
		wpkg_writer_u32(&j->section, l->funcs[i].type);
	}
	put_import(j, "table", WPKG_EXTERN_TABLE);
	wpkg_writer_valtype(&j->section, WPKG_TYPE_FUNCREF);
	put_limits(j, 0, 0);
	put_import(j, "memory", WPKG_EXTERN_MEMORY);
	put_limits(j, 0, 0);
	end_section(j, &j->loader, WPKG_SECTION_IMPORT);
}

static void put_calls(struct loader *l, uint32_t from, uint32_t to, uint32_t last)
{
	struct wpkg_buf body;
	wpkg_buf_init(&body, 1 << 20);
	wpkg_buf_append_byte(&body, 0);
	for (uint32_t i = from; i < to; i++) {
		wpkg_buf_append_byte(&body, WPKG_OP_CALL);
		wpkg_writer_u32(&body, i);
	}
	if (last != WPKG_INDEX_NONE) {
		wpkg_buf_append_byte(&body, WPKG_OP_CALL);
		wpkg_writer_u32(&body, last);
	}
	wpkg_buf_append_byte(&body, WPKG_OP_END);
	if (body.failed != WPKG_OK)
		l->j->section.failed = body.failed;
	wpkg_writer_name(&l->j->section, wpkg_buf_str(&body));
	wpkg_buf_clear(&body);
}

static void put_exports(struct loader *l, bool has_init)
{
	struct dylink *j = l->j;
	wpkg_writer_u32(&j->section, 1U + has_init);
	wpkg_writer_name(&j->section, WPKG_LIT("memory"));
	wpkg_buf_append_byte(&j->section, WPKG_EXTERN_MEMORY);
	wpkg_writer_u32(&j->section, 0);
	if (has_init) {
		wpkg_writer_name(&j->section, l->start != WPKG_INDEX_NONE
						      ? WPKG_LIT("_start")
						      : WPKG_LIT("_initialize"));
		wpkg_buf_append_byte(&j->section, WPKG_EXTERN_FUNC);
		wpkg_writer_u32(&j->section, l->func_count + 1);
	}
	end_section(j, &j->loader, WPKG_SECTION_EXPORT);
}

static void put_slots(struct loader *l)
{
	struct dylink *j = l->j;
	if (j->slot_count == 0)
		return;
	wpkg_writer_u32(&j->section, 1);
	wpkg_writer_u32(&j->section, 0);
	wpkg_buf_append_byte(&j->section, WPKG_OP_I32_CONST);
	wpkg_writer_signed(&j->section, (int32_t)j->first_slot);
	wpkg_buf_append_byte(&j->section, WPKG_OP_END);
	wpkg_writer_u32(&j->section, j->slot_count);
	for (uint32_t i = 0; i < j->slot_count; i++)
		wpkg_writer_u32(&j->section, l->func_count - j->slot_count + i);
	end_section(j, &j->loader, WPKG_SECTION_ELEMENT);
}

static void put_loader(struct loader *l)
{
	struct dylink *j = l->j;
	bool has_init = l->ctors_end > l->relocs_end || l->start != WPKG_INDEX_NONE;
	wpkg_writer_header(&j->loader);
	wpkg_writer_u32(&j->section, l->type_count);
	wpkg_buf_append(&j->section, "\x60\0\0", 3);
	wpkg_buf_append_str(&j->section, wpkg_buf_str(&l->types));
	end_section(j, &j->loader, WPKG_SECTION_TYPE);
	put_imports(l);
	wpkg_buf_append(&j->section, "\2\0\0", 3);
	end_section(j, &j->loader, WPKG_SECTION_FUNCTION);
	put_exports(l, has_init);
	if (l->relocs_end > 0) {
		wpkg_writer_u32(&j->section, l->func_count);
		end_section(j, &j->loader, WPKG_SECTION_START);
	}
	put_slots(l);
	wpkg_writer_u32(&j->section, 2);
	put_calls(l, 0, l->relocs_end, WPKG_INDEX_NONE);
	put_calls(l, l->relocs_end, l->ctors_end, l->start);
	end_section(j, &j->loader, WPKG_SECTION_CODE);
}

/* The bindings of the loader's imports, in their order. */
static struct wpkg_link_target *loader_bindings(const struct loader *l)
{
	struct wpkg_link_target *bindings =
		wpkg_arena_alloc(&l->j->arena, l->func_count + 2, sizeof(*bindings));
	for (uint32_t i = 0; bindings && i < l->func_count; i++)
		bindings[i] = l->funcs[i].target;
	if (bindings)
		bindings[l->func_count] = bindings[l->func_count + 1] =
			(struct wpkg_link_target){DYLINK_BASE, 0};
	return bindings;
}

enum wpkg_status dylink_make_loader(struct dylink *j, struct wpkg_link_target **bindings)
{
	struct loader l = {.j = j, .start = WPKG_INDEX_NONE, .type_count = 1};
	wpkg_buf_init(&l.types, 1 << 24);
	l.funcs = wpkg_arena_alloc(&j->arena, (size_t)3 * j->count + j->slot_count + 1,
				   sizeof(*l.funcs));
	if (!l.funcs)
		return dylink_no_memory(j);
	add_named(&l, WPKG_LIT("__wasm_apply_data_relocs"));
	l.relocs_end = l.func_count;
	add_named(&l, WPKG_LIT("__wasm_call_ctors"));
	l.ctors_end = l.func_count;
	const struct wpkg_module_export *start =
		wpkg_module_find_export(j->libraries[0].input->module, WPKG_LIT("_start"));
	if (start && start->kind == WPKG_EXTERN_FUNC) {
		l.start = l.func_count;
		l.funcs[l.func_count++] =
			(struct imported){{DYLINK_FIRST_LIBRARY, start->index}, 0};
	}
	for (uint32_t i = 0; i < j->place_count; i++)
		if (j->places[i].is_func)
			add_slot(&l, &j->places[i]);
	put_loader(&l);
	if (l.types.failed != WPKG_OK)
		j->loader.failed = l.types.failed;
	*bindings = loader_bindings(&l);
	wpkg_buf_clear(&l.types);
	return *bindings ? dylink_answer(j) : dylink_no_memory(j);
}
