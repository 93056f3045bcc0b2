/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The quick walk: over the instructions that bodies are made of, as long as nothing about them is
 * out of the ordinary. It knows no errors: what it does not see at a glance to be right (an
 * instruction that is rare, an operand that is not the very type, the first use of a feature) it
 * leaves to wasm_step, as if it had never looked at it. So what an instruction does to operands and
 * blocks is done behind the last of its checks, and the cursor goes on only then.
 *
 * What to do with an instruction is its kind, from a table by opcode, which knows the features that
 * are in use, too. The operands of a kind are constants where they are compared.
 *
 * Reading asks for no end: READABLE bytes, more than any instruction that is quick has, can be read
 * from where one begins. They may be those of the next body. An instruction that goes beyond the
 * end of its own lacks bytes, and nothing else is wrong with it, or it were not quick.
 *
 * What this costs are jumps to the next instruction that the processor does not foretell, one in
 * four or five. Each takes as long as it takes to know better, so that this is to be soon: the
 * bytes of an instruction are loaded in the one before it, and so is where to go from it if it is
 * two bytes long, as most are.
 */
#include "wasm/validate.h"

#include <string.h>

#define READABLE 32
#define PARAMS 16 /* more of a call are not quick */

/* The state of the walk is in registers as long as nothing takes its address. */
#define INLINE static inline __attribute__((always_inline))

/*
 * What happens nearly always is to go on without a jump: each one that is taken stands, in what the
 * processor foretells by, for an instruction before it.
 */
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

struct quick {
	const uint8_t *at;     /* the instruction; with a prefix, its opcode's last byte */
	uint64_t word;	       /* what is there, the first byte lowest */
	const uint8_t *behind; /* where it ends, if that had to be read */
	wpkg_valtype *sp;
	uint32_t depth;
};

/* What stays the same during a walk; a copy, which writing operands cannot seem to change. */
struct scope {
	const uint8_t *stop; /* no instruction begins here or behind it, for this walk */
	const struct wpkg_module *module;
	const struct wpkg_module_global *globals;
	uint32_t global_count, func_count, type_count;
	const struct wpkg_module_func *funcs;
	const uint32_t *type_ids;   /* by type index */
	const uint32_t *type_calls; /* likewise */
	const struct wpkg_type *types;
	wpkg_valtype address; /* of memory 0; NO_WORD: there is none */
	const uint8_t *kinds;
	const void *const *jumps;
	const wpkg_valtype *locals;
	uint32_t flat_count;
	uint32_t init_height;
	uint32_t *init_heights; /* NULL: not kept */
	wpkg_valtype *stack;
	struct frame *frames;
	uint32_t frame_cap;
};

/* Is never on the stack. */
#define NO_WORD WPKG_TYPE_ADDRESS

/*
 * Kinds of instructions, by what there is to check: OTHER ones are for wasm_step. Of those whose
 * types are fixed there is one for each signature, without immediates and with a place in memory 0
 * (a PLACE where there is a prefix).
 */
#define KINDS(X)                                                                                   \
	X(OTHER)                                                                                   \
	X(PREFIX)                                                                                  \
	X(LOCAL_GET)                                                                               \
	X(LOCAL_SET)                                                                               \
	X(LOCAL_TEE)                                                                               \
	X(GLOBAL_GET)                                                                              \
	X(GLOBAL_SET)                                                                              \
	X(NUMBER32)                                                                                \
	X(NUMBER64)                                                                                \
	X(FLOAT32)                                                                                 \
	X(FLOAT64)                                                                                 \
	X(VECTOR)                                                                                  \
	X(PLACE)                                                                                   \
	X(ATOMIC)                                                                                  \
	X(PLACE_LANE)                                                                              \
	X(LANE)                                                                                    \
	X(SHUFFLE)                                                                                 \
	X(NOP)                                                                                     \
	X(UNREACHABLE)                                                                             \
	X(BLOCK)                                                                                   \
	X(LOOP)                                                                                    \
	X(IF)                                                                                      \
	X(TRY)                                                                                     \
	X(ELSE)                                                                                    \
	X(CATCH_ALL)                                                                               \
	X(END)                                                                                     \
	X(BRANCH)                                                                                  \
	X(BRANCH_IF)                                                                               \
	X(BRANCH_TABLE)                                                                            \
	X(RETHROW)                                                                                 \
	X(DELEGATE)                                                                                \
	X(RETURN)                                                                                  \
	X(CALL)                                                                                    \
	X(CALL_INDIRECT)                                                                           \
	X(DROP)                                                                                    \
	X(SELECT)                                                                                  \
	X(COPY)                                                                                    \
	X(FILL)

