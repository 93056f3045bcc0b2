/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: the facts (pkg/facts.h), and what only the module itself says. */
#include "inspect_page.h"

#include <stdio.h>

#include "data/json.h"
#include "wasm/format.h"
#include "wasm/wat.h"

struct writer {
	const struct inspect_page *page;
	struct wpkg_arena *arena;
	struct wpkg_buf text; /* of one type or constant */
};

static struct wpkg_value *add_list(struct writer *w, struct wpkg_value *table, const char *key)
{
	return wpkg_value_add(w->arena, table, key, WPKG_VALUE_ARRAY);
}

static struct wpkg_value *add_row(struct writer *w, struct wpkg_value *list, uint32_t index)
{
	struct wpkg_value *row = wpkg_value_add(w->arena, list, NULL, WPKG_VALUE_TABLE);
	return wpkg_value_add_integer(w->arena, row, "index", index) ? row : NULL;
}

/* What was made in the buffer, under that key. */
static bool add_text(struct writer *w, struct wpkg_value *row, const char *key)
{
	bool added = w->text.failed == WPKG_OK &&
		     wpkg_value_add_string(w->arena, row, key, wpkg_buf_str(&w->text));
	wpkg_buf_reset(&w->text);
	return added;
}

/* The expression, as the text format has it. */
static bool add_constant(struct writer *w, struct wpkg_value *row, const char *key,
			 struct wpkg_range range)
{
	struct wpkg_buf *text = &w->text;
	wpkg_wat_print_constant(text, w->page->module, range);
	if (text->failed != WPKG_OK)
		return false;
	struct wpkg_str shown = wpkg_str_from_offset(wpkg_buf_str(text), 1); /* behind the space */
	bool added = wpkg_value_add_string(w->arena, row, key, shown);
	wpkg_buf_reset(text);
	return added;
}

static bool add_place(struct writer *w, struct wpkg_value *row, struct wpkg_range range)
{
	return wpkg_value_add_integer(w->arena, row, "offset", range.start) &&
	       wpkg_value_add_integer(w->arena, row, "size", range.end - range.start);
}

static bool add_types(struct writer *w, struct wpkg_value *table)
{
	const struct wpkg_module *module = w->page->module;
	struct wpkg_value *list = add_list(w, table, "types");
	bool added = list != NULL;
	for (uint32_t i = 0; added && i < module->type_count; i++) {
		wpkg_type_format(&w->text, wpkg_module_type(module, i), module->type_names);
		added = add_text(w, list, NULL);
	}
	return added;
}

/* By index, those that there are. */
static bool add_names(struct writer *w, struct wpkg_value *table)
{
	const struct inspect_page *page = w->page;
	struct wpkg_value *names = wpkg_value_add(w->arena, table, "names", WPKG_VALUE_TABLE);
	bool added = names != NULL;
	for (uint32_t i = 0; added && i < page->module->func_count; i++) {
		char index[16];
		snprintf(index, sizeof(index), "%u", (unsigned)i);
		added = page->names[i].len == 0 ||
			wpkg_value_add_string(w->arena, names, index, page->names[i]);
	}
	return added;
}

/* Definitions of one kind: index and type, and where a function's body or what a global's value is.
 */
static bool add_space(struct writer *w, struct wpkg_value *table, const char *key,
		      enum wpkg_extern kind, uint32_t first, uint32_t count)
{
	const struct wpkg_module *module = w->page->module;
	struct wpkg_value *list = add_list(w, table, key);
	bool added = list != NULL;
	for (uint32_t i = first; added && i < count; i++) {
		struct wpkg_value *row = add_row(w, list, i);
		wpkg_extern_format(&w->text, module, kind, i);
		added = add_text(w, row, "type");
		if (added && kind == WPKG_EXTERN_FUNC)
			added = add_place(w, row, wpkg_module_body(module, i));
		else if (added && kind == WPKG_EXTERN_GLOBAL)
			added = add_constant(w, row, "value", module->globals[i].init);
	}
	return added;
}

