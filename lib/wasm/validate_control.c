/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks, branches, calls and exceptions. */
#include <string.h>

#include "base/mem.h"
#include "wasm/validate.h"

#define BOTTOM_FRAMES 64

/* Frames and labels. */

static const struct wpkg_type *block_type(const struct validator *v, wpkg_valtype block)
{
	return wpkg_module_type(v->module, block & WPKG_TYPE_INDEX);
}

struct span wasm_block_params(const struct validator *v, wpkg_valtype block)
{
	if (!wasm_block_is_index(block))
		return (struct span){NULL, 0};
	const struct wpkg_type *type = block_type(v, block);
	return (struct span){type->params, type->param_count};
}

struct span wasm_block_results(const struct validator *v, const struct frame *frame)
{
	if (!wasm_block_is_index(frame->type))
		return (struct span){&frame->type, frame->type != WPKG_TYPE_NONE};
	const struct wpkg_type *type = block_type(v, frame->type);
	return (struct span){wpkg_type_results(type), type->result_count};
}

/* What a branch to the frame takes with it. */
static struct span label_types(const struct validator *v, const struct frame *frame)
{
	return frame->opcode == FRAME_LOOP ? wasm_block_params(v, frame->type)
					   : wasm_block_results(v, frame);
}

static bool no_memory(struct validator *v)
{
	return wpkg_reader_fail(&v->in.r, v->here, WPKG_ENOMEM, "no memory for blocks");
}

/* For one more frame, and for heights as many as there can be frames where they are kept. */
static bool frame_room(struct validator *v)
{
	if (v->depth == v->frame_cap) {
		uint32_t cap = v->frame_cap ? v->frame_cap * 2 : BOTTOM_FRAMES;
		struct frame *frames = wpkg_mem_resize(v->frames, cap, sizeof(*frames));
		if (!frames)
			return no_memory(v);
		v->frames = frames;
		v->frame_cap = cap;
	}
	if (v->has_unset && v->height_cap < v->frame_cap) {
		uint32_t *heights =
			wpkg_mem_resize(v->init_heights, v->frame_cap, sizeof(*heights));
		if (!heights)
			return no_memory(v);
		v->init_heights = heights;
		v->height_cap = v->frame_cap;
	}
	return true;
}

/* Pushes the floor and the parameters, which the caller has popped. */
bool wasm_push_frame(struct validator *v, enum frame_kind kind, wpkg_valtype block)
{
	if (!frame_room(v))
		return false;
	if (v->has_unset)
		v->init_heights[v->depth] = v->init_height;
	v->frames[v->depth++] = (struct frame){
		.opcode = kind, .floor = (uint32_t)(v->sp - v->stack) & 0x7ffffff, .type = block};
	wasm_push(v, FLOOR);
	return wasm_push_span(v, wasm_block_params(v, block));
}

/* The frame that a label names, without taking what a branch takes; NULL on failure. */
static const struct frame *read_label(struct validator *v)
{
	uint32_t label = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return NULL;
	if (label < v->depth)
		return &v->frames[v->depth - 1 - label];
	wasm_invalid(v, "unknown label %u", (unsigned)label);
	return NULL;
}

bool wasm_read_label(struct validator *v, struct span *types)
{
	const struct frame *to = read_label(v);
	if (to)
		*types = label_types(v, to);
	return to != NULL;
}

/* Blocks. */

/* Binary format, "blocktype": 0x40, a value type, or a type index as a signed number. */
static bool read_block_type(struct validator *v, wpkg_valtype *block)
{
	struct wpkg_reader *r = &v->in.r;
	if (wpkg_reader_more(r) && *r->at == 0x40) {
		r->at++;
		*block = WPKG_TYPE_NONE;
		return true;
	}
	if (wpkg_reader_more(r) && *r->at >= 0x40 && *r->at < 0x80) {
		*block = wasm_read_valtype(&v->in);
		return r->status == WPKG_OK;
	}
	int64_t index = wpkg_reader_signed(r, 33);
	if (r->status != WPKG_OK || !wasm_feature_need(&v->in, WPKG_FEATURE_MULTI_VALUE, v->here))
		return false;
	if (index < 0)
		return wasm_invalid(v, "malformed block type");
	if (index >= v->module->type_count)
		return wasm_invalid(v, "unknown type %u", (unsigned)index);
	*block = WASM_BLOCK_INDEX | (uint32_t)index;
	return block_type(v, *block)->composite == WPKG_COMPOSITE_FUNC ||
	       wasm_invalid(v, "block type %u is not a function type", (unsigned)index);
}

