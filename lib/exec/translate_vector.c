/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vector instructions in the translator. A vector is two slots; a result is always in its slots and
 * in the accumulator of vectors, so it is never pending. A constant is the address of its bytes, in
 * the body or in a global that does not change.
 */
#include "exec/choice.h"

#include "exec/bytes.h"
#include "exec/engine_int.h"
#include "exec/immediate.h"

enum vector_kind {
	VECTOR_NONE,
	VECTOR_1,
	VECTOR_2,
	VECTOR_3,
	VECTOR_SHUFFLE,
	VECTOR_SHIFT,
	VECTOR_ROTATE, /* of two shifts */
	VECTOR_SPLAT,
	VECTOR_EXTRACT,
	VECTOR_REPLACE,
	VECTOR_TEST,
	VECTOR_LOAD,
	VECTOR_STORE,
	VECTOR_LOAD_LANE,
	VECTOR_STORE_LANE
};

/* What is known of an opcode's handlers, of which there is one for each class of operands. */
struct vector_shape {
	uint8_t kind;
	uint8_t scalar;	    /* kind of the operand or result that is no vector */
	uint8_t bytes;	    /* in memory */
	uint16_t first;	    /* handler */
	uint16_t canonical; /* opcode that makes NaNs canonical; 0: it makes none */
	uint16_t exact;	    /* opcode that is deterministic; 0: it is itself */
	uint16_t rotate;    /* opcode of a shift and the opposite one as one; 0: there is none */
	bool commutes;	    /* of two operands: there are no handlers for SR, CS and CR */
};

#include "exec/vector_shapes.inc"

static const struct vector_shape *shape_of(unsigned opcode)
{
	return &shapes[opcode - WPKG_OP_BASE_FD];
}

/* The letter of an operand, S or R, as 0 or 1; for S its slot is in *slot. */
static unsigned letter_of(struct translator *t, uint32_t i, uint32_t *slot)
{
	if (exec_in_acc(t, i))
		return 1;
	*slot = exec_slot(t, i);
	return 0;
}

/* An instruction whose operands are popped, of one of its classes; its result is pushed. */
static uint32_t emit(struct translator *t, unsigned handler, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t pos = exec_emit(t, handler);
	exec_word(t, exec_fields(t->next_slot, a, b, c));
	exec_push_vector(t, pos);
	return pos;
}

static void operands_1(struct translator *t, unsigned first)
{
	uint32_t slot = 0;
	unsigned letter = letter_of(t, t->height - 1, &slot);
	exec_pop(t, 1);
	emit(t, first + letter, slot, 0, 0);
}

/* One of two operands is a constant; the other one is not. */
static void operands_with_const(struct translator *t, const struct vector_shape *shape,
				bool is_second)
{
	uint32_t slot = 0, other = t->height - (is_second ? 2 : 1);
	uint64_t address = t->stack[t->height - (is_second ? 1 : 2)].bits;
	unsigned letter = letter_of(t, other, &slot);
	exec_pop(t, 2);
	unsigned class = is_second || shape->commutes ? VECTOR_SC : VECTOR_CS;
	uint32_t pos = exec_emit(t, shape->first + class + letter);
	exec_word(t, exec_fields(t->next_slot, slot, 0, 0));
	exec_words_of(t, address);
	exec_push_vector(t, pos);
}

/* The class SS, RS or SR of two operands, and the slots in order. */
static unsigned class_2(struct translator *t, uint32_t slots[2])
{
	uint32_t a = t->height - 2, b = t->height - 1;
	if (exec_in_acc(t, a)) {
		slots[0] = exec_slot(t, b);
		return VECTOR_RS;
	}
	slots[0] = exec_slot(t, a);
	if (exec_in_acc(t, b))
		return VECTOR_SR;
	slots[1] = exec_slot(t, b);
	return VECTOR_SS;
}

