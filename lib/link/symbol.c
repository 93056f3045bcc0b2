/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Symbols: which definition each name has. A strong definition beats a weak one, the first weak one
 * beats later ones, and two strong ones are a problem. A member of an archive is taken in when a
 * strong need for one of its symbols meets no definition.
 */
#include "base/mem.h"
#include "link/object_int.h"
#include "wasm/format.h"

const char *obj_kind_name(uint8_t kind)
{
	static const char *const names[] = {"a function", "data", "a global",
					    "section",	  "tag",  "table"};
	return kind < OBJ_KIND_COUNT ? names[kind] : "unknown";
}

void obj_type_format(struct wpkg_buf *out, const struct obj_link *o, uint32_t type)
{
	if (type == OBJ_NONE)
		wpkg_buf_append_text(out, "of unknown type");
	else
		wpkg_type_format(out, &o->types.types[type], NULL);
}

uint32_t obj_symbol_find(const struct obj_link *o, struct wpkg_str name)
{
	const uint32_t *found = link_names_find(&o->names, name);
	return found ? *found : OBJ_NONE;
}

struct obj_chunk *obj_symbol_chunk(const struct obj_link *o, const struct obj_symbol *symbol)
{
	if (symbol->state != OBJ_IS_DEFINED || symbol->flags & OBJ_ABSOLUTE)
		return NULL;
	const struct obj_file *file = &o->files[symbol->file];
	if (symbol->kind == OBJ_FUNC)
		return &file->funcs[symbol->index - obj_imports_of(file)];
	return symbol->kind == OBJ_DATA ? &file->datas[symbol->index] : NULL;
}

bool obj_is_gone(const struct obj_link *o, const struct obj_symbol *symbol)
{
	const struct obj_chunk *chunk = obj_symbol_chunk(o, symbol);
	return chunk && chunk->is_discarded;
}

void obj_report_gone(struct obj_link *o, const struct obj_file *file,
		     const struct obj_symbol *symbol)
{
	obj_problem(o, "%.*s needs '%.*s' of a group that another object has",
		    WPKG_STR_ARG(file->name), WPKG_STR_ARG(symbol->name));
}

/* A symbol that nobody has defined or needs; OBJ_NONE without memory. */
uint32_t obj_symbol_add(struct obj_link *o, struct wpkg_str name)
{
	if (o->symbol_count == o->symbol_capacity) {
		uint32_t capacity = o->symbol_capacity > 0 ? o->symbol_capacity * 2 : 256;
		struct obj_symbol *more = wpkg_mem_resize(o->symbols, capacity, sizeof(*more));
		if (!more)
			return OBJ_NONE;
		o->symbols = more;
		o->symbol_capacity = capacity;
	}
	o->symbols[o->symbol_count] = (struct obj_symbol){.name = name,
							  .kind = OBJ_KIND_COUNT,
							  .file = OBJ_NONE,
							  .asker = OBJ_NONE,
							  .type = OBJ_NONE};
	return o->symbol_count++;
}

static uint32_t symbol_of_name(struct obj_link *o, struct wpkg_str name)
{
	uint32_t *number = link_names_find(&o->names, name);
	bool is_new;
	if (number)
		return *number;
	/* A copy, that each later look at the name need not bring the first file's pages back. */
	struct wpkg_str own = wpkg_arena_dup(&o->arena, name);
	number = own.ptr ? link_names_put(&o->names, own, &is_new) : NULL;
	if (number)
		*number = obj_symbol_add(o, own);
	return number ? *number : OBJ_NONE;
}

static uint32_t type_of(const struct obj_file *file, const struct obj_record *record)
{
	if (record->kind == OBJ_FUNC)
		return file->types[file->module->funcs[record->index].type];
	return record->kind == OBJ_TAG ? file->types[file->module->tags[record->index].type]
				       : OBJ_NONE;
}

static void take_place(struct obj_symbol *symbol, const struct obj_link *o, uint32_t file,
		       const struct obj_record *record)
{
	symbol->file = file;
	symbol->index = record->index;
	symbol->offset = record->offset;
	symbol->size = record->size;
	symbol->kind = record->kind;
	symbol->flags = record->flags | (symbol->flags & (OBJ_EXPORTED | OBJ_NO_STRIP));
	symbol->type = type_of(&o->files[file], record);
}

static const struct wpkg_module_import *import_of(const struct obj_file *file, uint8_t kind,
						  uint32_t index)
{
	const struct wpkg_module *m = file->module;
	uint32_t import = WPKG_INDEX_NONE;
	if (kind == OBJ_FUNC)
		import = wpkg_module_func_import(m, index);
	else if (kind == OBJ_GLOBAL)
		import = m->globals[index].import;
	else if (kind == OBJ_TAG)
		import = m->tags[index].import;
	else if (kind == OBJ_TABLE)
		import = m->tables[index].import;
	return import == WPKG_INDEX_NONE ? NULL : &m->imports[import];
}

