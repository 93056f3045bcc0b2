/* SPDX-License-Identifier: Apache-2.0 */
/* Mnemonics, and what follows them: the immediates of each kind of instruction. */
#include <pthread.h>

#include "base/hash.h"
#include "wasm/instruction.h"
#include "wasm/wat_literal.h"
#include "wasm/wat_parser.h"
#include "wasm/writer.h"

/* Mnemonics by hash, made at the first use and never changed. */
#define BUCKETS 2048
static uint16_t mnemonics[BUCKETS]; /* opcode plus 1; 0: free */
static pthread_once_t mnemonics_made = PTHREAD_ONCE_INIT;

static uint16_t *mnemonic_bucket(struct wpkg_str text)
{
	for (uint64_t i = wpkg_hash(text);; i++) {
		uint16_t *bucket = &mnemonics[i % BUCKETS];
		if (*bucket == 0 || wpkg_str_equal_text(text, wpkg_opcode_text(*bucket - 1U)))
			return bucket;
	}
}

static void make_mnemonics(void)
{
	for (unsigned op = 0; op < WPKG_OP_LIMIT; op++) {
		if (!wpkg_opcode_exists(op))
			continue;
		uint16_t *bucket = mnemonic_bucket(wpkg_str_from(wpkg_opcode_text(op)));
		if (*bucket == 0)
			*bucket = (uint16_t)(op + 1);
	}
}

unsigned wat_opcode(struct wpkg_str mnemonic)
{
	pthread_once(&mnemonics_made, make_mnemonics);
	unsigned found = *mnemonic_bucket(mnemonic);
	return found ? found - 1 : WPKG_OP_LIMIT;
}

/* Numbers. */

static bool check_literal(struct wat_parser *p, enum wat_literal found)
{
	if (found == WAT_LITERAL_MALFORMED)
		return wat_unexpected(p, "a number");
	if (found == WAT_LITERAL_RANGE)
		return wat_fail(p, "constant out of range");
	wat_advance(p);
	return true;
}

uint64_t wat_integer(struct wat_parser *p, unsigned bits)
{
	uint64_t value = 0;
	check_literal(p, p->token.kind == WAT_NUMBER
				 ? wat_literal_integer(&value, wat_text(p), bits)
				 : WAT_LITERAL_MALFORMED);
	return value;
}

uint64_t wat_float(struct wat_parser *p, unsigned bits)
{
	uint64_t value = 0;
	check_literal(p, p->token.kind == WAT_NUMBER || p->token.kind == WAT_WORD
				 ? wat_literal_float(&value, wat_text(p), bits)
				 : WAT_LITERAL_MALFORMED);
	return value;
}

static void lane(struct wat_parser *p, struct wpkg_buf *out)
{
	uint64_t value = 0;
	if (check_literal(p, p->token.kind == WAT_NUMBER
				     ? wat_literal_unsigned(&value, wat_text(p), UINT8_MAX)
				     : WAT_LITERAL_MALFORMED))
		wpkg_buf_append_byte(out, (uint8_t)value);
}

const struct wat_shape *wat_take_shape(struct wat_parser *p)
{
	static const struct wat_shape shapes[] = {{"i8x16", 16, 8, false}, {"i16x8", 8, 16, false},
						  {"i32x4", 4, 32, false}, {"i64x2", 2, 64, false},
						  {"f32x4", 4, 32, true},  {"f64x2", 2, 64, true}};
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (wat_accept_word(p, shapes[i].word))
			return &shapes[i];
	wat_unexpected(p, "the shape of a vector");
	return NULL;
}

/* "i32x4 1 2 3 4" */
static void vector(struct wat_parser *p, struct wpkg_buf *out)
{
	const struct wat_shape *shape = wat_take_shape(p);
	for (unsigned i = 0; shape && i < shape->lanes; i++)
		wpkg_writer_fixed(out,
				  shape->is_float ? wat_float(p, shape->bits)
						  : wat_integer(p, shape->bits),
				  shape->bits / 8);
}

/* Memory accesses. */

/* "offset=8": the number behind the prefix; false when the next token is another. */
static bool accept_assigned(struct wat_parser *p, struct wpkg_str prefix, uint64_t *value)
{
	struct wpkg_str text = wat_text(p);
	if (p->token.kind != WAT_WORD || !wpkg_str_starts(text, prefix))
		return false;
	return check_literal(
		p, wat_literal_unsigned(value, wpkg_str_from_offset(text, prefix.len), UINT64_MAX));
}

