/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/choice.h"

#include "exec/engine_int.h"
#include "exec/immediate.h"
#include "exec/shapes.inc"

const struct shape *exec_shape(unsigned opcode)
{
	static const struct shape none;
	return opcode < sizeof(shapes) / sizeof(shapes[0]) ? &shapes[opcode] : &none;
}

/* Result of the numeric opcodes: comparisons, arithmetic, conversions, loads. */
unsigned exec_result_kind(unsigned opcode)
{
	static const uint8_t conversions[] = {
		[0xa7 - 0xa7] = KIND_I32, [0xa8 - 0xa7] = KIND_I32, [0xa9 - 0xa7] = KIND_I32,
		[0xaa - 0xa7] = KIND_I32, [0xab - 0xa7] = KIND_I32, [0xac - 0xa7] = KIND_I64,
		[0xad - 0xa7] = KIND_I64, [0xae - 0xa7] = KIND_I64, [0xaf - 0xa7] = KIND_I64,
		[0xb0 - 0xa7] = KIND_I64, [0xb1 - 0xa7] = KIND_I64, [0xb2 - 0xa7] = KIND_F32,
		[0xb3 - 0xa7] = KIND_F32, [0xb4 - 0xa7] = KIND_F32, [0xb5 - 0xa7] = KIND_F32,
		[0xb6 - 0xa7] = KIND_F32, [0xb7 - 0xa7] = KIND_F64, [0xb8 - 0xa7] = KIND_F64,
		[0xb9 - 0xa7] = KIND_F64, [0xba - 0xa7] = KIND_F64, [0xbb - 0xa7] = KIND_F64,
		[0xbc - 0xa7] = KIND_I32, [0xbd - 0xa7] = KIND_I64, [0xbe - 0xa7] = KIND_F32,
		[0xbf - 0xa7] = KIND_F64, [0xc0 - 0xa7] = KIND_I32, [0xc1 - 0xa7] = KIND_I32,
		[0xc2 - 0xa7] = KIND_I64, [0xc3 - 0xa7] = KIND_I64, [0xc4 - 0xa7] = KIND_I64};
	static const uint8_t loads[] = {KIND_I32, KIND_I64, KIND_F32, KIND_F64, KIND_I32,
					KIND_I32, KIND_I32, KIND_I32, KIND_I64, KIND_I64,
					KIND_I64, KIND_I64, KIND_I64, KIND_I64};
	if (opcode >= 0x200)
		return opcode == WPKG_OP_REF_I31 ? KIND_REF : KIND_I32;
	if (opcode >= OPCODE_F32_CANONICAL)
		return opcode == OPCODE_F32_CANONICAL ? KIND_F32 : KIND_F64;
	if (opcode >= 0x104)
		return KIND_I64;
	if (opcode >= 0x100)
		return KIND_I32;
	if (opcode >= 0xa7)
		return conversions[opcode - 0xa7];
	if (opcode >= 0x28 && opcode <= 0x35)
		return loads[opcode - 0x28];
	if (opcode <= 0x78)
		return KIND_I32;
	if (opcode <= 0x8a)
		return KIND_I64;
	return opcode <= 0x98 ? KIND_F32 : KIND_F64;
}

/* The opcode with the operands exchanged; 0 when there is none. */
unsigned exec_commuted(unsigned opcode)
{
	static const uint8_t orders[] = {0, 1, 4, 5, 2,
					 3, 8, 9, 6, 7}; /* eq ne lt lt gt gt le le ge ge */
	if (opcode >= WPKG_OP_I32_EQ && opcode < WPKG_OP_I32_EQ + 10)
		return WPKG_OP_I32_EQ + orders[opcode - WPKG_OP_I32_EQ];
	if (opcode >= WPKG_OP_I64_EQ && opcode < WPKG_OP_I64_EQ + 10)
		return WPKG_OP_I64_EQ + orders[opcode - WPKG_OP_I64_EQ];
	switch (opcode) {
	case 0x6a: /* add, mul, and, or, xor */
	case 0x6c:
	case 0x71:
	case 0x72:
	case 0x73:
	case 0x7c:
	case 0x7e:
	case 0x83:
	case 0x84:
	case 0x85:
		return opcode;
	default:
		return 0;
	}
}

