/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the output needs: everything that relocations lead to from the roots, which are exports,
 * what is marked as not to be stripped, and constructors of the files that are in use. On the way
 * each need is looked at: is it met, and by something of the type that the caller thinks it has?
 */
#include "base/mem.h"
#include "link/object_int.h"

#define HINTED_MAX 20 /* problems that get near names: each looks at all names */
#define HINTS_MAX 3

struct mark {
	struct obj_link *o;
	struct link_names allowed; /* what may be undefined */
	struct obj_number_list
		files;	  /* to be looked at; each at once, as long as it has something */
	uint32_t file;	  /* whose relocations are read; OBJ_NONE: an option's need */
	uint32_t place;	  /* symbol of the chunk they are in */
	uint32_t reached; /* symbol that is marked; OBJ_NONE */
	unsigned hinted;
	bool failed; /* no memory */
};

static void push_number(struct mark *m, struct obj_number_list *list, uint32_t number)
{
	m->failed = m->failed || !obj_list_add(m->o, list, number);
}

static void queue_file(struct mark *m, uint32_t number)
{
	if (m->o->files[number].is_queued)
		return;
	m->o->files[number].is_queued = true;
	push_number(m, &m->files, number);
}

static void mark_file(struct mark *m, uint32_t number)
{
	m->o->files[number].is_live = true;
	if (!m->o->files[number].is_visited)
		queue_file(m, number);
}

static void mark_chunk(struct mark *m, uint32_t file, struct obj_chunk *chunk, uint32_t number)
{
	if (chunk->is_live || chunk->is_discarded)
		return;
	chunk->is_live = true;
	chunk->place = m->reached != OBJ_NONE ? m->reached : chunk->symbol;
	chunk->waiting = m->o->files[file].waiting;
	m->o->files[file].waiting = number + 1;
	m->o->files[file].is_live = true;
	queue_file(m, file);
}

static void mark_func(struct mark *m, uint32_t file, uint32_t defined)
{
	const struct obj_file *from = &m->o->files[file];
	uint32_t type = from->module->funcs[defined + obj_imports_of(from)].type;
	m->o->type_live[from->types[type]] = true;
	mark_chunk(m, file, &m->o->files[file].funcs[defined], defined);
}

static void mark_data(struct mark *m, uint32_t file, uint32_t segment)
{
	const struct wpkg_module *module = m->o->files[file].module;
	mark_chunk(m, file, &m->o->files[file].datas[segment],
		   module->func_count - module->func_import_count + segment);
}

static void mark_valtype(struct mark *m, const struct obj_file *file, wpkg_valtype type)
{
	uint32_t id = wpkg_valtype_id(type);
	if (id != WPKG_TYPE_ID_NONE)
		m->o->type_live[file->canonical[id]] = true;
}

static void mark_defined(struct mark *m, const struct obj_symbol *symbol)
{
	const struct obj_file *file = &m->o->files[symbol->file];
	switch ((enum obj_kind)symbol->kind) {
	case OBJ_FUNC:
		mark_func(m, symbol->file, symbol->index - obj_imports_of(file));
		break;
	case OBJ_DATA:
		if (!(symbol->flags & OBJ_ABSOLUTE))
			mark_data(m, symbol->file, symbol->index);
		break;
	case OBJ_GLOBAL:
		mark_valtype(m, file, file->module->globals[symbol->index].type);
		mark_file(m, symbol->file);
		break;
	case OBJ_TABLE:
		mark_valtype(m, file, file->module->tables[symbol->index].element);
		mark_file(m, symbol->file);
		break;
	case OBJ_TAG:
		m->o->type_live[symbol->type] = true;
		mark_file(m, symbol->file);
		break;
	case OBJ_SECTION:
	case OBJ_KIND_COUNT:
		break;
	}
}

