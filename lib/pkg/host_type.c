/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types of a profile as text:
 *
 *   "i32 i64 -> i32"     a function: parameters, "->", results
 *   "func"               a function of any type
 *   "global i32"         "global mut i32", "global"
 *   "memory"             any; "memory 5", "memory 2 16 shared", "memory i64 1": what the host has
 *   "table"              any of funcref; "table externref", "table 1 10 funcref"
 *   "tag i32", "tag"     an exception's parameters
 *   "any"                whatever it is
 */
#include "pkg/host_int.h"
#include "wasm/format.h"

/* Values of a function type that a profile may have. */
#define VALUES_MAX 64

static bool parse_value(wpkg_valtype *out, struct wpkg_str word)
{
	static const struct {
		const char *name;
		wpkg_valtype type;
	} known[] = {
		{"i32", WPKG_TYPE_I32},
		{"i64", WPKG_TYPE_I64},
		{"f32", WPKG_TYPE_F32},
		{"f64", WPKG_TYPE_F64},
		{"v128", WPKG_TYPE_V128},
		{"funcref", WPKG_TYPE_FUNCREF},
		{"externref", WPKG_TYPE_EXTERNREF},
		{"exnref", WPKG_TYPE_EXNREF},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!wpkg_str_equal_text(word, known[i].name))
			continue;
		*out = known[i].type;
		return true;
	}
	return false;
}

/* The next word, without the spaces around it; false at the end. */
static bool next_word(struct wpkg_str *rest, struct wpkg_str *word)
{
	while (wpkg_str_split(rest, ' ', word))
		if (word->len > 0)
			return true;
	return false;
}

/* Up to the arrow, which must be there or not. */
static bool parse_values(wpkg_valtype *values, uint32_t *count, struct wpkg_str *rest, bool arrow)
{
	struct wpkg_str word;
	while (next_word(rest, &word)) {
		if (wpkg_str_equal_text(word, "->"))
			return arrow;
		if (*count == VALUES_MAX || !parse_value(&values[*count], word))
			return false;
		++*count;
	}
	return !arrow;
}

static bool parse_func(struct wpkg_host_type *type, wpkg_valtype *values, struct wpkg_str text)
{
	uint32_t count = 0;
	if (!parse_values(values, &count, &text, true))
		return false;
	type->param_count = count;
	if (!parse_values(values, &count, &text, false))
		return false;
	type->result_count = count - type->param_count;
	return true;
}

/* "[i64] [MIN [MAX]] [shared] [ELEMENT]"; nothing at all is any size. */
static bool parse_size(struct wpkg_host_type *type, struct wpkg_str rest)
{
	struct wpkg_str word;
	struct wpkg_size *size = &type->size;
	while (next_word(&rest, &word)) {
		uint64_t number;
		if (wpkg_str_parse_u64(word, &number)) {
			if (size->has_max)
				return false;
			size->has_max = type->has_size;
			*(type->has_size ? &size->max : &size->min) = number;
			type->has_size = true;
		} else if (wpkg_str_equal_text(word, "i64")) {
			size->is_64 = true;
		} else if (wpkg_str_equal_text(word, "shared") &&
			   type->kind == WPKG_EXTERN_MEMORY) {
			size->is_shared = true;
		} else if (type->kind != WPKG_EXTERN_TABLE || !parse_value(&type->value, word)) {
			return false;
		}
	}
	return true;
}

static bool parse_global(struct wpkg_host_type *type, struct wpkg_str rest)
{
	struct wpkg_str word;
	type->any_type = !next_word(&rest, &word);
	if (type->any_type)
		return true;
	type->is_mutable = wpkg_str_equal_text(word, "mut");
	if (type->is_mutable && !next_word(&rest, &word))
		return false;
	return parse_value(&type->value, word) && !next_word(&rest, &word);
}

static bool parse_tag(struct wpkg_host_type *type, wpkg_valtype *values, struct wpkg_str rest)
{
	type->any_type = wpkg_str_trim(rest).len == 0;
	return parse_values(values, &type->param_count, &rest, false);
}

static bool parse(struct wpkg_host_type *type, wpkg_valtype *values, struct wpkg_str text)
{
	static const struct {
		const char *word;
		enum wpkg_extern kind;
	} kinds[] = {
		{"memory", WPKG_EXTERN_MEMORY},
		{"table", WPKG_EXTERN_TABLE},
		{"global", WPKG_EXTERN_GLOBAL},
		{"tag", WPKG_EXTERN_TAG},
	};
	struct wpkg_str rest = text, word;
	if (wpkg_str_equal_text(text, "any")) {
		type->any_kind = true;
		return true;
	}
	if (wpkg_str_equal_text(text, "func")) {
		type->any_type = true;
		return true;
	}
	if (!next_word(&rest, &word))
		return false;
	size_t i = 0;
	while (i < sizeof(kinds) / sizeof(kinds[0]) && !wpkg_str_equal_text(word, kinds[i].word))
		i++;
	if (i == sizeof(kinds) / sizeof(kinds[0]))
		return parse_func(type, values, text);
	type->kind = kinds[i].kind;
	type->value = WPKG_TYPE_FUNCREF;
	if (type->kind == WPKG_EXTERN_GLOBAL)
		return parse_global(type, rest);
	if (type->kind == WPKG_EXTERN_TAG)
		return parse_tag(type, values, rest);
	return parse_size(type, rest);
}

