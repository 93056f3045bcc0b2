/* SPDX-License-Identifier: Apache-2.0 */
/* The walk over a body or a constant expression, instruction by instruction. */
#include "wasm/validate.h"

#include <string.h>

#include "base/mem.h"

/*
 * A call takes two bytes and may compare a thousand types with as many others that are not the
 * very same. Lists that long may cost so many comparisons in a body before it is refused; what
 * compilers make is far below, since operands take bytes to make.
 */
#define WIDE_PER_BYTE 8
#define WIDE_SLACK 1000000

void wasm_validator_init(struct validator *v, const struct wpkg_module *module)
{
	memset(v, 0, sizeof(*v));
	v->module = module;
}

void wasm_validator_clear(struct validator *v)
{
	wpkg_mem_free(v->declared);
	wpkg_mem_free(v->stack);
	wpkg_mem_free(v->frames);
	wpkg_mem_free(v->init_heights);
	wpkg_mem_free(v->locals);
	wpkg_mem_free(v->runs);
	wpkg_mem_free(v->far_set);
	wpkg_mem_free(v->init_log);
	wpkg_mem_free(v->label_marks);
}

/* The number of the opcode at the cursor; WPKG_OP_LIMIT and a failure when there is no such one. */
static unsigned read_opcode(struct validator *v)
{
	struct wpkg_reader *r = &v->in.r;
	v->here = r->at;
	v->opcode = WPKG_OP_LIMIT;
	unsigned prefix = wpkg_reader_byte(r);
	unsigned code = prefix, base = 0, limit = 0x100;
	if (prefix >= 0xfb && prefix <= 0xfe) {
		code = wpkg_reader_u32(r);
		base = WPKG_OP_NUMBER(prefix, 0U);
		limit = prefix == 0xfd ? WPKG_OP_BASE_FE - WPKG_OP_BASE_FD : 0x100;
	}
	if (r->status != WPKG_OK)
		return WPKG_OP_LIMIT;
	if (code < limit && wpkg_opcode_exists(base + code))
		return v->opcode = base + code;
	if (base)
		wasm_invalid(v, "illegal opcode 0x%02x 0x%02x", prefix, code);
	else
		wasm_invalid(v, "illegal opcode 0x%02x", prefix);
	return WPKG_OP_LIMIT;
}

/* One instruction by all rules. What of it was beyond the end may not have been missed so far. */
static bool step(struct validator *v)
{
	unsigned opcode = read_opcode(v);
	return opcode != WPKG_OP_LIMIT && wasm_step(v, opcode) && v->in.r.status == WPKG_OK;
}

/* To the end of the outermost frame. */
static bool walk(struct validator *v)
{
	bool is_quick = !v->is_constant && !v->is_slow;
	while (v->depth > 0) {
		if (is_quick)
			wasm_walk_quick(v);
		if (v->depth > 0 && !step(v))
			return false;
	}
	return true;
}

/* An empty stack with the outermost frame on it, which gives the results, by its word as a block.
 */
static bool begin(struct validator *v, struct span results, wpkg_valtype block)
{
	v->here = v->in.r.at;
	v->opcode = WPKG_OP_LIMIT;
	v->wide_work = 0;
	v->wide_limit = WIDE_SLACK + WIDE_PER_BYTE * (uint64_t)wpkg_reader_left(&v->in.r);
	v->results = results;
	v->depth = 0;
	if (!wasm_operand_reset(v) || !wasm_push_frame(v, FRAME_FUNCTION, WPKG_TYPE_NONE))
		return false;
	v->frames[0].type = block;
	return true;
}

bool wasm_validate_body(struct validator *v, uint32_t function)
{
	const struct wpkg_type *type = wpkg_module_func_type(v->module, function);
	struct span results = {wpkg_type_results(type), type->result_count};
	wpkg_valtype block = WASM_BLOCK_INDEX | v->module->funcs[function].type;
	if (results.count < 2)
		block = results.count == 1 ? *results.at : (wpkg_valtype)WPKG_TYPE_NONE;
	v->is_constant = false;
	v->here = v->in.r.at;
	v->opcode = WPKG_OP_LIMIT;
	if (!wasm_locals_read(v, type, (uint32_t)wpkg_reader_left(&v->in.r)) ||
	    !begin(v, results, block) || !walk(v))
		return false;
	v->here = v->in.r.at;
	v->opcode = WPKG_OP_LIMIT;
	return !wpkg_reader_more(&v->in.r) ||
	       wasm_invalid(v, "instructions behind the end of the function");
}

bool wasm_validate_constant(struct validator *v, wpkg_valtype type)
{
	if (type == WPKG_TYPE_I32 && !v->is_slow && wasm_skip_number(&v->in.r))
		return true;
	wpkg_valtype result = type;
	v->is_constant = true;
	v->has_unset = false;
	return begin(v, (struct span){&result, 1}, type) && walk(v);
}