/* "called_from in a.o" */
static void format_place(struct wpkg_buf *out, const struct obj_link *o, uint32_t file,
			 uint32_t place)
{
	if (file == OBJ_NONE) {
		wpkg_buf_append_text(out, "the command line");
		return;
	}
	if (place != OBJ_NONE)
		wpkg_buf_append_format(out, "%.*s in ", WPKG_STR_ARG(o->symbols[place].name));
	wpkg_buf_append_format(out, "%.*s", WPKG_STR_ARG(o->files[file].name));
}

static void append_hints(struct wpkg_buf *out, const struct obj_link *o, struct wpkg_str name)
{
	unsigned hints = 0;
	for (uint32_t i = 0; i < o->symbol_count && hints < HINTS_MAX; i++) {
		const struct obj_symbol *other = &o->symbols[i];
		if (other->state == OBJ_IS_UNDEFINED || other->flags & OBJ_LOCAL ||
		    !wpkg_str_is_near(other->name, name))
			continue;
		wpkg_buf_append_text(out, hints++ == 0 ? "; there is " : ", ");
		wpkg_buf_append_format(out, "'%.*s'", WPKG_STR_ARG(other->name));
	}
}

static void report_undefined(struct mark *m, struct obj_symbol *symbol)
{
	struct wpkg_buf text;
	if (symbol->is_reported)
		return;
	symbol->is_reported = true;
	wpkg_buf_init(&text, 1 << 16);
	if (symbol->must_export && m->file == OBJ_NONE) {
		bool is_entry = !m->o->options->no_entry &&
				(wpkg_str_equal(symbol->name, m->o->options->entry) ||
				 (m->o->options->entry.len == 0 &&
				  wpkg_str_equal_text(symbol->name, "_start")));
		wpkg_buf_append_format(&text, "%s '%.*s' is not defined%s",
				       is_entry ? "the entry" : "symbol",
				       WPKG_STR_ARG(symbol->name),
				       is_entry ? " (--no-entry when there shall be none)"
						: ", but shall be exported");
	} else {
		wpkg_buf_append_format(&text, "undefined symbol '%.*s', which ",
				       WPKG_STR_ARG(symbol->name));
		format_place(&text, m->o, m->file, m->place);
		wpkg_buf_append_text(&text, " needs");
	}
	if (m->hinted++ < HINTED_MAX)
		append_hints(&text, m->o, symbol->name);
	obj_problem(m->o, "%s", wpkg_buf_text(&text));
	wpkg_buf_clear(&text);
}

static void note_allowed(struct mark *m)
{
	const struct wpkg_object_names *allowed = &m->o->options->allowed;
	bool is_new;
	for (size_t i = 0; !m->failed && i < allowed->count; i++)
		m->failed = !link_names_put(&m->allowed, allowed->items[i], &is_new);
}

static bool is_allowed(const struct mark *m, struct wpkg_str name)
{
	return m->o->options->allow_undefined || link_names_find(&m->allowed, name);
}

static bool mark_segments_named(struct mark *m, struct wpkg_str name)
{
	bool found = false;
	for (uint32_t i = 0; i < m->o->file_count; i++)
		for (uint32_t s = 0; s < m->o->files[i].module->data_count; s++) {
			if (!wpkg_str_equal(m->o->files[i].segments[s].name, name))
				continue;
			found = true;
			mark_data(m, i, s);
		}
	return found;
}

/* __start_NAME and __stop_NAME are where the segments of that name begin and end, and so use
 * them.*/
static bool mark_bounds(struct mark *m, struct obj_symbol *symbol)
{
	static const struct wpkg_str prefixes[] = {WPKG_STR("__start_"), WPKG_STR("__stop_")};
	for (unsigned i = 0; i < 2; i++) {
		if (!wpkg_str_starts(symbol->name, prefixes[i]) ||
		    !mark_segments_named(m, wpkg_str_from_offset(symbol->name, prefixes[i].len)))
			continue;
		symbol->state = OBJ_IS_MADE;
		symbol->made = i == 0 ? OBJ_MADE_START : OBJ_MADE_STOP;
		return true;
	}
	return false;
}

