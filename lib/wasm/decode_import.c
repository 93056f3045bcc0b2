/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a module takes from outside and what it declares:
 *
 *   import    name, name, kind, then by kind: type index / table / memory / global / tag
 *   table     reftype limits; with an initial value 40 00 reftype limits expression
 *   memory    limits; with custom page sizes the binary logarithm of a page's bytes
 *   global    valtype, mutability; a definition also an expression
 *   tag       00 type index
 *   limits    flags (1 maximum, 2 shared, 4 of 64 bits, 8 page size), minimum, maximum
 */
#include "base/mem.h"
#include "wasm/decode.h"

#define LIMIT_MAX 1
#define LIMIT_SHARED 2
#define LIMIT_64 4
#define LIMIT_PAGE 8

/* One more in an index space that may hold limit items. */
static bool check_limit(struct decoder *d, const uint8_t *where, uint32_t count, uint32_t limit,
			const char *what)
{
	return count < limit || wpkg_reader_fail(&d->in->r, where, WPKG_ELIMIT, "more than %u %s",
						 (unsigned)limit, what);
}

static bool read_limits(struct decoder *d, struct wpkg_size *size, uint8_t allowed, uint8_t *flags)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	*flags = wpkg_reader_byte(r);
	if (*flags & ~allowed)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "malformed limits flags 0x%02x",
					*flags);
	if (*flags & LIMIT_64 && !wasm_feature_need(d->in, WPKG_FEATURE_MEMORY64, where))
		return false;
	size->has_max = *flags & LIMIT_MAX;
	size->is_shared = *flags & LIMIT_SHARED;
	size->is_64 = *flags & LIMIT_64;
	size->min = wpkg_reader_u64(r);
	size->max = size->has_max ? wpkg_reader_u64(r) : 0;
	if (r->status == WPKG_OK && size->has_max && size->min > size->max)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT,
					"size minimum must not be greater than maximum");
	return r->status == WPKG_OK;
}

static bool check_size(struct decoder *d, const struct wpkg_size *size, uint64_t max,
		       const uint8_t *where, const char *what)
{
	if (size->min <= max && (!size->has_max || size->max <= max))
		return true;
	return wpkg_reader_fail(&d->in->r, where, WPKG_EFORMAT, "%s size must be at most %llu",
				what, (unsigned long long)max);
}

static bool read_table_type(struct decoder *d, struct wpkg_module_table *table)
{
	uint8_t flags;
	table->element = wasm_read_reftype(d->in);
	const uint8_t *where = d->in->r.at;
	return read_limits(d, &table->size, LIMIT_MAX | LIMIT_64, &flags) &&
	       check_size(d, &table->size, table->size.is_64 ? UINT64_MAX : UINT32_MAX, where,
			  "table");
}

/* Custom page sizes allow pages of one byte and, as ever, of 64 KiB. */
static bool read_page_size(struct decoder *d, struct wpkg_module_memory *memory,
			   const uint8_t *where)
{
	struct wpkg_reader *r = &d->in->r;
	if (!wasm_feature_need(d->in, WPKG_FEATURE_CUSTOM_PAGE_SIZES, where))
		return false;
	where = r->at;
	uint32_t log2 = wpkg_reader_u32(r);
	if (r->status != WPKG_OK)
		return false;
	if (log2 != 0 && log2 != 16)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "invalid custom page size 2^%u",
					(unsigned)log2);
	memory->page_log2 = (uint8_t)log2;
	return true;
}

/* The most pages that addresses reach; with pages of a byte the number itself is the bound. */
static uint64_t max_pages(const struct wpkg_module_memory *memory)
{
	if (memory->page_log2 == 0)
		return memory->size.is_64 ? UINT64_MAX : UINT32_MAX;
	return (uint64_t)1 << ((memory->size.is_64 ? 64 : 32) - memory->page_log2);
}

