/* SPDX-License-Identifier: Apache-2.0 */
/* wpkg inspect: what is in a module. */
#include "commands.h"

#include <stddef.h>
#include <stdio.h>

#include "../client/global.h"
#include "base/utf8.h"
#include "data/json.h"
#include "output.h"
#include "pkg/facts.h"
#include "wasm/format.h"
#include "wasm/module.h"
#include "wasm/reader.h"
#include "wasm/wat.h"

/* Lines of a list that are shown unless all of them are asked for. */
#define LINES_MAX 40

struct inspect_options {
	bool all;
	const char *function;
};

static const struct wpkg_option inspect_rows[] = {
	{"all", 'a', WPKG_OPTION_FLAG, NULL, "show long lists to their end", NULL,
	 offsetof(struct inspect_options, all)},
	{"function", 'f', WPKG_OPTION_TEXT, "N|NAME", "show one function's instructions instead",
	 NULL, offsetof(struct inspect_options, function)},
	{0}};

struct page {
	struct wpkg_buf out;
	const struct wpkg_module *module;	/* NULL: a component */
	const struct wpkg_component *component; /* NULL: a module */
	const struct wpkg_facts *facts;
	const struct wpkg_str *names; /* of the module's functions by the name section, or empty */
	uint32_t most;		      /* lines of a list */
};

/*
 * The name section's function names (specification, appendix "Name Section"), all at once: asking
 * for each of many would read the section as many times. What is broken ends them.
 */
static void read_names(struct wpkg_str *names, const struct wpkg_module *module)
{
	const struct wpkg_module_section *section =
		wpkg_module_find_custom(module, WPKG_LIT("name"));
	struct wpkg_reader r;
	if (!section)
		return;
	wpkg_reader_init(&r, wpkg_module_slice(module, section->body), section->body.start, NULL);
	while (r.status == WPKG_OK && wpkg_reader_more(&r)) {
		uint8_t id = wpkg_reader_byte(&r);
		uint32_t size = wpkg_reader_u32(&r);
		struct wpkg_reader list = wpkg_reader_sub(&r, size);
		uint32_t count = id == 1 ? wpkg_reader_u32(&list) : 0;
		for (uint32_t i = 0; i < count && list.status == WPKG_OK; i++) {
			uint32_t index = wpkg_reader_u32(&list);
			struct wpkg_str name = wpkg_reader_name(&list, UINT32_MAX);
			if (list.status == WPKG_OK && index < module->func_count)
				names[index] = name;
		}
	}
}

static void put(struct page *page, struct wpkg_str text)
{
	wpkg_utf8_append_escaped(&page->out, text);
}

/* A heading with the number of what follows; the number of lines to print. */
static uint32_t begin_list(struct page *page, const char *what, uint32_t count)
{
	if (count > 0)
		wpkg_buf_append_format(&page->out, "\n%s (%u):\n", what, (unsigned)count);
	return count < page->most ? count : page->most;
}

static void end_list(struct page *page, uint32_t count)
{
	if (count > page->most)
		wpkg_buf_append_format(&page->out, "  ... %u more (--all)\n",
				       (unsigned)(count - page->most));
}

static void put_sections(struct page *page)
{
	uint32_t count = page->facts->section_count;
	uint32_t lines = begin_list(page, "sections", count);
	for (uint32_t i = 0; i < lines; i++) {
		const struct wpkg_facts_section *section = &page->facts->sections[i];
		wpkg_buf_append_format(&page->out, "  %#10x %10u bytes  %s",
				       (unsigned)section->offset, (unsigned)section->size,
				       section->name);
		if (section->custom.len > 0) {
			wpkg_buf_append_text(&page->out, " \"");
			put(page, section->custom);
			wpkg_buf_append_text(&page->out, "\"");
		}
		if (section->count > 0)
			wpkg_buf_append_format(&page->out, ", %u %s", (unsigned)section->count,
					       section->count == 1 ? "entry" : "entries");
		wpkg_buf_append_byte(&page->out, '\n');
	}
	end_list(page, count);
}

