/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick walk: over the instructions that bodies are made of, as long as nothing about them is
 * out of the ordinary. It knows no errors: what it does not see at a glance to be right (an
 * instruction that is rare, an operand that is not the very type, the first use of a feature) it
 * leaves to wasm_step, as if it had never looked at it. So an instruction is tried on a copy of the
 * state, which counts when the instruction was quick; what a try writes before it knows is beyond
 * the top of a stack.
 *
 * Reading asks for no end: READABLE bytes, more than any instruction that is quick has, can be read
 * from where one begins. They may be those of the next body. An instruction that goes beyond the
 * end of its own lacks bytes, and nothing else is wrong with it, or it were not quick.
 */
#include "wasm/validate.h"

#define READABLE 32
#define PARAMS 16 /* more of a call are not quick */

/* The state of the walk is in registers as long as nothing takes its address. */
#define INLINE static inline __attribute__((always_inline))

struct quick {
	const uint8_t *at;
	wpkg_valtype *sp;
	uint32_t depth;
};

/* What stays the same during a walk; a copy, which writing operands cannot seem to change. */
struct scope {
	const struct wpkg_module *module;
	const struct wpkg_module_global *globals;
	uint32_t global_count, func_count, type_count;
	const struct shape *accesses; /* to memory 0, by signature; NULL: there is none */
	wpkg_features used;
	const wpkg_valtype *locals;
	uint32_t flat_count;
	uint32_t init_height;
	wpkg_valtype *stack;
	struct frame *frames;
	uint32_t frame_cap;
};

/* What the signatures of opcode.def do with the stack. */
struct shape {
	uint8_t top, under; /* operands; 0: there is none */
	uint8_t pops;
	uint8_t pushes;
	uint8_t result;
};

/* No word on the stack: for signatures of more than two operands or a result. */
#define NEVER 0xff

/* A memory's address is an i32 in the first row of shapes, an i64 in the second. */
#define PLACE(type, address) ((type) == WPKG_TYPE_ADDRESS ? (address) : (type))
#define TOP(n, a, b, m) ((n) > 2 || (m) > 1 ? NEVER : (n) == 2 ? (b) : (a))
#define SHAPE(n, a, b, m, r, address)                                                              \
	{PLACE(TOP(n, a, b, m), address), (n) == 2 ? PLACE(a, address) : 0, n, m, r},