/* Nobody defines it: it is the host's, or of no address, or missing. */
static void mark_undefined(struct mark *m, struct obj_symbol *symbol)
{
	struct obj_link *o = m->o;
	if (symbol->kind == OBJ_DATA && mark_bounds(m, symbol))
		return;
	bool may_be_null = symbol->kind == OBJ_FUNC || symbol->kind == OBJ_DATA;
	if (!symbol->is_import && !symbol->is_strong && may_be_null)
		return;
	if (!symbol->is_import &&
	    (symbol->kind == OBJ_KIND_COUNT || !is_allowed(m, symbol->name))) {
		report_undefined(m, symbol);
		return;
	}
	if (symbol->kind == OBJ_DATA)
		return;
	symbol->is_import = true;
	const struct obj_file *file = &o->files[symbol->file];
	if (symbol->type != OBJ_NONE)
		o->type_live[symbol->type] = true;
	else if (symbol->kind == OBJ_GLOBAL)
		mark_valtype(m, file, file->module->globals[symbol->index].type);
	else if (symbol->kind == OBJ_TABLE)
		mark_valtype(m, file, file->module->tables[symbol->index].element);
}

static void mark_symbol(struct mark *m, uint32_t number)
{
	struct obj_symbol *symbol = &m->o->symbols[number];
	if (symbol->is_live)
		return;
	symbol->is_live = true;
	if (m->o->needs)
		m->o->needs[number] = (struct obj_need){m->file, m->place};
	m->reached = number;
	if (symbol->state == OBJ_IS_DEFINED)
		mark_defined(m, symbol);
	else if (obj_is_undefined(symbol))
		mark_undefined(m, symbol);
	else if (symbol->type != OBJ_NONE)
		m->o->type_live[symbol->type] = true;
	m->reached = OBJ_NONE;
}

/* A call traps when nobody defines the function and nobody must. */
static void make_trap(struct mark *m, struct obj_symbol *symbol)
{
	symbol->state = OBJ_IS_MADE;
	symbol->made = OBJ_MADE_TRAP;
	m->o->type_live[symbol->type] = true;
	push_number(m, &m->o->made_funcs, (uint32_t)(symbol - m->o->symbols));
}

static void report_mismatch(struct mark *m, struct obj_symbol *symbol, uint32_t type)
{
	struct wpkg_buf text;
	if (symbol->is_reported)
		return;
	symbol->is_reported = true;
	wpkg_buf_init(&text, 1 << 16);
	format_place(&text, m->o, m->file, m->place);
	wpkg_buf_append_format(&text, " calls '%.*s' as ", WPKG_STR_ARG(symbol->name));
	obj_type_format(&text, m->o, type);
	wpkg_buf_append_text(&text, ", but it is ");
	obj_type_format(&text, m->o, symbol->type);
	wpkg_buf_append_text(&text, " in ");
	if (symbol->file != OBJ_NONE)
		wpkg_buf_append_format(&text, "%.*s", WPKG_STR_ARG(m->o->files[symbol->file].name));
	else
		wpkg_buf_append_text(&text, "the linker");
	obj_problem(m->o, "%s", wpkg_buf_text(&text));
	wpkg_buf_clear(&text);
}

static void visit_call(struct mark *m, const struct obj_file *file, const struct obj_ref *ref)
{
	struct obj_symbol *symbol = &m->o->symbols[ref->symbol];
	uint32_t type = file->types[file->module->funcs[ref->index].type];
	mark_symbol(m, ref->symbol);
	if (obj_is_undefined(symbol) && !symbol->is_import && !symbol->is_reported)
		make_trap(m, symbol);
	else if (symbol->type != type)
		report_mismatch(m, symbol, type);
}

static bool has_no_address(const struct obj_symbol *symbol)
{
	return (obj_is_undefined(symbol) && !symbol->is_import) || symbol->made == OBJ_MADE_TRAP;
}

