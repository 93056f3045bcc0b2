/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The type section:
 *
 *   4e vec(subtype)                   recursion group; without it, a group of one
 *   50 vec(typeidx) composite         open, with at most one supertype
 *   4f vec(typeidx) composite         final, the same
 *   composite                         final, without
 *   60 vec(valtype) vec(valtype)      function: parameters, results
 *   5f vec(fieldtype)                 struct
 *   5e fieldtype                      array
 */
#include <string.h>

#include "base/mem.h"
#include "wasm/decode.h"

#define DEPTH_MAX 63 /* supertypes above a type */

static void *scratch(struct decoder *d, size_t count, size_t size)
{
	void *block = wpkg_arena_alloc(&d->scratch, count, size);
	if (!block)
		wpkg_reader_fail(&d->in->r, d->in->r.at, WPKG_ENOMEM, "no memory for types");
	return block;
}

/* Adds the values of a list to those in d->values; their number, or 0. */
static uint32_t read_values(struct decoder *d, uint32_t used, uint32_t max, const char *what)
{
	uint32_t count = wpkg_reader_count(&d->in->r, max, what);
	for (uint32_t i = 0; i < count; i++)
		d->values[used + i] = wasm_read_valtype(d->in);
	return count;
}

static bool read_function(struct decoder *d, struct wpkg_type *type)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	uint32_t params = read_values(d, 0, d->limits.params, "parameters");
	uint32_t results = read_values(d, params, d->limits.results, "results");
	wpkg_valtype *values = scratch(d, params + results, sizeof(*values));
	if (r->status != WPKG_OK)
		return false;
	memcpy(values, d->values, (params + results) * sizeof(*values));
	type->composite = WPKG_COMPOSITE_FUNC;
	type->param_count = params;
	type->result_count = results;
	type->params = values;
	return results < 2 || wasm_feature_need(d->in, WPKG_FEATURE_MULTI_VALUE, where);
}

static void read_field(struct decoder *d, struct wpkg_field *field)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	field->type = wasm_read_storage_type(d->in);
	if (r->status == WPKG_OK)
		wasm_need_valtype(d->in, field->type, where);
	where = r->at;
	uint8_t flag = wpkg_reader_byte(r);
	if (flag > 1)
		wpkg_reader_fail(r, where, WPKG_EFORMAT, "malformed mutability 0x%02x", flag);
	field->is_mutable = flag;
}

static bool read_fields(struct decoder *d, struct wpkg_type *type, bool is_struct)
{
	struct wpkg_reader *r = &d->in->r;
	uint32_t count = is_struct ? wpkg_reader_count(r, d->limits.fields, "fields") : 1;
	struct wpkg_field *fields = scratch(d, count, sizeof(*fields));
	if (!fields)
		return false;
	for (uint32_t i = 0; i < count; i++)
		read_field(d, &fields[i]);
	type->composite = is_struct ? WPKG_COMPOSITE_STRUCT : WPKG_COMPOSITE_ARRAY;
	type->field_count = count;
	type->fields = fields;
	return r->status == WPKG_OK;
}

static bool read_composite(struct decoder *d, struct wpkg_type *type)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	uint8_t form = wpkg_reader_byte(r);
	if (r->status != WPKG_OK)
		return false;
	if (form == 0x60)
		return read_function(d, type);
	if (form != 0x5f && form != 0x5e)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "malformed type 0x%02x", form);
	return wasm_feature_need(d->in, WPKG_FEATURE_GC, where) &&
	       read_fields(d, type, form == 0x5f);
}

/* The supertype must be before the type itself, which is number i of the group. */
static bool read_super(struct decoder *d, struct wpkg_type *group, uint32_t i)
{
	struct wpkg_reader *r = &d->in->r;
	struct wpkg_types *types = &d->module->types;
	const uint8_t *where = r->at;
	uint32_t index = wpkg_reader_u32(r);
	if (r->status != WPKG_OK)
		return false;
	if (index >= d->in->type_count + i)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "unknown type %u", (unsigned)index);
	bool inside = index >= d->in->type_count;
	const struct wpkg_type *super =
		inside ? &group[index - d->in->type_count] : &types->types[d->in->type_ids[index]];
	if (super->is_final)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "sub type: type %u is final",
					(unsigned)index);
	if (super->depth == DEPTH_MAX)
		return wpkg_reader_fail(r, where, WPKG_ELIMIT, "more than %d supertypes",
					DEPTH_MAX);
	group[i].depth = (uint8_t)(super->depth + 1);
	group[i].super =
		inside ? WPKG_TYPE_RELATIVE | (index - d->in->type_count) : d->in->type_ids[index];
	return true;
}

static bool read_subtype(struct decoder *d, struct wpkg_type *group, uint32_t i)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	struct wpkg_type *type = &group[i];
	type->is_final = true;
	type->super = WPKG_TYPE_ID_NONE;
	if (wpkg_reader_more(r) && (*r->at == 0x50 || *r->at == 0x4f)) {
		type->is_final = *r->at++ == 0x4f;
		uint32_t supers = wpkg_reader_count(r, UINT32_MAX, "supertypes");
		if (!wasm_feature_need(d->in, WPKG_FEATURE_GC, where))
			return false;
		if (supers > 1)
			return wpkg_reader_fail(r, where, WPKG_EFORMAT,
						"sub type: more than one supertype");
		if (supers == 1 && !read_super(d, group, i))
			return false;
	}
	return read_composite(d, type);
}

