/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Element and data segments. The first number of an element segment says what follows:
 *
 *   bit 0   passive, or declarative with bit 1
 *   bit 1   a table index (without bit 0: active)
 *   bit 2   items are expressions of a reference type, else function indices
 *
 *   0: offset vec(func)         4: offset vec(expr)
 *   1: 00 vec(func)             5: reftype vec(expr)
 *   2: table offset 00 vec(f)   6: table offset reftype vec(expr)
 *   3: 00 vec(func)             7: reftype vec(expr)
 *
 * A data segment: 0 offset bytes, 1 bytes, 2 memory offset bytes.
 */
#include "base/mem.h"
#include "wasm/decode.h"

bool wasm_decode_constant(struct decoder *d, struct wpkg_range *range, wpkg_valtype type)
{
	range->start = wpkg_reader_offset(&d->in->r);
	if (!wasm_validate_constant(&d->validator, type))
		return false;
	range->end = wpkg_reader_offset(&d->in->r);
	return true;
}

/* Elements. */

static bool read_active_table(struct decoder *d, struct wpkg_module_elem *elem, bool has_index)
{
	struct wpkg_module *module = d->module;
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	elem->table = has_index ? wpkg_reader_u32(r) : 0;
	if (r->status != WPKG_OK)
		return false;
	if (elem->table >= module->table_count)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "unknown table %u",
					(unsigned)elem->table);
	if (elem->table > 0 && !wasm_feature_need(d->in, WPKG_FEATURE_REFERENCE_TYPES, where))
		return false;
	return wasm_decode_constant(d, &elem->at, wasm_address(&module->tables[elem->table].size));
}

/* The type of the items; function indices are of a type that is never null. */
static bool read_item_type(struct decoder *d, struct wpkg_module_elem *elem, bool is_written)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	if (elem->has_expressions) {
		elem->type = is_written ? wasm_read_reftype(d->in) : WPKG_TYPE_FUNCREF;
		return r->status == WPKG_OK;
	}
	elem->type = WPKG_REF(WPKG_HEAP_FUNC);
	return !is_written || wpkg_reader_byte(r) == 0 ||
	       wpkg_reader_fail(r, where, WPKG_EFORMAT, "malformed element kind");
}

static bool read_func_item(struct decoder *d)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	uint32_t index = wpkg_reader_u32(r);
	if (index < d->module->func_count)
		return r->status == WPKG_OK && wasm_declare(&d->validator, index);
	return wpkg_reader_fail(r, where, WPKG_EFORMAT, "unknown function %u", (unsigned)index);
}

static bool read_items(struct decoder *d, struct wpkg_module_elem *elem)
{
	struct wpkg_reader *r = &d->in->r;
	struct wpkg_range item;
	elem->count = wpkg_reader_count(r, UINT32_MAX, "items");
	elem->items.start = wpkg_reader_offset(r);
	for (uint32_t i = 0; i < elem->count; i++)
		if (elem->has_expressions ? !wasm_decode_constant(d, &item, elem->type)
					  : !read_func_item(d))
			return false;
	elem->items.end = wpkg_reader_offset(r);
	return r->status == WPKG_OK;
}

static bool read_element(struct decoder *d, struct wpkg_module_elem *elem)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	uint32_t flags = wpkg_reader_u32(r);
	if (flags > 7)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT,
					"malformed element segment flags %u", (unsigned)flags);
	elem->mode = !(flags & 1) ? WPKG_SEGMENT_ACTIVE
		     : flags & 2  ? WPKG_SEGMENT_DECLARATIVE
				  : WPKG_SEGMENT_PASSIVE;
	elem->has_expressions = flags & 4;
	if (elem->mode != WPKG_SEGMENT_ACTIVE || elem->has_expressions)
		if (!wasm_feature_need(d->in, WPKG_FEATURE_BULK_MEMORY, where))
			return false;
	if (elem->mode == WPKG_SEGMENT_ACTIVE && !read_active_table(d, elem, flags & 2))
		return false;
	if (!read_item_type(d, elem, flags & 3))
		return false;
	if (elem->mode == WPKG_SEGMENT_ACTIVE &&
	    !wpkg_types_matches(&d->module->types, elem->type,
				d->module->tables[elem->table].element))
		return wpkg_reader_fail(r, where, WPKG_EFORMAT,
					"type mismatch: the table holds other references");
	return read_items(d, elem);
}