static void put_types(struct page *page)
{
	const struct wpkg_module *module = page->module;
	uint32_t lines = begin_list(page, "types", module->type_count);
	for (uint32_t i = 0; i < lines; i++) {
		wpkg_buf_append_format(&page->out, "  %u: ", (unsigned)i);
		wpkg_type_format(&page->out, wpkg_module_type(module, i), module->type_names);
		wpkg_buf_append_byte(&page->out, '\n');
	}
	end_list(page, module->type_count);
}

static void put_imports(struct page *page)
{
	uint32_t lines = begin_list(page, "imports", page->facts->import_count);
	for (uint32_t i = 0; i < lines; i++) {
		const struct wpkg_facts_import *import = &page->facts->imports[i];
		wpkg_buf_append_text(&page->out, "  ");
		put(page, import->module);
		wpkg_buf_append_byte(&page->out, '.');
		put(page, import->field);
		wpkg_buf_append_text(&page->out, ": ");
		put(page, import->type);
		wpkg_buf_append_byte(&page->out, '\n');
	}
	end_list(page, page->facts->import_count);
}

static void put_exports(struct page *page)
{
	uint32_t lines = begin_list(page, "exports", page->facts->export_count);
	for (uint32_t i = 0; i < lines; i++) {
		const struct wpkg_facts_export *export = &page->facts->exports[i];
		wpkg_buf_append_text(&page->out, "  ");
		put(page, export->name);
		wpkg_buf_append_text(&page->out, ": ");
		put(page, export->type);
		wpkg_buf_append_byte(&page->out, '\n');
	}
	end_list(page, page->facts->export_count);
}

/* What the module defines of the other kinds, by their indices. */
static void put_space(struct page *page, const char *what, enum wpkg_extern kind, uint32_t first,
		      uint32_t count)
{
	uint32_t lines = begin_list(page, what, count - first);
	for (uint32_t i = 0; i < lines; i++) {
		wpkg_buf_append_format(&page->out, "  %u: ", (unsigned)(first + i));
		wpkg_extern_format(&page->out, page->module, kind, first + i);
		wpkg_buf_append_byte(&page->out, '\n');
	}
	end_list(page, count - first);
}

static void put_functions(struct page *page)
{
	const struct wpkg_module *module = page->module;
	uint32_t first = module->func_import_count;
	uint32_t lines = begin_list(page, "functions", module->func_count - first);
	for (uint32_t i = first; i < first + lines; i++) {
		const struct wpkg_range *body = &module->funcs[i].body;
		wpkg_buf_append_format(&page->out, "  %u: ", (unsigned)i);
		if (page->names[i].len > 0) {
			put(page, page->names[i]);
			wpkg_buf_append_text(&page->out, ": ");
		}
		wpkg_extern_format(&page->out, module, WPKG_EXTERN_FUNC, i);
		wpkg_buf_append_format(&page->out, ", %u bytes at %#x\n",
				       (unsigned)(body->end - body->start), (unsigned)body->start);
	}
	end_list(page, module->func_count - first);
}

static void put_data(struct page *page)
{
	static const char *const modes[] = {"active", "passive", "declarative"};
	const struct wpkg_module *module = page->module;
	uint32_t lines = begin_list(page, "element segments", module->elem_count);
	for (uint32_t i = 0; i < lines; i++) {
		const struct wpkg_module_elem *elem = &module->elems[i];
		wpkg_buf_append_format(&page->out, "  %u: %s, %u of ", (unsigned)i,
				       modes[elem->mode], (unsigned)elem->count);
		wpkg_valtype_format(&page->out, elem->type, module->type_names);
		wpkg_buf_append_byte(&page->out, '\n');
	}
	end_list(page, module->elem_count);
	lines = begin_list(page, "data segments", module->data_count);
	for (uint32_t i = 0; i < lines; i++) {
		const struct wpkg_module_data *data = &module->datas[i];
		wpkg_buf_append_format(&page->out, "  %u: %s, %u bytes at %#x\n", (unsigned)i,
				       modes[data->mode],
				       (unsigned)(data->bytes.end - data->bytes.start),
				       (unsigned)data->bytes.start);
	}
	end_list(page, module->data_count);
}

