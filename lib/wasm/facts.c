/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/facts.h"

#include "base/mem.h"
#include "wasm/custom.h"
#include "wasm/format.h"
#include "wasm/reader.h"

#define HEADER_BYTES 8

enum wpkg_wasm_kind wpkg_wasm_kind_of(struct wpkg_str bytes)
{
	static const char magic[4] = {0, 'a', 's', 'm'};
	if (bytes.len < HEADER_BYTES || memcmp(bytes.ptr, magic, sizeof(magic)) != 0)
		return WPKG_WASM_UNKNOWN;
	const uint8_t *version = (const uint8_t *)bytes.ptr + 4;
	if (version[0] == 1 && version[1] == 0 && version[2] == 0 && version[3] == 0)
		return WPKG_WASM_MODULE;
	/* the upper half of the version is the layer */
	return version[2] == 1 && version[3] == 0 ? WPKG_WASM_COMPONENT : WPKG_WASM_UNKNOWN;
}

const char *wpkg_wasm_kind_name(enum wpkg_wasm_kind kind)
{
	static const char *const names[] = {"unknown", "module", "component"};
	return names[kind];
}

/*
 * While facts are collected. A function type may have a long text and be the type of a million
 * exports: each type's text is made once.
 */
struct collection {
	struct wpkg_facts *facts;
	const struct wpkg_module *module;
	struct wpkg_buf buf;
	struct wpkg_str *funcs; /* texts by canonical number; ptr NULL: not made yet */
	struct wpkg_str *tags;
};

/* Where the text of this function or tag is kept; NULL for the other kinds, whose text is short. */
static struct wpkg_str *kept_text(const struct collection *c, enum wpkg_extern kind, uint32_t index)
{
	const struct wpkg_module *module = c->module;
	if (kind == WPKG_EXTERN_FUNC)
		return &c->funcs[module->type_ids[module->funcs[index].type]];
	if (kind == WPKG_EXTERN_TAG)
		return &c->tags[module->type_ids[module->tags[index].type]];
	return NULL;
}

/* The text of a type in the arena; ptr is NULL without memory. */
static struct wpkg_str type_text(struct collection *c, enum wpkg_extern kind, uint32_t index)
{
	struct wpkg_str *kept = kept_text(c, kind, index);
	if (kept && kept->ptr)
		return *kept;
	wpkg_buf_reset(&c->buf);
	wpkg_extern_format(&c->buf, c->module, kind, index);
	if (c->buf.failed != WPKG_OK)
		return (struct wpkg_str){0};
	struct wpkg_str text = wpkg_arena_dup(&c->facts->arena, wpkg_buf_str(&c->buf));
	if (kept)
		*kept = text;
	return text;
}

static bool add_imports(struct collection *c)
{
	struct wpkg_facts *facts = c->facts;
	const struct wpkg_module *module = c->module;
	facts->imports =
		wpkg_arena_alloc(&facts->arena, module->import_count, sizeof(*facts->imports));
	for (uint32_t i = 0; facts->imports && i < module->import_count; i++) {
		const struct wpkg_module_import *import = &module->imports[i];
		struct wpkg_facts_import *row = &facts->imports[facts->import_count++];
		row->module = import->module;
		row->field = import->field;
		row->kind = (enum wpkg_extern)import->kind;
		row->type = type_text(c, row->kind, import->index);
		if (!row->type.ptr)
			return false;
	}
	return facts->imports != NULL;
}

static bool add_exports(struct collection *c)
{
	struct wpkg_facts *facts = c->facts;
	const struct wpkg_module *module = c->module;
	facts->exports =
		wpkg_arena_alloc(&facts->arena, module->export_count, sizeof(*facts->exports));
	for (uint32_t i = 0; facts->exports && i < module->export_count; i++) {
		const struct wpkg_module_export *export = &module->exports[i];
		struct wpkg_facts_export *row = &facts->exports[facts->export_count++];
		row->name = export->name;
		row->kind = (enum wpkg_extern) export->kind;
		row->type = type_text(c, row->kind, export->index);
		if (!row->type.ptr)
			return false;
	}
	return facts->exports != NULL;
}