static bool read_memory_type(struct decoder *d, struct wpkg_module_memory *memory)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	uint8_t flags;
	memory->page_log2 = 16;
	if (!read_limits(d, &memory->size, LIMIT_MAX | LIMIT_SHARED | LIMIT_64 | LIMIT_PAGE,
			 &flags))
		return false;
	if (flags & LIMIT_PAGE && !read_page_size(d, memory, where))
		return false;
	if (flags & LIMIT_SHARED) {
		if (!wasm_feature_need(d->in, WPKG_FEATURE_THREADS, where))
			return false;
		if (!memory->size.has_max)
			return wpkg_reader_fail(r, where, WPKG_EFORMAT,
						"shared memory must have maximum");
	}
	return check_size(d, &memory->size, max_pages(memory), where, "memory");
}

static bool read_global_type(struct decoder *d, struct wpkg_module_global *global)
{
	struct wpkg_reader *r = &d->in->r;
	global->type = wasm_read_valtype(d->in);
	const uint8_t *where = r->at;
	uint8_t flag = wpkg_reader_byte(r);
	if (flag > 1)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "malformed mutability 0x%02x",
					flag);
	global->is_mutable = flag;
	return r->status == WPKG_OK;
}

/* The type index of a function; WPKG_INDEX_NONE and a failure when it is none. */
static uint32_t read_function_type(struct decoder *d)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	uint32_t index = wasm_read_type_index(d->in);
	if (r->status != WPKG_OK)
		return WPKG_INDEX_NONE;
	if (wpkg_module_type(d->module, index)->composite == WPKG_COMPOSITE_FUNC)
		return index;
	wpkg_reader_fail(r, where, WPKG_EFORMAT, "type %u is not a function type", (unsigned)index);
	return WPKG_INDEX_NONE;
}

static bool read_tag_type(struct decoder *d, struct wpkg_module_tag *tag)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	if (!wasm_feature_need(d->in, WPKG_FEATURE_EXCEPTIONS, where))
		return false;
	if (wpkg_reader_byte(r) != 0)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "malformed tag attribute");
	tag->type = read_function_type(d);
	if (tag->type == WPKG_INDEX_NONE)
		return false;
	return wpkg_module_type(d->module, tag->type)->result_count == 0 ||
	       wpkg_reader_fail(r, where, WPKG_EFORMAT, "non-empty tag result type");
}

/* Room for one more item of an index space, zeroed but for the import; NULL on failure. */

static struct wpkg_module_func *add_imported_func(struct decoder *d, uint32_t import)
{
	struct wpkg_module *m = d->module;
	uint32_t count = m->func_import_count;
	if (!check_limit(d, d->in->r.at, count, d->limits.functions, "functions"))
		return NULL;
	m->funcs = wasm_decode_room(d, m->funcs, count, 1, sizeof(*m->funcs));
	m->func_imports = wasm_decode_room(d, m->func_imports, count, 1, sizeof(*m->func_imports));
	if (d->in->r.status != WPKG_OK)
		return NULL;
	m->func_imports[count] = import;
	m->func_count = ++m->func_import_count;
	return &m->funcs[count];
}

static struct wpkg_module_table *add_table(struct decoder *d, uint32_t import)
{
	struct wpkg_module *m = d->module;
	const uint8_t *where = d->in->r.at;
	if (!check_limit(d, where, m->table_count, d->limits.tables, "tables") ||
	    (m->table_count == 1 && !wasm_feature_need(d->in, WPKG_FEATURE_REFERENCE_TYPES, where)))
		return NULL;
	m->tables = wasm_decode_room(d, m->tables, m->table_count, 1, sizeof(*m->tables));
	if (d->in->r.status != WPKG_OK)
		return NULL;
	struct wpkg_module_table *table = &m->tables[m->table_count++];
	*table = (struct wpkg_module_table){.import = import};
	return table;
}

static struct wpkg_module_memory *add_memory(struct decoder *d, uint32_t import)
{
	struct wpkg_module *m = d->module;
	const uint8_t *where = d->in->r.at;
	if (!check_limit(d, where, m->memory_count, d->limits.memories, "memories") ||
	    (m->memory_count == 1 && !wasm_feature_need(d->in, WPKG_FEATURE_MULTI_MEMORY, where)))
		return NULL;
	m->memories = wasm_decode_room(d, m->memories, m->memory_count, 1, sizeof(*m->memories));
	if (d->in->r.status != WPKG_OK)
		return NULL;
	struct wpkg_module_memory *memory = &m->memories[m->memory_count++];
	*memory = (struct wpkg_module_memory){.import = import};
	return memory;
}