static bool step_block(struct validator *v, enum frame_kind kind)
{
	wpkg_valtype block = WPKG_TYPE_NONE;
	return read_block_type(v, &block) && (kind != FRAME_IF || wasm_pop(v, WPKG_TYPE_I32)) &&
	       wasm_pop_span(v, wasm_block_params(v, block)) && wasm_push_frame(v, kind, block);
}

/* The innermost block's results, and nothing else, are on the stack: takes them off. */
static bool close_block(struct validator *v)
{
	const struct frame *frame = wasm_frame(v);
	if (!wasm_pop_span(v, wasm_block_results(v, frame)))
		return false;
	if (!wasm_at_floor(v))
		return wasm_invalid(v, "type mismatch: %u values too many at the end of a block",
				    (unsigned)(v->sp - v->stack - frame->floor - 1));
	if (v->has_unset)
		wasm_locals_forget(v, v->init_heights[v->depth - 1]);
	return true;
}

/* Goes on in the same frame with another kind, on an empty stack. */
static void reopen(struct validator *v, enum frame_kind kind)
{
	struct frame *frame = wasm_frame(v);
	v->sp = v->stack + frame->floor + 1;
	frame->opcode = kind & 0xf;
	frame->is_unreachable = false;
}

static bool step_else(struct validator *v)
{
	if (wasm_frame(v)->opcode != FRAME_IF)
		return wasm_invalid(v, "else without if");
	if (!close_block(v))
		return false;
	reopen(v, FRAME_ELSE);
	return wasm_push_span(v, wasm_block_params(v, wasm_frame(v)->type));
}

static bool leave_block(struct validator *v)
{
	if (!close_block(v))
		return false;
	struct frame frame = v->frames[--v->depth];
	v->sp--;
	return v->depth == 0 || wasm_push_span(v, wasm_block_results(v, &frame));
}

/* An if without else: its parameters pass through, as by an empty else. */
static bool step_end(struct validator *v)
{
	if (wasm_frame(v)->opcode == FRAME_IF && wasm_frame(v)->type != WPKG_TYPE_NONE)
		if (!step_else(v))
			return false;
	return leave_block(v);
}

/* Branches. */

static bool step_br(struct validator *v)
{
	const struct frame *to = read_label(v);
	if (!to || !wasm_pop_span(v, label_types(v, to)))
		return false;
	wasm_unreachable(v);
	return true;
}

static bool step_br_if(struct validator *v)
{
	const struct frame *to = read_label(v);
	if (!to || !wasm_pop(v, WPKG_TYPE_I32))
		return false;
	struct span types = label_types(v, to);
	return wasm_pop_span(v, types) && wasm_push_span(v, types);
}

/* Do the operands on top match? They stay. */
static bool peek_span(struct validator *v, struct span types)
{
	wpkg_valtype *sp = v->sp;
	bool is_right = wasm_pop_span(v, types);
	v->sp = sp;
	return is_right;
}

/*
 * Is it the first label of this br_table that takes the operands of its type? A table may have a
 * million labels and a label a thousand operands, but each type of labels is compared once. The
 * marks have a place for the function's results, and two for each canonical type.
 */
static bool is_first_of_type(struct validator *v, const struct frame *to)
{
	uint32_t key = 0;
	if (to->opcode != FRAME_FUNCTION) {
		uint32_t id = v->module->type_ids[to->type & WPKG_TYPE_INDEX];
		key = 1 + 2 * id + (to->opcode == FRAME_LOOP);
	}
	if (v->label_marks[key] == v->label_round)
		return false;
	v->label_marks[key] = v->label_round;
	return true;
}

static bool begin_round(struct validator *v)
{
	if (!v->label_marks)
		v->label_marks = wpkg_mem_calloc(1 + 2 * (size_t)v->module->types.count,
						 sizeof(*v->label_marks));
	v->label_round++;
	return v->label_marks ||
	       wpkg_reader_fail(&v->in.r, v->here, WPKG_ENOMEM, "no memory for labels");
}

/* All labels take equally many operands, and those on the stack must match each of them. */
static bool check_label(struct validator *v, uint32_t *arity)
{
	const struct frame *to = read_label(v);
	if (!to)
		return false;
	struct span types = label_types(v, to);
	if (*arity == UINT32_MAX) {
		*arity = types.count;
		if (types.count > 1 && !begin_round(v))
			return false;
	}
	if (types.count != *arity)
		return wasm_invalid(v, "type mismatch: labels of br_table take %u and %u operands",
				    (unsigned)*arity, (unsigned)types.count);
	if (types.count == 0 || (types.count > 1 && !is_first_of_type(v, to)))
		return true;
	return peek_span(v, types);
}