/* Is the operand a constant that the 32-bit field can hold? */
static bool short_const(const struct translator *t, uint32_t i)
{
	const struct operand *o = &t->stack[i];
	if (o->place != AT_CONST || !is_int(o->kind))
		return false;
	return o->kind == KIND_I32 || o->bits == (uint64_t)(int64_t)(int32_t)o->bits;
}

/* Slots or a constant of an instruction; which of them count is the class's to say. */
struct inputs {
	unsigned class;
	uint32_t first, second;
	uint32_t constant;
	bool has_constant;
	uint64_t wide;
	bool has_wide;
};

static struct inputs int_inputs(struct translator *t, uint32_t a, uint32_t b)
{
	struct inputs in = {0};
	if (t->stack[a].place == AT_CONST)
		exec_settle(t, a);
	if (short_const(t, b)) {
		in.has_constant = true;
		in.constant = (uint32_t)t->stack[b].bits;
		in.class = exec_pinned(t, a) ? INT_LC : exec_in_acc(t, a) ? INT_RC : INT_SC;
		if (in.class == INT_SC)
			in.first = exec_slot(t, a);
		return in;
	}
	if (t->stack[b].place == AT_CONST)
		exec_settle(t, b);
	bool la = exec_pinned(t, a), lb = exec_pinned(t, b);
	bool ra = !la && exec_in_acc(t, a), rb = !lb && exec_in_acc(t, b);
	if (la && lb) {
		in.class = INT_LL;
	} else if (la && rb) {
		in.class = INT_LR;
	} else if (ra && lb) {
		in.class = INT_RL;
	} else if (la || ra) {
		in.class = la ? INT_LS : INT_RS;
		in.first = exec_slot(t, b);
	} else if (lb || rb) {
		in.class = lb ? INT_SL : INT_SR;
		in.first = exec_slot(t, a);
	} else {
		in.class = INT_SS;
		in.first = exec_slot(t, a);
		in.second = exec_slot(t, b);
	}
	return in;
}

static struct inputs float_inputs(struct translator *t, uint32_t a, uint32_t b)
{
	struct inputs in = {0};
	bool ca = t->stack[a].place == AT_CONST, cb = t->stack[b].place == AT_CONST;
	if (ca && cb) {
		exec_settle(t, a);
		ca = false;
	}
	bool ra = exec_in_acc(t, a), rb = exec_in_acc(t, b);
	if (ca || cb) {
		uint32_t other = ca ? b : a;
		in.wide = t->stack[ca ? a : b].bits;
		in.has_wide = true;
		if (ca)
			in.class = rb ? FLOAT_CR : FLOAT_CS;
		else
			in.class = ra ? FLOAT_RC : FLOAT_SC;
		if (!exec_in_acc(t, other))
			in.first = exec_slot(t, other);
	} else if (ra) {
		in.class = FLOAT_RS;
		in.first = exec_slot(t, b);
	} else if (rb) {
		in.class = FLOAT_SR;
		in.first = exec_slot(t, a);
	} else {
		in.class = FLOAT_SS;
		in.first = exec_slot(t, a);
		in.second = exec_slot(t, b);
	}
	return in;
}