static bool add_memories(struct collection *c)
{
	struct wpkg_facts *facts = c->facts;
	const struct wpkg_module *module = c->module;
	facts->memories =
		wpkg_arena_alloc(&facts->arena, module->memory_count, sizeof(*facts->memories));
	for (uint32_t i = 0; facts->memories && i < module->memory_count; i++) {
		struct wpkg_facts_memory *row = &facts->memories[facts->memory_count++];
		row->is_imported = i < module->memory_import_count;
		row->size = module->memories[i].size;
		row->page_log2 = module->memories[i].page_log2;
		row->type = type_text(c, WPKG_EXTERN_MEMORY, i);
		if (!row->type.ptr)
			return false;
	}
	return facts->memories != NULL;
}

/* Sorted by offset. */
static bool add_features(struct wpkg_facts *facts, const struct wpkg_module *module)
{
	facts->features =
		wpkg_arena_alloc(&facts->arena, WPKG_FEATURE_COUNT, sizeof(*facts->features));
	for (unsigned i = 0; facts->features && i < WPKG_FEATURE_COUNT; i++) {
		if (!(module->features >> i & 1))
			continue;
		uint32_t at = facts->feature_count++;
		for (; at > 0 && facts->features[at - 1].offset > module->feature_offsets[i]; at--)
			facts->features[at] = facts->features[at - 1];
		facts->features[at] = (struct wpkg_facts_feature){
			.feature = (enum wpkg_feature)i, .offset = module->feature_offsets[i]};
	}
	return facts->features != NULL;
}

static bool add_sections(struct wpkg_facts *facts, const struct wpkg_module *module)
{
	facts->sections =
		wpkg_arena_alloc(&facts->arena, module->section_count, sizeof(*facts->sections));
	for (uint32_t i = 0; facts->sections && i < module->section_count; i++) {
		const struct wpkg_module_section *section = &module->sections[i];
		facts->sections[facts->section_count++] = (struct wpkg_facts_section){
			.name = wpkg_section_name((enum wpkg_section)section->id),
			.custom = section->name,
			.offset = section->all.start,
			.size = section->all.end - section->all.start,
			.count = section->count};
		if (section->id == WPKG_SECTION_CODE)
			facts->code_bytes = section->body.end - section->body.start;
		else if (section->id == WPKG_SECTION_DATA)
			facts->data_bytes = section->body.end - section->body.start;
		else if (section->id == WPKG_SECTION_CUSTOM &&
			 !wasm_custom_read(facts, section->name,
					   wpkg_module_slice(module, section->body)))
			return false;
	}
	return facts->sections != NULL;
}

static struct wpkg_facts *facts_new(enum wpkg_wasm_kind kind, struct wpkg_str bytes)
{
	struct wpkg_facts *facts = wpkg_mem_calloc(1, sizeof(*facts));
	if (!facts)
		return NULL;
	wpkg_arena_init(&facts->arena, SIZE_MAX);
	facts->kind = kind;
	facts->size = bytes.len;
	return facts;
}

static void count(struct wpkg_facts *facts, const struct wpkg_module *module)
{
	facts->functions = module->func_count - module->func_import_count;
	facts->tables = module->table_count - module->table_import_count;
	facts->globals = module->global_count - module->global_import_count;
	facts->tags = module->tag_count - module->tag_import_count;
	facts->has_start = module->start != WPKG_INDEX_NONE;
}