/* Binary format, "Memory Instructions": bit 6 of the alignment says that a memory's index follows.
 */
static void memory_argument(struct wat_parser *p, unsigned op, bool has_memory,
			    struct wpkg_buf *out)
{
	uint32_t memory = has_memory ? wat_index(p, WAT_MEMORY) : 0;
	uint64_t offset = 0, align = UINT64_C(1) << wpkg_opcodes[op].aux;
	(void)accept_assigned(p, WPKG_LIT("offset="), &offset);
	uint32_t where = p->token.start;
	(void)accept_assigned(p, WPKG_LIT("align="), &align);
	if (align == 0 || (align & (align - 1)) != 0) {
		wat_fail_at(p, where, "alignment must be a power of two");
		return;
	}
	unsigned log2 = (unsigned)__builtin_ctzll(align);
	wpkg_writer_u32(out, memory > 0 ? log2 | 0x40 : log2);
	if (memory > 0)
		wpkg_writer_u32(out, memory);
	wpkg_writer_u64(out, offset);
}

/* With one number it is the lane; with something behind the first, that is the memory. */
static void lane_argument(struct wat_parser *p, unsigned op, struct wpkg_buf *out)
{
	bool has_memory = p->token.kind == WAT_ID;
	if (p->token.kind == WAT_NUMBER) {
		struct wpkg_str next = wat_token_text(&p->lexer, p->ahead);
		has_memory =
			p->ahead.kind == WAT_NUMBER ||
			(p->ahead.kind == WAT_WORD && (wpkg_str_starts(next, WPKG_LIT("offset=")) ||
						       wpkg_str_starts(next, WPKG_LIT("align="))));
	}
	memory_argument(p, op, has_memory, out);
	lane(p, out);
}

/* Control. */

static void branch_table(struct wat_parser *p, struct wpkg_buf *out)
{
	uint32_t count = 0, last = wat_label(p);
	wpkg_buf_reset(&p->operands);
	for (; wat_is_index(p); count++) {
		wpkg_writer_u32(&p->operands, last);
		last = wat_label(p);
	}
	wpkg_writer_u32(out, count);
	wat_move(p, out, &p->operands);
	wpkg_writer_u32(out, last);
}

/* "$label reftype reftype": flags say which of the two are nullable. */
static void branch_cast(struct wat_parser *p, struct wpkg_buf *out)
{
	uint32_t label = wat_label(p);
	wpkg_valtype from = wat_reftype(p), to = wat_reftype(p);
	wpkg_buf_append_byte(
		out, (uint8_t)(wpkg_valtype_is_nullable(from) | wpkg_valtype_is_nullable(to) << 1));
	wpkg_writer_u32(out, label);
	wpkg_writer_heap_type(out, from);
	wpkg_writer_heap_type(out, to);
}