/* The table holds it, unless its address is null because there is none. */
static void take_slot(struct mark *m, uint32_t number)
{
	struct obj_symbol *symbol = &m->o->symbols[number];
	if (symbol->slot > 0 || has_no_address(symbol))
		return;
	push_number(m, &m->o->slots, number);
	symbol->slot = m->o->slots.count;
	mark_symbol(m, m->o->made[OBJ_MADE_TABLE]);
}

static void take_address_global(struct mark *m, uint32_t number)
{
	struct obj_symbol *symbol = &m->o->symbols[number];
	if (symbol->kind == OBJ_FUNC)
		take_slot(m, number);
	if (symbol->address_global > 0)
		return;
	push_number(m, &m->o->address_globals, number);
	symbol->address_global = m->o->address_globals.count; /* until it is numbered */
}

static void visit(struct mark *m, const struct obj_file *file, const struct obj_reloc *reloc)
{
	uint32_t kind = obj_reloc_kind(reloc->type);
	if (kind == OBJ_NONE) {
		m->o->type_live[file->types[reloc->index]] = true;
		return;
	}
	const struct obj_ref *ref = &file->refs[reloc->index];
	/* A name that others share is bound to the definition that is used. */
	if (m->o->symbols[ref->symbol].flags & OBJ_LOCAL &&
	    obj_is_gone(m->o, &m->o->symbols[ref->symbol])) {
		obj_report_gone(m->o, file, &m->o->symbols[ref->symbol]);
		return;
	}
	if (reloc->type == OBJ_RELOC_FUNCTION_INDEX_LEB) {
		visit_call(m, file, ref);
		return;
	}
	mark_symbol(m, ref->symbol);
	if (obj_reloc_is_slot(reloc->type))
		take_slot(m, ref->symbol);
	else if (kind == OBJ_GLOBAL && m->o->symbols[ref->symbol].kind != OBJ_GLOBAL)
		take_address_global(m, ref->symbol);
}

/* By its number: data are counted after functions. */
static struct obj_chunk *chunk_of(const struct obj_file *file, uint32_t number)
{
	uint32_t funcs = file->module->func_count - file->module->func_import_count;
	return number < funcs ? &file->funcs[number] : &file->datas[number - funcs];
}

static void visit_chunk(struct mark *m, const struct obj_file *file, const struct obj_chunk *chunk)
{
	const uint8_t *at = obj_relocs_of(file, chunk);
	m->place = chunk->place;
	for (uint32_t i = 0; i < chunk->reloc_count; i++) {
		struct obj_reloc reloc = obj_reloc_take(&at);
		visit(m, file, &reloc);
	}
}

/* What a file that is in use brings whether or not somebody refers to it. */
static void visit_file(struct mark *m)
{
	const struct obj_file *file = &m->o->files[m->file];
	m->place = OBJ_NONE;
	for (uint32_t i = 0; i < file->init_count; i++)
		mark_symbol(m, file->refs[file->inits[i].symbol].symbol);
	for (uint32_t i = 0; i < file->module->data_count; i++)
		if (file->segments[i].flags & OBJ_SEGMENT_RETAIN)
			mark_data(m, m->file, i);
	if (file->has_table)
		mark_symbol(m, m->o->made[OBJ_MADE_TABLE]);
}

/*
 * A file after the other, and all of one that is waiting at once: so an input that was looked at
 * rests, and comes back to memory only when another file has led to more of it.
 */
static void drain(struct mark *m)
{
	for (uint32_t i = 0; !m->failed && i < m->files.count; i++) {
		m->file = m->files.items[i];
		struct obj_file *file = &m->o->files[m->file];
		if (!file->is_visited)
			visit_file(m);
		file->is_visited = true;
		while (file->waiting > 0) {
			const struct obj_chunk *chunk = chunk_of(file, file->waiting - 1);
			file->waiting = chunk->waiting;
			visit_chunk(m, file, chunk);
		}
		file->is_queued = false;
		obj_rest(m->o, file);
	}
	m->files.count = 0;
	m->file = m->place = OBJ_NONE;
}

