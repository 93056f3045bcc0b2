/* SPDX-License-Identifier: Apache-2.0 */
#include "inspect_page.h"

#include "base/utf8.h"
#include "wasm/format.h"
#include "wasm/wat.h"

static void put(struct wpkg_buf *out, struct wpkg_str text)
{
	wpkg_utf8_append_escaped(out, text);
}

/* A heading with the number of what follows; the number of lines to print. */
static uint32_t begin_list(struct wpkg_buf *out, const struct inspect_page *page, const char *what,
			   uint32_t count)
{
	if (count > 0)
		wpkg_buf_append_format(out, "\n%s (%u):\n", what, (unsigned)count);
	return count < page->most ? count : page->most;
}

static void end_list(struct wpkg_buf *out, const struct inspect_page *page, uint32_t count)
{
	if (count > page->most)
		wpkg_buf_append_format(out, "  ... %u more (--all)\n",
				       (unsigned)(count - page->most));
}

static void put_sections(struct wpkg_buf *out, const struct inspect_page *page)
{
	uint32_t count = page->facts->section_count;
	uint32_t lines = begin_list(out, page, "sections", count);
	for (uint32_t i = 0; i < lines; i++) {
		const struct wpkg_facts_section *section = &page->facts->sections[i];
		wpkg_buf_append_format(out, "  %#10x %10u bytes  %s", (unsigned)section->offset,
				       (unsigned)section->size, section->name);
		if (section->custom.len > 0) {
			wpkg_buf_append_text(out, " \"");
			put(out, section->custom);
			wpkg_buf_append_text(out, "\"");
		}
		if (section->count > 0)
			wpkg_buf_append_format(out, ", %u %s", (unsigned)section->count,
					       section->count == 1 ? "entry" : "entries");
		wpkg_buf_append_byte(out, '\n');
	}
	end_list(out, page, count);
}

static void put_types(struct wpkg_buf *out, const struct inspect_page *page)
{
	const struct wpkg_module *module = page->module;
	uint32_t lines = begin_list(out, page, "types", module->type_count);
	for (uint32_t i = 0; i < lines; i++) {
		wpkg_buf_append_format(out, "  %u: ", (unsigned)i);
		wpkg_type_format(out, wpkg_module_type(module, i), module->type_names);
		wpkg_buf_append_byte(out, '\n');
	}
	end_list(out, page, module->type_count);
}

static void put_imports(struct wpkg_buf *out, const struct inspect_page *page)
{
	uint32_t lines = begin_list(out, page, "imports", page->facts->import_count);
	for (uint32_t i = 0; i < lines; i++) {
		const struct wpkg_facts_import *import = &page->facts->imports[i];
		wpkg_buf_append_text(out, "  ");
		put(out, import->module);
		wpkg_buf_append_byte(out, '.');
		put(out, import->field);
		wpkg_buf_append_text(out, ": ");
		put(out, import->type);
		wpkg_buf_append_byte(out, '\n');
	}
	end_list(out, page, page->facts->import_count);
}

static void put_exports(struct wpkg_buf *out, const struct inspect_page *page)
{
	uint32_t lines = begin_list(out, page, "exports", page->facts->export_count);
	for (uint32_t i = 0; i < lines; i++) {
		const struct wpkg_facts_export *export = &page->facts->exports[i];
		wpkg_buf_append_text(out, "  ");
		put(out, export->name);
		wpkg_buf_append_text(out, ": ");
		put(out, export->type);
		wpkg_buf_append_byte(out, '\n');
	}
	end_list(out, page, page->facts->export_count);
}

/* What the module defines of the other kinds, by their indices. */
static void put_space(struct wpkg_buf *out, const struct inspect_page *page, const char *what,
		      enum wpkg_extern kind, uint32_t first, uint32_t count)
{
	uint32_t lines = begin_list(out, page, what, count - first);
	for (uint32_t i = 0; i < lines; i++) {
		wpkg_buf_append_format(out, "  %u: ", (unsigned)(first + i));
		wpkg_extern_format(out, page->module, kind, first + i);
		if (kind == WPKG_EXTERN_GLOBAL)
			wpkg_wat_print_constant(out, page->module,
						page->module->globals[first + i].init);
		wpkg_buf_append_byte(out, '\n');
	}
	end_list(out, page, count - first);
}

