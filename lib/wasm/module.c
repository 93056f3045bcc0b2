/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/module.h"

#include "base/mem.h"
#include "wasm/decode.h"
#include "wasm/reader.h"

void wpkg_module_free(struct wpkg_module *module)
{
	if (!module)
		return;
	if (module->is_packed) {
		wpkg_mem_free(module);
		return;
	}
	wpkg_types_clear(&module->types);
	wpkg_mem_free(module->type_ids);
	wpkg_mem_free(module->type_names);
	wpkg_mem_free(module->sections);
	wpkg_mem_free(module->imports);
	wpkg_mem_free(module->funcs);
	wpkg_mem_free(module->func_imports);
	wpkg_mem_free(module->bodies);
	wpkg_mem_free(module->tables);
	wpkg_mem_free(module->memories);
	wpkg_mem_free(module->globals);
	wpkg_mem_free(module->tags);
	wpkg_mem_free(module->exports);
	wpkg_mem_free(module->export_buckets);
	wpkg_mem_free(module->elems);
	wpkg_mem_free(module->datas);
	wpkg_mem_free(module);
}

void wpkg_module_forget_content(struct wpkg_module *module)
{
	if (module->is_packed)
		return;
	wpkg_types_clear(&module->types);
	wpkg_mem_free(module->bodies);
	wpkg_mem_free(module->datas);
	module->bodies = NULL;
	module->datas = NULL;
}

const struct wpkg_module_section *wpkg_module_find_custom(const struct wpkg_module *module,
							  struct wpkg_str name)
{
	for (uint32_t i = 0; i < module->section_count; i++)
		if (module->sections[i].id == WPKG_SECTION_CUSTOM &&
		    wpkg_str_equal(module->sections[i].name, name))
			return &module->sections[i];
	return NULL;
}

/* The name section (specification, appendix "Custom Sections"): subsection 1 names functions. */

#define NAMES_FUNCTIONS 1

/* The name of an index in a map of them, which is sorted; empty when it has none. */
static struct wpkg_str find_in_map(struct wpkg_reader *r, uint32_t index)
{
	uint32_t count = wpkg_reader_u32(r);
	for (uint32_t i = 0; i < count && r->status == WPKG_OK; i++) {
		uint32_t key = wpkg_reader_u32(r);
		uint32_t length = wpkg_reader_u32(r);
		const uint8_t *bytes = wpkg_reader_skip(r, length);
		if (bytes && key == index)
			return wpkg_str_of(bytes, length);
	}
	return (struct wpkg_str){0};
}

static struct wpkg_str find_in_section(struct wpkg_str section, uint32_t index)
{
	struct wpkg_reader r;
	wpkg_reader_init(&r, section, 0, NULL);
	while (wpkg_reader_more(&r)) {
		uint8_t id = wpkg_reader_byte(&r);
		struct wpkg_reader sub = wpkg_reader_sub(&r, wpkg_reader_u32(&r));
		if (id == NAMES_FUNCTIONS)
			return find_in_map(&sub, index);
	}
	return (struct wpkg_str){0};
}

/* Goes over the sections as they stand, for a file that did not become a module. */
struct wpkg_str wasm_function_name(struct wpkg_str bytes, uint32_t index)
{
	struct wpkg_reader r;
	wpkg_reader_init(&r, bytes, 0, NULL);
	wpkg_reader_skip(&r, 8);
	while (wpkg_reader_more(&r)) {
		uint8_t id = wpkg_reader_byte(&r);
		struct wpkg_reader section = wpkg_reader_sub(&r, wpkg_reader_u32(&r));
		if (id != WPKG_SECTION_CUSTOM)
			continue;
		struct wpkg_str name = wpkg_reader_name(&section, UINT32_MAX);
		if (wpkg_str_equal_text(name, "name"))
			return find_in_section(wpkg_str_of(section.at, wpkg_reader_left(&section)),
					       index);
	}
	return (struct wpkg_str){0};
}

static struct wpkg_str find_outside(const struct wpkg_module *module, uint32_t index)
{
	for (uint32_t i = 0; i < module->export_count; i++)
		if (module->exports[i].kind == WPKG_EXTERN_FUNC &&
		    module->exports[i].index == index)
			return module->exports[i].name;
	if (index < module->func_import_count)
		return module->imports[module->func_imports[index]].field;
	return (struct wpkg_str){0};
}

struct wpkg_str wpkg_module_func_name(const struct wpkg_module *module, uint32_t index)
{
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(module, WPKG_LIT("name"));
	struct wpkg_str name = {0};
	if (section)
		name = find_in_section(wpkg_module_slice(module, section->body), index);
	return name.len > 0 ? name : find_outside(module, index);
}

const char *wpkg_extern_name(enum wpkg_extern kind)
{
	static const char *const names[] = {"func", "table", "memory", "global", "tag"};
	return names[kind];
}

const char *wpkg_section_name(enum wpkg_section id)
{
	static const char *const names[] = {"custom", "type",	"import",     "function", "table",
					    "memory", "global", "export",     "start",	  "element",
					    "code",   "data",	"data count", "tag"};
	return names[id];
}
