/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One instruction: those whose types stand in opcode.def, variables, memories, tables and select
 * here; the others in validate_control.c and validate_reference.c.
 */
#include "wasm/validate.h"

const struct wpkg_module_table *wasm_read_table(struct validator *v)
{
	const uint8_t *where = v->in.r.at;
	uint32_t index = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return NULL;
	if (index >= v->module->table_count) {
		wasm_invalid(v, "unknown table %u", (unsigned)index);
		return NULL;
	}
	/* Before there could be two, the index was a zero byte. */
	if (v->in.r.at - where > 1 || *where != 0)
		if (!wasm_feature_need(&v->in, WPKG_FEATURE_REFERENCE_TYPES, v->here))
			return NULL;
	return &v->module->tables[index];
}

const struct wpkg_module_memory *wasm_read_memory(struct validator *v)
{
	const uint8_t *where = v->in.r.at;
	uint32_t index = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return NULL;
	if (index >= v->module->memory_count) {
		wasm_invalid(v, "unknown memory %u", (unsigned)index);
		return NULL;
	}
	if (v->in.r.at - where > 1 || *where != 0)
		if (!wasm_feature_need(&v->in, WPKG_FEATURE_MULTI_MEMORY, v->here))
			return NULL;
	return &v->module->memories[index];
}

/* Binary format, "memarg": flags with the alignment, memory when bit 6 is set, offset. */
static bool read_memarg(struct validator *v, const struct wpkg_opcode *code, wpkg_valtype *address)
{
	struct wpkg_reader *r = &v->in.r;
	uint32_t flags = wpkg_reader_u32(r);
	uint32_t memory = 0;
	if (flags >= 0x80)
		return wasm_invalid(v, "malformed memop flags 0x%x", (unsigned)flags);
	if (flags & 0x40) {
		if (!wasm_feature_need(&v->in, WPKG_FEATURE_MULTI_MEMORY, v->here))
			return false;
		memory = wpkg_reader_u32(r);
	}
	uint64_t offset = wpkg_reader_u64(r);
	if (r->status != WPKG_OK)
		return false;
	if (memory >= v->module->memory_count)
		return wasm_invalid(v, "unknown memory %u", (unsigned)memory);
	const struct wpkg_size *size = &v->module->memories[memory].size;
	uint32_t align = flags & 0x3f;
	if (align > code->aux)
		return wasm_invalid(v, "alignment must not be larger than natural");
	if (code->immediates == WPKG_IMM_MEMARG_ATOMIC && align != code->aux)
		return wasm_invalid(v, "atomic alignment must be natural");
	if (!size->is_64 && offset > UINT32_MAX)
		return wasm_invalid(v, "offset out of range");
	*address = wasm_address(size);
	return true;
}

static bool read_lane(struct validator *v, unsigned lanes)
{
	uint8_t lane = wpkg_reader_byte(&v->in.r);
	return lane < lanes || wasm_invalid(v, "invalid lane index %u", lane);
}

static bool read_immediates(struct validator *v, const struct wpkg_opcode *code,
			    wpkg_valtype *address)
{
	struct wpkg_reader *r = &v->in.r;
	switch ((enum wpkg_immediate)code->immediates) {
	case WPKG_IMM_MEMARG:
	case WPKG_IMM_MEMARG_ATOMIC:
		return read_memarg(v, code, address);
	case WPKG_IMM_MEMARG_LANE:
		return read_memarg(v, code, address) && read_lane(v, 16U >> code->aux);
	case WPKG_IMM_LANE:
		return read_lane(v, code->aux);
	case WPKG_IMM_SHUFFLE:
		for (unsigned i = 0; i < 16; i++)
			if (!read_lane(v, 32))
				return false;
		break;
	case WPKG_IMM_I32:
		wpkg_reader_signed(r, 32);
		break;
	case WPKG_IMM_I64:
		wpkg_reader_signed(r, 64);
		break;
	case WPKG_IMM_F32:
		wpkg_reader_skip(r, 4);
		break;
	case WPKG_IMM_F64:
		wpkg_reader_skip(r, 8);
		break;
	case WPKG_IMM_V128:
		wpkg_reader_skip(r, 16);
		break;
	default:
		break;
	}
	return r->status == WPKG_OK;
}

/* An instruction whose operands and results stand in opcode.def. */
static bool step_signature(struct validator *v, const struct wpkg_opcode *code)
{
	const struct wpkg_signature *signature = &wpkg_signatures[code->signature];
	wpkg_valtype address = WPKG_TYPE_I32;
	if (!read_immediates(v, code, &address))
		return false;
	for (unsigned i = signature->operand_count; i > 0; i--) {
		wpkg_valtype type = signature->operands[i - 1];
		if (!wasm_pop(v, type == WPKG_TYPE_ADDRESS ? address : type))
			return false;
	}
	for (unsigned i = 0; i < signature->result_count; i++)
		wasm_push(v, signature->results[i]);
	return true;
}

