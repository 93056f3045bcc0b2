/* SPDX-License-Identifier: Apache-2.0 */
/* Types and code, written with the output's indices. */
#include "link/put.h"

#include "link/link_int.h"
#include "wasm/opcode.h"
#include "wasm/writer.h"

void link_put_valtype(struct wpkg_buf *out, wpkg_valtype type, const uint32_t *type_out)
{
	wpkg_writer_valtype(out, wpkg_valtype_map(type, type_out));
}

static void put_fields(struct wpkg_buf *out, const struct wpkg_type *type, const uint32_t *type_out)
{
	bool is_struct = type->composite == WPKG_COMPOSITE_STRUCT;
	wpkg_buf_append_byte(out, is_struct ? 0x5f : 0x5e);
	if (is_struct)
		wpkg_writer_u32(out, type->field_count);
	for (uint32_t i = 0; i < type->field_count; i++) {
		link_put_valtype(out, type->fields[i].type, type_out);
		wpkg_buf_append_byte(out, type->fields[i].is_mutable);
	}
}

static void put_func_type(struct wpkg_buf *out, const struct wpkg_type *type,
			  const uint32_t *type_out)
{
	const wpkg_valtype *at = type->params;
	wpkg_buf_append_byte(out, 0x60);
	wpkg_writer_u32(out, type->param_count);
	for (uint32_t i = 0; i < type->param_count; i++)
		link_put_valtype(out, *at++, type_out);
	wpkg_writer_u32(out, type->result_count);
	for (uint32_t i = 0; i < type->result_count; i++)
		link_put_valtype(out, *at++, type_out);
}

static void put_type(struct wpkg_buf *out, const struct wpkg_type *type, const uint32_t *type_out)
{
	if (!type->is_final || type->super != WPKG_TYPE_ID_NONE) {
		wpkg_buf_append_byte(out, type->is_final ? 0x4f : 0x50);
		wpkg_writer_u32(out, type->super != WPKG_TYPE_ID_NONE);
		if (type->super != WPKG_TYPE_ID_NONE)
			wpkg_writer_u32(out, type_out[type->super]);
	}
	if (type->composite == WPKG_COMPOSITE_FUNC)
		put_func_type(out, type, type_out);
	else
		put_fields(out, type, type_out);
}

void link_put_types(struct wpkg_buf *out, const struct wpkg_types *types, const bool *live,
		    const uint32_t *type_out)
{
	uint32_t groups = 0;
	for (uint32_t id = 0; id < types->count; id += types->types[id].group_size)
		groups += live[id];
	wpkg_writer_u32(out, groups);
	for (uint32_t id = 0; id < types->count; id += types->types[id].group_size) {
		if (!live[id])
			continue;
		if (types->types[id].group_size > 1) {
			wpkg_buf_append_byte(out, 0x4e);
			wpkg_writer_u32(out, types->types[id].group_size);
		}
		for (uint32_t i = 0; i < types->types[id].group_size; i++)
			put_type(out, &types->types[id + i], type_out);
	}
}

/* Section 5.3.11; a page size that is not the usual one has a flag and its logarithm. */
void link_put_size(struct wpkg_buf *out, const struct wpkg_size *size, uint8_t page_log2)
{
	bool is_custom = page_log2 != 16;
	wpkg_buf_append_byte(out, (uint8_t)(size->has_max | size->is_shared << 1 |
					    size->is_64 << 2 | is_custom << 3));
	wpkg_writer_u64(out, size->min);
	if (size->has_max)
		wpkg_writer_u64(out, size->max);
	if (is_custom)
		wpkg_writer_u32(out, page_log2);
}

#define THREADS_FROM ((size_t)1 << 20) /* bytes: less is done before another thread is there */
#define SIZE_ROOM 5		       /* the longest size of a section or body */

size_t link_begin_sized(struct wpkg_buf *out)
{
	wpkg_buf_extend(out, SIZE_ROOM);
	return out->len;
}

void link_end_sized(struct wpkg_buf *out, size_t start)
{
	uint8_t bytes[SIZE_ROOM];
	unsigned count = 0;
	size_t size = out->len - start;
	if (out->failed != WPKG_OK)
		return;
	for (size_t rest = size; count == 0 || rest > 0; rest >>= 7)
		bytes[count++] = (uint8_t)((rest & 0x7f) | (rest >= 0x80 ? 0x80 : 0));
	char *at = out->ptr + start - SIZE_ROOM;
	memcpy(at, bytes, count);
	memmove(at + count, out->ptr + start, size);
	wpkg_buf_truncate(out, start - SIZE_ROOM + count + size);
}

void link_put_counted(struct wpkg_buf *out, struct wpkg_str name, uint32_t count,
		      const struct wpkg_buf *entries)
{
	if (entries->failed != WPKG_OK)
		out->failed = entries->failed;
	if (count == 0)
		return;
	wpkg_buf_append_byte(out, WPKG_SECTION_CUSTOM);
	size_t start = link_begin_sized(out);
	wpkg_writer_name(out, name);
	wpkg_writer_u32(out, count);
	wpkg_buf_append_str(out, wpkg_buf_str(entries));
	link_end_sized(out, start);
}