/* slot + (x << n) and slot + x * y, where x is what was just made; (x >> n) & mask. */
static bool fuse_add(struct translator *t, uint32_t a, uint32_t b)
{
	uint32_t other = just_made(t, b) ? a : b;
	if (!just_made(t, a + b - other) || t->stack[other].pending ||
	    t->stack[other].place == AT_CONST || other == a + b - other)
		return false;
	unsigned handler;
	uint32_t last;
	static const int8_t muls[] = {[INT_SS] = 0,  [INT_RS] = 1,  [INT_SR] = 2,  [INT_LS] = 3,
				      [INT_SL] = 4,  [INT_LL] = -1, [INT_SC] = -1, [INT_RC] = -1,
				      [INT_LC] = -1, [INT_LR] = -1, [INT_RL] = -1};
	unsigned class = t->note.class;
	if (t->note.opcode == WPKG_OP_I32_SHL &&
	    (class == INT_SC || class == INT_RC || class == INT_LC)) {
		handler = H_shl_add_SC_acc + INT_DESTINATIONS * (class == INT_SC   ? 0u
								 : class == INT_RC ? 1u
										   : 2u);
		last = (uint32_t)(t->note.fields >> 32) & 31;
	} else if (t->note.opcode == WPKG_OP_I32_MUL && muls[class] >= 0) {
		handler = H_mul_add_SS_acc + INT_DESTINATIONS * (unsigned)muls[class];
		last = note_field(t, 2);
	} else {
		return false;
	}
	uint32_t slot =
		t->stack[other].place == AT_LOCAL ? t->stack[other].slot : t->stack[other].home;
	uint32_t x = note_field(t, 1);
	bool shifted = t->note.opcode == WPKG_OP_I32_SHL;
	struct accumulator before[BANK_COUNT];
	exec_take_back(t, t->note.pos);
	memcpy(before, t->acc, sizeof(before));
	exec_pop(t, 2);
	uint32_t pos = exec_emit(t, handler);
	uint64_t fields = exec_fields(t->next_slot, slot, x, last);
	exec_word(t, fields);
	if (shifted)
		note_last(t, pos, OPCODE_SHL_ADD, (handler - H_shl_add_SC_acc) / INT_DESTINATIONS,
			  fields, before);
	exec_push_result(t, KIND_I32, pos);
	return true;
}

static bool fuse_and(struct translator *t, uint32_t a, uint32_t b)
{
	unsigned class = t->note.class;
	if (!just_made(t, a) || t->note.opcode != WPKG_OP_I32_SHR_U ||
	    t->stack[b].place != AT_CONST || t->stack[b].bits > 0xffff ||
	    (class != INT_SC && class != INT_RC && class != INT_LC))
		return false;
	uint32_t mask = (uint32_t)t->stack[b].bits;
	uint32_t x = note_field(t, 1), n = (uint32_t)(t->note.fields >> 32) & 31;
	exec_take_back(t, t->note.pos);
	exec_pop(t, 2);
	uint32_t pos = exec_emit(t, H_shr_and_S_acc + INT_DESTINATIONS * (class == INT_SC   ? 0u
									  : class == INT_RC ? 1u
											    : 2u));
	exec_word(t, exec_fields(t->next_slot, x, n, mask));
	exec_push_result(t, KIND_I32, pos);
	return true;
}

/* Where an operand that is not pending can be read, without changing what it is. */
static uint32_t standing_slot(const struct translator *t, uint32_t i)
{
	return t->stack[i].place == AT_LOCAL ? t->stack[i].slot : t->stack[i].home;
}

/* The operand of the two that was just made, the other being where it can be read; else NOWHERE. */
static uint32_t made_operand(const struct translator *t, uint32_t a, uint32_t b)
{
	uint32_t made = just_made(t, b) ? b : a;
	const struct operand *other = &t->stack[a + b - made];
	return just_made(t, made) && other->place != AT_CONST && !other->pending ? made : NOWHERE;
}

