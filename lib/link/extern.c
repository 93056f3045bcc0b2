/* SPDX-License-Identifier: Apache-2.0 */
/* Types of what is imported and exported, and import matching (specification, section 3.5). */
#include "link/link_int.h"
#include "wasm/format.h"

struct link_extern link_extern_of(const struct link *link, uint32_t input, uint8_t kind,
				  uint32_t index)
{
	const struct link_module *from = &link->modules[input];
	const struct wpkg_module *module = from->module;
	struct link_extern out = {.kind = kind};
	switch ((enum wpkg_extern)kind) {
	case WPKG_EXTERN_FUNC:
		out.type = from->types[module->funcs[index].type];
		break;
	case WPKG_EXTERN_TAG:
		out.type = from->types[module->tags[index].type];
		break;
	case WPKG_EXTERN_TABLE:
		out.value = wpkg_valtype_map(module->tables[index].element, from->canonical);
		out.size = module->tables[index].size;
		break;
	case WPKG_EXTERN_MEMORY:
		out.size = module->memories[index].size;
		out.page_log2 = module->memories[index].page_log2;
		break;
	case WPKG_EXTERN_GLOBAL:
		out.value = wpkg_valtype_map(module->globals[index].type, from->canonical);
		out.is_mutable = module->globals[index].is_mutable;
		break;
	case WPKG_EXTERN_COUNT:
		break;
	}
	return out;
}

/* Section 3.5.2: at least as much, and no more than is allowed. */
static bool size_matches(const struct wpkg_size *actual, const struct wpkg_size *wanted)
{
	return actual->is_64 == wanted->is_64 && actual->is_shared == wanted->is_shared &&
	       actual->min >= wanted->min &&
	       (!wanted->has_max || (actual->has_max && actual->max <= wanted->max));
}

static bool global_matches(const struct link *link, const struct link_extern *actual,
			   const struct link_extern *wanted)
{
	if (actual->is_mutable != wanted->is_mutable)
		return false;
	return actual->is_mutable ? actual->value == wanted->value
				  : wpkg_types_matches(&link->types, actual->value, wanted->value);
}

bool link_extern_matches(const struct link *link, const struct link_extern *actual,
			 const struct link_extern *wanted)
{
	if (actual->kind != wanted->kind)
		return false;
	switch ((enum wpkg_extern)wanted->kind) {
	case WPKG_EXTERN_FUNC:
		return wpkg_types_id_matches(&link->types, actual->type, wanted->type);
	case WPKG_EXTERN_TABLE:
		return actual->value == wanted->value && size_matches(&actual->size, &wanted->size);
	case WPKG_EXTERN_MEMORY:
		return actual->page_log2 == wanted->page_log2 &&
		       size_matches(&actual->size, &wanted->size);
	case WPKG_EXTERN_GLOBAL:
		return global_matches(link, actual, wanted);
	case WPKG_EXTERN_TAG:
		return actual->type == wanted->type;
	case WPKG_EXTERN_COUNT:
		break;
	}
	return false;
}

struct wpkg_str link_extern_key(struct link *link, const struct wpkg_module_import *import,
				const struct link_extern *type)
{
	const struct wpkg_size *size = &type->size;
	const uint64_t words[] = {
		type->kind,	  type->type,	  type->value,	 type->page_log2,
		type->is_mutable, size->min,	  size->has_max, size->has_max ? size->max : 0,
		size->is_64,	  size->is_shared};
	return link_import_key(&link->arena, import->module, import->field, words,
			       sizeof(words) / sizeof(words[0]));
}

static void format_size(struct wpkg_buf *out, const struct wpkg_size *size)
{
	wpkg_buf_append_format(out, "%s%llu", size->is_64 ? " i64 " : " ",
			       (unsigned long long)size->min);
	if (size->has_max)
		wpkg_buf_append_format(out, " %llu", (unsigned long long)size->max);
	if (size->is_shared)
		wpkg_buf_append_text(out, " shared");
}