static bool is_wanted_export(const struct obj_link *o, const struct obj_symbol *symbol)
{
	if (symbol->must_export)
		return true;
	if (symbol->state != OBJ_IS_DEFINED || symbol->flags & OBJ_LOCAL)
		return false;
	return symbol->flags & OBJ_EXPORTED || o->options->export_all ||
	       (o->options->export_dynamic && !(symbol->flags & OBJ_HIDDEN));
}

static bool is_root(const struct obj_link *o, const struct obj_symbol *symbol)
{
	return is_wanted_export(o, symbol) ||
	       (symbol->flags & OBJ_NO_STRIP && symbol->state == OBJ_IS_DEFINED);
}

static void mark_whole_file(struct mark *m, uint32_t number)
{
	const struct obj_file *file = &m->o->files[number];
	uint32_t funcs = file->module->func_count - file->module->func_import_count;
	for (uint32_t i = 0; i < funcs; i++)
		if (!file->funcs[i].is_discarded)
			mark_func(m, number, i);
	for (uint32_t i = 0; i < file->module->data_count; i++)
		mark_data(m, number, i);
	for (uint32_t i = 0; i < file->ref_count; i++) {
		const struct obj_symbol *symbol = &m->o->symbols[file->refs[i].symbol];
		if (symbol->state == OBJ_IS_DEFINED && symbol->file == number)
			mark_symbol(m, file->refs[i].symbol);
	}
}

/* The files of the command line are in use. */
static void mark_files(struct mark *m)
{
	for (uint32_t i = 0; i < m->o->file_count; i++) {
		if (m->o->files[i].is_live || m->o->options->no_gc)
			mark_file(m, i);
		if (m->o->options->no_gc)
			mark_whole_file(m, i);
	}
}

static void mark_roots(struct mark *m)
{
	for (uint32_t i = 0; i < m->o->symbol_count; i++) {
		struct obj_symbol *symbol = &m->o->symbols[i];
		bool is_export = is_wanted_export(m->o, symbol);
		if (is_export)
			push_number(m, &m->o->exports, i);
		if (!is_root(m->o, symbol))
			continue;
		mark_symbol(m, i);
		if (is_export && symbol->kind == OBJ_DATA)
			take_address_global(m, i);
	}
}

static void mark_own(struct mark *m)
{
	struct obj_link *o = m->o;
	if (o->options->import_table || o->options->export_table)
		mark_symbol(m, o->made[OBJ_MADE_TABLE]);
	if (o->call_dtors != OBJ_NONE && o->exports.count > 0)
		mark_symbol(m, o->call_dtors);
}

static bool note_needs(struct obj_link *o)
{
	o->needs = wpkg_arena_alloc(&o->arena, (size_t)o->symbol_count + 1, sizeof(*o->needs));
	for (uint32_t i = 0; o->needs && i < o->symbol_count; i++)
		o->needs[i] = (struct obj_need){OBJ_NONE, OBJ_NONE};
	return o->needs != NULL;
}

enum wpkg_status obj_mark(struct obj_link *o)
{
	struct mark m = {.o = o, .file = OBJ_NONE, .place = OBJ_NONE, .reached = OBJ_NONE};
	o->type_live =
		wpkg_arena_alloc(&o->arena, (size_t)o->types.count + 1, sizeof(*o->type_live));
	if (!o->type_live)
		return obj_no_memory(o);
	if (o->options->explain.len > 0 && !note_needs(o))
		return obj_no_memory(o);
	note_allowed(&m);
	mark_roots(&m);
	mark_files(&m);
	mark_own(&m);
	drain(&m);
	link_names_clear(&m.allowed);
	wpkg_mem_free(m.files.items);
	return m.failed ? obj_no_memory(o) : WPKG_OK;
}