/* "(catch x l)", "(catch_ref x l)", "(catch_all l)", "(catch_all_ref l)": true when one came. */
static bool catch_clause(struct wat_parser *p, struct wpkg_buf *out)
{
	static const char *const words[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
	for (unsigned i = 0; i < 4; i++) {
		if (!wat_accept_open(p, words[i]))
			continue;
		wpkg_buf_append_byte(out, (uint8_t)i);
		if (i < 2)
			wpkg_writer_u32(out, wat_index(p, WAT_TAG));
		wpkg_writer_u32(out, wat_label(p));
		return wat_expect_close(p);
	}
	return false;
}

static void catch_clauses(struct wat_parser *p, struct wpkg_buf *out)
{
	uint32_t count = 0;
	wpkg_buf_reset(&p->operands);
	while (catch_clause(p, &p->operands))
		count++;
	wpkg_writer_u32(out, count);
	wat_move(p, out, &p->operands);
}

/* "(result t*)*" of select; without any it is the opcode without types. */
static void select_types(struct wat_parser *p, struct wpkg_buf *out)
{
	if (!wat_is_open(p, "result")) {
		wpkg_writer_opcode(out, WPKG_OP_SELECT);
		return;
	}
	wpkg_buf_reset(&p->signature.values);
	p->signature.params = p->signature.results = 0;
	wat_results(p);
	wpkg_writer_opcode(out, WPKG_OP_SELECT_TYPED);
	wpkg_writer_u32(out, p->signature.results);
	const wpkg_valtype *values = (const wpkg_valtype *)(const void *)p->signature.values.ptr;
	for (uint32_t i = 0; i < p->signature.results && p->lexer.status == WPKG_OK; i++)
		wpkg_writer_valtype(out, values[i]);
}

/* Indices. */

/* "y? x": the text leaves out y where it is 0; the binary format has x first. */
static void index_behind_optional(struct wat_parser *p, enum wat_space space,
				  enum wat_space optional, struct wpkg_buf *out)
{
	bool has_both = wat_is_index(p) && (p->ahead.kind == WAT_NUMBER || p->ahead.kind == WAT_ID);
	uint32_t before = has_both ? wat_index(p, optional) : 0;
	wpkg_writer_u32(out, wat_index(p, space));
	wpkg_writer_u32(out, before);
}

/* "(x y)?": both or none, which is 0 and 0. */
static void optional_pair(struct wat_parser *p, enum wat_space space, struct wpkg_buf *out)
{
	bool has_both = wat_is_index(p);
	for (int i = 0; i < 2; i++)
		wpkg_writer_u32(out, has_both ? wat_index(p, space) : 0);
}

static void optional_index(struct wat_parser *p, enum wat_space space, struct wpkg_buf *out)
{
	wpkg_writer_u32(out, wat_is_index(p) ? wat_index(p, space) : 0);
}

/* A field, whose name belongs to the type. */
static void type_and_field(struct wat_parser *p, struct wpkg_buf *out)
{
	uint32_t type = wat_index(p, WAT_TYPE);
	wpkg_writer_u32(out, type);
	if (p->token.kind != WAT_ID) {
		wpkg_writer_u32(out, wat_u32(p));
		return;
	}
	uint32_t symbol = wat_find_symbol(p);
	uint32_t field = symbol == WAT_SYMBOL_NONE
				 ? WPKG_INDEX_NONE
				 : wat_symbols_find_field(&p->symbols, type, symbol);
	if (field == WPKG_INDEX_NONE) {
		wat_fail(p, "unknown field %.*s", WPKG_STR_ARG(wat_text(p)));
		return;
	}
	wat_advance(p);
	wpkg_writer_u32(out, field);
}

/* "table? typeuse" */
static void indirect_call(struct wat_parser *p, struct wpkg_buf *out)
{
	uint32_t table = wat_is_index(p) ? wat_index(p, WAT_TABLE) : 0;
	wpkg_writer_u32(out, wat_type_use(p, WAT_PARAMS_UNNAMED));
	wpkg_writer_u32(out, table);
}

/* ref.test and ref.cast have an opcode for null references behind the other. */
static void cast(struct wat_parser *p, unsigned op, struct wpkg_buf *out)
{
	wpkg_valtype type = wat_reftype(p);
	wpkg_writer_opcode(out, op + wpkg_valtype_is_nullable(type));
	wpkg_writer_heap_type(out, type);
}

/* What indices are of, in the order of the binary format. */
static const struct {
	enum wat_space first, second;
} spaces[] = {
	[WPKG_IMM_FUNC] = {.first = WAT_FUNC},
	[WPKG_IMM_TYPE] = {.first = WAT_TYPE},
	[WPKG_IMM_TABLE] = {.first = WAT_TABLE},
	[WPKG_IMM_GLOBAL] = {.first = WAT_GLOBAL},
	[WPKG_IMM_LOCAL] = {.first = WAT_LOCAL},
	[WPKG_IMM_TAG] = {.first = WAT_TAG},
	[WPKG_IMM_ELEM] = {.first = WAT_ELEM},
	[WPKG_IMM_DATA] = {.first = WAT_DATA},
	[WPKG_IMM_MEMORY] = {.first = WAT_MEMORY},
	[WPKG_IMM_TYPE_TYPE] = {WAT_TYPE, WAT_TYPE},
	[WPKG_IMM_TYPE_DATA] = {WAT_TYPE, WAT_DATA},
	[WPKG_IMM_TYPE_ELEM] = {WAT_TYPE, WAT_ELEM},
	[WPKG_IMM_DATA_MEMORY] = {WAT_DATA, WAT_MEMORY},
	[WPKG_IMM_MEMORY_MEMORY] = {WAT_MEMORY, WAT_MEMORY},
	[WPKG_IMM_ELEM_TABLE] = {WAT_ELEM, WAT_TABLE},
	[WPKG_IMM_TABLE_TABLE] = {WAT_TABLE, WAT_TABLE},
};

static void immediates(struct wat_parser *p, unsigned op, struct wpkg_buf *out)
{
	enum wpkg_immediate kind = (enum wpkg_immediate)wpkg_opcodes[op].immediates;
	switch (kind) {
	case WPKG_IMM_NONE:
	case WPKG_IMM_SELECT:
		break;
	case WPKG_IMM_BLOCK:
		wat_block_type(p, out);
		break;
	case WPKG_IMM_LABEL:
		wpkg_writer_u32(out, wat_label(p));
		break;
	case WPKG_IMM_BR_TABLE:
		branch_table(p, out);
		break;
	case WPKG_IMM_BR_CAST:
		branch_cast(p, out);
		break;
	case WPKG_IMM_TRY_TABLE:
		wat_block_type(p, out);
		catch_clauses(p, out);
		break;
	case WPKG_IMM_FUNC:
	case WPKG_IMM_TYPE:
	case WPKG_IMM_GLOBAL:
	case WPKG_IMM_LOCAL:
	case WPKG_IMM_TAG:
	case WPKG_IMM_ELEM:
	case WPKG_IMM_DATA:
		wpkg_writer_u32(out, wat_index(p, spaces[kind].first));
		break;
	case WPKG_IMM_TYPE_TYPE:
	case WPKG_IMM_TYPE_DATA:
	case WPKG_IMM_TYPE_ELEM:
		wpkg_writer_u32(out, wat_index(p, spaces[kind].first));
		wpkg_writer_u32(out, wat_index(p, spaces[kind].second));
		break;
	case WPKG_IMM_TABLE:
	case WPKG_IMM_MEMORY:
		optional_index(p, spaces[kind].first, out);
		break;
	case WPKG_IMM_MEMORY_MEMORY:
	case WPKG_IMM_TABLE_TABLE:
		optional_pair(p, spaces[kind].first, out);
		break;
	case WPKG_IMM_DATA_MEMORY:
	case WPKG_IMM_ELEM_TABLE:
		index_behind_optional(p, spaces[kind].first, spaces[kind].second, out);
		break;
	case WPKG_IMM_HEAP:
		wpkg_writer_heap_type(out, wat_heap_type(p));
		break;
	case WPKG_IMM_CALL_INDIRECT:
		indirect_call(p, out);
		break;
	case WPKG_IMM_TYPE_FIELD:
		type_and_field(p, out);
		break;
	case WPKG_IMM_TYPE_COUNT:
		wpkg_writer_u32(out, wat_index(p, WAT_TYPE));
		wpkg_writer_u32(out, wat_u32(p));
		break;
	case WPKG_IMM_MEMARG:
	case WPKG_IMM_MEMARG_ATOMIC:
		memory_argument(p, op, wat_is_index(p), out);
		break;
	case WPKG_IMM_MEMARG_LANE:
		lane_argument(p, op, out);
		break;
	case WPKG_IMM_LANE:
		lane(p, out);
		break;
	case WPKG_IMM_SHUFFLE:
		for (int i = 0; i < 16; i++)
			lane(p, out);
		break;
	case WPKG_IMM_I32:
		wpkg_writer_signed(out, (int32_t)wat_integer(p, 32));
		break;
	case WPKG_IMM_I64:
		wpkg_writer_signed(out, (int64_t)wat_integer(p, 64));
		break;
	case WPKG_IMM_F32:
		wpkg_writer_fixed(out, wat_float(p, 32), 4);
		break;
	case WPKG_IMM_F64:
		wpkg_writer_fixed(out, wat_float(p, 64), 8);
		break;
	case WPKG_IMM_V128:
		vector(p, out);
		break;
	case WPKG_IMM_FENCE:
		wpkg_buf_append_byte(out, 0);
		break;
	}
}

void wat_instruction(struct wat_parser *p, unsigned op, struct wpkg_buf *out)
{
	switch (op) {
	case WPKG_OP_SELECT:
		select_types(p, out);
		break;
	case WPKG_OP_REF_TEST:
	case WPKG_OP_REF_CAST:
		cast(p, op, out);
		break;
	default:
		p->has_data_index |= p->in_function && wasm_names_data(op);
		wpkg_writer_opcode(out, op);
		immediates(p, op, out);
		break;
	}
}