static void operands_2(struct translator *t, const struct vector_shape *shape)
{
	if (exec_top(t, 0)->place == AT_CONST && exec_top(t, 1)->place == AT_CONST)
		exec_settle(t, t->height - 2);
	if (exec_top(t, 0)->place == AT_CONST || exec_top(t, 1)->place == AT_CONST) {
		operands_with_const(t, shape, exec_top(t, 0)->place == AT_CONST);
		return;
	}
	uint32_t slots[2] = {0};
	unsigned class = class_2(t, slots);
	if (class == VECTOR_SR && shape->commutes)
		class = VECTOR_RS;
	exec_pop(t, 2);
	emit(t, shape->first + class, slots[0], slots[1], 0);
}

static void operands_3(struct translator *t, unsigned first)
{
	uint32_t slots[3] = {0};
	unsigned count = 0, class = VECTOR_SSS;
	for (uint32_t k = 0; k < 3; k++) {
		uint32_t i = t->height - 3 + k;
		if (class == VECTOR_SSS && exec_in_acc(t, i))
			class = VECTOR_RSS + k;
		else
			slots[count++] = exec_slot(t, i);
	}
	exec_pop(t, 3);
	emit(t, first + class, slots[0], slots[1], slots[2]);
}

/* Shuffles: the bytes to take from the first operand, from the second; 0x80 for a byte of 0. */

static void take_masks(struct translator *t, uint8_t masks[2][16], bool same)
{
	for (unsigned i = 0; i < 16; i++) {
		uint8_t index = t->at[i];
		bool second = index >= 16 && !same;
		masks[0][i] = second ? 0x80 : index & 15;
		masks[1][i] = second ? index & 15 : 0x80;
	}
	t->at += 16;
}

static bool takes_any(const uint8_t mask[16])
{
	for (unsigned i = 0; i < 16; i++)
		if (mask[i] != 0x80)
			return true;
	return false;
}

static void emit_take(struct translator *t, unsigned letter, uint32_t slot, const uint8_t mask[16])
{
	uint32_t pos = exec_emit(t, shape_of(OPCODE_I8X16_TAKE)->first + VECTOR_SC + letter);
	exec_word(t, exec_fields(t->next_slot, slot, 0, 0));
	exec_words_of(t, (uint64_t)mask);
	exec_push_vector(t, pos);
}

static bool same_local(const struct operand *a, const struct operand *b)
{
	return a->place == AT_LOCAL && b->place == AT_LOCAL && a->slot == b->slot;
}

static void shuffle(struct translator *t, unsigned first)
{
	uint8_t masks[2][16];
	uint32_t slots[2] = {0};
	take_masks(t, masks, same_local(exec_top(t, 0), exec_top(t, 1)));
	bool from_first = takes_any(masks[0]);
	if (!from_first || !takes_any(masks[1])) {
		unsigned letter = letter_of(t, t->height - (from_first ? 2 : 1), slots);
		exec_pop(t, 2);
		emit_take(t, letter, slots[0], masks[from_first ? 0 : 1]);
		return;
	}
	static const uint8_t classes[] = {
		[VECTOR_SS] = SHUFFLE_SS, [VECTOR_RS] = SHUFFLE_RS, [VECTOR_SR] = SHUFFLE_SR};
	unsigned class = classes[class_2(t, slots)];
	exec_pop(t, 2);
	uint32_t pos = exec_emit(t, first + class);
	exec_word(t, exec_fields(t->next_slot, slots[0], slots[1], 0));
	for (unsigned i = 0; i < 2; i++)
		exec_words_of(t, (uint64_t)masks[i]);
	exec_push_vector(t, pos);
}