enum wpkg_status host_type_parse(struct wpkg_host_type *out, struct wpkg_arena *arena,
				 const struct wpkg_value *value, struct wpkg_err *err)
{
	struct wpkg_host_type type = {.kind = WPKG_EXTERN_FUNC};
	wpkg_valtype values[VALUES_MAX];
	if (!parse(&type, values, value->string))
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "'%.*s' is no type",
				    WPKG_STR_ARG(value->string));
	uint32_t count = type.param_count + type.result_count;
	type.values = wpkg_arena_alloc(arena, count, sizeof(*type.values));
	if (!type.values)
		return WPKG_FAIL(err, WPKG_ENOMEM, "host profile: no memory");
	memcpy(type.values, values, count * sizeof(*values));
	*out = type;
	return WPKG_OK;
}

/* Against a module. */

static bool values_equal(const struct wpkg_host_type *type, const struct wpkg_type *other)
{
	if (other->composite != WPKG_COMPOSITE_FUNC || other->param_count != type->param_count ||
	    other->result_count != type->result_count)
		return false;
	for (uint32_t i = 0; i < type->param_count + type->result_count; i++)
		if (other->params[i] != type->values[i])
			return false;
	return true;
}

static bool global_equal(const struct wpkg_host_type *type, const struct wpkg_module_global *global)
{
	return global->type == type->value && global->is_mutable == type->is_mutable;
}

/* Everything but the sizes of memories and tables. */
static bool is_like(const struct wpkg_host_type *type, const struct wpkg_module *module,
		    uint32_t index)
{
	if (type->any_type)
		return true;
	switch (type->kind) {
	case WPKG_EXTERN_FUNC:
		return values_equal(type, wpkg_module_func_type(module, index));
	case WPKG_EXTERN_TABLE:
		return module->tables[index].element == type->value &&
		       module->tables[index].size.is_64 == type->size.is_64;
	case WPKG_EXTERN_MEMORY:
		return module->memories[index].size.is_64 == type->size.is_64;
	case WPKG_EXTERN_GLOBAL:
		return global_equal(type, &module->globals[index]);
	case WPKG_EXTERN_TAG:
		return values_equal(type, wpkg_module_type(module, module->tags[index].type));
	default:
		return false;
	}
}

/* Limits match as in the specification, section 3.5.6: what is wanted is no more than there is. */
static bool size_fits(const struct wpkg_size *wanted, const struct wpkg_size *given)
{
	return given->min >= wanted->min &&
	       (!wanted->has_max || (given->has_max && given->max <= wanted->max));
}

bool host_type_gives(const struct wpkg_host_type *type, const struct wpkg_module *module,
		     enum wpkg_extern kind, uint32_t index)
{
	if (type->any_kind)
		return true;
	if (type->kind != kind || !is_like(type, module, index))
		return false;
	if (kind == WPKG_EXTERN_MEMORY &&
	    module->memories[index].size.is_shared != type->size.is_shared)
		return false;
	if (!type->has_size)
		return true;
	return size_fits(kind == WPKG_EXTERN_MEMORY ? &module->memories[index].size
						    : &module->tables[index].size,
			 &type->size);
}

bool host_type_takes(const struct wpkg_host_type *type, const struct wpkg_module *module,
		     enum wpkg_extern kind, uint32_t index)
{
	if (type->any_kind)
		return true;
	if (type->kind != kind || !is_like(type, module, index))
		return false;
	if (kind == WPKG_EXTERN_MEMORY && type->size.is_shared)
		return module->memories[index].size.is_shared;
	return true;
}

static void format_func(struct wpkg_buf *out, const struct wpkg_host_type *type)
{
	const char *before = " (param ";
	for (uint32_t i = 0; i < type->param_count + type->result_count; i++) {
		if (i == type->param_count)
			before = i > 0 ? ") (result " : " (result ";
		wpkg_buf_append_text(out, before);
		wpkg_valtype_format(out, type->values[i], NULL);
		before = " ";
	}
	if (type->param_count + type->result_count > 0)
		wpkg_buf_append_byte(out, ')');
}

void host_type_format(struct wpkg_buf *out, const struct wpkg_host_type *type)
{
	if (type->any_kind) {
		wpkg_buf_append_text(out, "anything");
		return;
	}
	wpkg_buf_append_text(out, wpkg_extern_name(type->kind));
	if (type->any_type) {
		wpkg_buf_append_text(out, " of any type");
	} else if (type->kind == WPKG_EXTERN_GLOBAL) {
		wpkg_buf_append_text(out, type->is_mutable ? " (mut " : " ");
		wpkg_valtype_format(out, type->value, NULL);
		wpkg_buf_append_text(out, type->is_mutable ? ")" : "");
	} else if (type->kind == WPKG_EXTERN_MEMORY || type->kind == WPKG_EXTERN_TABLE) {
		wpkg_buf_append_text(out, type->size.is_64 && !type->has_size ? " i64" : "");
		if (type->has_size) {
			wpkg_buf_append_byte(out, ' ');
			wpkg_size_format(out, &type->size);
		} else if (type->size.is_shared) {
			wpkg_buf_append_text(out, " shared");
		}
		if (type->kind == WPKG_EXTERN_TABLE) {
			wpkg_buf_append_byte(out, ' ');
			wpkg_valtype_format(out, type->value, NULL);
		}
	} else {
		format_func(out, type);
	}
}