static void put_features(struct page *page)
{
	begin_list(page, "features", page->facts->feature_count);
	for (uint32_t i = 0; i < page->facts->feature_count; i++) {
		const struct wpkg_facts_feature *feature = &page->facts->features[i];
		wpkg_buf_append_format(&page->out, "  %s, first at %#x\n",
				       wpkg_feature_name(feature->feature),
				       (unsigned)feature->offset);
	}
	uint32_t lines = begin_list(page, "target features", page->facts->target_count);
	for (uint32_t i = 0; i < lines; i++) {
		wpkg_buf_append_format(&page->out, "  %c", page->facts->targets[i].prefix);
		put(page, page->facts->targets[i].name);
		wpkg_buf_append_byte(&page->out, '\n');
	}
	end_list(page, page->facts->target_count);
}

static void put_producers(struct page *page)
{
	uint32_t lines = begin_list(page, "producers", page->facts->producer_count);
	for (uint32_t i = 0; i < lines; i++) {
		const struct wpkg_facts_producer *producer = &page->facts->producers[i];
		wpkg_buf_append_text(&page->out, "  ");
		put(page, producer->field);
		wpkg_buf_append_text(&page->out, ": ");
		put(page, producer->name);
		wpkg_buf_append_text(&page->out, producer->version.len > 0 ? " " : "");
		put(page, producer->version);
		wpkg_buf_append_byte(&page->out, '\n');
	}
	end_list(page, page->facts->producer_count);
}

static void put_dylink(struct page *page)
{
	const struct wpkg_facts_dylink *dylink = &page->facts->dylink;
	if (dylink->section.len == 0)
		return;
	wpkg_buf_append_format(&page->out,
			       "\ndynamic library:\n  memory: %u bytes, aligned to 2^%u\n"
			       "  table: %u entries, aligned to 2^%u\n",
			       (unsigned)dylink->memory_size, (unsigned)dylink->memory_align,
			       (unsigned)dylink->table_size, (unsigned)dylink->table_align);
	uint32_t lines = dylink->needed_count < page->most ? dylink->needed_count : page->most;
	for (uint32_t i = 0; i < lines; i++) {
		wpkg_buf_append_text(&page->out, "  needs ");
		put(page, dylink->needed[i]);
		wpkg_buf_append_byte(&page->out, '\n');
	}
	end_list(page, dylink->needed_count);
}

static void put_names(struct page *page, const char *what,
		      const struct wpkg_component_extern *externs, uint32_t count)
{
	uint32_t lines = begin_list(page, what, count);
	for (uint32_t i = 0; i < lines; i++) {
		wpkg_buf_append_text(&page->out, "  ");
		put(page, externs[i].name);
		wpkg_buf_append_format(&page->out, ": %s\n",
				       wpkg_component_sort_name(externs[i].sort));
	}
	end_list(page, count);
}

static void put_summary(struct page *page, const char *name)
{
	const struct wpkg_facts *facts = page->facts;
	put(page, wpkg_str_from(name));
	wpkg_buf_append_format(&page->out, ": %s, %llu bytes\n", wpkg_wasm_kind_name(facts->kind),
			       (unsigned long long)facts->size);
	if (facts->name.len > 0) {
		wpkg_buf_append_text(&page->out, "name: ");
		put(page, facts->name);
		wpkg_buf_append_byte(&page->out, '\n');
	}
	if (!page->module)
		return;
	wpkg_buf_append_format(&page->out, "functions: %u, %llu bytes of code%s\n",
			       (unsigned)facts->functions, (unsigned long long)facts->code_bytes,
			       facts->has_function_names ? ", with names" : "");
	wpkg_buf_append_format(&page->out, "data: %llu bytes\n",
			       (unsigned long long)facts->data_bytes);
	if (facts->has_start)
		wpkg_buf_append_format(&page->out, "start: function %u\n",
				       (unsigned)page->module->start);
	if (facts->has_debug_info)
		wpkg_buf_append_text(&page->out, "debug information: yes\n");
}