/* Noted when the count is a constant, as the opposite shift may follow. */
static void shift(struct translator *t, unsigned opcode)
{
	const struct vector_shape *shape = shape_of(opcode);
	uint32_t slot = 0, count = t->height - 1, by;
	const struct operand *o = &t->stack[count];
	bool is_const = o->place == AT_CONST;
	if (is_const)
		by = (uint32_t)o->bits & (shape->bytes * 8U - 1);
	else
		by = exec_slot(t, count);
	unsigned letter = letter_of(t, t->height - 2, &slot);
	struct accumulator before[BANK_COUNT];
	memcpy(before, t->acc, sizeof(before));
	exec_pop(t, 2);
	uint32_t pos = emit(t, shape->first + (unsigned)(is_const ? SHIFT_SC : SHIFT_SS) + letter,
			    slot, by, 0);
	if (is_const)
		note_last(t, pos, opcode, letter, t->code[pos + 1], before);
}

/* What a noted shift is half of; 0: nothing. */
static unsigned rotation_of(const struct note *note)
{
	unsigned opcode = note->opcode;
	return opcode < WPKG_OP_BASE_FD || opcode >= WPKG_OP_BASE_FE ? 0 : shape_of(opcode)->rotate;
}

/* The slot of the vector that a noted shift shifts; NOWHERE: it has none. */
static uint32_t shifted(const struct note *note)
{
	return note->class ? note->before[BANK_V128].local
			   : (uint32_t)(uint16_t)(note->fields >> 16);
}

/* Did the last two instructions make the two operands on top, and nothing else with them? */
static bool made_both(const struct translator *t)
{
	uint32_t count = t->instruction_count, a = t->height - 2, b = t->height - 1;
	return t->stack[a].place == AT_TEMP && t->stack[b].place == AT_TEMP && count >= 2 &&
	       t->note.pos == exec_last(t) && t->note.pos == t->stack[b].producer &&
	       t->previous.pos == t->instructions[count - 2] &&
	       t->previous.pos == t->stack[a].producer && t->previous.pos >= t->fence;
}

/* The last two instructions are gone, which the notes tell of. */
static void take_two_back(struct translator *t)
{
	exec_rewind(t, t->note.pos);
	exec_rewind(t, t->previous.pos);
	memcpy(t->acc, t->previous.before, sizeof(t->acc));
	t->note.pos = t->previous.pos = t->last_vector = NOWHERE;
}

/* A rotation by whole bytes, in lanes of so many. */
static void take_rotated(struct translator *t, unsigned letter, uint32_t slot, uint32_t lane,
			 uint32_t by)
{
	uint8_t mask[16];
	for (uint32_t i = 0; i < 16; i++)
		mask[i] = (uint8_t)(i / lane * lane + (i + lane - by) % lane);
	emit_take(t, letter, slot, mask);
}

/* x << n | x >> (bits - n), in either order, by one instruction; false when it is something else.
 */
static bool rotate(struct translator *t)
{
	struct note left = t->previous, right = t->note;
	if (!(t->opts & WPKG_OPT_FUSE) || !made_both(t) || !rotation_of(&left) ||
	    rotation_of(&left) != rotation_of(&right) || left.opcode == right.opcode ||
	    shifted(&left) == NOWHERE || shifted(&left) != shifted(&right))
		return false;
	unsigned letter = left.class;
	if (left.opcode > right.opcode) {
		left = t->note;
		right = t->previous;
	}
	uint32_t n = (uint16_t)(left.fields >> 32), m = (uint16_t)(right.fields >> 32);
	if (n + m != shape_of(left.opcode)->bytes * 8U)
		return false;
	uint32_t slot = shifted(&left);
	take_two_back(t);
	exec_pop(t, 2);
	if (n % 8 == 0)
		take_rotated(t, letter, slot, (n + m) / 8, n / 8);
	else
		emit(t, shape_of(rotation_of(&left))->first + letter, slot, n, m);
	return true;
}

/* Between numbers and vectors. */

static void splat(struct translator *t, unsigned first)
{
	uint32_t a = t->height - 1, slot = 0;
	unsigned letter = exec_pinned(t, a) ? 2 : letter_of(t, a, &slot);
	exec_pop(t, 1);
	emit(t, first + letter, slot, 0, 0);
}