const struct wpkg_module_import *obj_import_of(const struct obj_link *o,
					       const struct obj_symbol *symbol)
{
	return symbol->file == OBJ_NONE
		       ? NULL
		       : import_of(&o->files[symbol->file], symbol->kind, symbol->index);
}

/* Does the source say which import of the host it is? */
static bool is_host_import(const struct obj_file *file, const struct obj_record *record)
{
	const struct wpkg_module_import *import = import_of(file, record->kind, record->index);
	if (!import || wpkg_str_starts(import->module, WPKG_LIT("GOT.")))
		return false;
	return record->flags & OBJ_EXPLICIT_NAME || !wpkg_str_equal_text(import->module, "env");
}

static bool is_discarded(const struct obj_file *file, const struct obj_record *record)
{
	if (record->flags & (OBJ_UNDEFINED | OBJ_ABSOLUTE))
		return false;
	if (record->kind == OBJ_FUNC)
		return file->funcs[record->index - obj_imports_of(file)].is_discarded;
	return record->kind == OBJ_DATA && file->datas[record->index].is_discarded;
}

static struct wpkg_str file_name(const struct obj_link *o, uint32_t file)
{
	return file == OBJ_NONE ? WPKG_LIT("the command line") : o->files[file].name;
}

/* One name for things of two kinds: the second one's file gets a symbol of its own, so that the
 * link can go on and find other problems. */
static enum wpkg_status report_kinds(uint32_t *out, struct obj_link *o, uint32_t number,
				     uint32_t file, const struct obj_record *record)
{
	struct obj_symbol *symbol = &o->symbols[number];
	uint32_t other = symbol->file != OBJ_NONE ? symbol->file : symbol->asker;
	struct wpkg_str name = file_name(o, file), other_name = file_name(o, other);
	if (!symbol->is_reported)
		obj_problem(o, "%.*s: symbol '%.*s' is %s here, but %s in %.*s", WPKG_STR_ARG(name),
			    WPKG_STR_ARG(symbol->name), obj_kind_name(record->kind),
			    obj_kind_name(symbol->kind), WPKG_STR_ARG(other_name));
	symbol->is_reported = true;
	uint32_t own = obj_symbol_add(o, record->name);
	if (own == OBJ_NONE)
		return obj_no_memory(o);
	take_place(&o->symbols[own], o, file, record);
	o->symbols[own].is_reported = true;
	*out = own;
	return WPKG_OK;
}

static enum wpkg_status want_lazy(struct obj_link *o, uint32_t number)
{
	return obj_list_add(o, &o->wanted, number) ? WPKG_OK : WPKG_ENOMEM;
}

static enum wpkg_status bind_need(struct obj_link *o, uint32_t number, uint32_t file,
				  const struct obj_record *record)
{
	struct obj_symbol *symbol = &o->symbols[number];
	bool is_strong = !(record->flags & OBJ_WEAK);
	bool is_host = record->flags & OBJ_UNDEFINED && is_host_import(&o->files[file], record);
	if (symbol->state == OBJ_IS_UNDEFINED || symbol->state == OBJ_IS_LAZY) {
		bool is_open = symbol->file == OBJ_NONE;
		if (is_open || (is_host && !symbol->is_import))
			take_place(symbol, o, file, record);
		symbol->is_import = symbol->is_import || is_host;
	}
	if (symbol->asker == OBJ_NONE)
		symbol->asker = file;
	bool is_first = is_strong && !symbol->is_strong;
	symbol->is_strong = symbol->is_strong || is_strong;
	return is_first && symbol->state == OBJ_IS_LAZY ? want_lazy(o, number) : WPKG_OK;
}

static void bind_definition(struct obj_link *o, uint32_t number, uint32_t file,
			    const struct obj_record *record)
{
	struct obj_symbol *symbol = &o->symbols[number];
	if (symbol->state == OBJ_IS_DEFINED) {
		if (record->flags & OBJ_WEAK)
			return;
		if (!(symbol->flags & OBJ_WEAK)) {
			struct wpkg_str first = file_name(o, symbol->file);
			struct wpkg_str second = file_name(o, file);
			obj_problem(o, "symbol '%.*s' is defined twice: in %.*s and in %.*s",
				    WPKG_STR_ARG(symbol->name), WPKG_STR_ARG(first),
				    WPKG_STR_ARG(second));
			return;
		}
	}
	take_place(symbol, o, file, record);
	symbol->state = OBJ_IS_DEFINED;
	symbol->is_import = false;
}