bool wasm_decode_elements(struct decoder *d)
{
	struct wpkg_module *module = d->module;
	uint32_t count = wpkg_reader_count(&d->in->r, d->limits.segments, "element segments");
	module->elems = wasm_decode_room(d, NULL, 0, count, sizeof(*module->elems));
	if (d->in->r.status != WPKG_OK)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct wpkg_module_elem elem = {0};
		if (!read_element(d, &elem))
			return false;
		module->elems[module->elem_count++] = elem;
	}
	return true;
}

/* Data. */

bool wasm_decode_data_count(struct decoder *d)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	d->module->data_count = wpkg_reader_u32(r);
	d->module->has_data_count = true;
	if (r->status != WPKG_OK)
		return false;
	return d->module->data_count <= d->limits.segments ||
	       wpkg_reader_fail(r, where, WPKG_ELIMIT, "%u data segments, limit %u",
				(unsigned)d->module->data_count, (unsigned)d->limits.segments);
}

/* All of the segment but its bytes, of which the range is set and *size is the number. */
bool wasm_decode_data_head(struct decoder *d, struct wpkg_module_data *data, uint32_t *size)
{
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	uint32_t flags = wpkg_reader_u32(r);
	if (flags > 2)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT, "malformed data segment flags %u",
					(unsigned)flags);
	data->mode = flags == 1 ? WPKG_SEGMENT_PASSIVE : WPKG_SEGMENT_ACTIVE;
	data->memory = flags == 2 ? wpkg_reader_u32(r) : 0;
	if (r->status != WPKG_OK ||
	    (flags && !wasm_feature_need(d->in, WPKG_FEATURE_BULK_MEMORY, where)))
		return false;
	if (data->mode == WPKG_SEGMENT_ACTIVE) {
		if (data->memory >= d->module->memory_count)
			return wpkg_reader_fail(r, where, WPKG_EFORMAT, "unknown memory %u",
						(unsigned)data->memory);
		const struct wpkg_size *memory = &d->module->memories[data->memory].size;
		if (!wasm_decode_constant(d, &data->at, wasm_address(memory)))
			return false;
	}
	*size = wpkg_reader_u32(r);
	data->bytes.start = wpkg_reader_offset(r);
	data->bytes.end = data->bytes.start + *size;
	return r->status == WPKG_OK;
}

bool wasm_decode_data_begin(struct decoder *d)
{
	struct wpkg_module *module = d->module;
	struct wpkg_reader *r = &d->in->r;
	const uint8_t *where = r->at;
	uint32_t count = wpkg_reader_u32(r);
	if (r->status != WPKG_OK)
		return false;
	if (count > d->limits.segments)
		return wpkg_reader_fail(r, where, WPKG_ELIMIT, "%u data segments, limit %u",
					(unsigned)count, (unsigned)d->limits.segments);
	if (module->has_data_count && count != module->data_count)
		return wpkg_reader_fail(r, where, WPKG_EFORMAT,
					"data count and data section have inconsistent lengths: "
					"%u and %u",
					(unsigned)module->data_count, (unsigned)count);
	module->datas = wpkg_mem_calloc(count, sizeof(*module->datas));
	if (!module->datas)
		return wpkg_reader_fail(r, where, WPKG_ENOMEM, "no memory for data segments");
	module->data_count = count;
	return true;
}

bool wasm_decode_data(struct decoder *d)
{
	struct wpkg_module *module = d->module;
	struct wpkg_reader *r = &d->in->r;
	if (!wasm_decode_data_begin(d))
		return false;
	for (uint32_t i = 0; i < module->data_count; i++) {
		uint32_t size = 0;
		if (!wasm_decode_data_head(d, &module->datas[i], &size) ||
		    !wpkg_reader_skip(r, size))
			return false;
	}
	return true;
}