/* How a segment is used; into is "table" or "memory". */
static bool add_mode(struct writer *w, struct wpkg_value *row, uint8_t mode, const char *into,
		     uint32_t index, struct wpkg_range at)
{
	struct wpkg_str name = wpkg_str_from(inspect_mode_name(mode));
	return wpkg_value_add_string(w->arena, row, "mode", name) &&
	       (mode != WPKG_SEGMENT_ACTIVE ||
		(wpkg_value_add_integer(w->arena, row, into, index) &&
		 add_constant(w, row, "at", at)));
}

static bool add_elements(struct writer *w, struct wpkg_value *table)
{
	const struct wpkg_module *module = w->page->module;
	struct wpkg_value *list = add_list(w, table, "elements");
	bool added = list != NULL;
	for (uint32_t i = 0; added && i < module->elem_count; i++) {
		const struct wpkg_module_elem *elem = &module->elems[i];
		struct wpkg_value *row = add_row(w, list, i);
		added = add_mode(w, row, elem->mode, "table", elem->table, elem->at);
		wpkg_valtype_format(&w->text, elem->type, module->type_names);
		added = added && add_text(w, row, "type") &&
			wpkg_value_add_integer(w->arena, row, "count", elem->count);
	}
	return added;
}

static bool add_data(struct writer *w, struct wpkg_value *table)
{
	const struct wpkg_module *module = w->page->module;
	struct wpkg_value *list = add_list(w, table, "data");
	bool added = list != NULL;
	for (uint32_t i = 0; added && i < module->data_count; i++) {
		const struct wpkg_module_data *data = &module->datas[i];
		struct wpkg_value *row = add_row(w, list, i);
		added = add_mode(w, row, data->mode, "memory", data->memory, data->at) &&
			add_place(w, row, data->bytes);
	}
	return added;
}

/* Each by its index; what is imported stands with the imports. */
static bool add_definitions(struct writer *w, struct wpkg_value *table)
{
	const struct wpkg_module *m = w->page->module;
	struct wpkg_value *all = wpkg_value_add(w->arena, table, "definitions", WPKG_VALUE_TABLE);
	return all &&
	       add_space(w, all, "functions", WPKG_EXTERN_FUNC, m->func_import_count,
			 m->func_count) &&
	       add_space(w, all, "tables", WPKG_EXTERN_TABLE, m->table_import_count,
			 m->table_count) &&
	       add_space(w, all, "memories", WPKG_EXTERN_MEMORY, m->memory_import_count,
			 m->memory_count) &&
	       add_space(w, all, "globals", WPKG_EXTERN_GLOBAL, m->global_import_count,
			 m->global_count) &&
	       add_space(w, all, "tags", WPKG_EXTERN_TAG, m->tag_import_count, m->tag_count) &&
	       add_elements(w, all) && add_data(w, all);
}

enum wpkg_status inspect_json_write(struct wpkg_buf *out, struct wpkg_arena *arena,
				    const struct inspect_page *page, struct wpkg_err *err)
{
	struct writer w = {.page = page, .arena = arena};
	struct wpkg_value *table = wpkg_value_new_table(arena);
	if (!table)
		return WPKG_FAIL(err, WPKG_ENOMEM, "inspect: no memory");
	enum wpkg_status status = wpkg_facts_to_value(arena, table, page->facts, NULL, err);
	if (status == WPKG_OK && page->component)
		status = wpkg_facts_add_component(arena, table, page->component, NULL, err);
	wpkg_buf_init(&w.text, SIZE_MAX);
	if (status == WPKG_OK && page->module &&
	    !(add_types(&w, table) && add_names(&w, table) && add_definitions(&w, table)))
		status = WPKG_FAIL(err, WPKG_ENOMEM, "inspect: no memory");
	wpkg_buf_clear(&w.text);
	if (status == WPKG_OK)
		wpkg_json_write(out, table, WPKG_JSON_INDENTED);
	return status;
}