static bool step_br_table(struct validator *v)
{
	struct wpkg_reader *r = &v->in.r;
	uint32_t count = wpkg_reader_count(r, UINT32_MAX, "labels");
	uint32_t arity = UINT32_MAX;
	if (r->status != WPKG_OK || !wasm_pop(v, WPKG_TYPE_I32))
		return false;
	for (uint32_t i = 0; i <= count; i++)
		if (!check_label(v, &arity))
			return false;
	wasm_unreachable(v);
	return true;
}

static bool step_return(struct validator *v)
{
	if (!wasm_pop_span(v, v->results))
		return false;
	wasm_unreachable(v);
	return true;
}

/* Calls. */

static bool call(struct validator *v, const struct wpkg_type *type)
{
	struct span params = {type->params, type->param_count};
	struct span results = {wpkg_type_results(type), type->result_count};
	return wasm_pop_span(v, params) && wasm_push_span(v, results);
}

static bool tail_call(struct validator *v, const struct wpkg_type *type)
{
	struct span params = {type->params, type->param_count};
	const wpkg_valtype *results = wpkg_type_results(type);
	bool same = type->result_count == v->results.count;
	for (uint32_t i = 0; same && i < type->result_count; i++)
		same = wpkg_types_matches(&v->module->types, results[i], v->results.at[i]);
	if (!same)
		return wasm_invalid(v, "type mismatch: a tail call must return the same types");
	if (!wasm_pop_span(v, params))
		return false;
	wasm_unreachable(v);
	return true;
}

static const struct wpkg_type *read_function_type(struct validator *v, uint32_t *index)
{
	*index = wasm_read_type_index(&v->in);
	if (v->in.r.status != WPKG_OK)
		return NULL;
	const struct wpkg_type *type = wpkg_module_type(v->module, *index);
	if (type->composite == WPKG_COMPOSITE_FUNC)
		return type;
	wasm_invalid(v, "type %u is not a function type", (unsigned)*index);
	return NULL;
}

static bool step_call(struct validator *v, bool is_tail)
{
	uint32_t index = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return false;
	if (index >= v->module->func_count)
		return wasm_invalid(v, "unknown function %u", (unsigned)index);
	const struct wpkg_type *type = wpkg_module_func_type(v->module, index);
	return is_tail ? tail_call(v, type) : call(v, type);
}

static bool step_call_indirect(struct validator *v, bool is_tail)
{
	uint32_t index;
	const struct wpkg_type *type = read_function_type(v, &index);
	const struct wpkg_module_table *table = type ? wasm_read_table(v) : NULL;
	if (!table)
		return false;
	if (!wpkg_types_matches(&v->module->types, table->element, WPKG_TYPE_FUNCREF))
		return wasm_invalid(v, "type mismatch: the table does not hold functions");
	return wasm_pop(v, wasm_address(&table->size)) &&
	       (is_tail ? tail_call(v, type) : call(v, type));
}

static bool step_call_ref(struct validator *v, bool is_tail)
{
	uint32_t index;
	const struct wpkg_type *type = read_function_type(v, &index);
	if (!type || !wasm_pop(v, WPKG_REF_NULL_TYPE(v->module->type_ids[index])))
		return false;
	return is_tail ? tail_call(v, type) : call(v, type);
}

/* Exceptions. */

/* What an exception of the tag carries; count is WPKG_INDEX_NONE on failure. */
static bool read_tag(struct validator *v, struct span *types)
{
	uint32_t index = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return false;
	if (index >= v->module->tag_count)
		return wasm_invalid(v, "unknown tag %u", (unsigned)index);
	const struct wpkg_type *type = wpkg_module_type(v->module, v->module->tags[index].type);
	*types = (struct span){type->params, type->param_count};
	return true;
}

static bool step_throw(struct validator *v)
{
	struct span types = {NULL, 0};
	if (!read_tag(v, &types) || !wasm_pop_span(v, types))
		return false;
	wasm_unreachable(v);
	return true;
}

static bool step_throw_ref(struct validator *v)
{
	if (!wasm_pop(v, WPKG_TYPE_EXNREF))
		return false;
	wasm_unreachable(v);
	return true;
}