enum wpkg_status obj_symbol_bind(uint32_t *out, struct obj_link *o, uint32_t file,
				 const struct obj_record *record)
{
	bool is_need = record->flags & OBJ_UNDEFINED || is_discarded(&o->files[file], record);
	bool is_local = record->flags & OBJ_LOCAL && !(record->flags & OBJ_UNDEFINED);
	uint32_t number =
		is_local ? obj_symbol_add(o, record->name) : symbol_of_name(o, record->name);
	if (number == OBJ_NONE)
		return obj_no_memory(o);
	uint8_t kind = o->symbols[number].kind;
	if (kind != OBJ_KIND_COUNT && kind != record->kind)
		return report_kinds(out, o, number, file, record);
	*out = number;
	if (is_need && !is_local)
		return bind_need(o, number, file, record);
	bind_definition(o, number, file, record);
	return WPKG_OK;
}

uint32_t obj_symbol_want(struct obj_link *o, struct wpkg_str name)
{
	uint32_t number = symbol_of_name(o, name);
	if (number == OBJ_NONE) {
		obj_no_memory(o);
		return OBJ_NONE;
	}
	struct obj_symbol *symbol = &o->symbols[number];
	bool is_first = !symbol->is_strong;
	symbol->is_strong = true;
	if (is_first && symbol->state == OBJ_IS_LAZY && want_lazy(o, number) != WPKG_OK)
		return OBJ_NONE;
	return number;
}

static enum wpkg_status add_member(struct obj_link *o, uint32_t archive, uint32_t member,
				   uint32_t symbol)
{
	struct obj_archive *from = &o->archives[archive];
	const struct link_member *content = &from->content.members[member];
	if (from->is_in[member])
		return WPKG_OK;
	from->is_in[member] = true;
	struct wpkg_str path = o->options->inputs[archive].name;
	struct wpkg_str name = wpkg_arena_format(&o->arena, "%.*s(%.*s)", WPKG_STR_ARG(path),
						 WPKG_STR_ARG(content->name));
	uint32_t number;
	if (!name.ptr)
		return obj_no_memory(o);
	enum wpkg_status status = obj_file_add(&number, o, name, content->bytes);
	if (status == WPKG_OK && symbol != OBJ_NONE) {
		o->files[number].pulled_for = symbol;
		o->files[number].pulled_by = o->symbols[symbol].asker;
	}
	return status;
}

/* Takes in what is wanted, and what that wants. */
static enum wpkg_status pull(struct obj_link *o)
{
	enum wpkg_status status = WPKG_OK;
	for (uint32_t i = 0; status == WPKG_OK && i < o->wanted.count; i++) {
		struct obj_symbol *symbol = &o->symbols[o->wanted.items[i]];
		if (symbol->state != OBJ_IS_LAZY)
			continue;
		/* If the member lacks it, the index lied. */
		symbol->state = OBJ_IS_UNDEFINED;
		status = add_member(o, o->lazies.items[symbol->lazy],
				    o->lazies.items[symbol->lazy + 1], o->wanted.items[i]);
	}
	o->wanted.count = 0;
	return status;
}

static enum wpkg_status add_lazy(struct obj_link *o, uint32_t archive,
				 const struct link_archive_symbol *from)
{
	uint32_t number = symbol_of_name(o, from->name);
	if (number == OBJ_NONE)
		return obj_no_memory(o);
	struct obj_symbol *symbol = &o->symbols[number];
	if (symbol->state != OBJ_IS_UNDEFINED || o->archives[archive].is_in[from->member] ||
	    symbol->is_import)
		return WPKG_OK;
	symbol->state = OBJ_IS_LAZY;
	symbol->lazy = o->lazies.count;
	if (!obj_list_add(o, &o->lazies, archive) || !obj_list_add(o, &o->lazies, from->member))
		return WPKG_ENOMEM;
	return symbol->is_strong ? want_lazy(o, number) : WPKG_OK;
}

static enum wpkg_status read_archive(struct link_archive *content,
				     const struct wpkg_object_input *from, struct wpkg_err *err)
{
	enum wpkg_status status = link_archive_read(content, from->bytes, err);
	if (status != WPKG_OK)
		return status;
	if (content->is_thin && content->member_count != from->member_count)
		return WPKG_FAIL(err, WPKG_EINVAL, "a thin archive: its members are other files");
	for (uint32_t i = 0; content->is_thin && i < content->member_count; i++)
		content->members[i].bytes = from->members[i];
	return content->has_index ? WPKG_OK : obj_index_members(content, err);
}