/* Validation, "Composite types": the structure matches the one of the supertype. */

static bool field_matches(const struct wpkg_types *types, const struct wpkg_field *a,
			  const struct wpkg_field *b)
{
	if (a->is_mutable != b->is_mutable)
		return false;
	return a->type == b->type ||
	       (!b->is_mutable && wpkg_types_matches(types, a->type, b->type));
}

static bool function_matches(const struct wpkg_types *types, const struct wpkg_type *a,
			     const struct wpkg_type *b)
{
	if (a->param_count != b->param_count || a->result_count != b->result_count)
		return false;
	for (uint32_t i = 0; i < a->param_count; i++)
		if (!wpkg_types_matches(types, b->params[i], a->params[i]))
			return false;
	for (uint32_t i = a->param_count; i < a->param_count + a->result_count; i++)
		if (!wpkg_types_matches(types, a->params[i], b->params[i]))
			return false;
	return true;
}

static bool structure_matches(const struct wpkg_types *types, const struct wpkg_type *a,
			      const struct wpkg_type *b)
{
	if (a->composite != b->composite || a->field_count < b->field_count)
		return false;
	if (a->composite == WPKG_COMPOSITE_FUNC)
		return function_matches(types, a, b);
	for (uint32_t i = 0; i < b->field_count; i++)
		if (!field_matches(types, &a->fields[i], &b->fields[i]))
			return false;
	return true;
}

/* The types of the group have canonical numbers from first on. */
static bool check_supers(struct decoder *d, uint32_t first, uint32_t size, const uint8_t *where)
{
	const struct wpkg_types *types = &d->module->types;
	for (uint32_t i = 0; i < size; i++) {
		const struct wpkg_type *type = &types->types[first + i];
		if (type->super != WPKG_TYPE_ID_NONE &&
		    !structure_matches(types, type, &types->types[type->super]))
			return wpkg_reader_fail(&d->in->r, where, WPKG_EFORMAT,
						"sub type: type %u does not match its supertype",
						(unsigned)(d->module->type_count + i));
	}
	return true;
}

/* Type indices of the group get their canonical numbers, and new numbers their first index. */
static bool add_group(struct decoder *d, const struct wpkg_type *group, uint32_t size,
		      const uint8_t *where)
{
	struct wpkg_module *module = d->module;
	uint32_t known = module->types.count;
	uint32_t first;
	struct wpkg_err err;
	if (wpkg_types_add(&first, &module->types, group, size, &err) != WPKG_OK)
		return wpkg_reader_fail(&d->in->r, where, WPKG_ENOMEM, "%s", err.msg);
	uint32_t index = module->type_count;
	module->type_ids = wasm_decode_room(d, module->type_ids, index, size, sizeof(uint32_t));
	module->type_names = wasm_decode_room(d, module->type_names, known,
					      module->types.count - known, sizeof(uint32_t));
	if (d->in->r.status != WPKG_OK)
		return false;
	for (uint32_t i = 0; i < size; i++) {
		module->type_ids[index + i] = first + i;
		if (first + i >= known)
			module->type_names[first + i] = index + i;
	}
	if (!check_supers(d, first, size, where))
		return false;
	module->type_count += size;
	d->in->type_ids = module->type_ids;
	d->in->type_count = module->type_count;
	return true;
}

static bool read_group(struct decoder *d)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	uint32_t size = 1;
	if (wpkg_reader_more(r) && *r->at == 0x4e) {
		r->at++;
		size = wpkg_reader_count(r, d->limits.types - d->module->type_count, "types");
		if (r->status != WPKG_OK || !wasm_feature_need(d->in, WPKG_FEATURE_GC, where))
			return false;
	}
	if (size > d->limits.types - d->module->type_count)
		return wpkg_reader_fail(r, where, WPKG_ELIMIT, "more than %u types",
					(unsigned)d->limits.types);
	struct wpkg_type *group = scratch(d, size, sizeof(*group));
	if (!group)
		return false;
	d->in->group_size = size;
	bool is_read = true;
	for (uint32_t i = 0; is_read && i < size; i++)
		is_read = read_subtype(d, group, i);
	d->in->group_size = 0;
	return is_read && (size == 0 || add_group(d, group, size, where));
}

bool wasm_decode_types(struct decoder *d)
{
	struct wpkg_reader *r = &d->in->r;
	d->values =
		wpkg_mem_alloc((d->limits.params + (size_t)d->limits.results) * sizeof(*d->values));
	if (!d->values)
		return wpkg_reader_fail(r, r->at, WPKG_ENOMEM, "no memory for types");
	uint32_t count = wpkg_reader_count(r, d->limits.types, "types");
	for (uint32_t i = 0; i < count; i++) {
		bool is_read = read_group(d);
		wpkg_arena_clear(&d->scratch);
		if (!is_read)
			return false;
	}
	return r->status == WPKG_OK;
}