enum kind {
#define X(name) name,
	KINDS(X)
#undef X
		PLAIN,
	ACCESS = PLAIN + WPKG_SIG_COUNT,
	KIND_COUNT = ACCESS + WPKG_SIG_COUNT
};

_Static_assert(KIND_COUNT <= UINT8_MAX, "kinds are bytes");

static enum kind kind_of(const struct wpkg_opcode *code)
{
	switch ((enum wpkg_immediate)code->immediates) {
	case WPKG_IMM_NONE:
		return code->signature == WPKG_SIG_X ? OTHER : PLAIN + code->signature;
	case WPKG_IMM_MEMARG:
		return code < &wpkg_opcodes[WPKG_OP_BASE_FC] ? ACCESS + code->signature : PLACE;
	case WPKG_IMM_MEMARG_ATOMIC:
		return ATOMIC;
	case WPKG_IMM_MEMARG_LANE:
		return PLACE_LANE;
	case WPKG_IMM_LANE:
		return LANE;
	case WPKG_IMM_SHUFFLE:
		return SHUFFLE;
	case WPKG_IMM_I32:
		return NUMBER32;
	case WPKG_IMM_I64:
		return NUMBER64;
	case WPKG_IMM_F32:
		return FLOAT32;
	case WPKG_IMM_F64:
		return FLOAT64;
	case WPKG_IMM_V128:
		return VECTOR;
	default:
		return OTHER;
	}
}

static const struct {
	uint16_t opcode;
	uint8_t kind;
} special_kinds[] = {
	{WPKG_OP_LOCAL_GET, LOCAL_GET},
	{WPKG_OP_LOCAL_SET, LOCAL_SET},
	{WPKG_OP_LOCAL_TEE, LOCAL_TEE},
	{WPKG_OP_GLOBAL_GET, GLOBAL_GET},
	{WPKG_OP_GLOBAL_SET, GLOBAL_SET},
	{WPKG_OP_NOP, NOP},
	{WPKG_OP_UNREACHABLE, UNREACHABLE},
	{WPKG_OP_BLOCK, BLOCK},
	{WPKG_OP_LOOP, LOOP},
	{WPKG_OP_IF, IF},
	{WPKG_OP_TRY, TRY},
	{WPKG_OP_ELSE, ELSE},
	{WPKG_OP_CATCH_ALL, CATCH_ALL},
	{WPKG_OP_END, END},
	{WPKG_OP_BR, BRANCH},
	{WPKG_OP_BR_IF, BRANCH_IF},
	{WPKG_OP_BR_TABLE, BRANCH_TABLE},
	{WPKG_OP_RETURN, RETURN},
	{WPKG_OP_RETHROW, RETHROW},
	{WPKG_OP_DELEGATE, DELEGATE},
	{WPKG_OP_CALL, CALL},
	{WPKG_OP_CALL_INDIRECT, CALL_INDIRECT},
	{WPKG_OP_DROP, DROP},
	{WPKG_OP_SELECT, SELECT},
	{WPKG_OP_MEMORY_COPY, COPY},
	{WPKG_OP_MEMORY_FILL, FILL},
};

/* Instructions whose feature is not yet in use are for wasm_step, which notes it. */
static void make_kinds(struct validator *v, wpkg_features used)
{
	v->kinds_for = used;
	for (unsigned i = 0; i < WPKG_OP_LIMIT; i++)
		v->kinds[i] = (uint8_t)kind_of(&wpkg_opcodes[i]);
	for (unsigned i = 0; i < sizeof(special_kinds) / sizeof(special_kinds[0]); i++)
		v->kinds[special_kinds[i].opcode] = special_kinds[i].kind;
	for (unsigned i = 0; i < WPKG_OP_LIMIT; i++)
		if (!wpkg_opcode_exists(i) || !(used >> wpkg_opcodes[i].feature & 1))
			v->kinds[i] = OTHER;
	for (unsigned prefix = 0xfb; prefix <= 0xfe; prefix++)
		v->kinds[prefix] = PREFIX;
}

/* LEB128 numbers. False: too long, or too large. */

/* The top bits of some bytes of a word, which a number's last byte does not have. */
#define TOPS(first, last)                                                                          \
	(UINT64_C(0x8080808080808080) &                                                            \
	 ((UINT64_C(1) << 8 * ((last) + 1)) - (UINT64_C(1) << 8 * (first))))