static void extract(struct translator *t, const struct vector_shape *shape)
{
	uint32_t slot = exec_slot(t, t->height - 1), lane = *t->at++;
	exec_pop(t, 1);
	uint32_t pos = exec_emit(t, shape->first);
	exec_word(t, exec_fields(t->next_slot, slot, lane * shape->bytes, 0));
	exec_push_result(t, shape->scalar, pos);
}

/* Two words with ones where the lane is. */
static void emit_lane_mask(struct translator *t, unsigned lane, unsigned bytes)
{
	uint8_t mask[16] = {0};
	memset(mask + lane * bytes, 0xff, bytes);
	exec_words_of(t, (uint64_t)mask);
}

static void replace(struct translator *t, const struct vector_shape *shape)
{
	uint32_t slots[2] = {0}, count = 0;
	unsigned class = 0;
	for (uint32_t k = 0; k < 2; k++) {
		uint32_t i = t->height - 2 + k;
		if (exec_in_acc(t, i) && !exec_pinned(t, i))
			class += 1 + k;
		else
			slots[count++] = exec_slot(t, i);
	}
	uint32_t lane = *t->at++;
	exec_pop(t, 2);
	uint32_t pos = exec_emit(t, shape->first + class);
	exec_word(t, exec_fields(t->next_slot, slots[0], slots[1], 0));
	emit_lane_mask(t, lane, shape->bytes);
	exec_push_vector(t, pos);
}

/* A number from a vector; noted, as a branch may follow. */
static void test(struct translator *t, unsigned opcode)
{
	uint32_t slot = 0;
	unsigned letter = letter_of(t, t->height - 1, &slot);
	struct accumulator before[BANK_COUNT];
	memcpy(before, t->acc, sizeof(before));
	exec_pop(t, 1);
	uint32_t pos = exec_emit(t, shape_of(opcode)->first + letter * INT_DESTINATIONS);
	uint64_t fields = exec_fields(t->next_slot, slot, 0, 0);
	exec_word(t, fields);
	note_last(t, pos, opcode, letter, fields, before);
	exec_push_result(t, KIND_I32, pos);
}

static bool is_test(const struct note *note)
{
	return note->opcode >= WPKG_OP_BASE_FD && note->opcode < WPKG_OP_BASE_FE &&
	       shape_of(note->opcode)->kind == VECTOR_TEST;
}

/* Does the last instruction compare with 0 what the one before it tested, and nothing else reads?
 */
static bool negates_test(const struct translator *t)
{
	const struct note *made = &t->previous;
	uint32_t count = t->instruction_count;
	return t->note.opcode == WPKG_OP_I32_EQ && t->note.class == INT_RC &&
	       note_constant(&t->note) == 0 && count >= 2 &&
	       made->pos == t->instructions[count - 2] && made->pos >= t->fence && is_test(made) &&
	       t->code[made->pos] ==
		       shape_of(made->opcode)->first + (unsigned)made->class * INT_DESTINATIONS;
}

bool exec_branch_on_test(struct translator *t, bool sense, struct label *label)
{
	struct note test = t->note;
	if (!just_made(t, t->height - 1))
		return false;
	if ((t->opts & WPKG_OPT_FUSE) && negates_test(t)) {
		test = t->previous;
		sense = !sense;
		take_two_back(t);
	} else if (is_test(&test)) {
		exec_take_back(t, test.pos);
	} else {
		return false;
	}
	unsigned handler = shape_of(test.opcode)->first + 2 * INT_DESTINATIONS +
			   (test.class * 2U + (sense ? 0 : 1)) * SIDES;
	exec_pop(t, 1);
	exec_emit(t, sided(t, handler, label));
	exec_word(t, test.fields);
	exec_branch_word(t, label);
	return true;
}

/* Memory. */