/* Either may be the type of no operand, in code that is never reached. */
static bool step_select(struct validator *v)
{
	wpkg_valtype a, b;
	if (!wasm_pop(v, WPKG_TYPE_I32) || !wasm_pop_any(v, &a) || !wasm_pop_any(v, &b))
		return false;
	if (wpkg_valtype_is_ref(a) || wpkg_valtype_is_ref(b))
		return wasm_invalid(v, "type mismatch: select without a type takes no references");
	if (a != b && a != WPKG_TYPE_BOTTOM && b != WPKG_TYPE_BOTTOM)
		return wasm_invalid(v, "type mismatch: select between two types");
	return wasm_push(v, a == WPKG_TYPE_BOTTOM ? b : a);
}

static bool step_select_typed(struct validator *v)
{
	uint32_t count = wpkg_reader_count(&v->in.r, UINT32_MAX, "types");
	if (v->in.r.status != WPKG_OK)
		return false;
	if (count != 1)
		return wasm_invalid(v, "invalid result arity %u of select", (unsigned)count);
	wpkg_valtype type = wasm_read_valtype(&v->in);
	return v->in.r.status == WPKG_OK && wasm_pop(v, WPKG_TYPE_I32) && wasm_pop(v, type) &&
	       wasm_pop(v, type) && wasm_push(v, type);
}

/* Constant expressions read immutable globals before the one being defined only. */
static bool step_global(struct validator *v, unsigned opcode)
{
	uint32_t index = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return false;
	if (index >= (v->is_constant ? v->global_limit : v->module->global_count))
		return wasm_invalid(v, "unknown global %u", (unsigned)index);
	const struct wpkg_module_global *global = &v->module->globals[index];
	if (opcode == WPKG_OP_GLOBAL_SET) {
		if (!global->is_mutable)
			return wasm_invalid(v, "immutable global %u", (unsigned)index);
		return wasm_pop(v, global->type);
	}
	if (v->is_constant) {
		if (global->is_mutable)
			return wasm_invalid(v, "constant expression required: global %u is mutable",
					    (unsigned)index);
		if (global->import == WPKG_INDEX_NONE &&
		    !wasm_feature_need(&v->in, WPKG_FEATURE_GC, v->here))
			return false;
	}
	return wasm_push(v, global->type);
}

static bool step_memory(struct validator *v, unsigned opcode)
{
	const struct wpkg_module_memory *memory = wasm_read_memory(v);
	if (!memory)
		return false;
	wpkg_valtype address = wasm_address(&memory->size);
	switch (opcode) {
	case WPKG_OP_MEMORY_SIZE:
		return wasm_push(v, address);
	case WPKG_OP_MEMORY_GROW:
		return wasm_pop(v, address) && wasm_push(v, address);
	default: /* memory.fill */
		return wasm_pop(v, address) && wasm_pop(v, WPKG_TYPE_I32) && wasm_pop(v, address);
	}
}

static bool step_table(struct validator *v, unsigned opcode)
{
	const struct wpkg_module_table *table = wasm_read_table(v);
	if (!table)
		return false;
	wpkg_valtype address = wasm_address(&table->size);
	wpkg_valtype element = table->element;
	switch (opcode) {
	case WPKG_OP_TABLE_GET:
		return wasm_pop(v, address) && wasm_push(v, element);
	case WPKG_OP_TABLE_SET:
		return wasm_pop(v, element) && wasm_pop(v, address);
	case WPKG_OP_TABLE_SIZE:
		return wasm_push(v, address);
	case WPKG_OP_TABLE_GROW:
		return wasm_pop(v, address) && wasm_pop(v, element) && wasm_push(v, address);
	default: /* table.fill */
		return wasm_pop(v, address) && wasm_pop(v, element) && wasm_pop(v, address);
	}
}

bool wasm_read_data(struct validator *v)
{
	uint32_t index = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return false;
	if (!v->module->has_data_count)
		return wasm_invalid(v, "data count section required");
	return index < v->module->data_count ||
	       wasm_invalid(v, "unknown data segment %u", (unsigned)index);
}

const struct wpkg_module_elem *wasm_read_elem(struct validator *v)
{
	uint32_t index = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return NULL;
	if (index < v->module->elem_count)
		return &v->module->elems[index];
	wasm_invalid(v, "unknown elem segment %u", (unsigned)index);
	return NULL;
}

static bool pop_three(struct validator *v, wpkg_valtype a, wpkg_valtype b, wpkg_valtype c)
{
	return wasm_pop(v, c) && wasm_pop(v, b) && wasm_pop(v, a);
}

/* The length of a copy is addressed like the smaller of the two. */
static wpkg_valtype narrower(wpkg_valtype a, wpkg_valtype b)
{
	return a == WPKG_TYPE_I64 ? b : a;
}

static bool step_memory_copy(struct validator *v)
{
	const struct wpkg_module_memory *to = wasm_read_memory(v);
	const struct wpkg_module_memory *from = to ? wasm_read_memory(v) : NULL;
	if (!from)
		return false;
	wpkg_valtype a = wasm_address(&to->size), b = wasm_address(&from->size);
	return pop_three(v, a, b, narrower(a, b));
}