void link_extern_format(struct wpkg_buf *out, const struct link *link,
			const struct link_extern *type)
{
	switch ((enum wpkg_extern)type->kind) {
	case WPKG_EXTERN_FUNC:
		wpkg_type_format(out, &link->types.types[type->type], NULL);
		return;
	case WPKG_EXTERN_TAG:
		wpkg_buf_append_text(out, "(tag ");
		wpkg_type_format(out, &link->types.types[type->type], NULL);
		break;
	case WPKG_EXTERN_TABLE:
		wpkg_buf_append_text(out, "(table");
		format_size(out, &type->size);
		wpkg_buf_append_text(out, " ");
		wpkg_valtype_format(out, type->value, NULL);
		break;
	case WPKG_EXTERN_MEMORY:
		wpkg_buf_append_text(out, "(memory");
		format_size(out, &type->size);
		if (type->page_log2 != 16)
			wpkg_buf_append_format(out, " (pagesize %u)", 1U << type->page_log2);
		break;
	case WPKG_EXTERN_GLOBAL:
		wpkg_buf_append_text(out, type->is_mutable ? "(global (mut " : "(global ");
		wpkg_valtype_format(out, type->value, NULL);
		wpkg_buf_append_text(out, type->is_mutable ? ")" : "");
		break;
	case WPKG_EXTERN_COUNT:
		return;
	}
	wpkg_buf_append_text(out, ")");
}

/* Types that a text refers to by number, each once, in the order in which they come. */
struct referred {
	uint32_t ids[16];
	uint32_t count;
};

static void refer(struct referred *referred, uint32_t id)
{
	uint32_t i = 0;
	while (i < referred->count && referred->ids[i] != id)
		i++;
	if (id != WPKG_TYPE_ID_NONE && i == referred->count &&
	    i < sizeof(referred->ids) / sizeof(referred->ids[0]))
		referred->ids[referred->count++] = id;
}

static void refer_to_parts(struct referred *referred, const struct wpkg_type *type)
{
	refer(referred, type->super);
	if (type->composite == WPKG_COMPOSITE_FUNC)
		for (uint32_t i = 0; i < type->param_count + type->result_count; i++)
			refer(referred, wpkg_valtype_id(type->params[i]));
	else
		for (uint32_t i = 0; i < type->field_count; i++)
			refer(referred, wpkg_valtype_id(type->fields[i].type));
}

/* Of a type that is too long for a line, what it is and how long. */
static void format_referred(struct wpkg_buf *out, const struct wpkg_type *type)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, 500);
	wpkg_type_format(&text, type, NULL);
	if (text.failed == WPKG_OK)
		wpkg_buf_append_str(out, wpkg_buf_str(&text));
	else if (type->composite == WPKG_COMPOSITE_FUNC)
		wpkg_buf_append_format(out, "a function of %u parameters and %u results",
				       type->param_count, type->result_count);
	else
		wpkg_buf_append_format(out, "a struct of %u fields", type->field_count);
	wpkg_buf_clear(&text);
}

void link_extern_explain(struct wpkg_buf *out, const struct link *link,
			 const struct link_extern *type)
{
	struct referred referred = {.count = 0};
	if (type->kind == WPKG_EXTERN_FUNC || type->kind == WPKG_EXTERN_TAG)
		refer_to_parts(&referred, &link->types.types[type->type]);
	else if (type->kind == WPKG_EXTERN_TABLE || type->kind == WPKG_EXTERN_GLOBAL)
		refer(&referred, wpkg_valtype_id(type->value));
	for (uint32_t i = 0; i < referred.count; i++) {
		const struct wpkg_type *one = &link->types.types[referred.ids[i]];
		wpkg_buf_append_format(out, "%s%u is ", i == 0 ? " where " : ", ", referred.ids[i]);
		format_referred(out, one);
		refer_to_parts(&referred, one);
	}
}