static void put_functions(struct wpkg_buf *out, const struct inspect_page *page)
{
	const struct wpkg_module *module = page->module;
	uint32_t first = module->func_import_count;
	uint32_t lines = begin_list(out, page, "functions", module->func_count - first);
	for (uint32_t i = first; i < first + lines; i++) {
		struct wpkg_range body = wpkg_module_body(module, i);
		wpkg_buf_append_format(out, "  %u: ", (unsigned)i);
		if (page->names[i].len > 0) {
			put(out, page->names[i]);
			wpkg_buf_append_text(out, ": ");
		}
		wpkg_extern_format(out, module, WPKG_EXTERN_FUNC, i);
		wpkg_buf_append_format(out, ", %u bytes at %#x", (unsigned)(body.end - body.start),
				       (unsigned)body.start);
		if (page->exported[i].len > 0 &&
		    !wpkg_str_equal(page->exported[i], page->names[i])) {
			wpkg_buf_append_text(out, ", exported as ");
			put(out, page->exported[i]);
		}
		wpkg_buf_append_byte(out, '\n');
	}
	end_list(out, page, module->func_count - first);
}

const char *inspect_mode_name(uint8_t mode)
{
	static const char *const modes[] = {"active", "passive", "declarative"};
	return modes[mode];
}

/* "  3: active, table 1 (i32.const 8)": the first table or memory is not named. */
static void put_segment(struct wpkg_buf *out, const struct inspect_page *page, uint32_t number,
			uint8_t mode, const char *into, uint32_t index, struct wpkg_range at)
{
	wpkg_buf_append_format(out, "  %u: %s", (unsigned)number, inspect_mode_name(mode));
	if (mode != WPKG_SEGMENT_ACTIVE)
		return;
	if (index > 0)
		wpkg_buf_append_format(out, ", %s %u", into, (unsigned)index);
	wpkg_wat_print_constant(out, page->module, at);
}

static void put_elements(struct wpkg_buf *out, const struct inspect_page *page)
{
	const struct wpkg_module *module = page->module;
	uint32_t lines = begin_list(out, page, "element segments", module->elem_count);
	for (uint32_t i = 0; i < lines; i++) {
		const struct wpkg_module_elem *elem = &module->elems[i];
		put_segment(out, page, i, elem->mode, "table", elem->table, elem->at);
		wpkg_buf_append_format(out, ", %u of ", (unsigned)elem->count);
		wpkg_valtype_format(out, elem->type, module->type_names);
		wpkg_buf_append_byte(out, '\n');
	}
	end_list(out, page, module->elem_count);
}

static void put_data(struct wpkg_buf *out, const struct inspect_page *page)
{
	const struct wpkg_module *module = page->module;
	uint32_t lines = begin_list(out, page, "data segments", module->data_count);
	for (uint32_t i = 0; i < lines; i++) {
		const struct wpkg_module_data *data = &module->datas[i];
		put_segment(out, page, i, data->mode, "memory", data->memory, data->at);
		wpkg_buf_append_format(out, ", %u bytes at %#x\n",
				       (unsigned)(data->bytes.end - data->bytes.start),
				       (unsigned)data->bytes.start);
	}
	end_list(out, page, module->data_count);
}

static void put_features(struct wpkg_buf *out, const struct inspect_page *page)
{
	begin_list(out, page, "features", page->facts->feature_count);
	for (uint32_t i = 0; i < page->facts->feature_count; i++) {
		const struct wpkg_facts_feature *feature = &page->facts->features[i];
		wpkg_buf_append_format(out, "  %s, first at %#x\n",
				       wpkg_feature_name(feature->feature),
				       (unsigned)feature->offset);
	}
	uint32_t lines = begin_list(out, page, "target features", page->facts->target_count);
	for (uint32_t i = 0; i < lines; i++) {
		wpkg_buf_append_format(out, "  %c", page->facts->targets[i].prefix);
		put(out, page->facts->targets[i].name);
		wpkg_buf_append_byte(out, '\n');
	}
	end_list(out, page, page->facts->target_count);
}