static bool step_table_copy(struct validator *v)
{
	const struct wpkg_module_table *to = wasm_read_table(v);
	const struct wpkg_module_table *from = to ? wasm_read_table(v) : NULL;
	if (!from)
		return false;
	if (!wpkg_types_matches(&v->module->types, from->element, to->element))
		return wasm_invalid(v, "type mismatch: table.copy between two types");
	wpkg_valtype a = wasm_address(&to->size), b = wasm_address(&from->size);
	return pop_three(v, a, b, narrower(a, b));
}

static bool step_table_init(struct validator *v)
{
	const struct wpkg_module_elem *elem = wasm_read_elem(v);
	const struct wpkg_module_table *table = elem ? wasm_read_table(v) : NULL;
	if (!table)
		return false;
	if (!wpkg_types_matches(&v->module->types, elem->type, table->element))
		return wasm_invalid(v, "type mismatch: table.init between two types");
	return pop_three(v, wasm_address(&table->size), WPKG_TYPE_I32, WPKG_TYPE_I32);
}

static bool step_memory_init(struct validator *v)
{
	const struct wpkg_module_memory *memory = wasm_read_data(v) ? wasm_read_memory(v) : NULL;
	return memory && pop_three(v, wasm_address(&memory->size), WPKG_TYPE_I32, WPKG_TYPE_I32);
}

static bool step_variable(struct validator *v, unsigned opcode)
{
	uint32_t index = wpkg_reader_u32(&v->in.r);
	if (v->in.r.status != WPKG_OK)
		return false;
	switch (opcode) {
	case WPKG_OP_LOCAL_GET:
		return wasm_local_get(v, index);
	case WPKG_OP_LOCAL_SET:
		return wasm_local_set(v, index);
	default:
		return wasm_local_tee(v, index);
	}
}

static bool step_fence(struct validator *v)
{
	uint8_t byte = wpkg_reader_byte(&v->in.r);
	return byte == 0 || wasm_invalid(v, "zero byte expected");
}

/* Those of this file that opcode.def cannot describe. */
static bool step_special(struct validator *v, unsigned opcode)
{
	wpkg_valtype type;
	switch (opcode) {
	case WPKG_OP_DROP:
		return wasm_pop_any(v, &type);
	case WPKG_OP_SELECT:
		return step_select(v);
	case WPKG_OP_SELECT_TYPED:
		return step_select_typed(v);
	case WPKG_OP_LOCAL_GET:
	case WPKG_OP_LOCAL_SET:
	case WPKG_OP_LOCAL_TEE:
		return step_variable(v, opcode);
	case WPKG_OP_GLOBAL_GET:
	case WPKG_OP_GLOBAL_SET:
		return step_global(v, opcode);
	case WPKG_OP_TABLE_GET:
	case WPKG_OP_TABLE_SET:
	case WPKG_OP_TABLE_SIZE:
	case WPKG_OP_TABLE_GROW:
	case WPKG_OP_TABLE_FILL:
		return step_table(v, opcode);
	case WPKG_OP_MEMORY_SIZE:
	case WPKG_OP_MEMORY_GROW:
	case WPKG_OP_MEMORY_FILL:
		return step_memory(v, opcode);
	case WPKG_OP_MEMORY_INIT:
		return step_memory_init(v);
	case WPKG_OP_MEMORY_COPY:
		return step_memory_copy(v);
	case WPKG_OP_DATA_DROP:
		return wasm_read_data(v);
	case WPKG_OP_TABLE_INIT:
		return step_table_init(v);
	case WPKG_OP_TABLE_COPY:
		return step_table_copy(v);
	case WPKG_OP_ELEM_DROP:
		return wasm_read_elem(v) != NULL;
	case WPKG_OP_ATOMIC_FENCE:
		return step_fence(v);
	default:
		return opcode >= WPKG_OP_REF_NULL ? wasm_step_reference(v, opcode)
						  : wasm_step_control(v, opcode);
	}
}

/* An instruction of a constant expression must be constant; the arithmetic came later. */
static bool check_constant(struct validator *v, const struct wpkg_opcode *code)
{
	if (!code->is_constant)
		return wasm_invalid(v, "constant expression required");
	return wpkg_signatures[code->signature].operand_count == 0 ||
	       wasm_feature_need(&v->in, WPKG_FEATURE_EXTENDED_CONST, v->here);
}

bool wasm_step(struct validator *v, unsigned opcode)
{
	const struct wpkg_opcode *code = &wpkg_opcodes[opcode];
	if (code->feature != WPKG_FEATURE_MVP &&
	    !wasm_feature_need(&v->in, (enum wpkg_feature)code->feature, v->here))
		return false;
	if (v->is_constant && !check_constant(v, code))
		return false;
	return code->signature ? step_signature(v, code) : step_special(v, opcode);
}
