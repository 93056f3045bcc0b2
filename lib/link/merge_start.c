/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens when a merged module is instantiated: its inputs' start functions run one after
 * another, and in between what later inputs put into memories and tables gets there.
 */
#include "link/merge_int.h"
#include "link/put.h"
#include "wasm/opcode.h"
#include "wasm/writer.h"

static bool has_start(const struct merge *m, uint32_t input)
{
	return m->link.modules[input].module->start != WPKG_INDEX_NONE;
}

/* One of our own may have to call the start functions; it needs the type (func). */
enum wpkg_status merge_plan_start(struct merge *m)
{
	for (uint32_t i = 0; i < m->link.count; i++)
		m->start_count += has_start(m, i);
	return m->start_count == 0
		       ? WPKG_OK
		       : wpkg_types_add_func(&m->start_type, &m->link.types, NULL, 0, 0, m->err);
}

/*
 * A start function sees its memories and tables before inputs that come later put their segments
 * there. Those segments are not active in the output: the function that calls the start functions
 * copies them when it is their input's turn. What no other input can see need not wait.
 */
enum wpkg_status merge_note_late(struct merge *m)
{
	bool is_started = false;
	m->late = wpkg_arena_alloc(&m->link.arena, m->link.count, sizeof(*m->late));
	if (!m->late)
		return merge_no_memory(m);
	for (uint32_t i = 0; i < m->link.count; i++) {
		m->late[m->link.order[i]] = is_started;
		is_started = is_started || has_start(m, m->link.order[i]);
	}
	return WPKG_OK;
}

bool merge_is_late_elem(const struct merge *m, struct link_item item)
{
	const struct wpkg_module *module = m->link.modules[item.input].module;
	const struct wpkg_module_elem *elem = &module->elems[item.index];
	return m->late[item.input] && elem->mode == WPKG_SEGMENT_ACTIVE &&
	       module->tables[elem->table].import != WPKG_INDEX_NONE;
}

bool merge_is_late_data(const struct merge *m, struct link_item item)
{
	const struct wpkg_module *module = m->link.modules[item.input].module;
	const struct wpkg_module_data *data = &module->datas[item.index];
	return m->late[item.input] && data->mode == WPKG_SEGMENT_ACTIVE &&
	       module->memories[data->memory].import != WPKG_INDEX_NONE;
}

/* The same of one that is needed at all. */
static bool is_late(const struct merge *m, uint8_t space, struct link_item item)
{
	return link_is_live(&m->link, space, item) &&
	       (space == LINK_ELEM ? merge_is_late_elem(m, item) : merge_is_late_data(m, item));
}

void merge_plan_late(struct merge *m)
{
	m->makes_start = m->start_count > 1;
	for (uint32_t n = 0; n < m->link.count; n++) {
		const struct link_module *from = &m->link.modules[n];
		for (uint32_t i = 0; i < from->module->elem_count; i++)
			m->makes_start =
				m->makes_start || is_late(m, LINK_ELEM, (struct link_item){n, i});
		for (uint32_t i = 0; i < from->module->data_count; i++)
			m->makes_start =
				m->makes_start || is_late(m, LINK_DATA, (struct link_item){n, i});
	}
}

static uint32_t start_of(const struct merge *m, uint32_t input)
{
	return link_out(&m->link, WPKG_EXTERN_FUNC,
			(struct link_item){input, m->link.modules[input].module->start});
}

static void put_op(struct merge *m, unsigned opcode, uint32_t immediate)
{
	wpkg_writer_opcode(&m->body, opcode);
	wpkg_writer_u32(&m->body, immediate);
}

/* Copies a segment to its place, as its input's instantiation would, and drops it. */
static void put_late(struct merge *m, uint32_t input, struct wpkg_range at, uint32_t count,
		     uint32_t segment, uint32_t target, bool is_data)
{
	const uint8_t *expression = wpkg_module_at(m->link.modules[input].module, at.start);
	link_put_expression(&m->body, &m->link, input, &expression);
	if (m->body.len > 0)
		wpkg_buf_truncate(&m->body, m->body.len - 1); /* its end */
	wpkg_buf_append(&m->body, "\x41\0", 2);
	wpkg_buf_append_byte(&m->body, WPKG_OP_I32_CONST);
	wpkg_writer_signed(&m->body, (int32_t)count);
	put_op(m, is_data ? WPKG_OP_MEMORY_INIT : WPKG_OP_TABLE_INIT, segment);
	wpkg_writer_u32(&m->body, target);
	put_op(m, is_data ? WPKG_OP_DATA_DROP : WPKG_OP_ELEM_DROP, segment);
}

static void put_late_segments(struct merge *m, uint32_t input)
{
	const struct link_module *from = &m->link.modules[input];
	const uint32_t *out[LINK_SPACE_COUNT];
	merge_turn_to(m, input);
	link_numbers(out, &m->link, input);
	for (uint32_t i = 0; i < from->module->elem_count; i++) {
		const struct wpkg_module_elem *elem = &from->module->elems[i];
		if (is_late(m, LINK_ELEM, (struct link_item){input, i}))
			put_late(m, input, elem->at, elem->count, out[LINK_ELEM][i],
				 out[WPKG_EXTERN_TABLE][elem->table], false);
	}
	for (uint32_t i = 0; i < from->module->data_count; i++) {
		const struct wpkg_module_data *data = &from->module->datas[i];
		if (is_late(m, LINK_DATA, (struct link_item){input, i}))
			put_late(m, input, data->at, data->bytes.end - data->bytes.start,
				 out[LINK_DATA][i], out[WPKG_EXTERN_MEMORY][data->memory], true);
	}
}

uint32_t merge_start_of(const struct merge *m)
{
	if (m->makes_start)
		return m->link.item_counts[WPKG_EXTERN_FUNC];
	for (uint32_t i = 0; i < m->link.count; i++)
		if (has_start(m, i))
			return start_of(m, i);
	return WPKG_INDEX_NONE;
}

void merge_put_start_body(struct merge *m)
{
	wpkg_buf_append_byte(&m->body, 0);
	for (uint32_t i = 0; i < m->link.count; i++) {
		put_late_segments(m, m->link.order[i]);
		if (has_start(m, m->link.order[i]))
			put_op(m, WPKG_OP_CALL, start_of(m, m->link.order[i]));
	}
	wpkg_buf_append_byte(&m->body, WPKG_OP_END);
}