/* An addition or subtraction of a product that was just made: rounded twice, as without. */
static bool fuse_product(struct translator *t, unsigned opcode, uint32_t a, uint32_t b)
{
	bool is_f32 = t->stack[a].kind == KIND_F32;
	unsigned class = t->note.class;
	uint32_t made = made_operand(t, a, b);
	if (made == NOWHERE || t->note.opcode != (is_f32 ? WPKG_OP_F32_MUL : WPKG_OP_F64_MUL) ||
	    class > FLOAT_SR)
		return false;
	bool subtract = opcode == WPKG_OP_F32_SUB || opcode == WPKG_OP_F64_SUB;
	unsigned operation = !subtract ? 0 : made == b ? 1 : 2;
	unsigned handler = (is_f32 ? H_f32_mul_add_SS_acc : H_f64_mul_add_SS_acc) +
			   (operation * 2 + (class != FLOAT_SS)) * 2;
	uint32_t slot = standing_slot(t, a + b - made);
	uint32_t x = note_field(t, 1), y = note_field(t, 2);
	exec_take_back(t, t->note.pos);
	exec_pop(t, 2);
	uint32_t pos = exec_emit(t, handler);
	exec_word(t, exec_fields(t->next_slot, slot, x, y));
	exec_push_result(t, is_f32 ? KIND_F32 : KIND_F64, pos);
	return true;
}

/* What a load that was just made can be an operand of: the operations of generate.py. */
static unsigned load_pair(unsigned load, unsigned opcode, bool loaded_first)
{
	unsigned first = 0, operation;
	switch (load) {
	case WPKG_OP_I32_LOAD:
		first = H_i32_load_add_SS_acc;
		break;
	case WPKG_OP_I32_LOAD8_U:
		first = H_i32_load8_u_add_SS_acc;
		break;
	case WPKG_OP_F32_LOAD:
		first = H_f32_load_add_SS_acc;
		break;
	case WPKG_OP_F64_LOAD:
		first = H_f64_load_add_SS_acc;
		break;
	default:
		return 0;
	}
	switch (opcode) {
	case WPKG_OP_I32_ADD:
	case WPKG_OP_F32_ADD:
	case WPKG_OP_F64_ADD:
		operation = 0;
		break;
	case WPKG_OP_I32_XOR:
		operation = 1;
		break;
	case WPKG_OP_F32_SUB:
	case WPKG_OP_F64_SUB:
		operation = loaded_first ? 2 : 1;
		break;
	case WPKG_OP_F32_MUL:
	case WPKG_OP_F64_MUL:
		operation = 3;
		break;
	default:
		return 0;
	}
	return first + operation * 6 * destinations(exec_result_kind(load));
}

static bool fuse_load(struct translator *t, unsigned opcode, uint32_t a, uint32_t b)
{
	uint32_t made = just_made(t, b) ? b : a, other = a + b - made;
	unsigned class = t->note.class, letter = class;
	if (!just_made(t, made) || t->stack[other].place == AT_CONST || class > ADDRESS_L ||
	    note_constant(&t->note) > 0xffff)
		return false;
	unsigned handler = load_pair(t->note.opcode, opcode, made == a);
	if (!handler)
		return false;
	unsigned kind = t->stack[made].kind;
	uint32_t address = note_field(t, 1), offset = note_constant(&t->note);
	exec_stand_at_last(t);
	exec_take_back(t, t->note.pos);
	/* Before the load the accumulator may still have held the other operand. */
	bool in_acc = exec_in_acc(t, other) && !(is_int(kind) && letter == ADDRESS_R);
	uint32_t slot = in_acc ? 0 : exec_slot(t, other);
	exec_pop(t, 2);
	uint32_t pos = exec_emit(t, handler + (letter * 2 + in_acc) * destinations(kind));
	exec_word(t, exec_fields(t->next_slot, address, slot, offset));
	exec_push_result(t, kind, pos);
	return true;
}

/* May the result be a NaN whose bits the specification leaves open? */
static bool makes_nan(unsigned opcode)
{
	return (opcode >= 0x8d && opcode <= 0x97) || (opcode >= 0x9b && opcode <= 0xa5) ||
	       opcode == 0xb6 || opcode == 0xbb;
}