static struct wpkg_module_global *add_global(struct decoder *d, uint32_t import)
{
	struct wpkg_module *m = d->module;
	if (!check_limit(d, d->in->r.at, m->global_count, d->limits.globals, "globals"))
		return NULL;
	m->globals = wasm_decode_room(d, m->globals, m->global_count, 1, sizeof(*m->globals));
	if (d->in->r.status != WPKG_OK)
		return NULL;
	struct wpkg_module_global *global = &m->globals[m->global_count++];
	*global = (struct wpkg_module_global){.import = import};
	return global;
}

static struct wpkg_module_tag *add_tag(struct decoder *d, uint32_t import)
{
	struct wpkg_module *m = d->module;
	if (!check_limit(d, d->in->r.at, m->tag_count, d->limits.tags, "tags"))
		return NULL;
	m->tags = wasm_decode_room(d, m->tags, m->tag_count, 1, sizeof(*m->tags));
	if (d->in->r.status != WPKG_OK)
		return NULL;
	struct wpkg_module_tag *tag = &m->tags[m->tag_count++];
	*tag = (struct wpkg_module_tag){.import = import};
	return tag;
}

/* Imports. */

static bool import_func(struct decoder *d, uint32_t import)
{
	struct wpkg_module_func *func = add_imported_func(d, import);
	if (!func)
		return false;
	func->type = read_function_type(d);
	return func->type != WPKG_INDEX_NONE;
}

static bool import_table(struct decoder *d, uint32_t import)
{
	struct wpkg_module_table *table = add_table(d, import);
	d->module->table_import_count++;
	return table && read_table_type(d, table);
}

static bool import_memory(struct decoder *d, uint32_t import)
{
	struct wpkg_module_memory *memory = add_memory(d, import);
	d->module->memory_import_count++;
	return memory && read_memory_type(d, memory);
}

static bool import_global(struct decoder *d, uint32_t import)
{
	struct wpkg_module_global *global = add_global(d, import);
	const uint8_t *where = d->in->r.at;
	d->module->global_import_count++;
	return global && read_global_type(d, global) &&
	       (!global->is_mutable ||
		wasm_feature_need(d->in, WPKG_FEATURE_MUTABLE_GLOBALS, where));
}

static bool import_tag(struct decoder *d, uint32_t import)
{
	struct wpkg_module_tag *tag = add_tag(d, import);
	d->module->tag_import_count++;
	return tag && read_tag_type(d, tag);
}

static bool read_import_type(struct decoder *d, uint8_t kind, uint32_t import, uint32_t *index)
{
	struct wpkg_module *module = d->module;
	switch (kind) {
	case WPKG_EXTERN_FUNC:
		*index = module->func_count;
		return import_func(d, import);
	case WPKG_EXTERN_TABLE:
		*index = module->table_count;
		return import_table(d, import);
	case WPKG_EXTERN_MEMORY:
		*index = module->memory_count;
		return import_memory(d, import);
	case WPKG_EXTERN_GLOBAL:
		*index = module->global_count;
		return import_global(d, import);
	case WPKG_EXTERN_TAG:
		*index = module->tag_count;
		return import_tag(d, import);
	default:
		return wpkg_reader_fail(&d->in->r, d->in->r.at - 1, WPKG_EFORMAT,
					"malformed import kind 0x%02x", kind);
	}
}

static bool read_import(struct decoder *d, struct wpkg_module_import *import, uint32_t number)
{
	struct wpkg_reader *r = &d->in->r;
	import->offset = wpkg_reader_offset(r);
	import->module = wpkg_reader_name(r, d->limits.name_bytes);
	import->field = wpkg_reader_name(r, d->limits.name_bytes);
	import->kind = wpkg_reader_byte(r);
	return r->status == WPKG_OK && read_import_type(d, import->kind, number, &import->index);
}