static bool collect(struct wpkg_facts *facts, const struct wpkg_module *module)
{
	struct collection c = {.facts = facts, .module = module};
	c.funcs = wpkg_arena_alloc(&facts->arena, module->types.count, sizeof(*c.funcs));
	c.tags = wpkg_arena_alloc(&facts->arena, module->types.count, sizeof(*c.tags));
	wpkg_buf_init(&c.buf, SIZE_MAX - 1);
	bool is_done = c.funcs && c.tags && add_imports(&c) && add_exports(&c) &&
		       add_memories(&c) && add_features(facts, module) &&
		       add_sections(facts, module);
	wpkg_buf_clear(&c.buf);
	return is_done;
}

enum wpkg_status wpkg_facts_of_module(struct wpkg_facts **out, const struct wpkg_module *module,
				      struct wpkg_err *err)
{
	struct wpkg_facts *facts = facts_new(WPKG_WASM_MODULE, module->bytes);
	if (!facts)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for facts");
	count(facts, module);
	if (!collect(facts, module)) {
		wpkg_facts_free(facts);
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for facts");
	}
	*out = facts;
	return WPKG_OK;
}

/* Components: sections as the component model numbers them. */

static const char *component_section_name(uint8_t id)
{
	static const char *const names[] = {
		"custom",   "core module", "core instance", "core type", "component",
		"instance", "alias",	   "type",	    "canon",	 "start",
		"import",   "export",	   "value"};
	return id < sizeof(names) / sizeof(names[0]) ? names[id] : "unknown";
}

/* Goes over one section; a NULL row only skips it. */
static bool read_component_section(struct wpkg_facts *facts, struct wpkg_reader *r,
				   struct wpkg_facts_section *row)
{
	uint32_t start = wpkg_reader_offset(r);
	uint8_t id = wpkg_reader_byte(r);
	uint32_t size = wpkg_reader_u32(r);
	struct wpkg_reader body = wpkg_reader_sub(r, size);
	if (r->status != WPKG_OK || !row)
		return true;
	row->name = component_section_name(id);
	row->offset = start;
	row->size = wpkg_reader_offset(r) - start;
	if (id != 0)
		return true;
	body.err = NULL;
	row->custom = wpkg_reader_name(&body, UINT32_MAX);
	struct wpkg_str content = wpkg_str_of(body.at, wpkg_reader_left(&body));
	return wasm_custom_read(facts, row->custom, content);
}

static uint32_t count_sections(struct wpkg_reader *r)
{
	uint32_t sections = 0;
	for (; wpkg_reader_more(r); sections++)
		read_component_section(NULL, r, NULL);
	return sections;
}

enum wpkg_status wpkg_facts_of_component(struct wpkg_facts **out, struct wpkg_str bytes,
					 struct wpkg_err *err)
{
	if (wpkg_wasm_kind_of(bytes) != WPKG_WASM_COMPONENT)
		return WPKG_FAIL(err, WPKG_EFORMAT, "0x0: not a component");
	if (bytes.len > UINT32_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "a component of 4 GiB or more");
	struct wpkg_reader r;
	wpkg_reader_init(&r, bytes, 0, err);
	wpkg_reader_skip(&r, HEADER_BYTES);
	struct wpkg_reader counter = r;
	uint32_t sections = count_sections(&counter);
	if (counter.status != WPKG_OK)
		return counter.status;
	struct wpkg_facts *facts = facts_new(WPKG_WASM_COMPONENT, bytes);
	if (!facts)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for facts");
	facts->sections = wpkg_arena_alloc(&facts->arena, sections, sizeof(*facts->sections));
	bool has_memory = facts->sections != NULL;
	for (uint32_t i = 0; has_memory && i < sections; i++)
		has_memory =
			read_component_section(facts, &r, &facts->sections[facts->section_count++]);
	if (!has_memory) {
		wpkg_facts_free(facts);
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for facts");
	}
	*out = facts;
	return WPKG_OK;
}

void wpkg_facts_free(struct wpkg_facts *facts)
{
	if (!facts)
		return;
	wpkg_arena_clear(&facts->arena);
	wpkg_mem_free(facts);
}