static void fix_nan(struct translator *t, unsigned opcode)
{
	if (!t->engine->limits.deterministic || !makes_nan(opcode))
		return;
	bool is_f32 = exec_result_kind(opcode) == KIND_F32;
	exec_unary(t, is_f32 ? OPCODE_F32_CANONICAL : OPCODE_F64_CANONICAL);
}

static bool fuse(struct translator *t, unsigned opcode, uint32_t a, uint32_t b)
{
	switch (opcode) {
	case WPKG_OP_I32_ADD:
		return fuse_add(t, a, b) || fuse_load(t, opcode, a, b);
	case WPKG_OP_I32_AND:
		return fuse_and(t, a, b);
	case WPKG_OP_F32_ADD:
	case WPKG_OP_F32_SUB:
	case WPKG_OP_F64_ADD:
	case WPKG_OP_F64_SUB:
		return fuse_product(t, opcode, a, b) || fuse_load(t, opcode, a, b);
	case WPKG_OP_I32_XOR:
	case WPKG_OP_F32_MUL:
	case WPKG_OP_F64_MUL:
		return fuse_load(t, opcode, a, b);
	default:
		return false;
	}
}

/* A difference to a constant becomes a sum: compilers differ in which of the two they write. */
static unsigned as_sum(struct translator *t, unsigned opcode)
{
	struct operand *o = exec_top(t, 0);
	if (o->place != AT_CONST || (opcode != WPKG_OP_I32_SUB && opcode != WPKG_OP_I64_SUB))
		return opcode;
	o->bits = opcode == WPKG_OP_I32_SUB ? (uint32_t)-o->bits : -o->bits;
	return opcode == WPKG_OP_I32_SUB ? WPKG_OP_I32_ADD : WPKG_OP_I64_ADD;
}

void exec_binary(struct translator *t, unsigned opcode)
{
	uint32_t a = t->height - 2, b = t->height - 1;
	if (t->opts & WPKG_OPT_FUSE)
		opcode = as_sum(t, opcode);
	if ((t->opts & WPKG_OPT_FUSE) && fuse(t, opcode, a, b)) {
		fix_nan(t, opcode);
		return;
	}
	bool ints = is_int(t->stack[a].kind);
	if (ints && t->stack[a].place == AT_CONST && t->stack[b].place != AT_CONST &&
	    exec_commuted(opcode)) {
		opcode = exec_commuted(opcode);
		a = t->height - 1;
		b = t->height - 2;
	}
	struct inputs in = ints ? int_inputs(t, a, b) : float_inputs(t, a, b);
	unsigned kind = exec_result_kind(opcode);
	struct accumulator before[BANK_COUNT];
	memcpy(before, t->acc, sizeof(before));
	exec_pop(t, 2);
	uint32_t pos = exec_emit(t, exec_shape(opcode)->first + in.class * destinations(kind));
	uint64_t fields = in.has_constant
				  ? exec_fields_constant(t->next_slot, in.first, in.constant)
				  : exec_fields(t->next_slot, in.first, in.second, 0);
	exec_word(t, fields);
	if (in.has_wide)
		exec_word(t, in.wide);
	note_last(t, pos, opcode, in.class, fields, before);
	exec_push_result(t, kind, pos);
	fix_nan(t, opcode);
}

/* An item of an array: as an instruction with two operands. */
void exec_item(struct translator *t, unsigned first, unsigned kind)
{
	struct inputs in = int_inputs(t, t->height - 2, t->height - 1);
	exec_pop(t, 2);
	uint32_t pos = exec_emit(t, first + in.class * destinations(kind));
	exec_word(t, in.has_constant ? exec_fields_constant(t->next_slot, in.first, in.constant)
				     : exec_fields(t->next_slot, in.first, in.second, 0));
	exec_push_result(t, kind, pos);
}

