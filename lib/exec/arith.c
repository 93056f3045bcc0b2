/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/compile.h"

#include <string.h>

#include "exec/engine_int.h"
#include "exec/immediate.h"
#include "exec/shapes.inc"

/* Opcodes that the fusions name. */
enum {
	OP_I32_EQZ = 0x45,
	OP_I32_EQ = 0x46,
	OP_I64_EQ = 0x51,
	OP_I32_LOAD = 0x28,
	OP_I32_LOAD8_U = 0x2d,
	OP_I32_STORE = 0x36,
	OP_I64_STORE = 0x37,
	OP_F32_STORE = 0x38,
	OP_F64_STORE = 0x39,
	OP_I32_ADD = 0x6a,
	OP_I32_SUB = 0x6b,
	OP_I32_MUL = 0x6c,
	OP_I32_AND = 0x71,
	OP_I32_SHL = 0x74,
	OP_I32_SHR_U = 0x76
};

#define INT_DESTINATIONS 3

static const struct shape *shape_of(unsigned opcode)
{
	static const struct shape none;
	return opcode < sizeof(shapes) / sizeof(shapes[0]) ? &shapes[opcode] : &none;
}

static bool is_int(unsigned kind)
{
	return exec_bank(kind) == BANK_INT;
}

static unsigned destinations(unsigned kind)
{
	return is_int(kind) ? INT_DESTINATIONS : 2;
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
		return opcode == OPCODE_REF_I31 ? KIND_REF : KIND_I32;
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
static unsigned commuted(unsigned opcode)
{
	static const uint8_t orders[] = {0, 1, 4, 5, 2,
					 3, 8, 9, 6, 7}; /* eq ne lt lt gt gt le le ge ge */
	if (opcode >= OP_I32_EQ && opcode < OP_I32_EQ + 10)
		return OP_I32_EQ + orders[opcode - OP_I32_EQ];
	if (opcode >= OP_I64_EQ && opcode < OP_I64_EQ + 10)
		return OP_I64_EQ + orders[opcode - OP_I64_EQ];
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

/* Is operand i made by the last instruction, of which the note tells, and not used so far? */
static bool just_made(const struct translator *t, uint32_t i)
{
	const struct operand *o = &t->stack[i];
	return o->place == AT_TEMP && o->pending && o->producer == t->note.pos &&
	       o->producer == exec_last(t);
}

static void note_last(struct translator *t, uint32_t pos, unsigned opcode, unsigned class,
		      uint64_t fields, const struct accumulator *before)
{
	t->note.pos = pos;
	t->note.opcode = (uint16_t)opcode;
	t->note.class = (uint8_t) class;
	t->note.fields = fields;
	memcpy(t->note.before, before, sizeof(t->note.before));
}

/* The first slot, and the last two fields, of an instruction that is noted. */
static uint32_t note_field(const struct translator *t, int k)
{
	return (uint32_t)(uint16_t)(t->note.fields >> (16 * k));
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
	if (t->note.opcode == OP_I32_SHL &&
	    (class == INT_SC || class == INT_RC || class == INT_LC)) {
		handler = H_shl_add_SC_acc + INT_DESTINATIONS * (class == INT_SC   ? 0u
								 : class == INT_RC ? 1u
										   : 2u);
		last = (uint32_t)(t->note.fields >> 32) & 31;
	} else if (t->note.opcode == OP_I32_MUL && muls[class] >= 0) {
		handler = H_mul_add_SS_acc + INT_DESTINATIONS * (unsigned)muls[class];
		last = note_field(t, 2);
	} else {
		return false;
	}
	uint32_t slot =
		t->stack[other].place == AT_LOCAL ? t->stack[other].slot : t->stack[other].home;
	uint32_t x = note_field(t, 1);
	exec_take_back(t, t->note.pos);
	exec_pop(t, 2);
	uint32_t pos = exec_emit(t, handler);
	exec_word(t, exec_fields(t->next_slot, slot, x, last));
	exec_push_result(t, KIND_I32, pos);
	return true;
}

static bool fuse_and(struct translator *t, uint32_t a, uint32_t b)
{
	unsigned class = t->note.class;
	if (!just_made(t, a) || t->note.opcode != OP_I32_SHR_U || t->stack[b].place != AT_CONST ||
	    t->stack[b].bits > 0xffff || (class != INT_SC && class != INT_RC && class != INT_LC))
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

void exec_binary(struct translator *t, unsigned opcode)
{
	uint32_t a = t->height - 2, b = t->height - 1;
	if (t->opts & WPKG_OPT_FUSE) {
		if (opcode == OP_I32_ADD && fuse_add(t, a, b))
			return;
		if (opcode == OP_I32_AND && fuse_and(t, a, b))
			return;
	}
	bool ints = is_int(t->stack[a].kind);
	if (ints && t->stack[a].place == AT_CONST && t->stack[b].place != AT_CONST &&
	    commuted(opcode)) {
		opcode = commuted(opcode);
		a = t->height - 1;
		b = t->height - 2;
	}
	struct inputs in = ints ? int_inputs(t, a, b) : float_inputs(t, a, b);
	unsigned kind = exec_result_kind(opcode);
	struct accumulator before[BANK_COUNT];
	memcpy(before, t->acc, sizeof(before));
	exec_pop(t, 2);
	uint32_t pos = exec_emit(t, shape_of(opcode)->first + in.class * destinations(kind));
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

/* Compared with 0; of a comparison that was just made, the opposite one. */
void exec_eqz(struct translator *t, unsigned opcode)
{
	const struct shape *shape = shape_of(t->note.opcode);
	if (just_made(t, t->height - 1) && shape->opposite) {
		t->note.opcode = shape->opposite;
		unsigned first = shape_of(shape->opposite)->first;
		t->code[t->note.pos] = first + t->note.class * INT_DESTINATIONS;
		return;
	}
	exec_push_const(t, opcode == OP_I32_EQZ ? KIND_I32 : KIND_I64, 0);
	exec_binary(t, opcode == OP_I32_EQZ ? OP_I32_EQ : OP_I64_EQ);
}

void exec_unary(struct translator *t, unsigned opcode)
{
	uint32_t a = t->height - 1, slot = 0;
	unsigned letter = exec_pinned(t, a) ? 2 : exec_in_acc(t, a) ? 1 : 0;
	if (letter == 0)
		slot = exec_slot(t, a);
	unsigned kind = exec_result_kind(opcode);
	exec_pop(t, 1);
	uint32_t pos = exec_emit(t, shape_of(opcode)->first + letter * destinations(kind));
	exec_word(t, exec_fields(t->next_slot, slot, 0, 0));
	exec_push_result(t, kind, pos);
	fix_nan(t, opcode);
}

/* How an access reaches its address: the class, and the word of fields without field 0. */
struct address {
	unsigned class;
	uint64_t fields;
};

/* Takes an addition that was just made into the address; false when it cannot. */
static bool fused_address(struct translator *t, struct address *out, uint32_t a, uint64_t offset)
{
	static const uint8_t classes[] = {
		[INT_SS] = ADDRESS_SS, [INT_SC] = ADDRESS_SC, [INT_RS] = ADDRESS_RS,
		[INT_SR] = ADDRESS_RS, [INT_RC] = ADDRESS_RC, [INT_LS] = ADDRESS_LS,
		[INT_SL] = ADDRESS_LS, [INT_LC] = ADDRESS_LC, [INT_LL] = 0};
	if (!(t->opts & WPKG_OPT_ADDRESS) || !just_made(t, a) || t->note.opcode != OP_I32_ADD)
		return false;
	unsigned class = t->note.class;
	bool constant = class == INT_SC || class == INT_RC || class == INT_LC;
	if (class == INT_LL || class == INT_LR || class == INT_RL ||
	    (constant ? offset != 0 : offset > 0xffff))
		return false;
	out->class = classes[class];
	out->fields = t->note.fields & ~(uint64_t)0xffff;
	if (!constant)
		out->fields |= offset << 48;
	exec_take_back(t, t->note.pos);
	return true;
}

static struct address plain_address(struct translator *t, uint32_t a, uint64_t offset,
				    bool acc_free)
{
	struct address out = {.class = ADDRESS_S};
	uint32_t slot = 0;
	if (exec_pinned(t, a))
		out.class = ADDRESS_L;
	else if (acc_free && exec_in_acc(t, a))
		out.class = ADDRESS_R;
	else
		slot = exec_slot(t, a);
	out.fields = exec_fields_constant(0, slot, (uint32_t)offset);
	return out;
}

/* The address in any memory, checked, to the accumulator. Operand a is its base. */
static void locate(struct translator *t, uint32_t a, const struct wpkg_memory *memory,
		   uint64_t offset, uint32_t size)
{
	uint32_t slot = exec_slot(t, a);
	exec_spill(t, BANK_INT);
	exec_emit(t, memory->is_64 ? H_locate_64 : H_locate_32);
	exec_word(t, exec_fields(0, slot, size, 0));
	exec_word(t, (uint64_t)memory);
	exec_word(t, offset);
}

static uint32_t access_size(unsigned opcode)
{
	static const uint8_t sizes[] = {4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2,
					4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4};
	return sizes[opcode - OP_I32_LOAD];
}

void exec_load(struct translator *t, unsigned opcode, const struct wpkg_memory *memory, bool first,
	       uint64_t offset)
{
	uint32_t a = t->height - 1, pos;
	unsigned kind = exec_result_kind(opcode);
	if (!first || memory->is_64) {
		locate(t, a, memory, offset, access_size(opcode));
		exec_pop(t, 1);
		pos = exec_emit(t, shape_of(opcode)->direct);
		exec_word(t, exec_fields(t->next_slot, 0, 0, 0));
		exec_push_result(t, kind, pos);
		return;
	}
	struct address at;
	if (!fused_address(t, &at, a, offset))
		at = plain_address(t, a, offset, true);
	struct accumulator before[BANK_COUNT];
	memcpy(before, t->acc, sizeof(before));
	exec_pop(t, 1);
	pos = exec_emit(t, shape_of(opcode)->first + at.class * destinations(kind));
	exec_word(t, at.fields | t->next_slot);
	note_last(t, pos, opcode, at.class, at.fields, before);
	exec_push_result(t, kind, pos);
}

static bool tiny_const(const struct operand *o)
{
	if (o->place != AT_CONST)
		return false;
	if (o->kind == KIND_I32 || o->kind == KIND_F32)
		return (int32_t)(uint32_t)o->bits == (int16_t)(uint16_t)o->bits;
	return (int64_t)o->bits == (int16_t)(uint16_t)o->bits;
}

void exec_store(struct translator *t, unsigned opcode, const struct wpkg_memory *memory, bool first,
		uint64_t offset)
{
	uint32_t v = t->height - 1, a = t->height - 2, value = 0;
	struct operand *o = &t->stack[v];
	if (!first || memory->is_64) {
		value = exec_slot(t, v);
		locate(t, a, memory, offset, access_size(opcode));
		exec_pop(t, 2);
		exec_emit(t, shape_of(opcode)->direct);
		exec_word(t, exec_fields(value, 0, 0, 0));
		return;
	}
	bool tiny = tiny_const(o);
	if (tiny && opcode == OP_F32_STORE)
		opcode = OP_I32_STORE;
	if (tiny && opcode == OP_F64_STORE)
		opcode = OP_I64_STORE;
	struct address at;
	unsigned class;
	if ((tiny || o->place == AT_LOCAL) && fused_address(t, &at, a, offset)) {
		class = tiny ? VALUE_C : exec_pinned(t, v) ? VALUE_L : VALUE_S;
	} else {
		class = tiny		    ? VALUE_C
			: exec_pinned(t, v) ? VALUE_L
			: exec_in_acc(t, v) ? VALUE_R
					    : VALUE_S;
		if (class == VALUE_S)
			value = exec_slot(t, v);
		at = plain_address(t, a, offset, class != VALUE_R || !is_int(o->kind));
	}
	if (class == VALUE_C)
		value = (uint32_t)o->bits & 0xffff;
	else if (class == VALUE_S)
		value = exec_slot(t, v);
	exec_pop(t, 2);
	exec_emit(t, shape_of(opcode)->first + at.class * 4 + class);
	exec_word(t, at.fields | value);
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
		exec_push_slot(t, kind, pos);
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

/* Where the branch variants of an instruction begin: forward, then backward. */
static unsigned sided(unsigned handler, const struct label *label)
{
	return handler + (label->kind == LABEL_LOOP ? 1 : 0);
}

/* A comparison, or an "and", that was just made becomes the branch. */
static bool branch_on_compare(struct translator *t, bool sense, struct label *label)
{
	if (!just_made(t, t->height - 1))
		return false;
	unsigned opcode = t->note.opcode, class = t->note.class, handler;
	const struct shape *shape = shape_of(opcode);
	if (opcode == OP_I32_AND)
		handler = H_br_i32_and_SS_if + (class * 2 + (sense ? 0 : 1)) * 2;
	else if (shape->kind != SHAPE_COMPARE)
		return false;
	else if (shape->opposite)
		handler = shape_of(sense ? opcode : shape->opposite)->branch + class * 2;
	else if (class <= FLOAT_SR)
		handler = shape->branch + (class * 2 + (sense ? 0 : 1)) * 2;
	else
		return false;
	uint64_t fields = t->note.fields;
	exec_take_back(t, t->note.pos);
	exec_pop(t, 1);
	uint32_t pos = exec_emit(t, sided(handler, label));
	exec_word(t, fields);
	exec_branch_word(t, label, pos);
	return true;
}

/* The last instruction made the condition, in a local or not, and branches on it, too. */
static bool branch_on_result(struct translator *t, bool sense, struct label *label)
{
	const struct operand *o = exec_top(t, 0);
	uint32_t pos = t->note.pos;
	if (pos == NOWHERE || pos != exec_last(t) || o->kind != KIND_I32)
		return false;
	unsigned opcode = t->note.opcode, class = t->note.class;
	unsigned kind = shape_of(opcode)->kind;
	if (kind != SHAPE_BINARY && kind != SHAPE_LOAD)
		return false;
	unsigned destination =
		(unsigned)t->code[pos] - shape_of(opcode)->first - class * INT_DESTINATIONS;
	bool local =
		o->place == AT_LOCAL && destination != 0 && (uint16_t)t->code[pos + 1] == o->slot;
	unsigned handler;
	if ((opcode == OP_I32_ADD || opcode == OP_I32_SUB) && local &&
	    (class == INT_SC || class == INT_RC || class == INT_LC)) {
		unsigned letter = class == INT_SC ? 0 : class == INT_RC ? 1 : 2;
		handler = opcode == OP_I32_ADD ? H_add_br_SC_slot_unless : H_sub_br_SC_slot_unless;
		handler += ((letter * 2 + destination - 1) * 2 + (sense ? 1 : 0)) * 2;
	} else if ((opcode == OP_I32_LOAD || opcode == OP_I32_LOAD8_U) &&
		   (local || just_made(t, t->height - 1))) {
		handler = opcode == OP_I32_LOAD ? H_i32_load_br_S_acc_unless
						: H_i32_load8_u_br_S_acc_unless;
		handler += ((class * INT_DESTINATIONS + destination) * 2 + (sense ? 1 : 0)) * 2;
	} else {
		return false;
	}
	t->code[pos] = sided(handler, label);
	t->note.pos = NOWHERE;
	exec_pop(t, 1);
	exec_branch_word(t, label, pos);
	return true;
}

void exec_branch_if(struct translator *t, bool sense, struct label *label)
{
	if (t->opts & WPKG_OPT_BRANCH) {
		if (branch_on_compare(t, sense, label))
			return;
		if ((t->opts & WPKG_OPT_FUSE) && branch_on_result(t, sense, label))
			return;
	}
	uint32_t c = t->height - 1, slot = 0;
	unsigned letter = exec_pinned(t, c) ? 2 : exec_in_acc(t, c) ? 1 : 0;
	if (letter == 0)
		slot = exec_slot(t, c);
	exec_pop(t, 1);
	uint32_t pos = exec_emit(t, sided(H_br_S_if + (letter * 2 + (sense ? 0 : 1)) * 2, label));
	exec_word(t, exec_fields(0, slot, 0, 0));
	exec_branch_word(t, label, pos);
}

void exec_branch_if_null(struct translator *t, bool sense, uint32_t slot, struct label *label)
{
	unsigned handler = sense ? H_br_i64_eq_SC : H_br_i64_ne_SC;
	uint32_t pos = exec_emit(t, sided(handler, label));
	exec_word(t, exec_fields_constant(0, slot, 0));
	exec_branch_word(t, label, pos);
}