static void put_producers(struct wpkg_buf *out, const struct inspect_page *page)
{
	uint32_t lines = begin_list(out, page, "producers", page->facts->producer_count);
	for (uint32_t i = 0; i < lines; i++) {
		const struct wpkg_facts_producer *producer = &page->facts->producers[i];
		wpkg_buf_append_text(out, "  ");
		put(out, producer->field);
		wpkg_buf_append_text(out, ": ");
		put(out, producer->name);
		wpkg_buf_append_text(out, producer->version.len > 0 ? " " : "");
		put(out, producer->version);
		wpkg_buf_append_byte(out, '\n');
	}
	end_list(out, page, page->facts->producer_count);
}

static void put_dylink(struct wpkg_buf *out, const struct inspect_page *page)
{
	const struct wpkg_facts_dylink *dylink = &page->facts->dylink;
	if (dylink->section.len == 0)
		return;
	wpkg_buf_append_format(out,
			       "\ndynamic library:\n  memory: %u bytes, aligned to 2^%u\n"
			       "  table: %u entries, aligned to 2^%u\n",
			       (unsigned)dylink->memory_size, (unsigned)dylink->memory_align,
			       (unsigned)dylink->table_size, (unsigned)dylink->table_align);
	uint32_t lines = dylink->needed_count < page->most ? dylink->needed_count : page->most;
	for (uint32_t i = 0; i < lines; i++) {
		wpkg_buf_append_text(out, "  needs ");
		put(out, dylink->needed[i]);
		wpkg_buf_append_byte(out, '\n');
	}
	end_list(out, page, dylink->needed_count);
}

static void put_names(struct wpkg_buf *out, const struct inspect_page *page, const char *what,
		      const struct wpkg_component_extern *externs, uint32_t count)
{
	uint32_t lines = begin_list(out, page, what, count);
	for (uint32_t i = 0; i < lines; i++) {
		wpkg_buf_append_text(out, "  ");
		put(out, externs[i].name);
		wpkg_buf_append_format(out, ": %s\n", wpkg_component_sort_name(externs[i].sort));
	}
	end_list(out, page, count);
}

static void put_summary(struct wpkg_buf *out, const struct inspect_page *page, const char *file)
{
	const struct wpkg_facts *facts = page->facts;
	put(out, wpkg_str_from(file));
	wpkg_buf_append_format(out, ": %s, %llu bytes\n", wpkg_wasm_kind_name(facts->kind),
			       (unsigned long long)facts->size);
	if (facts->name.len > 0) {
		wpkg_buf_append_text(out, "name: ");
		put(out, facts->name);
		wpkg_buf_append_byte(out, '\n');
	}
	if (!page->module)
		return;
	wpkg_buf_append_format(out, "functions: %u, %llu bytes of code%s\n",
			       (unsigned)facts->functions, (unsigned long long)facts->code_bytes,
			       facts->has_function_names ? ", with names" : "");
	wpkg_buf_append_format(out, "data: %llu bytes\n", (unsigned long long)facts->data_bytes);
	if (facts->has_start)
		wpkg_buf_append_format(out, "start: function %u\n", (unsigned)page->module->start);
	if (facts->has_debug_info)
		wpkg_buf_append_text(out, "debug information: yes\n");
}

void inspect_page_write(struct wpkg_buf *out, const struct inspect_page *page, const char *file)
{
	const struct wpkg_module *module = page->module;
	put_summary(out, page, file);
	put_features(out, page);
	put_producers(out, page);
	put_dylink(out, page);
	put_sections(out, page);
	if (module) {
		put_types(out, page);
		put_imports(out, page);
		put_exports(out, page);
		put_functions(out, page);
		put_space(out, page, "memories", WPKG_EXTERN_MEMORY, module->memory_import_count,
			  module->memory_count);
		put_space(out, page, "tables", WPKG_EXTERN_TABLE, module->table_import_count,
			  module->table_count);
		put_space(out, page, "globals", WPKG_EXTERN_GLOBAL, module->global_import_count,
			  module->global_count);
		put_space(out, page, "tags", WPKG_EXTERN_TAG, module->tag_import_count,
			  module->tag_count);
		put_elements(out, page);
		put_data(out, page);
	} else {
		const struct wpkg_component *component = page->component;
		put_names(out, page, "imports", component->imports, component->import_count);
		put_names(out, page, "exports", component->exports, component->export_count);
	}
}
