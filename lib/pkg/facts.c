/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/facts.h"

#include "base/utf8.h"

#define NAME_SHOWN 256 /* bytes */

/* What an item costs beside its texts: its punctuation and numbers as JSON, about. */
#define ITEM_COST 64

struct writer {
	struct wpkg_arena *arena;
	const struct wpkg_facts *facts;
	size_t left; /* bytes that lists may still take */
	bool cut;
	bool failed; /* memory is out */
};

static void put_text(struct writer *writer, struct wpkg_value *table, const char *key,
		     struct wpkg_str text)
{
	if (!wpkg_value_add_string(writer->arena, table, key, text))
		writer->failed = true;
}

static void put_number(struct writer *writer, struct wpkg_value *table, const char *key,
		       uint64_t number)
{
	int64_t shown = number > INT64_MAX ? INT64_MAX : (int64_t)number;
	if (!wpkg_value_add_integer(writer->arena, table, key, shown))
		writer->failed = true;
}

static void put_if(struct writer *writer, struct wpkg_value *table, const char *key, bool flag)
{
	if (flag && !wpkg_value_add_boolean(writer->arena, table, key, true))
		writer->failed = true;
}

static struct wpkg_value *put_list(struct writer *writer, struct wpkg_value *table, const char *key)
{
	struct wpkg_value *list = wpkg_value_add(writer->arena, table, key, WPKG_VALUE_ARRAY);
	writer->failed = writer->failed || !list;
	return list;
}

/* Room for an item with that many bytes of text; false where the lists end. */
static bool has_room(struct writer *writer, size_t text)
{
	size_t cost = text + ITEM_COST;
	if (writer->cut || cost > writer->left) {
		writer->cut = true;
		return false;
	}
	writer->left -= cost;
	return !writer->failed;
}

static struct wpkg_value *put_item(struct writer *writer, struct wpkg_value *list)
{
	return wpkg_value_add(writer->arena, list, NULL, WPKG_VALUE_TABLE);
}

static void put_imports(struct writer *writer, struct wpkg_value *table)
{
	struct wpkg_value *list = put_list(writer, table, "imports");
	for (uint32_t i = 0; i < writer->facts->import_count; i++) {
		const struct wpkg_facts_import *import = &writer->facts->imports[i];
		if (!has_room(writer, import->module.len + import->field.len + import->type.len))
			return;
		struct wpkg_value *item = put_item(writer, list);
		put_text(writer, item, "module", import->module);
		put_text(writer, item, "name", import->field);
		put_text(writer, item, "kind", wpkg_str_from(wpkg_extern_name(import->kind)));
		put_text(writer, item, "type", import->type);
	}
}

static void put_exports(struct writer *writer, struct wpkg_value *table)
{
	struct wpkg_value *list = put_list(writer, table, "exports");
	for (uint32_t i = 0; i < writer->facts->export_count; i++) {
		const struct wpkg_facts_export *export = &writer->facts->exports[i];
		if (!has_room(writer, export->name.len + export->type.len))
			return;
		struct wpkg_value *item = put_item(writer, list);
		put_text(writer, item, "name", export->name);
		put_text(writer, item, "kind", wpkg_str_from(wpkg_extern_name(export->kind)));
		put_text(writer, item, "type", export->type);
	}
}

static void put_memories(struct writer *writer, struct wpkg_value *table)
{
	struct wpkg_value *list = put_list(writer, table, "memories");
	for (uint32_t i = 0; i < writer->facts->memory_count; i++) {
		const struct wpkg_facts_memory *memory = &writer->facts->memories[i];
		if (!has_room(writer, memory->type.len))
			return;
		struct wpkg_value *item = put_item(writer, list);
		put_number(writer, item, "minimum", memory->size.min);
		if (memory->size.has_max)
			put_number(writer, item, "maximum", memory->size.max);
		put_text(writer, item, "type", memory->type);
		put_if(writer, item, "imported", memory->is_imported);
	}
}

static void put_features(struct writer *writer, struct wpkg_value *table)
{
	struct wpkg_value *list = put_list(writer, table, "features");
	for (uint32_t i = 0; i < writer->facts->feature_count; i++) {
		const struct wpkg_facts_feature *feature = &writer->facts->features[i];
		struct wpkg_value *item = put_item(writer, list);
		put_text(writer, item, "name", wpkg_str_from(wpkg_feature_name(feature->feature)));
		put_number(writer, item, "offset", feature->offset);
	}
}

static void put_producers(struct writer *writer, struct wpkg_value *table)
{
	struct wpkg_value *list = put_list(writer, table, "producers");
	for (uint32_t i = 0; i < writer->facts->producer_count; i++) {
		const struct wpkg_facts_producer *producer = &writer->facts->producers[i];
		if (!has_room(writer,
			      producer->field.len + producer->name.len + producer->version.len))
			return;
		struct wpkg_value *item = put_item(writer, list);
		put_text(writer, item, "field", producer->field);
		put_text(writer, item, "name", producer->name);
		put_text(writer, item, "version", producer->version);
	}
}

static void put_targets(struct writer *writer, struct wpkg_value *table)
{
	struct wpkg_value *list = put_list(writer, table, "target_features");
	for (uint32_t i = 0; i < writer->facts->target_count; i++) {
		const struct wpkg_facts_target *target = &writer->facts->targets[i];
		if (!has_room(writer, target->name.len))
			return;
		struct wpkg_str text = wpkg_arena_format(writer->arena, "%c%.*s", target->prefix,
							 WPKG_STR_ARG(target->name));
		writer->failed = writer->failed || !text.ptr;
		put_text(writer, list, NULL, text);
	}
}