static enum wpkg_status add_archive(struct obj_link *o, uint32_t input)
{
	const struct wpkg_object_input *from = &o->options->inputs[input];
	struct obj_archive *archive = &o->archives[input];
	enum wpkg_status status = read_archive(&archive->content, from, o->err);
	if (status != WPKG_OK) {
		if (status != WPKG_ENOMEM)
			wpkg_err_prepend(o->err, "%.*s", WPKG_STR_ARG(from->name));
		return status;
	}
	archive->is_in = wpkg_arena_alloc(&o->arena, (size_t)archive->content.member_count + 1,
					  sizeof(*archive->is_in));
	if (!archive->is_in)
		return obj_no_memory(o);
	for (uint32_t i = 0; from->whole && status == WPKG_OK && i < archive->content.member_count;
	     i++) {
		status = add_member(o, input, i, OBJ_NONE);
		if (status == WPKG_OK)
			o->files[o->file_count - 1].is_live = true;
	}
	for (uint32_t i = 0; status == WPKG_OK && i < archive->content.symbol_count; i++)
		status = add_lazy(o, input, &archive->content.symbols[i]);
	if (o->options->rest)
		o->options->rest(from->bytes);
	return status;
}

static enum wpkg_status add_input(struct obj_link *o, uint32_t input)
{
	const struct wpkg_object_input *from = &o->options->inputs[input];
	if (link_archive_is(from->bytes))
		return add_archive(o, input);
	uint32_t number;
	enum wpkg_status status = obj_file_add(&number, o, from->name, from->bytes);
	if (status == WPKG_OK)
		o->files[number].is_live = true;
	return status;
}

static bool want_names(struct obj_link *o, const struct wpkg_object_names *names, bool is_export)
{
	for (size_t i = 0; i < names->count; i++) {
		uint32_t number = obj_symbol_want(o, names->items[i]);
		if (number == OBJ_NONE)
			return false;
		o->symbols[number].must_export = o->symbols[number].must_export || is_export;
		o->symbols[number].flags |= is_export ? 0 : OBJ_NO_STRIP;
	}
	return true;
}

/* What the options ask for, whoever else does. */
static enum wpkg_status want_options(struct obj_link *o)
{
	const struct wpkg_object_options *options = o->options;
	static const struct wpkg_str start = WPKG_STR("_start");
	const struct wpkg_str *entry = options->entry.len > 0 ? &options->entry : &start;
	bool has_entry = options->relocatable ? options->entry.len > 0 : !options->no_entry;
	const struct wpkg_object_names entries = {entry, has_entry};
	if (!want_names(o, &entries, true) || !want_names(o, &options->exports, true) ||
	    !want_names(o, &options->undefined, false))
		return WPKG_ENOMEM;
	for (size_t i = 0; i < options->exports_if_defined.count; i++) {
		uint32_t number = obj_symbol_find(o, options->exports_if_defined.items[i]);
		if (number == OBJ_NONE)
			continue;
		if (obj_symbol_want(o, options->exports_if_defined.items[i]) == OBJ_NONE)
			return WPKG_ENOMEM;
		o->symbols[number].must_export = true;
	}
	return pull(o);
}

/*
 * A module that no start or initialize function of a C library is in has exports that run the
 * constructors before and the destructors after themselves (as wasm-ld does).
 */
static enum wpkg_status want_destructors(struct obj_link *o)
{
	uint32_t ctors = obj_symbol_find(o, WPKG_LIT("__wasm_call_ctors"));
	o->call_dtors = OBJ_NONE;
	o->has_wrappers = (ctors == OBJ_NONE ||
			   (o->symbols[ctors].asker == OBJ_NONE && !o->symbols[ctors].must_export));
	if (!o->has_wrappers)
		return WPKG_OK;
	uint32_t dtors = obj_symbol_find(o, WPKG_LIT("__wasm_call_dtors"));
	if (dtors == OBJ_NONE)
		return WPKG_OK;
	if (obj_symbol_want(o, WPKG_LIT("__wasm_call_dtors")) == OBJ_NONE)
		return WPKG_ENOMEM;
	enum wpkg_status status = pull(o);
	if (status == WPKG_OK && o->symbols[dtors].state == OBJ_IS_DEFINED &&
	    o->symbols[dtors].kind == OBJ_FUNC)
		o->call_dtors = dtors;
	return status;
}

enum wpkg_status obj_load(struct obj_link *o)
{
	size_t count = o->options->input_count;
	if (count == 0 || count > UINT16_MAX)
		return WPKG_FAIL(o->err, WPKG_EINVAL, "link: %zu inputs", count);
	o->archives = wpkg_arena_alloc(&o->arena, count, sizeof(*o->archives));
	if (!o->archives)
		return obj_no_memory(o);
	enum wpkg_status status = WPKG_OK;
	for (uint32_t i = 0; status == WPKG_OK && i < count; i++) {
		status = add_input(o, i);
		if (status == WPKG_OK)
			status = pull(o);
	}
	if (status == WPKG_OK)
		status = want_options(o);
	if (status != WPKG_OK || o->options->relocatable)
		return status;
	return want_destructors(o);
}