static int print_page(struct page *page, const char *name)
{
	const struct wpkg_module *module = page->module;
	wpkg_buf_init(&page->out, SIZE_MAX);
	put_summary(page, name);
	put_features(page);
	put_producers(page);
	put_dylink(page);
	put_sections(page);
	if (module) {
		put_types(page);
		put_imports(page);
		put_exports(page);
		put_functions(page);
		put_space(page, "memories", WPKG_EXTERN_MEMORY, module->memory_import_count,
			  module->memory_count);
		put_space(page, "tables", WPKG_EXTERN_TABLE, module->table_import_count,
			  module->table_count);
		put_space(page, "globals", WPKG_EXTERN_GLOBAL, module->global_import_count,
			  module->global_count);
		put_space(page, "tags", WPKG_EXTERN_TAG, module->tag_import_count,
			  module->tag_count);
		put_data(page);
	} else {
		const struct wpkg_component *component = page->component;
		put_names(page, "imports", component->imports, component->import_count);
		put_names(page, "exports", component->exports, component->export_count);
	}
	return tool_print(&page->out);
}

/* JSON: the facts (pkg/facts.h), and what only the module itself says. */

static bool add_types(struct wpkg_arena *arena, struct wpkg_value *table,
		      const struct wpkg_module *module)
{
	struct wpkg_buf text;
	struct wpkg_value *list = wpkg_value_add(arena, table, "types", WPKG_VALUE_ARRAY);
	bool added = list != NULL;
	wpkg_buf_init(&text, SIZE_MAX);
	for (uint32_t i = 0; added && i < module->type_count; i++) {
		wpkg_buf_reset(&text);
		wpkg_type_format(&text, wpkg_module_type(module, i), module->type_names);
		added = text.failed == WPKG_OK &&
			wpkg_value_add_string(arena, list, NULL, wpkg_buf_str(&text));
	}
	wpkg_buf_clear(&text);
	return added;
}

/* By index, those that there are. */
static bool add_names(struct wpkg_arena *arena, struct wpkg_value *table, const struct page *page)
{
	struct wpkg_value *names = wpkg_value_add(arena, table, "names", WPKG_VALUE_TABLE);
	bool added = names != NULL;
	for (uint32_t i = 0; added && i < page->module->func_count; i++) {
		char index[16];
		snprintf(index, sizeof(index), "%u", (unsigned)i);
		added = page->names[i].len == 0 ||
			wpkg_value_add_string(arena, names, index, page->names[i]);
	}
	return added;
}

static int print_json(const struct page *page, struct wpkg_arena *arena)
{
	struct wpkg_err err;
	struct wpkg_buf out;
	struct wpkg_value *table = wpkg_value_new_table(arena);
	bool built = table && wpkg_facts_to_value(arena, table, page->facts, NULL, &err) == WPKG_OK;
	if (built && page->module)
		built = add_types(arena, table, page->module) && add_names(arena, table, page);
	else if (built)
		built = wpkg_facts_add_component(arena, table, page->component, NULL, &err) ==
			WPKG_OK;
	if (!built)
		return tool_error(&(struct wpkg_err){WPKG_ENOMEM, "inspect: no memory"});
	wpkg_buf_init(&out, SIZE_MAX);
	wpkg_json_write(&out, table, WPKG_JSON_INDENTED);
	return tool_print(&out);
}

/* One function. */

/* An index, the name of an export, or a name of the name section. */
static bool find_function(uint32_t *out, const struct wpkg_module *module,
			  const struct wpkg_str *names, const char *text)
{
	struct wpkg_str name = wpkg_str_from(text);
	uint64_t number;
	if (wpkg_str_parse_u64(name, &number) && number < module->func_count) {
		*out = (uint32_t)number;
		return true;
	}
	const struct wpkg_module_export *export = wpkg_module_find_export(module, name);
	if (export && export->kind == WPKG_EXTERN_FUNC) {
		*out = export->index;
		return true;
	}
	for (uint32_t i = 0; i < module->func_count; i++) {
		if (name.len > 0 && wpkg_str_equal(names[i], name)) {
			*out = i;
			return true;
		}
	}
	return false;
}