/* A field of a struct, at that place from the reference: as one with one operand. */
void exec_field(struct translator *t, unsigned first, unsigned kind, uint32_t place)
{
	uint32_t a = t->height - 1, slot = 0;
	unsigned letter = exec_pinned(t, a) ? 2 : exec_in_acc(t, a) ? 1 : 0;
	if (letter == 0)
		slot = exec_slot(t, a);
	exec_pop(t, 1);
	uint32_t pos = exec_emit(t, first + letter * destinations(kind));
	exec_word(t, exec_fields_constant(t->next_slot, slot, place));
	exec_push_result(t, kind, pos);
}

/* Two operands of 128 bits, or two factors: two results, the low half first. */
void exec_wide(struct translator *t, unsigned opcode)
{
	uint32_t slots[4] = {0}, count = opcode <= WPKG_OP_I64_ADD128 + 1 ? 4 : 2;
	for (uint32_t i = 0; i < count; i++)
		slots[i] = exec_slot(t, t->height - count + i);
	exec_pop(t, count);
	exec_emit(t, H_i64_add128 + (opcode - WPKG_OP_I64_ADD128));
	exec_word(t, exec_fields(t->next_slot, slots[0], slots[1], slots[2]));
	exec_word(t, exec_fields(slots[3], 0, 0, 0));
	exec_push_slot(t, KIND_I64, NOWHERE);
	exec_push_slot(t, KIND_I64, NOWHERE);
}

/* Compared with 0; of a comparison that was just made, the opposite one. */
void exec_eqz(struct translator *t, unsigned opcode)
{
	const struct shape *shape = exec_shape(t->note.opcode);
	if (just_made(t, t->height - 1) && shape->opposite) {
		t->note.opcode = shape->opposite;
		unsigned first = exec_shape(shape->opposite)->first;
		t->code[t->note.pos] = first + t->note.class * INT_DESTINATIONS;
		return;
	}
	exec_push_const(t, opcode == WPKG_OP_I32_EQZ ? KIND_I32 : KIND_I64, 0);
	exec_binary(t, opcode == WPKG_OP_I32_EQZ ? WPKG_OP_I32_EQ : WPKG_OP_I64_EQ);
}

void exec_unary(struct translator *t, unsigned opcode)
{
	uint32_t a = t->height - 1, slot = 0;
	unsigned letter = exec_pinned(t, a) ? 2 : exec_in_acc(t, a) ? 1 : 0;
	if (letter == 0)
		slot = exec_slot(t, a);
	unsigned kind = exec_result_kind(opcode);
	exec_pop(t, 1);
	uint32_t pos = exec_emit(t, exec_shape(opcode)->first + letter * destinations(kind));
	exec_word(t, exec_fields(t->next_slot, slot, 0, 0));
	exec_push_result(t, kind, pos);
	fix_nan(t, opcode);
}

void exec_select(struct translator *t)
{
	uint32_t c = t->height - 1, slot = 0;
	unsigned kind = t->stack[c - 1].kind;
	uint32_t a = exec_slot(t, c - 2), b = exec_slot(t, c - 1);
	if (kind == KIND_V128) {
		slot = exec_slot(t, c);
		exec_pop(t, 3);
		uint32_t pos = exec_emit(t, H_select_v);
		exec_word(t, exec_fields(t->next_slot, a, b, slot));
		exec_push_vector(t, pos);
		return;
	}
	unsigned letter = exec_pinned(t, c) ? 2 : exec_in_acc(t, c) ? 1 : 0;
	if (letter == 0)
		slot = exec_slot(t, c);
	unsigned first = kind == KIND_F32   ? H_select_f_S_acc
			 : kind == KIND_F64 ? H_select_d_S_acc
					    : H_select_I_S_acc;
	exec_pop(t, 3);
	uint32_t pos = exec_emit(t, first + letter * destinations(kind));
	exec_word(t, exec_fields(t->next_slot, a, b, slot));
	exec_push_result(t, kind, pos);
}