INLINE uint64_t load(const uint8_t *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* The byte of the instruction, one of the first eight. */
INLINE uint64_t byte(const struct quick *q, unsigned number)
{
	return (uint8_t)(q->word >> 8 * number);
}

/* It ends with the byte that has the lowest of the stops; rest is what stands behind that. */
INLINE void end_at(struct quick *q, uint64_t stops, uint64_t *rest)
{
	unsigned last = (unsigned)__builtin_ctzll(stops);
	q->behind = q->at + last / 8 + 1;
	*rest = q->word >> last >> 1;
}

/* A number of up to five bytes, the first of the word; the lowest of the stops ends it. */
INLINE bool decode(uint64_t word, uint64_t stops, uint32_t *value)
{
	word &= stops ^ (stops - 1);
	*value = (uint32_t)((word & 0x7f) | (word >> 1 & 0x7f << 7) | (word >> 2 & 0x7f << 14) |
			    (word >> 3 & 0x7f << 21) | (word >> 4 & UINT64_C(0x7f) << 28));
	return word >> 36 == 0;
}

/* The number behind the opcode. There is no branch on how many bytes there are. */
INLINE bool read_long(struct quick *q, uint64_t *value, uint64_t *rest)
{
	uint64_t stops = ~q->word & TOPS(1, 5);
	uint32_t number;
	if (UNLIKELY(stops == 0))
		return false;
	bool is_right = decode(q->word >> 8, stops >> 8, &number);
	*value = number;
	end_at(q, stops, rest);
	return is_right;
}

/* One of a byte. */
INLINE bool read_short(const struct quick *q, uint64_t *value)
{
	*value = byte(q, 1);
	return *value < 0x80;
}

/* One further on. */
INLINE bool read_u32(const uint8_t **at, uint32_t *value)
{
	*value = **at;
	if (LIKELY(*value < 0x80)) {
		++*at;
		return true;
	}
	uint64_t word = load(*at);
	uint64_t stops = ~word & TOPS(0, 4);
	if (UNLIKELY(stops == 0))
		return false;
	*at += (unsigned)__builtin_ctzll(stops) / 8 + 1;
	return decode(word, stops, value);
}

/*
 * A signed number: the last byte that it may have holds so many bits of it. Its length is not
 * foretold: a third of all constants have more than a byte, whatever stood before.
 */
INLINE bool skip_signed(struct quick *q, unsigned max, unsigned last_bits, uint64_t *rest)
{
	uint64_t stops = ~q->word & (max == 5 ? TOPS(1, 4) : TOPS(1, 6));
	if (LIKELY(stops)) {
		end_at(q, stops, rest);
		return true;
	}
	const uint8_t *at = q->at + 1;
	const uint8_t *last = at + max - 1;
	while (at < last && *at >= 0x80)
		at++;
	q->behind = at + 1;
	*rest = *q->behind;
	return at < last ||
	       (*at < 0x80 && ((*at + (1U << (last_bits - 1))) & 0x7f) < 1U << last_bits);
}

INLINE bool skip(struct quick *q, unsigned bytes)
{
	q->behind = q->at + 1 + bytes;
	return true;
}

/* Operands. */

INLINE bool pop(struct quick *q, wpkg_valtype type)
{
	if (q->sp[-1] != type)
		return false;
	q->sp--;
	return true;
}

INLINE bool push(struct quick *q, wpkg_valtype type)
{
	*q->sp++ = type;
	return true;
}

/* What a signature of up to three operands and a result says; the last operand is on top. */
INLINE bool apply(struct quick *q, unsigned operands, wpkg_valtype a, wpkg_valtype b,
		  wpkg_valtype c, unsigned results, wpkg_valtype result)
{
	wpkg_valtype *first = q->sp - operands;
	if (operands > 3 || results > 1)
		return false;
	uint32_t differ = operands > 0 ? first[0] ^ a : 0;
	differ |= operands > 1 ? first[1] ^ b : 0;
	differ |= operands > 2 ? first[2] ^ c : 0;
	if (differ)
		return false;
	q->sp = first + results;
	if (results > 0 && (operands == 0 || !__builtin_constant_p(a) || result != a))
		*first = result;
	return true;
}

/* The same of what is rare. */
INLINE bool apply_row(const struct scope *s, struct quick *q, unsigned opcode)
{
	const struct wpkg_signature *row = &wpkg_signatures[wpkg_opcodes[opcode].signature];
	wpkg_valtype first = row->operands[0];
	if (first == WPKG_TYPE_ADDRESS)
		first = s->address;
	return apply(q, row->operand_count, first, row->operands[1], row->operands[2],
		     row->result_count, row->results[0]);
}

/* Locals and globals. */

INLINE bool local(const struct scope *s, uint64_t index, wpkg_valtype *type)
{
	if (index >= s->flat_count)
		return false;
	*type = s->locals[index];
	return *type != FLOOR;
}

INLINE bool global_get(const struct scope *s, struct quick *q, uint64_t index)
{
	return index < s->global_count && push(q, s->globals[index].type);
}

INLINE bool global_set(const struct scope *s, struct quick *q, uint64_t index)
{
	return index < s->global_count && s->globals[index].is_mutable &&
	       pop(q, s->globals[index].type);
}

/* Memory 0, and vectors. */

/*
 * Alignment, a byte, and offset, which is to be of 32 bits whatever the memory's address is: its
 * fifth byte has four of them.
 */
INLINE bool skip_place(struct quick *q, uint64_t opcode, uint64_t *rest)
{
	uint64_t stops = ~q->word & TOPS(2, 6);
	if (UNLIKELY(stops == 0))
		return false;
	end_at(q, stops, rest);
	return byte(q, 1) <= wpkg_opcodes[opcode].aux &&
	       LIKELY((stops & TOPS(2, 5)) || (byte(q, 6) & 0xf0) == 0);
}

INLINE bool copy(const struct scope *s, struct quick *q)
{
	return (byte(q, 1) | byte(q, 2)) == 0 &&
	       apply(q, 3, s->address, s->address, s->address, 0, 0);
}

INLINE bool fill(const struct scope *s, struct quick *q)
{
	return byte(q, 1) == 0 && apply(q, 3, s->address, WPKG_TYPE_I32, s->address, 0, 0);
}

INLINE bool lanes(const uint8_t *at, unsigned count, unsigned limit)
{
	uint8_t all = 0;
	for (unsigned i = 0; i < count; i++)
		all |= at[i];
	return all < limit;
}

/* What a PLACE_LANE has behind its place. */
INLINE bool lane_behind(struct quick *q, unsigned limit)
{
	return lanes(q->behind++, 1, limit);
}

/* Blocks. */

INLINE bool enter(const struct scope *s, struct quick *q, enum frame_kind kind, unsigned operands)
{
	wpkg_valtype type = WPKG_TYPE_NONE;
	unsigned code = (unsigned)byte(q, 1);
	if (UNLIKELY(code != 0x40)) {
		if (code < 0x7c || code > 0x7f)
			return false;
		type = WPKG_TYPE_I32 + (wpkg_valtype)(0x7f - code);
	}
	if (UNLIKELY(q->depth == s->frame_cap))
		return false;
	q->sp -= operands;
	if (UNLIKELY(s->init_heights != NULL))
		s->init_heights[q->depth] = s->init_height;
	s->frames[q->depth++] = (struct frame){.opcode = kind & 0xf,
					       .floor = (uint32_t)(q->sp - s->stack) & 0x7ffffff,
					       .type = type};
	return push(q, FLOOR);
}

/* Is what the label or block takes, a type or none, on the stack? */
INLINE bool has(const wpkg_valtype *sp, wpkg_valtype type)
{
	return LIKELY(type == WPKG_TYPE_NONE) || sp[-1] == type;
}

/* The floor of the innermost block when what it gives is all that is above; else NULL. */
INLINE wpkg_valtype *closed(const struct scope *s, const struct quick *q)
{
	const struct frame *frame = &s->frames[q->depth - 1];
	wpkg_valtype *top = q->sp - 1;
	if (UNLIKELY(wasm_block_is_index(frame->type) ||
		     (s->init_heights && s->init_heights[q->depth - 1] != s->init_height)))
		return NULL;
	if (LIKELY(*top == FLOOR))
		return frame->type == WPKG_TYPE_NONE || frame->is_unreachable ? top : NULL;
	return *top == frame->type && top[-1] == FLOOR ? top - 1 : NULL;
}

INLINE bool leave(const struct scope *s, struct quick *q)
{
	const struct frame *frame = &s->frames[q->depth - 1];
	wpkg_valtype type = frame->type;
	wpkg_valtype *floor = closed(s, q);
	if (!floor || (frame->opcode == FRAME_IF && type != WPKG_TYPE_NONE))
		return false;
	*floor = type;
	q->sp = floor + (type != WPKG_TYPE_NONE);
	q->depth--;
	return true;
}

/* Goes on in the same block with another kind. */
INLINE bool turn(const struct scope *s, struct quick *q, unsigned from, unsigned or_from,
		 enum frame_kind to)
{
	struct frame *frame = &s->frames[q->depth - 1];
	wpkg_valtype *floor = closed(s, q);
	if (!floor || (frame->opcode != from && frame->opcode != or_from))
		return false;
	q->sp = floor + 1;
	frame->opcode = to & 0xf;
	frame->is_unreachable = false;
	return true;
}

/*
 * What a branch to the label takes, when that is one operand at most: nothing if it is a loop's,
 * without a branch here on what it is.
 */
INLINE bool label(const struct scope *s, const struct quick *q, uint64_t index, wpkg_valtype *type)
{
	if (index >= q->depth)
		return false;
	const struct frame *to = &s->frames[q->depth - 1 - index];
	*type = to->type & (0U - (wpkg_valtype)(to->opcode != FRAME_LOOP));
	return !wasm_block_is_index(to->type);
}

INLINE bool unreachable(const struct scope *s, struct quick *q)
{
	struct frame *frame = &s->frames[q->depth - 1];
	q->sp = s->stack + frame->floor + 1;
	frame->is_unreachable = true;
	return true;
}

INLINE bool branch(const struct scope *s, struct quick *q, uint64_t index)
{
	wpkg_valtype type;
	return label(s, q, index, &type) && has(q->sp, type) && unreachable(s, q);
}

INLINE bool rethrow(const struct scope *s, struct quick *q)
{
	uint64_t index;
	if (!read_short(q, &index) || index >= q->depth)
		return false;
	unsigned to = s->frames[q->depth - 1 - index].opcode;
	return (to == FRAME_CATCH || to == FRAME_CATCH_ALL) && unreachable(s, q);
}

/*
 * Ends a try; the label is counted from outside of it. As wasm_step looks at the block before it
 * reads the label, it gets one that goes beyond the end while the block is still there.
 */
INLINE bool delegate(const struct scope *s, struct quick *q)
{
	uint64_t index;
	return s->frames[q->depth - 1].opcode == FRAME_TRY && read_short(q, &index) &&
	       index < q->depth - 1 && q->at + 2 < s->stop && leave(s, q);
}

INLINE bool branch_if(const struct scope *s, struct quick *q)
{
	uint64_t index;
	wpkg_valtype type;
	return read_short(q, &index) && label(s, q, index, &type) && has(q->sp - 1, type) &&
	       pop(q, WPKG_TYPE_I32);
}

/* Each label takes the same; all of the table must be readable. */
INLINE bool branch_table(const struct scope *s, struct quick *q)
{
	const uint8_t *at = q->at + 1;
	uint32_t count, index;
	wpkg_valtype first, type;
	if (!read_u32(&at, &count) || count >= (s->stop - at) / 5 || !read_u32(&at, &index) ||
	    !label(s, q, index, &first))
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (!read_u32(&at, &index) || !label(s, q, index, &type) || type != first)
			return false;
	q->behind = at;
	return q->sp[-1] == WPKG_TYPE_I32 && has(q->sp - 1, first) && unreachable(s, q);
}

/*
 * Calls. What most of them take and give is a word for each type, which needs two accesses to
 * memory less in a row: three bits for each parameter's type, the last parameter lowest, and from
 * RESULT_SHIFT on the result's, or 0. CALL_OTHER: it does not fit.
 */
#define CALL_OTHER UINT32_MAX
#define RESULT_SHIFT 27

static uint32_t call_word(const struct wpkg_type *type)
{
	uint32_t word = 0;
	if (type->composite != WPKG_COMPOSITE_FUNC || type->param_count > RESULT_SHIFT / 3 ||
	    type->result_count > 1)
		return CALL_OTHER;
	for (uint32_t i = 0; i < type->param_count + type->result_count; i++) {
		if (type->params[i] > WPKG_TYPE_V128)
			return CALL_OTHER;
		if (i < type->param_count)
			word = word << 3 | type->params[i];
		else
			word |= type->params[i] << RESULT_SHIFT;
	}
	return word;
}

void wasm_call_words(const struct wpkg_module *module, uint32_t *types)
{
	for (uint32_t i = 0; i < module->type_count; i++)
		types[i] = call_word(&module->types.types[module->type_ids[i]]);
}

/* What does not fit into a word. */
INLINE bool call_list(struct quick *q, wpkg_valtype *sp, const struct wpkg_type *type)
{
	if (type->composite != WPKG_COMPOSITE_FUNC || type->param_count > PARAMS ||
	    type->result_count > 1)
		return false;
	const wpkg_valtype *params = type->params;
	for (uint32_t i = type->param_count; i > 0; i--)
		if (*--sp != params[i - 1])
			return false;
	if (type->result_count > 0)
		*sp++ = params[type->param_count];
	q->sp = sp;
	return true;
}

INLINE bool call(struct quick *q, wpkg_valtype *sp, uint32_t word)
{
	uint32_t result = word >> RESULT_SHIFT;
	for (word &= (UINT32_C(1) << RESULT_SHIFT) - 1; word != 0; word >>= 3)
		if (*--sp != (word & 7))
			return false;
	*sp = result;
	q->sp = sp + (result != 0);
	return true;
}

/* The function's index is longer than a byte more often than not. */
INLINE bool call_direct(const struct scope *s, struct quick *q, uint64_t *rest)
{
	uint64_t index;
	if (!read_long(q, &index, rest) || index >= s->func_count)
		return false;
	uint32_t type = s->funcs[index].type, word = s->type_calls[type];
	if (UNLIKELY(word == CALL_OTHER))
		return call_list(q, q->sp, &s->types[s->type_ids[type]]);
	return call(q, q->sp, word);
}

INLINE bool call_indirect(const struct scope *s, struct quick *q)
{
	const uint8_t *at = q->at + 1;
	uint32_t index;
	if (!read_u32(&at, &index) || index >= s->type_count || *at != 0 ||
	    s->module->table_count == 0)
		return false;
	q->behind = at + 1;
	const struct wpkg_module_table *table = &s->module->tables[0];
	if (table->element != WPKG_TYPE_FUNCREF || q->sp[-1] != wasm_address(&table->size))
		return false;
	uint32_t word = s->type_calls[index];
	if (UNLIKELY(word == CALL_OTHER))
		return call_list(q, q->sp - 1, &s->types[s->type_ids[index]]);
	return call(q, q->sp - 1, word);
}

INLINE bool drop(struct quick *q)
{
	if (q->sp[-1] == FLOOR)
		return false;
	q->sp--;
	return true;
}

INLINE bool choose(struct quick *q)
{
	wpkg_valtype type = q->sp[-2];
	if (q->sp[-1] != WPKG_TYPE_I32 || q->sp[-3] != type || type - WPKG_TYPE_I32 > 4)
		return false;
	q->sp -= 2;
	return true;
}

/* The kind of the instruction, which has a prefix. */
INLINE unsigned prefixed(const struct scope *s, struct quick *q, unsigned *opcode)
{
	const uint8_t *at = q->at + 1;
	unsigned prefix = (unsigned)byte(q, 0);
	unsigned limit = prefix == 0xfd ? WPKG_OP_BASE_FE - WPKG_OP_BASE_FD : 0x100;
	uint32_t code;
	if (!read_u32(&at, &code) || code >= limit)
		return OTHER;
	q->at = at - 1;
	q->word = load(q->at);
	*opcode = WPKG_OP_NUMBER(prefix, 0U) + code;
	return s->kinds[*opcode];
}

static struct scope scope_of(const struct validator *v)
{
	const struct wpkg_module *module = v->module;
	const struct wpkg_reader *r = &v->in.r;
	return (struct scope){
		.stop = r->end < r->limit - READABLE ? r->end : r->limit - READABLE,
		.module = module,
		.globals = module->globals,
		.global_count = module->global_count,
		.func_count = module->func_count,
		.funcs = module->funcs,
		.type_ids = module->type_ids,
		.type_calls = v->type_calls,
		.types = module->types.types,
		.type_count = module->type_count,
		.address = module->memory_count ? wasm_address(&module->memories[0].size) : NO_WORD,
		.kinds = v->kinds,
		.jumps = v->jumps,
		.locals = v->locals,
		.flat_count = v->flat_count,
		.init_height = v->init_height,
		.init_heights = v->has_unset ? v->init_heights : NULL,
		.stack = v->stack,
		.frames = v->frames,
		.frame_cap = v->frame_cap,
	};
}

#define PLACE_TYPE(type) ((type) == WPKG_TYPE_ADDRESS ? s->address : (wpkg_valtype)(type))

/*
 * On to the instruction that begins there, whose handler that is, by a jump of each one's own,
 * which the processor foretells better.
 */
#define GO(to, handler)                                                                            \
	do {                                                                                       \
		const uint8_t *next_at = (to);                                                     \
		if (UNLIKELY(next_at >= stop)) {                                                   \
			edge = next_at;                                                            \
			goto done;                                                                 \
		}                                                                                  \
		const void *next_handler = (handler);                                              \
		next.word = load(next_at);                                                         \
		next.at = next_at;                                                                 \
		two = jumps[next_at[2]];                                                           \
		goto *next_handler;                                                                \
	} while (0)

#define GO_OVER(bytes) GO(next.at + (bytes), (bytes) == 2 ? two : jumps[byte(q, bytes)])

/* Instructions of a kind and of so many bytes, below eight, and when they are quick. */
#define ON(kind, bytes, is_right)                                                                  \
	kind:                                                                                      \
	if (UNLIKELY(!(is_right)))                                                                 \
		goto out;                                                                          \
	GO_OVER(bytes)

/* With an index, of a byte nearly always. */
#define ON_INDEX(kind, is_right)                                                                   \
	kind:                                                                                      \
	if (UNLIKELY(!read_short(q, &index))) {                                                    \
		if (!read_long(q, &index, &rest) || !(is_right))                                   \
			goto out;                                                                  \
		GO(next.behind, jumps[(uint8_t)rest]);                                             \
	}                                                                                          \
	if (UNLIKELY(!(is_right)))                                                                 \
		goto out;                                                                          \
	GO_OVER(2)

/* Where rest has what follows, and where only memory has it. */
#define ON_REST(kind, is_right)                                                                    \
	kind:                                                                                      \
	if (UNLIKELY(!(is_right)))                                                                 \
		goto out;                                                                          \
	GO(next.behind, jumps[(uint8_t)rest])

#define ON_LONG(kind, is_right)                                                                    \
	kind:                                                                                      \
	if (UNLIKELY(!(is_right)))                                                                 \
		goto out;                                                                          \
	GO(next.behind, jumps[*next_at])

/*
 * Over instructions until one is not quick; the state is before that one then. Returns where the
 * last quick one begins.
 */
static const uint8_t *walk(struct validator *v, const struct scope *s, struct quick *state)
{
	static const void *const labels[KIND_COUNT] = {
#define X(name) [name] = &&name,
		KINDS(X)
#undef X
			[PLAIN] = &&OTHER,
		[ACCESS] = &&OTHER,
#define WPKG_SIG(name, n, a, b, c, d, m, r, z)                                                     \
	[PLAIN + WPKG_SIG_##name] = &&plain_##name, [ACCESS + WPKG_SIG_##name] = &&access_##name,
#include "wasm/opcode.def"
	};
	wpkg_features used = v->in.used | WPKG_FEATURE_BIT(MVP);
	if (v->kinds_for != used) {
		make_kinds(v, used);
		for (unsigned i = 0; i < 256; i++)
			v->jumps[i] = labels[v->kinds[i]];
	}
	struct quick next = *state, *q = &next;
	const void *const *jumps = s->jumps;
	const uint8_t *const stop = s->stop;
	const uint8_t *edge = NULL; /* behind the last instruction, if it was quick */
	/* Of the last one that has a prefix: where that is, and its opcode's last byte. */
	const uint8_t *prefix = NULL, *prefix_end = NULL;
	const void *two; /* where to go from this instruction if it has two bytes */
	wpkg_valtype type;
	uint64_t index;
	unsigned kind, opcode = 0; /* where there is a prefix */
	uint64_t rest;		   /* in its lowest byte what follows, for some */
	GO(next.at, jumps[*next_at]);
	ON_INDEX(LOCAL_GET, local(s, index, &type) && push(q, type));
	ON_INDEX(LOCAL_SET, local(s, index, &type) && pop(q, type));
	ON_INDEX(LOCAL_TEE, local(s, index, &type) && q->sp[-1] == type);
	ON_INDEX(GLOBAL_GET, global_get(s, q, index));
	ON_INDEX(GLOBAL_SET, global_set(s, q, index));
	ON_REST(NUMBER32, skip_signed(q, 5, 4, &rest) && push(q, WPKG_TYPE_I32));
	ON_REST(NUMBER64, skip_signed(q, 10, 1, &rest) && push(q, WPKG_TYPE_I64));
	ON(FLOAT32, 5, push(q, WPKG_TYPE_F32));
	ON_LONG(FLOAT64, skip(q, 8) && push(q, WPKG_TYPE_F64));
	ON_LONG(VECTOR, skip(q, 16) && push(q, WPKG_TYPE_V128));
	ON_REST(PLACE, skip_place(q, opcode, &rest) && apply_row(s, q, opcode));
	ON_REST(ATOMIC, byte(q, 1) == wpkg_opcodes[opcode].aux && skip_place(q, opcode, &rest) &&
				apply_row(s, q, opcode));
	ON_LONG(PLACE_LANE, skip_place(q, opcode, &rest) &&
				    lane_behind(q, 16U >> wpkg_opcodes[opcode].aux) &&
				    apply_row(s, q, opcode));
	ON(LANE, 2, lanes(q->at + 1, 1, wpkg_opcodes[opcode].aux) && apply_row(s, q, opcode));
	ON_LONG(SHUFFLE, skip(q, 16) && lanes(q->at + 1, 16, 32) && apply_row(s, q, opcode));
	ON(NOP, 1, true);
	ON(UNREACHABLE, 1, unreachable(s, q));
	ON(BLOCK, 2, enter(s, q, FRAME_BLOCK, 0));
	ON(LOOP, 2, enter(s, q, FRAME_LOOP, 0));
	ON(IF, 2, q->sp[-1] == WPKG_TYPE_I32 && enter(s, q, FRAME_IF, 1));
	ON(TRY, 2, enter(s, q, FRAME_TRY, 0));
	ON(ELSE, 1, turn(s, q, FRAME_IF, FRAME_IF, FRAME_ELSE));
	ON(CATCH_ALL, 1, turn(s, q, FRAME_TRY, FRAME_CATCH, FRAME_CATCH_ALL));
END:
	if (UNLIKELY(!leave(s, q)))
		goto out;
	if (LIKELY(q->depth > 0))
		GO_OVER(1);
	edge = next.at + 1;
	goto done;
	ON(BRANCH, 2, read_short(q, &index) && branch(s, q, index));
	ON(BRANCH_IF, 2, branch_if(s, q));
	ON_LONG(BRANCH_TABLE, branch_table(s, q));
	ON(RETHROW, 2, rethrow(s, q));
	ON(DELEGATE, 2, delegate(s, q));
	ON(RETURN, 1, branch(s, q, q->depth - 1));
	ON_REST(CALL, call_direct(s, q, &rest));
	ON_LONG(CALL_INDIRECT, call_indirect(s, q));
	ON(DROP, 1, drop(q));
	ON(SELECT, 1, choose(q));
	ON(COPY, 3, copy(s, q));
	ON(FILL, 2, fill(s, q));
#define WPKG_SIG(name, n, a, b, c, d, m, r, z)                                                     \
	ON(plain_##name, 1,                                                                        \
	   apply(q, n, WPKG_TYPE_##a, WPKG_TYPE_##b, WPKG_TYPE_##c, m, WPKG_TYPE_##r));            \
	ON_REST(access_##name, WPKG_TYPE_##a == WPKG_TYPE_ADDRESS &&                               \
				       skip_place(q, byte(q, 0), &rest) &&                         \
				       apply(q, n, PLACE_TYPE(WPKG_TYPE_##a), WPKG_TYPE_##b,       \
					     WPKG_TYPE_##c, m, WPKG_TYPE_##r));
#include "wasm/opcode.def"
PREFIX:
	prefix = next.at;
	kind = prefixed(s, q, &opcode);
	prefix_end = next.at;
	two = jumps[byte(q, 2)];
	goto *labels[kind];
OTHER:
out:
	edge = NULL;
done:
	*state = next;
	const uint8_t *here = next.at == prefix_end ? prefix : next.at;
	state->at = edge ? edge : here;
	return here;
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
	const struct scope scope = scope_of(v);
	struct quick state = {.at = r->at, .sp = v->sp, .depth = v->depth};
	const uint8_t *last = walk(v, &scope, &state);
	r->at = state.at <= r->end ? state.at : last;
	v->sp = state.sp;
	v->depth = state.depth;
}

bool wasm_skip_number(struct wpkg_reader *r)
{
	if (wpkg_reader_left(r) < 8)
		return false;
	struct quick q = {.at = r->at, .word = load(r->at)};
	uint64_t stops = ~q.word & TOPS(1, 4), rest;
	if (byte(&q, 0) != WPKG_OP_I32_CONST || stops == 0)
		return false;
	end_at(&q, stops, &rest);
	if ((uint8_t)rest != WPKG_OP_END)
		return false;
	r->at = q.behind + 1;
	return true;
}