static int print_function(const struct page *page, const char *file, const char *name, bool json)
{
	const struct wpkg_module *module = page->module;
	const struct wpkg_wat_print_options options = {.offsets = true};
	struct wpkg_buf text, out;
	struct wpkg_err err;
	uint32_t index;
	if (!module || !find_function(&index, module, page->names, name))
		return tool_usage("inspect: %s has no function '%s'", file, name);
	wpkg_buf_init(&text, SIZE_MAX);
	if (wpkg_wat_print_func(&text, module, index, &options, &err) != WPKG_OK) {
		wpkg_buf_clear(&text);
		return tool_error(&err);
	}
	if (!json)
		return tool_print(&text);
	wpkg_buf_init(&out, SIZE_MAX);
	wpkg_buf_append_format(&out, "{\n  \"function\": %u,\n  \"text\": ", (unsigned)index);
	wpkg_json_write_string(&out, wpkg_buf_str(&text));
	wpkg_buf_append_text(&out, "\n}\n");
	wpkg_buf_clear(&text);
	return tool_print(&out);
}

/* What is to be inspected. */
struct subject {
	struct wpkg_arena arena;
	struct wpkg_file_map file;
	struct wpkg_module *module; /* NULL: a component */
	struct wpkg_component component;
	struct wpkg_facts *facts;
	struct wpkg_str *names; /* of functions */
};

static int show(const struct wpkg_invocation *invocation, struct subject *subject)
{
	const struct global_options *global = invocation->global;
	const struct inspect_options *options = invocation->options;
	struct page page = {.module = subject->module,
			    .component = subject->module ? NULL : &subject->component,
			    .facts = subject->facts,
			    .names = subject->names,
			    .most = options->all ? UINT32_MAX : LINES_MAX};
	if (options->function)
		return print_function(&page, invocation->operands[0], options->function,
				      global->json);
	if (global->json)
		return print_json(&page, &subject->arena);
	return print_page(&page, invocation->operands[0]);
}

static enum wpkg_status read_subject(struct subject *subject, struct wpkg_err *err)
{
	struct wpkg_str bytes = subject->file.bytes;
	enum wpkg_status status;
	if (wpkg_wasm_kind_of(bytes) == WPKG_WASM_COMPONENT) {
		status = wpkg_component_read(&subject->component, &subject->arena, bytes, err);
		if (status == WPKG_OK)
			status = wpkg_facts_of_component(&subject->facts, bytes, err);
		return status;
	}
	status = wpkg_module_read(&subject->module, bytes, NULL, err);
	if (status == WPKG_OK)
		status = wpkg_facts_of_module(&subject->facts, subject->module, err);
	if (status != WPKG_OK)
		return status;
	subject->names = wpkg_arena_alloc(&subject->arena, subject->module->func_count,
					  sizeof(*subject->names));
	if (!subject->names)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory");
	read_names(subject->names, subject->module);
	return WPKG_OK;
}

static int run_inspect(const struct wpkg_invocation *invocation)
{
	struct wpkg_err err;
	struct subject subject = {.module = NULL};
	int code;
	const char *name = invocation->operands[0];
	if (tool_module_open(&subject.file, invocation, name, &err) != WPKG_OK)
		return tool_error(&err);
	wpkg_arena_init(&subject.arena, SIZE_MAX);
	if (read_subject(&subject, &err) == WPKG_OK) {
		code = show(invocation, &subject);
	} else {
		wpkg_err_prepend(&err, "%s", name);
		code = tool_refusal(&err);
	}
	wpkg_facts_free(subject.facts);
	wpkg_module_free(subject.module);
	wpkg_file_map_close(&subject.file);
	wpkg_arena_clear(&subject.arena);
	return code;
}

const struct wpkg_command tool_inspect = {
	.name = "inspect",
	.operands = "FILE|REF",
	.summary = "show what is in a module",
	.description =
		"Shows sections with their offsets and sizes, types, imports, exports, memories, "
		"tables, globals, segments, and what the custom sections of the usual tools say: "
		"producers, target features, names, what a dynamic library needs. Of each feature "
		"that the module needs it shows the first offset that needs it. --function shows "
		"the instructions of a function, by index, export or name, with their offsets.\n"
		"\n"
		"Of a component its imports, exports and sections are shown. With --json "
		"everything is one document, "
		"which the registry keeps of each module, too.",
	.example = "wpkg inspect app.wasm\n"
		   "wpkg inspect --all example.com/app@1.2.0\n"
		   "wpkg inspect --function _start app.wasm\n"
		   "wpkg inspect --json app.wasm",
	.options = inspect_rows,
	.options_size = sizeof(struct inspect_options),
	.least_operands = 1,
	.most_operands = 1,
	.run = run_inspect,
};