/* Does the label take what a catch clause gives: the types, and a reference for the _ref kinds? */
static bool catch_matches(const struct validator *v, struct span given, bool with_ref,
			  struct span label)
{
	if (label.count != given.count + with_ref)
		return false;
	for (uint32_t i = 0; i < given.count; i++)
		/* Both have as many: NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		if (!wpkg_types_matches(&v->module->types, given.at[i], label.at[i]))
			return false;
	return !with_ref || wpkg_types_matches(&v->module->types, WPKG_REF(WPKG_HEAP_EXN),
					       label.at[given.count]);
}

/* catch tag label, catch_ref tag label, catch_all label, catch_all_ref label */
static bool read_catch(struct validator *v)
{
	uint8_t kind = wpkg_reader_byte(&v->in.r);
	struct span given = {NULL, 0};
	if (kind > 3)
		return wasm_invalid(v, "malformed catch clause 0x%02x", kind);
	if (kind < 2 && !read_tag(v, &given))
		return false;
	const struct frame *to = read_label(v);
	if (!to)
		return false;
	return catch_matches(v, given, kind & 1, label_types(v, to)) ||
	       wasm_invalid(v, "type mismatch: the label of a catch clause takes other operands");
}

/* Labels of the clauses are counted from outside of the block. */
static bool step_try_table(struct validator *v)
{
	wpkg_valtype block = 0;
	if (!read_block_type(v, &block))
		return false;
	uint32_t count = wpkg_reader_count(&v->in.r, UINT32_MAX, "catch clauses");
	for (uint32_t i = 0; i < count; i++)
		if (!read_catch(v))
			return false;
	return v->in.r.status == WPKG_OK && wasm_pop_span(v, wasm_block_params(v, block)) &&
	       wasm_push_frame(v, FRAME_TRY_TABLE, block);
}

/* Exceptions as they were before (proposal, phase 3): try ... catch ... end. */

static bool step_catch(struct validator *v, unsigned opcode)
{
	struct span types = {NULL, 0};
	unsigned kind = wasm_frame(v)->opcode;
	if (kind != FRAME_TRY && kind != FRAME_CATCH)
		return wasm_invalid(v, "%s without try", wpkg_opcode_text(opcode));
	if (opcode == WPKG_OP_CATCH && !read_tag(v, &types))
		return false;
	if (!close_block(v))
		return false;
	reopen(v, opcode == WPKG_OP_CATCH ? FRAME_CATCH : FRAME_CATCH_ALL);
	return wasm_push_span(v, types);
}

static bool step_rethrow(struct validator *v)
{
	const struct frame *to = read_label(v);
	if (!to)
		return false;
	if (to->opcode != FRAME_CATCH && to->opcode != FRAME_CATCH_ALL)
		return wasm_invalid(v, "invalid rethrow label");
	wasm_unreachable(v);
	return true;
}

/* Ends a try; the label is counted from outside of it. */
static bool step_delegate(struct validator *v)
{
	if (wasm_frame(v)->opcode != FRAME_TRY)
		return wasm_invalid(v, "delegate without try");
	uint32_t label = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return false;
	if (label >= v->depth - 1)
		return wasm_invalid(v, "unknown label %u", (unsigned)label);
	return leave_block(v);
}

bool wasm_step_control(struct validator *v, unsigned opcode)
{
	switch (opcode) {
	case WPKG_OP_UNREACHABLE:
		wasm_unreachable(v);
		return true;
	case WPKG_OP_NOP:
		return true;
	case WPKG_OP_BLOCK:
		return step_block(v, FRAME_BLOCK);
	case WPKG_OP_LOOP:
		return step_block(v, FRAME_LOOP);
	case WPKG_OP_IF:
		return step_block(v, FRAME_IF);
	case WPKG_OP_ELSE:
		return step_else(v);
	case WPKG_OP_END:
		return step_end(v);
	case WPKG_OP_BR:
		return step_br(v);
	case WPKG_OP_BR_IF:
		return step_br_if(v);
	case WPKG_OP_BR_TABLE:
		return step_br_table(v);
	case WPKG_OP_RETURN:
		return step_return(v);
	case WPKG_OP_CALL:
	case WPKG_OP_RETURN_CALL:
		return step_call(v, opcode == WPKG_OP_RETURN_CALL);
	case WPKG_OP_CALL_INDIRECT:
	case WPKG_OP_RETURN_CALL_INDIRECT:
		return step_call_indirect(v, opcode == WPKG_OP_RETURN_CALL_INDIRECT);
	case WPKG_OP_CALL_REF:
	case WPKG_OP_RETURN_CALL_REF:
		return step_call_ref(v, opcode == WPKG_OP_RETURN_CALL_REF);
	case WPKG_OP_THROW:
		return step_throw(v);
	case WPKG_OP_THROW_REF:
		return step_throw_ref(v);
	case WPKG_OP_TRY_TABLE:
		return step_try_table(v);
	case WPKG_OP_TRY:
		return step_block(v, FRAME_TRY);
	case WPKG_OP_CATCH:
	case WPKG_OP_CATCH_ALL:
		return step_catch(v, opcode);
	case WPKG_OP_RETHROW:
		return step_rethrow(v);
	default:
		return step_delegate(v);
	}
}
