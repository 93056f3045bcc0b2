/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/format.h"

static const char *const heap_names[WPKG_HEAP_COUNT] = {
	"any",	  "eq",	    "i31",	"struct", "array", "none",  "func",
	"nofunc", "extern", "noextern", "exn",	  "noexn", "bottom"};

static const char *const short_names[WPKG_HEAP_COUNT] = {
	"anyref",  "eqref",	 "i31ref",	"structref", "arrayref",
	"nullref", "funcref",	 "nullfuncref", "externref", "nullexternref",
	"exnref",  "nullexnref", "bottomref"};

void wpkg_valtype_format(struct wpkg_buf *out, wpkg_valtype type, const uint32_t *names)
{
	static const char *const words[] = {"nothing", "i32", "i64", "f32",    "f64",
					    "v128",    "i8",  "i16", "bottom", "address"};
	uint32_t index = type & WPKG_TYPE_INDEX;
	if (!wpkg_valtype_is_ref(type)) {
		wpkg_buf_append_text(out, words[type]);
	} else if (type & WPKG_TYPE_CONCRETE) {
		const char *null = wpkg_valtype_is_nullable(type) ? "null " : "";
		wpkg_buf_append_format(out, "(ref %s%u)", null,
				       (unsigned)(names ? names[index] : index));
	} else if (wpkg_valtype_is_nullable(type)) {
		wpkg_buf_append_text(out, short_names[index]);
	} else {
		wpkg_buf_append_format(out, "(ref %s)", heap_names[index]);
	}
}

static void format_values(struct wpkg_buf *out, const char *word, const wpkg_valtype *values,
			  uint32_t count, const uint32_t *names)
{
	if (count == 0)
		return;
	wpkg_buf_append_format(out, " (%s", word);
	for (uint32_t i = 0; i < count; i++) {
		wpkg_buf_append_byte(out, ' ');
		wpkg_valtype_format(out, values[i], names);
	}
	wpkg_buf_append_byte(out, ')');
}

static void format_field(struct wpkg_buf *out, const struct wpkg_field *field,
			 const uint32_t *names)
{
	if (field->is_mutable)
		wpkg_buf_append_text(out, "(mut ");
	wpkg_valtype_format(out, field->type, names);
	if (field->is_mutable)
		wpkg_buf_append_byte(out, ')');
}

static void format_composite(struct wpkg_buf *out, const struct wpkg_type *type,
			     const uint32_t *names)
{
	if (type->composite == WPKG_COMPOSITE_FUNC) {
		wpkg_buf_append_text(out, "(func");
		format_values(out, "param", type->params, type->param_count, names);
		format_values(out, "result", wpkg_type_results(type), type->result_count, names);
	} else {
		bool is_struct = type->composite == WPKG_COMPOSITE_STRUCT;
		wpkg_buf_append_text(out, is_struct ? "(struct" : "(array");
		for (uint32_t i = 0; i < type->field_count; i++) {
			wpkg_buf_append_text(out, is_struct ? " (field " : " ");
			format_field(out, &type->fields[i], names);
			if (is_struct)
				wpkg_buf_append_byte(out, ')');
		}
	}
	wpkg_buf_append_byte(out, ')');
}

void wpkg_type_format(struct wpkg_buf *out, const struct wpkg_type *type, const uint32_t *names)
{
	bool plain = type->is_final && type->super == WPKG_TYPE_ID_NONE;
	if (!plain) {
		wpkg_buf_append_text(out, type->is_final ? "(sub final " : "(sub ");
		if (type->super != WPKG_TYPE_ID_NONE)
			wpkg_buf_append_format(
				out, "%u ", (unsigned)(names ? names[type->super] : type->super));
	}
	format_composite(out, type, names);
	if (!plain)
		wpkg_buf_append_byte(out, ')');
}

/* Imports and exports. */

void wpkg_size_format(struct wpkg_buf *out, const struct wpkg_size *size)
{
	if (size->is_64)
		wpkg_buf_append_text(out, "i64 ");
	wpkg_buf_append_format(out, "%llu", (unsigned long long)size->min);
	if (size->has_max)
		wpkg_buf_append_format(out, " %llu", (unsigned long long)size->max);
	if (size->is_shared)
		wpkg_buf_append_text(out, " shared");
}

static void format_func(struct wpkg_buf *out, const struct wpkg_module *module, uint32_t type)
{
	const struct wpkg_type *func = wpkg_module_type(module, type);
	format_values(out, "param", func->params, func->param_count, module->type_names);
	format_values(out, "result", wpkg_type_results(func), func->result_count,
		      module->type_names);
}

static void format_table(struct wpkg_buf *out, const struct wpkg_module *module,
			 const struct wpkg_module_table *table)
{
	wpkg_buf_append_byte(out, ' ');
	wpkg_size_format(out, &table->size);
	wpkg_buf_append_byte(out, ' ');
	wpkg_valtype_format(out, table->element, module->type_names);
}

static void format_memory(struct wpkg_buf *out, const struct wpkg_module_memory *memory)
{
	wpkg_buf_append_byte(out, ' ');
	wpkg_size_format(out, &memory->size);
	if (memory->page_log2 != 16)
		wpkg_buf_append_format(out, " (pagesize %u)", 1U << memory->page_log2);
}

static void format_global(struct wpkg_buf *out, const struct wpkg_module *module,
			  const struct wpkg_module_global *global)
{
	struct wpkg_field field = {.type = global->type, .is_mutable = global->is_mutable};
	wpkg_buf_append_byte(out, ' ');
	format_field(out, &field, module->type_names);
}

void wpkg_extern_format(struct wpkg_buf *out, const struct wpkg_module *module,
			enum wpkg_extern kind, uint32_t index)
{
	wpkg_buf_append_text(out, wpkg_extern_name(kind));
	switch (kind) {
	case WPKG_EXTERN_FUNC:
		format_func(out, module, module->funcs[index].type);
		break;
	case WPKG_EXTERN_TABLE:
		format_table(out, module, &module->tables[index]);
		break;
	case WPKG_EXTERN_MEMORY:
		format_memory(out, &module->memories[index]);
		break;
	case WPKG_EXTERN_GLOBAL:
		format_global(out, module, &module->globals[index]);
		break;
	default:
		format_func(out, module, module->tags[index].type);
		break;
	}
}
