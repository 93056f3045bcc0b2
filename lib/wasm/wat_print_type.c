/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/format.h"
#include "wasm/wat_print.h"

/*
 * A type's words carry canonical numbers. In a recursion group that is there twice, a reference
 * inside of the second must name a type of the second: with the first it would be another type. So
 * while a type is printed, numbers of its own group are counted from where the group begins.
 */
struct context {
	uint32_t group;	      /* canonical number of the group's first type */
	uint32_t group_size;  /* 0: no group */
	uint32_t group_index; /* type index of it */
};

static uint32_t index_of(const struct wat_printer *p, const struct context *context, uint32_t id)
{
	if (id - context->group < context->group_size)
		return context->group_index + (id - context->group);
	return p->module->type_names[id];
}

static wpkg_valtype indexed(const struct wat_printer *p, const struct context *context,
			    wpkg_valtype type)
{
	if (!(type & WPKG_TYPE_CONCRETE))
		return type;
	return (type & ~WPKG_TYPE_INDEX) | index_of(p, context, type & WPKG_TYPE_INDEX);
}

wpkg_valtype wat_indexed(const struct wat_printer *p, wpkg_valtype canonical)
{
	static const struct context none;
	return indexed(p, &none, canonical);
}

void wat_put_heap_type(struct wat_printer *p, wpkg_valtype ref)
{
	static const char *const words[WPKG_HEAP_COUNT] = {
		"any",	  "eq",	    "i31",	"struct", "array", "none", "func",
		"nofunc", "extern", "noextern", "exn",	  "noexn", "none"};
	if (ref & WPKG_TYPE_CONCRETE)
		wat_put_index(p, WAT_NAME_TYPE, 0, ref & WPKG_TYPE_INDEX);
	else
		wpkg_buf_append_format(p->out, " %s", words[ref & WPKG_TYPE_INDEX]);
}

void wat_put_valtype(struct wat_printer *p, wpkg_valtype type)
{
	if (!(type & WPKG_TYPE_CONCRETE)) {
		wpkg_valtype_format(p->out, type, NULL);
		return;
	}
	wpkg_buf_append_text(p->out, wpkg_valtype_is_nullable(type) ? "(ref null" : "(ref");
	wat_put_heap_type(p, type);
	wpkg_buf_append_byte(p->out, ')');
}

/* Function types. */

static void put_values(struct wat_printer *p, const struct context *context, const char *word,
		       const wpkg_valtype *values, uint32_t count)
{
	if (count == 0)
		return;
	wpkg_buf_append_format(p->out, " (%s", word);
	for (uint32_t i = 0; i < count; i++) {
		wpkg_buf_append_byte(p->out, ' ');
		wat_put_valtype(p, indexed(p, context, values[i]));
	}
	wpkg_buf_append_byte(p->out, ')');
}

/* Those with a name stand alone. */
static void put_params(struct wat_printer *p, const struct context *context,
		       const struct wpkg_type *type, uint32_t func)
{
	bool is_open = false;
	for (uint32_t i = 0; i < type->param_count; i++) {
		bool is_named = wat_names_find(&p->names, WAT_NAME_LOCAL, func, i) != NULL;
		if (is_open && is_named)
			wpkg_buf_append_byte(p->out, ')');
		if (is_named || !is_open)
			wpkg_buf_append_text(p->out, " (param");
		if (is_named)
			wat_put_binding(p, WAT_NAME_LOCAL, func, i);
		wpkg_buf_append_byte(p->out, ' ');
		wat_put_valtype(p, indexed(p, context, type->params[i]));
		if (is_named)
			wpkg_buf_append_byte(p->out, ')');
		is_open = !is_named;
	}
	if (is_open)
		wpkg_buf_append_byte(p->out, ')');
}

/* The context of a type's definition: what a use repeats must be the same text. */
static struct context context_of(const struct wat_printer *p, uint32_t index)
{
	const struct wpkg_type *type = wpkg_module_type(p->module, index);
	uint32_t before = p->module->type_ids[index] - type->group;
	return (struct context){type->group, type->group_size, index - before};
}

void wat_put_type_use(struct wat_printer *p, uint32_t type, uint32_t func)
{
	struct context context = context_of(p, type);
	const struct wpkg_type *found = wpkg_module_type(p->module, type);
	wpkg_buf_append_text(p->out, " (type");
	wat_put_index(p, WAT_NAME_TYPE, 0, type);
	wpkg_buf_append_byte(p->out, ')');
	if (func == WPKG_INDEX_NONE)
		put_values(p, &context, "param", found->params, found->param_count);
	else
		put_params(p, &context, found, func);
	put_values(p, &context, "result", wpkg_type_results(found), found->result_count);
}

/* Definitions. */

static void put_field_type(struct wat_printer *p, const struct context *context,
			   const struct wpkg_field *field)
{
	wpkg_buf_append_text(p->out, field->is_mutable ? " (mut " : " ");
	wat_put_valtype(p, indexed(p, context, field->type));
	if (field->is_mutable)
		wpkg_buf_append_byte(p->out, ')');
}

static void put_composite(struct wat_printer *p, const struct context *context,
			  const struct wpkg_type *type, uint32_t index)
{
	static const char *const words[] = {"func", "struct", "array"};
	wpkg_buf_append_format(p->out, " (%s", words[type->composite]);
	if (type->composite == WPKG_COMPOSITE_FUNC) {
		put_values(p, context, "param", type->params, type->param_count);
		put_values(p, context, "result", wpkg_type_results(type), type->result_count);
	} else if (type->composite == WPKG_COMPOSITE_ARRAY) {
		put_field_type(p, context, &type->fields[0]);
	} else {
		for (uint32_t i = 0; i < type->field_count; i++) {
			wpkg_buf_append_text(p->out, " (field");
			if (wat_names_find(&p->names, WAT_NAME_FIELD, index, i))
				wat_put_binding(p, WAT_NAME_FIELD, index, i);
			put_field_type(p, context, &type->fields[i]);
			wpkg_buf_append_byte(p->out, ')');
		}
	}
	wpkg_buf_append_byte(p->out, ')');
}

static void put_type(struct wat_printer *p, const struct context *context, uint32_t index)
{
	const struct wpkg_type *type = wpkg_module_type(p->module, index);
	bool is_sub = !type->is_final || type->super != WPKG_TYPE_ID_NONE;
	wat_put_line(p);
	wpkg_buf_append_text(p->out, "(type");
	wat_put_binding(p, WAT_NAME_TYPE, 0, index);
	if (is_sub)
		wpkg_buf_append_text(p->out, type->is_final ? " (sub final" : " (sub");
	if (type->super != WPKG_TYPE_ID_NONE)
		wat_put_index(p, WAT_NAME_TYPE, 0, index_of(p, context, type->super));
	put_composite(p, context, type, index);
	wpkg_buf_append_text(p->out, is_sub ? "))" : ")");
}

void wat_put_types(struct wat_printer *p)
{
	const struct wpkg_module *module = p->module;
	for (uint32_t i = 0; i < module->type_count;) {
		const struct wpkg_type *first = wpkg_module_type(module, i);
		struct context context = context_of(p, i);
		bool is_group = first->group_size > 1;
		if (is_group) {
			wat_put_line(p);
			wpkg_buf_append_text(p->out, "(rec");
			p->depth++;
		}
		for (uint32_t end = i + first->group_size; i < end; i++)
			put_type(p, &context, i);
		if (is_group) {
			p->depth--;
			wat_put_line(p);
			wpkg_buf_append_byte(p->out, ')');
		}
	}
}