static void load(struct translator *t, const struct vector_shape *shape)
{
	struct exec_access access = exec_take_access(t);
	uint32_t a = t->height - 1;
	struct address at = {.class = ADDRESS_COUNT};
	if (!access.plain)
		exec_locate(t, a, &access, shape->bytes);
	else if (!exec_fused_address(t, &at, a, access.offset))
		at = exec_plain_address(t, a, access.offset, true);
	exec_pop(t, 1);
	uint32_t pos = exec_emit(t, shape->first + at.class);
	exec_word(t, at.fields | t->next_slot);
	exec_push_vector(t, pos);
}

static void store(struct translator *t, const struct vector_shape *shape)
{
	struct exec_access access = exec_take_access(t);
	uint32_t v = t->height - 1, a = t->height - 2, slot = 0;
	struct address at = {.class = ADDRESS_COUNT};
	unsigned letter = letter_of(t, v, &slot);
	if (!access.plain)
		exec_locate(t, a, &access, shape->bytes);
	else if (!exec_fused_address(t, &at, a, access.offset))
		at = exec_plain_address(t, a, access.offset, true);
	exec_pop(t, 2);
	exec_emit(t, shape->first + at.class * 2 + letter);
	exec_word(t, at.fields | slot);
}

static void load_lane(struct translator *t, const struct vector_shape *shape)
{
	struct exec_access access = exec_take_access(t);
	uint32_t slot = 0, lane = *t->at++;
	unsigned letter = letter_of(t, t->height - 1, &slot);
	exec_locate(t, t->height - 2, &access, shape->bytes);
	exec_pop(t, 2);
	uint32_t pos = exec_emit(t, shape->first + letter);
	exec_word(t, exec_fields(t->next_slot, slot, 0, 0));
	emit_lane_mask(t, lane, shape->bytes);
	exec_push_vector(t, pos);
}

static void store_lane(struct translator *t, const struct vector_shape *shape)
{
	struct exec_access access = exec_take_access(t);
	uint32_t slot = exec_slot(t, t->height - 1), lane = *t->at++;
	exec_locate(t, t->height - 2, &access, shape->bytes);
	exec_pop(t, 2);
	exec_emit(t, shape->first);
	exec_word(t, exec_fields(0, slot, lane * shape->bytes, 0));
}

static void by_shape(struct translator *t, unsigned opcode)
{
	const struct vector_shape *shape = shape_of(opcode);
	switch ((enum vector_kind)shape->kind) {
	case VECTOR_1:
		operands_1(t, shape->first);
		break;
	case VECTOR_2:
		operands_2(t, shape);
		break;
	case VECTOR_3:
		operands_3(t, shape->first);
		break;
	case VECTOR_SHUFFLE:
		shuffle(t, shape->first);
		break;
	case VECTOR_SHIFT:
		shift(t, opcode);
		break;
	case VECTOR_SPLAT:
		splat(t, shape->first);
		break;
	case VECTOR_EXTRACT:
		extract(t, shape);
		break;
	case VECTOR_REPLACE:
		replace(t, shape);
		break;
	case VECTOR_TEST:
		test(t, opcode);
		break;
	case VECTOR_LOAD:
		load(t, shape);
		break;
	case VECTOR_STORE:
		store(t, shape);
		break;
	case VECTOR_LOAD_LANE:
		load_lane(t, shape);
		break;
	case VECTOR_STORE_LANE:
		store_lane(t, shape);
		break;
	case VECTOR_ROTATE:
	case VECTOR_NONE:
		break;
	}
}

void exec_vector_instruction(struct translator *t, unsigned opcode)
{
	if (opcode == WPKG_OP_V128_CONST) {
		exec_push_const(t, KIND_V128, (uint64_t)t->at);
		t->at += 16;
		return;
	}
	if (t->engine->limits.deterministic && shape_of(opcode)->exact)
		opcode = shape_of(opcode)->exact;
	if (opcode == WPKG_OP_V128_OR && rotate(t))
		return;
	by_shape(t, opcode);
	if (t->engine->limits.deterministic && shape_of(opcode)->canonical)
		operands_1(t, shape_of(shape_of(opcode)->canonical)->first);
}