enum wpkg_status link_give(struct wpkg_buf *out, struct wpkg_buf *output, unsigned threads,
			   struct wpkg_err *err)
{
	struct wpkg_module *module = NULL;
	const struct wpkg_module_options options = {
		.threads = output->len < THREADS_FROM ? 1 : threads, .no_bodies = true};
	enum wpkg_status status = wpkg_module_read(&module, wpkg_buf_str(output), &options, err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "linked module");
	wpkg_module_free(module);
	if (status == WPKG_OK && out->len == 0 && out->max >= output->len) {
		/* Given away whole: a copy would be in memory twice. */
		size_t max = out->max;
		wpkg_buf_clear(out);
		*out = *output;
		out->max = max;
		return WPKG_OK;
	}
	if (status == WPKG_OK) {
		wpkg_buf_append_str(out, wpkg_buf_str(output));
		status = wpkg_buf_check(out, "linked module", err);
	}
	wpkg_buf_clear(output);
	return status;
}

static bool is_imported(const struct link_module *from, uint32_t global)
{
	return from->module->globals[global].import != WPKG_INDEX_NONE;
}

/* Is the expression one constant? Numbers have LEB128 (0x41, 0x42) or four or eight bytes. */
static bool is_number(const uint8_t *at, struct wpkg_range range)
{
	size_t size = range.end - range.start, length = 1;
	if (*at == WPKG_OP_I32_CONST || *at == WPKG_OP_I64_CONST)
		while (length < size && at[length] & 0x80)
			length++;
	else if (*at == WPKG_OP_F32_CONST || *at == WPKG_OP_F64_CONST)
		length = *at == WPKG_OP_F32_CONST ? 4 : 8;
	else
		return false;
	return length + 2 == size; /* the last byte of the number, and end */
}

struct copy {
	struct wpkg_buf *out;
	const struct link *link;
	const struct link_module *from;
	const uint8_t *copied; /* what stands before it is in the output */
	const uint32_t *numbers[LINK_SPACE_COUNT];
};

static struct copy begin_copy(struct wpkg_buf *out, struct link *link, uint32_t input,
			      const uint8_t *at)
{
	struct copy copy = {.out = out, .link = link, .from = &link->modules[input], .copied = at};
	link_numbers(copy.numbers, link, input);
	return copy;
}

static bool copy_reference(void *user, const struct link_reference *reference)
{
	struct copy *c = user;
	wpkg_buf_append(c->out, c->copied, (size_t)(reference->start - c->copied));
	c->copied = reference->end;
	uint32_t index = reference->space == LINK_TYPE
				 ? c->link->type_out[c->from->types[reference->index]]
				 : c->numbers[reference->space][reference->index];
	if (reference->encoding == LINK_S33) {
		wpkg_writer_signed(c->out, index);
	} else if (reference->encoding == LINK_U32) {
		wpkg_writer_u32(c->out, index);
	} else {
		wpkg_writer_u32(c->out, reference->flags | (index > 0 ? 0x40 : 0));
		if (index > 0)
			wpkg_writer_u32(c->out, index);
	}
	return true;
}

#define CHAIN_MAX 100

/* The instruction that a global's value is in the end, through globals that are just others. */
static struct wpkg_str find_number(const struct link *link, struct link_item item)
{
	for (unsigned steps = 0; steps < CHAIN_MAX; steps++) {
		item = link_final(link, WPKG_EXTERN_GLOBAL, item);
		const struct wpkg_module *module = link->modules[item.input].module;
		const struct wpkg_module_global *global = &module->globals[item.index];
		if (global->import != WPKG_INDEX_NONE)
			break;
		const uint8_t *at = wpkg_module_at(module, global->init.start);
		const uint8_t *end = wpkg_module_at(module, global->init.end) - 1;
		if (is_number(at, global->init))
			return wpkg_str_of(at, (size_t)(end - at));
		if (*at++ != WPKG_OP_GLOBAL_GET)
			break;
		item.index = link_take_u32(&at);
		if (at != end)
			break;
	}
	return (struct wpkg_str){0};
}

/*
 * A constant of another input, in place of the global that has it: engines older than version 3.0
 * of the specification let constant expressions speak of imported globals only. What is one
 * instruction of numbers can be copied; what makes an object cannot.
 */
static bool copy_constant(void *user, const struct link_reference *reference)
{
	struct copy *c = user;
	struct link_item item = {(uint32_t)(c->from - c->link->modules), reference->index};
	if (reference->space != WPKG_EXTERN_GLOBAL || !is_imported(c->from, item.index))
		return copy_reference(c, reference);
	struct wpkg_str number = find_number(c->link, item);
	if (number.len == 0)
		return copy_reference(c, reference);
	const uint8_t *opcode = reference->start - 1; /* global.get has one byte */
	wpkg_buf_append(c->out, c->copied, (size_t)(opcode - c->copied));
	wpkg_buf_append_str(c->out, number);
	c->copied = reference->end;
	return true;
}

static void copy_rest(struct copy *c, const uint8_t *end)
{
	wpkg_buf_append(c->out, c->copied, (size_t)(end - c->copied));
}

void link_put_body(struct wpkg_buf *out, struct link *link, uint32_t input, struct wpkg_range body)
{
	const struct link_module *from = &link->modules[input];
	const uint8_t *start = wpkg_module_at(from->module, body.start);
	struct copy c = begin_copy(out, link, input, start);
	link_walk_body(start, copy_reference, &c);
	copy_rest(&c, wpkg_module_at(from->module, body.end));
}

void link_put_expression(struct wpkg_buf *out, struct link *link, uint32_t input,
			 const uint8_t **at)
{
	struct copy c = begin_copy(out, link, input, *at);
	link_walk_expression(at, copy_constant, &c);
	copy_rest(&c, *at);
}