static void put_sections(struct writer *writer, struct wpkg_value *table)
{
	struct wpkg_value *list = put_list(writer, table, "sections");
	for (uint32_t i = 0; i < writer->facts->section_count; i++) {
		const struct wpkg_facts_section *section = &writer->facts->sections[i];
		if (!has_room(writer, section->custom.len))
			return;
		struct wpkg_value *item = put_item(writer, list);
		put_text(writer, item, "name", wpkg_str_from(section->name));
		if (section->custom.len > 0)
			put_text(writer, item, "custom", section->custom);
		put_number(writer, item, "offset", section->offset);
		put_number(writer, item, "size", section->size);
		if (section->count > 0)
			put_number(writer, item, "count", section->count);
	}
}

static void put_dylink(struct writer *writer, struct wpkg_value *table)
{
	const struct wpkg_facts_dylink *dylink = &writer->facts->dylink;
	if (dylink->section.len == 0)
		return;
	struct wpkg_value *item = wpkg_value_add(writer->arena, table, "dylink", WPKG_VALUE_TABLE);
	put_text(writer, item, "section", dylink->section);
	put_number(writer, item, "memory_size", dylink->memory_size);
	put_number(writer, item, "memory_align", dylink->memory_align);
	put_number(writer, item, "table_size", dylink->table_size);
	put_number(writer, item, "table_align", dylink->table_align);
	struct wpkg_value *list = put_list(writer, item, "needed");
	for (uint32_t i = 0; i < dylink->needed_count && has_room(writer, dylink->needed[i].len);
	     i++)
		put_text(writer, list, NULL, dylink->needed[i]);
}

static void put_counts(struct writer *writer, struct wpkg_value *table)
{
	const struct wpkg_facts *facts = writer->facts;
	put_text(writer, table, "kind", wpkg_str_from(wpkg_wasm_kind_name(facts->kind)));
	put_number(writer, table, "size", facts->size);
	if (facts->name.len > 0)
		put_text(writer, table, "name", wpkg_utf8_cut(facts->name, NAME_SHOWN));
	put_number(writer, table, "functions", facts->functions);
	put_number(writer, table, "tables", facts->tables);
	put_number(writer, table, "globals", facts->globals);
	put_number(writer, table, "tags", facts->tags);
	put_number(writer, table, "code_bytes", facts->code_bytes);
	put_number(writer, table, "data_bytes", facts->data_bytes);
	put_if(writer, table, "start", facts->has_start);
	put_if(writer, table, "function_names", facts->has_function_names);
	put_if(writer, table, "debug_info", facts->has_debug_info);
}

enum wpkg_status wpkg_facts_to_value(struct wpkg_arena *arena, struct wpkg_value *table,
				     const struct wpkg_facts *facts, size_t *budget,
				     struct wpkg_err *err)
{
	struct writer writer = {
		.arena = arena, .facts = facts, .left = budget ? *budget : SIZE_MAX};
	put_counts(&writer, table);
	put_features(&writer, table);
	put_memories(&writer, table);
	put_producers(&writer, table);
	put_targets(&writer, table);
	put_dylink(&writer, table);
	put_imports(&writer, table);
	put_exports(&writer, table);
	put_sections(&writer, table);
	put_if(&writer, table, "cut", writer.cut);
	if (writer.failed)
		return WPKG_FAIL(err, WPKG_ENOMEM, "facts: no memory");
	if (budget)
		*budget = writer.left;
	return WPKG_OK;
}

static void put_names(struct writer *writer, struct wpkg_value *table, const char *key,
		      const struct wpkg_component_extern *externs, uint32_t count)
{
	struct wpkg_value *list = put_list(writer, table, key);
	for (uint32_t i = 0; i < count && has_room(writer, externs[i].name.len); i++)
		put_text(writer, list, NULL, externs[i].name);
}

enum wpkg_status wpkg_facts_add_component(struct wpkg_arena *arena, struct wpkg_value *table,
					  const struct wpkg_component *component, size_t *budget,
					  struct wpkg_err *err)
{
	struct writer writer = {.arena = arena, .left = budget ? *budget : SIZE_MAX};
	struct wpkg_value *inner = wpkg_value_add(arena, table, "component", WPKG_VALUE_TABLE);
	put_names(&writer, inner, "imports", component->imports, component->import_count);
	put_names(&writer, inner, "exports", component->exports, component->export_count);
	if (writer.failed)
		return WPKG_FAIL(err, WPKG_ENOMEM, "facts: no memory");
	if (budget)
		*budget = writer.left;
	return WPKG_OK;
}

bool wpkg_fault_to_value(struct wpkg_arena *arena, struct wpkg_value *entry,
			 const struct wpkg_module_fault *fault)
{
	if (!wpkg_value_add_integer(arena, entry, "offset", fault->offset))
		return false;
	if (fault->function == WPKG_INDEX_NONE)
		return true;
	return wpkg_value_add_integer(arena, entry, "function", fault->function) &&
	       (fault->name.len == 0 ||
		wpkg_value_add_string(arena, entry, "function_name", fault->name));
}