bool wasm_decode_imports(struct decoder *d)
{
	struct wpkg_module *module = d->module;
	uint32_t count = wpkg_reader_count(&d->in->r, d->limits.imports, "imports");
	module->imports = wasm_decode_room(d, NULL, 0, count, sizeof(*module->imports));
	for (uint32_t i = 0; i < count; i++) {
		if (d->in->r.status != WPKG_OK || !read_import(d, &module->imports[i], i))
			return false;
		module->import_count++;
	}
	d->validator.global_limit = module->global_count;
	return d->in->r.status == WPKG_OK;
}

/* Definitions. */

bool wasm_decode_functions(struct decoder *d)
{
	struct wpkg_module *module = d->module;
	struct wpkg_reader *r = &d->in->r;
	uint32_t count =
		wpkg_reader_count(r, d->limits.functions - module->func_count, "functions");
	module->funcs = wasm_decode_room_for_last(d, module->funcs, module->func_count, count,
						  sizeof(*module->funcs));
	if (r->status != WPKG_OK)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t type = read_function_type(d);
		if (type == WPKG_INDEX_NONE)
			return false;
		module->funcs[module->func_count++].type = type;
	}
	return true;
}

/* 40 00 before the type: an initial value follows. */
static bool read_table(struct decoder *d)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	struct wpkg_module_table *table = add_table(d, WPKG_INDEX_NONE);
	if (!table)
		return false;
	bool has_init = wpkg_reader_more(r) && *r->at == 0x40;
	if (has_init) {
		r->at++;
		if (wpkg_reader_byte(r) != 0)
			return wpkg_reader_fail(r, where, WPKG_EFORMAT, "malformed table");
		if (!wasm_feature_need(d->in, WPKG_FEATURE_FUNCTION_REFERENCES, where))
			return false;
	}
	if (!read_table_type(d, table))
		return false;
	if (has_init)
		return wasm_decode_constant(d, &table->init, table->element);
	return wpkg_valtype_has_default(table->element) ||
	       wpkg_reader_fail(r, where, WPKG_EFORMAT,
				"type mismatch: a table of references that cannot be null needs an "
				"initial value");
}

bool wasm_decode_tables(struct decoder *d)
{
	uint32_t count = wpkg_reader_count(&d->in->r, UINT32_MAX, "tables");
	for (uint32_t i = 0; i < count; i++)
		if (!read_table(d))
			return false;
	return d->in->r.status == WPKG_OK;
}

bool wasm_decode_memories(struct decoder *d)
{
	uint32_t count = wpkg_reader_count(&d->in->r, UINT32_MAX, "memories");
	for (uint32_t i = 0; i < count; i++) {
		struct wpkg_module_memory *memory = add_memory(d, WPKG_INDEX_NONE);
		if (!memory || !read_memory_type(d, memory))
			return false;
	}
	return d->in->r.status == WPKG_OK;
}

bool wasm_decode_tags(struct decoder *d)
{
	uint32_t count = wpkg_reader_count(&d->in->r, UINT32_MAX, "tags");
	for (uint32_t i = 0; i < count; i++) {
		struct wpkg_module_tag *tag = add_tag(d, WPKG_INDEX_NONE);
		if (!tag || !read_tag_type(d, tag))
			return false;
	}
	return d->in->r.status == WPKG_OK;
}

/* A global's value may read the globals before it. */
bool wasm_decode_globals(struct decoder *d)
{
	uint32_t count = wpkg_reader_count(&d->in->r, UINT32_MAX, "globals");
	for (uint32_t i = 0; i < count; i++) {
		d->validator.global_limit = d->module->global_count;
		struct wpkg_module_global *global = add_global(d, WPKG_INDEX_NONE);
		if (!global || !read_global_type(d, global) ||
		    !wasm_decode_constant(d, &global->init, global->type))
			return false;
	}
	d->validator.global_limit = d->module->global_count;
	return d->in->r.status == WPKG_OK;
}