static const struct shape shapes[2][64] = {
	{
		{0},
#define WPKG_SIG(name, n, a, b, c, d, m, r, s)                                                     \
	SHAPE(n, WPKG_TYPE_##a, WPKG_TYPE_##b, m, WPKG_TYPE_##r, WPKG_TYPE_I32)
#include "wasm/opcode.def"
	},
	{
		{0},
#define WPKG_SIG(name, n, a, b, c, d, m, r, s)                                                     \
	SHAPE(n, WPKG_TYPE_##a, WPKG_TYPE_##b, m, WPKG_TYPE_##r, WPKG_TYPE_I64)
#include "wasm/opcode.def"
	},
};

/* LEB128 numbers. False: too long, or too large. */

INLINE bool read_u32(struct quick *q, uint32_t *value)
{
	const uint8_t *at = q->at;
	uint32_t byte = *at++;
	*value = byte;
	if (byte >= 0x80) {
		*value = byte & 0x7f;
		for (unsigned shift = 7; byte >= 0x80; shift += 7) {
			byte = *at++;
			if (shift == 28 && byte > 0xf)
				return false;
			*value |= (byte & 0x7f) << shift;
		}
	}
	q->at = at;
	return true;
}

/* A signed number: the last byte that it may have holds so many bits of it. */
INLINE bool skip_signed(struct quick *q, unsigned max, unsigned last_bits)
{
	const uint8_t *at = q->at;
	const uint8_t *last = at + max - 1;
	while (at < last && *at >= 0x80)
		at++;
	q->at = at + 1;
	return at < last ||
	       (*at < 0x80 && ((*at + (1U << (last_bits - 1))) & 0x7f) < 1U << last_bits);
}

/* Operands. */

INLINE bool pop(struct quick *q, wpkg_valtype type)
{
	return *--q->sp == type;
}

INLINE bool push(struct quick *q, wpkg_valtype type)
{
	*q->sp++ = type;
	return true;
}

/* Operands and result of a signature, without a branch for each of them. */
INLINE bool apply(struct quick *q, const struct shape *shape)
{
	uint32_t top = (q->sp[-1] ^ shape->top) & -(uint32_t)(shape->pops > 0);
	uint32_t under = (q->sp[-2] ^ shape->under) & -(uint32_t)(shape->pops > 1);
	if (top | under)
		return false;
	q->sp -= shape->pops;
	*q->sp = shape->result;
	q->sp += shape->pushes;
	return true;
}

/* Locals and globals. */

INLINE bool local(const struct scope *s, struct quick *q, wpkg_valtype *type)
{
	uint32_t index;
	if (!read_u32(q, &index) || index >= s->flat_count)
		return false;
	*type = s->locals[index];
	return *type != FLOOR;
}

INLINE bool global_get(const struct scope *s, struct quick *q)
{
	uint32_t index;
	return read_u32(q, &index) && index < s->global_count && push(q, s->globals[index].type);
}

INLINE bool global_set(const struct scope *s, struct quick *q)
{
	uint32_t index;
	return read_u32(q, &index) && index < s->global_count && s->globals[index].is_mutable &&
	       pop(q, s->globals[index].type);
}

/* Instructions with a signature. */

INLINE bool memory_access(const struct scope *s, struct quick *q, const struct wpkg_opcode *code)
{
	uint32_t offset;
	if (*q->at++ > code->aux || !s->accesses || !read_u32(q, &offset))
		return false;
	return apply(q, &s->accesses[code->signature]);
}

INLINE bool lanes(struct quick *q, unsigned count, unsigned limit)
{
	uint8_t all = 0;
	for (unsigned i = 0; i < count; i++)
		all |= *q->at++;
	return all < limit;
}

/* Vectors, and what else came after the first version and is made of the same. */
INLINE bool later(const struct scope *s, struct quick *q, unsigned opcode)
{
	const struct wpkg_opcode *code = &wpkg_opcodes[opcode];
	if (!(s->used >> code->feature & 1) || code->signature == 0)
		return false;
	switch (code->immediates) {
	case WPKG_IMM_NONE:
		return apply(q, &shapes[0][code->signature]);
	case WPKG_IMM_MEMARG:
		return memory_access(s, q, code);
	case WPKG_IMM_LANE:
		return lanes(q, 1, code->aux) && apply(q, &shapes[0][code->signature]);
	case WPKG_IMM_SHUFFLE:
		return lanes(q, 16, 32) && apply(q, &shapes[0][code->signature]);
	case WPKG_IMM_V128:
		q->at += 16;
		return apply(q, &shapes[0][code->signature]);
	default:
		return false;
	}
}

INLINE bool prefixed(const struct scope *s, struct quick *q, unsigned base, unsigned limit)
{
	uint32_t code;
	return read_u32(q, &code) && code < limit && later(s, q, base + code);
}

/* Blocks. */

INLINE bool enter(const struct scope *s, struct quick *q, enum frame_kind kind)
{
	wpkg_valtype type = WPKG_TYPE_NONE;
	uint8_t byte = *q->at++;
	if (byte >= 0x7c && byte <= 0x7f)
		type = WPKG_TYPE_I32 + (wpkg_valtype)(0x7f - byte);
	else if (byte != 0x40)
		return false;
	if (q->depth == s->frame_cap)
		return false;
	s->frames[q->depth++] = (struct frame){.opcode = kind,
					       .floor = (uint32_t)(q->sp - s->stack) & 0x7ffffff,
					       .type = type,
					       .init_height = s->init_height};
	return push(q, FLOOR);
}

/* Takes the type, or no type, of a block or branch off the stack. */
INLINE bool pop_one(struct quick *q, wpkg_valtype type)
{
	if (type == WPKG_TYPE_NONE)
		return true;
	return pop(q, type);
}

INLINE bool leave(const struct scope *s, struct quick *q)
{
	const struct frame *frame = &s->frames[q->depth - 1];
	wpkg_valtype type = frame->type;
	if (wasm_block_is_index(type) || frame->init_height != s->init_height ||
	    (frame->opcode == FRAME_IF && type != WPKG_TYPE_NONE))
		return false;
	if (!pop_one(q, type) || !pop(q, FLOOR))
		return false;
	*q->sp = type;
	q->sp += type != WPKG_TYPE_NONE;
	q->depth--;
	return true;
}

INLINE bool turn(const struct scope *s, struct quick *q)
{
	struct frame *frame = &s->frames[q->depth - 1];
	if (frame->opcode != FRAME_IF || wasm_block_is_index(frame->type) ||
	    frame->init_height != s->init_height || !pop_one(q, frame->type) || q->sp[-1] != FLOOR)
		return false;
	frame->opcode = FRAME_ELSE;
	frame->is_unreachable = false;
	return true;
}

/* What a branch to the label takes, when that is one operand at most. */
INLINE bool label(const struct scope *s, const struct quick *q, uint32_t index, wpkg_valtype *type)
{
	if (index >= q->depth)
		return false;
	const struct frame *to = &s->frames[q->depth - 1 - index];
	*type = to->opcode == FRAME_LOOP ? (wpkg_valtype)WPKG_TYPE_NONE : to->type;
	return !wasm_block_is_index(to->type);
}

INLINE bool unreachable(const struct scope *s, struct quick *q)
{
	struct frame *frame = &s->frames[q->depth - 1];
	q->sp = s->stack + frame->floor + 1;
	frame->is_unreachable = true;
	return true;
}

INLINE bool branch(const struct scope *s, struct quick *q, uint32_t index)
{
	wpkg_valtype type;
	return label(s, q, index, &type) && pop_one(q, type) && unreachable(s, q);
}

INLINE bool branch_if(const struct scope *s, struct quick *q)
{
	uint32_t index;
	wpkg_valtype type;
	return read_u32(q, &index) && label(s, q, index, &type) && pop(q, WPKG_TYPE_I32) &&
	       (type == WPKG_TYPE_NONE || q->sp[-1] == type);
}

/* Calls. */

INLINE bool call(struct quick *q, const struct wpkg_type *type)
{
	if (type->param_count > PARAMS || type->result_count > 1)
		return false;
	const wpkg_valtype *params = type->params;
	for (uint32_t i = type->param_count; i > 0; i--)
		if (!pop(q, params[i - 1]))
			return false;
	if (type->result_count > 0)
		push(q, params[type->param_count]);
	return true;
}

INLINE bool call_direct(const struct scope *s, struct quick *q)
{
	uint32_t index;
	return read_u32(q, &index) && index < s->func_count &&
	       call(q, wpkg_module_func_type(s->module, index));
}

INLINE bool call_indirect(const struct scope *s, struct quick *q)
{
	uint32_t index;
	if (!read_u32(q, &index) || index >= s->type_count || *q->at++ != 0 ||
	    s->module->table_count == 0)
		return false;
	const struct wpkg_module_table *table = &s->module->tables[0];
	const struct wpkg_type *type = wpkg_module_type(s->module, index);
	return type->composite == WPKG_COMPOSITE_FUNC && table->element == WPKG_TYPE_FUNCREF &&
	       pop(q, wasm_address(&table->size)) && call(q, type);
}

INLINE bool choose(struct quick *q)
{
	wpkg_valtype type = q->sp[-2];
	if (q->sp[-1] != WPKG_TYPE_I32 || q->sp[-3] != type || type - WPKG_TYPE_I32 > 4)
		return false;
	q->sp -= 2;
	return true;
}

/* The one instruction at the cursor; false when it is not quick. */
INLINE bool try(const struct scope *s, struct quick *q)
{
	wpkg_valtype type;
	uint32_t index;
	unsigned opcode = *q->at++;
	switch (opcode) {
	case WPKG_OP_LOCAL_GET:
		return local(s, q, &type) && push(q, type);
	case WPKG_OP_LOCAL_SET:
		return local(s, q, &type) && pop(q, type);
	case WPKG_OP_LOCAL_TEE:
		return local(s, q, &type) && q->sp[-1] == type;
	case WPKG_OP_GLOBAL_GET:
		return global_get(s, q);
	case WPKG_OP_GLOBAL_SET:
		return global_set(s, q);
	case WPKG_OP_I32_CONST:
		return skip_signed(q, 5, 4) && push(q, WPKG_TYPE_I32);
	case WPKG_OP_I64_CONST:
		return skip_signed(q, 10, 1) && push(q, WPKG_TYPE_I64);
	case WPKG_OP_F32_CONST:
		q->at += 4;
		return push(q, WPKG_TYPE_F32);
	case WPKG_OP_F64_CONST:
		q->at += 8;
		return push(q, WPKG_TYPE_F64);
	case WPKG_OP_BLOCK:
		return enter(s, q, FRAME_BLOCK);
	case WPKG_OP_LOOP:
		return enter(s, q, FRAME_LOOP);
	case WPKG_OP_IF:
		return pop(q, WPKG_TYPE_I32) && enter(s, q, FRAME_IF);
	case WPKG_OP_TRY:
		return s->used >> WPKG_FEATURE_LEGACY_EXCEPTIONS & 1 && enter(s, q, FRAME_TRY);
	case WPKG_OP_ELSE:
		return turn(s, q);
	case WPKG_OP_END:
		return leave(s, q);
	case WPKG_OP_BR:
		return read_u32(q, &index) && branch(s, q, index);
	case WPKG_OP_RETURN:
		return branch(s, q, q->depth - 1);
	case WPKG_OP_BR_IF:
		return branch_if(s, q);
	case WPKG_OP_NOP:
		return true;
	case WPKG_OP_UNREACHABLE:
		return unreachable(s, q);
	case WPKG_OP_CALL:
		return call_direct(s, q);
	case WPKG_OP_CALL_INDIRECT:
		return call_indirect(s, q);
	case WPKG_OP_DROP:
		return *--q->sp != FLOOR;
	case WPKG_OP_SELECT:
		return choose(q);
	case WPKG_OP_I32_LOAD ... WPKG_OP_I64_STORE32:
		return memory_access(s, q, &wpkg_opcodes[opcode]);
	case WPKG_OP_I32_EQZ ... WPKG_OP_F64_REINTERPRET_I64:
		return apply(q, &shapes[0][wpkg_opcodes[opcode].signature]);
	case WPKG_OP_I32_EXTEND8_S ... WPKG_OP_I64_EXTEND32_S:
		return later(s, q, opcode);
	case 0xfc:
		return prefixed(s, q, WPKG_OP_BASE_FC, 0x100);
	case 0xfd:
		return prefixed(s, q, WPKG_OP_BASE_FD, WPKG_OP_BASE_FE - WPKG_OP_BASE_FD);
	default:
		return false;
	}
}

static struct scope scope_of(const struct validator *v)
{
	const struct wpkg_module *module = v->module;
	return (struct scope){
		.module = module,
		.globals = module->globals,
		.global_count = module->global_count,
		.func_count = module->func_count,
		.type_count = module->type_count,
		.accesses = module->memory_count ? shapes[module->memories[0].size.is_64] : NULL,
		.used = v->in.used,
		.locals = v->locals,
		.flat_count = v->flat_count,
		.init_height = v->init_height,
		.stack = v->stack,
		.frames = v->frames,
		.frame_cap = v->frame_cap,
	};
}

/*
 * When the last instruction goes beyond the end of the body, it is for wasm_step, too: that reads
 * all of an instruction before it looks at the stack.
 */
void wasm_walk_quick(struct validator *v)
{
	struct wpkg_reader *r = &v->in.r;
	if (r->limit - r->at < READABLE)
		return;
	const uint8_t *stop = r->end < r->limit - READABLE ? r->end : r->limit - READABLE;
	const uint8_t *here = r->at;
	const struct scope scope = scope_of(v);
	struct quick now = {r->at, v->sp, v->depth};
	while (now.at < stop && now.depth > 0) {
		struct quick next = now;
		if (!try(&scope, &next))
			break;
		here = now.at;
		now = next;
	}
	r->at = now.at <= r->end ? now.at : here;
	v->sp = now.sp;
	v->depth = now.depth;
}
