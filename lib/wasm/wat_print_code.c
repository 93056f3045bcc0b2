/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions as text, and bodies with an instruction a line. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "wasm/wat_print.h"

/* Numbers. */

/* Sign, "0x1.8p+3" and the rest of a finite number, whose bits say exactly that. */
static void put_finite(struct wpkg_buf *out, uint64_t bits, unsigned mantissa, int bias)
{
	uint64_t fraction = bits & ((UINT64_C(1) << mantissa) - 1);
	int exponent = (int)(bits >> mantissa);
	int digits = (int)(mantissa + 3) / 4;
	fraction <<= digits * 4 - (int)mantissa;
	while (digits > 0 && (fraction & 0xf) == 0) {
		fraction >>= 4;
		digits--;
	}
	wpkg_buf_append_text(out, exponent == 0 ? "0x0" : "0x1");
	if (digits > 0)
		wpkg_buf_append_format(out, ".%0*llx", digits, (unsigned long long)fraction);
	bool is_zero = exponent == 0 && fraction == 0;
	wpkg_buf_append_format(out, "p%+d", is_zero ? 0 : (exponent ? exponent : 1) - bias);
}

static void put_float(struct wpkg_buf *out, uint64_t bits, unsigned width)
{
	unsigned mantissa = width == 32 ? 23 : 52;
	uint64_t magnitude = bits & (UINT64_MAX >> (65 - width));
	uint64_t infinity = (UINT64_C(1) << (width - 1)) - (UINT64_C(1) << mantissa);
	if (bits >> (width - 1))
		wpkg_buf_append_byte(out, '-');
	if (magnitude < infinity) {
		put_finite(out, magnitude, mantissa, width == 32 ? 127 : 1023);
	} else if (magnitude == infinity) {
		wpkg_buf_append_text(out, "inf");
	} else if (magnitude == (infinity | UINT64_C(1) << (mantissa - 1))) {
		wpkg_buf_append_text(out, "nan");
	} else {
		wpkg_buf_append_format(out, "nan:0x%llx",
				       (unsigned long long)(magnitude - infinity));
	}
}

/* For the reader: the number in decimal, in as few digits as tell it from its neighbours. */
static void put_decimal(struct wpkg_buf *out, double number, bool is_double)
{
	char text[64];
	if (!isfinite(number) || number == 0)
		return;
	for (int digits = is_double ? 15 : 6; digits <= (is_double ? 17 : 9); digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		double again = is_double ? strtod(text, NULL) : (double)strtof(text, NULL);
		if (again == number)
			break;
	}
	wpkg_buf_append_format(out, " (;=%s;)", text);
}

static void put_f32(struct wpkg_buf *out, uint64_t bits)
{
	float number;
	uint32_t word = (uint32_t)bits;
	memcpy(&number, &word, sizeof(number));
	put_float(out, bits, 32);
	put_decimal(out, (double)number, false);
}

static void put_f64(struct wpkg_buf *out, uint64_t bits)
{
	double number;
	memcpy(&number, &bits, sizeof(number));
	put_float(out, bits, 64);
	put_decimal(out, number, true);
}

/* Labels. */

struct label {
	const struct wat_name *name; /* NULL: none */
};

static uint32_t label_depth(const struct wat_printer *p)
{
	return (uint32_t)(p->labels.len / sizeof(struct label));
}

void wat_open_label(struct wat_printer *p)
{
	struct label label = {wat_names_find(&p->names, WAT_NAME_LABEL, p->func, p->label_count++)};
	wpkg_buf_append(&p->labels, &label, sizeof(label));
}

void wat_close_label(struct wat_printer *p)
{
	if (p->labels.len > 0)
		wpkg_buf_truncate(&p->labels, p->labels.len - sizeof(struct label));
}

/* What a block's label is: its name, or else a comment with the number of blocks around it. */
static void put_label_binding(struct wat_printer *p)
{
	const struct wat_name *name =
		wat_names_find(&p->names, WAT_NAME_LABEL, p->func, p->label_count);
	if (name)
		wat_put_binding(p, WAT_NAME_LABEL, p->func, p->label_count);
	else
		wpkg_buf_append_format(p->out, " (;@%u;)", (unsigned)label_depth(p) + 1);
}

static void put_label(struct wat_printer *p, uint32_t index)
{
	const struct label *labels = (const struct label *)(const void *)p->labels.ptr;
	uint32_t depth = label_depth(p);
	const struct wat_name *name = index < depth ? labels[depth - 1 - index].name : NULL;
	if (name && name->id.ptr)
		wpkg_buf_append_format(p->out, " $%.*s", WPKG_STR_ARG(name->id));
	else
		wpkg_buf_append_format(p->out, " %u (;@%u;)", (unsigned)index,
				       (unsigned)(depth - index));
}

/* Immediates. */

static void put_block_type(struct wat_printer *p, const struct wasm_instruction *i)
{
	if (i->has_block_index) {
		wat_put_type_use(p, i->first, WPKG_INDEX_NONE);
	} else if (i->block_type != WPKG_TYPE_NONE) {
		wpkg_buf_append_text(p->out, " (result ");
		wat_put_valtype(p, i->block_type);
		wpkg_buf_append_byte(p->out, ')');
	}
}

static struct wpkg_reader list_reader(const struct wat_printer *p, const struct wasm_instruction *i)
{
	struct wpkg_reader r;
	const char *list = (const char *)i->list;
	size_t left = (size_t)(p->module->bytes.ptr + p->module->bytes.len - list);
	wpkg_reader_init(&r, wpkg_str_of(list, left), 0, NULL);
	return r;
}

static void put_labels(struct wat_printer *p, const struct wasm_instruction *i)
{
	struct wpkg_reader r = list_reader(p, i);
	for (uint32_t n = 0; n < i->count; n++)
		put_label(p, wpkg_reader_u32(&r));
	put_label(p, i->first);
}

/* Catches are outside of the block: its own label does not count yet. */
static void put_catches(struct wat_printer *p, const struct wasm_instruction *i)
{
	static const char *const words[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
	struct wpkg_reader r = list_reader(p, i);
	for (uint32_t n = 0; n < i->count; n++) {
		uint8_t kind = wpkg_reader_byte(&r);
		wpkg_buf_append_format(p->out, " (%s", words[kind & 3]);
		if (kind < 2)
			wat_put_index(p, WAT_NAME_TAG, 0, wpkg_reader_u32(&r));
		put_label(p, wpkg_reader_u32(&r));
		wpkg_buf_append_byte(p->out, ')');
	}
}

static void put_select_types(struct wat_printer *p, const struct wasm_instruction *i)
{
	struct wpkg_reader r = list_reader(p, i);
	wpkg_buf_append_text(p->out, " (result");
	for (uint32_t n = 0; n < i->count; n++) {
		wpkg_buf_append_byte(p->out, ' ');
		wat_put_valtype(p, wasm_raw_valtype(&r));
	}
	wpkg_buf_append_byte(p->out, ')');
}

static void put_memarg(struct wat_printer *p, const struct wasm_instruction *i)
{
	if (i->first > 0)
		wat_put_index(p, WAT_NAME_MEMORY, 0, i->first);
	if (i->value > 0)
		wpkg_buf_append_format(p->out, " offset=%llu", (unsigned long long)i->value);
	if (i->align != wpkg_opcodes[i->op].aux)
		wpkg_buf_append_format(p->out, " align=%llu", 1ULL << i->align);
}

static void put_vector(struct wat_printer *p, const struct wasm_instruction *i)
{
	wpkg_buf_append_text(p->out, " i32x4");
	for (unsigned n = 0; n < 4; n++)
		wpkg_buf_append_format(
			p->out, " 0x%08x",
			(unsigned)((n < 2 ? i->value : i->high) >> n % 2 * 32 & 0xffffffff));
}

/* Two indices that are 0 and 0 are not written. */
static void put_pair(struct wat_printer *p, enum wat_name_id map, uint32_t first, uint32_t second)
{
	if (first == 0 && second == 0)
		return;
	wat_put_index(p, map, 0, first);
	wat_put_index(p, map, 0, second);
}

static void put_optional(struct wat_printer *p, enum wat_name_id map, uint32_t index)
{
	if (index > 0)
		wat_put_index(p, map, 0, index);
}

/* "type1" of a cast as a reference type. */
static void put_cast_type(struct wat_printer *p, wpkg_valtype type, bool is_nullable)
{
	wpkg_buf_append_byte(p->out, ' ');
	wat_put_valtype(p, is_nullable ? type | WPKG_TYPE_NULLABLE : type);
}

/* What indices are of. */
static const struct {
	enum wat_name_id first, second;
} maps[] = {
	[WPKG_IMM_FUNC] = {.first = WAT_NAME_FUNC},
	[WPKG_IMM_TYPE] = {.first = WAT_NAME_TYPE},
	[WPKG_IMM_TABLE] = {.first = WAT_NAME_TABLE},
	[WPKG_IMM_GLOBAL] = {.first = WAT_NAME_GLOBAL},
	[WPKG_IMM_TAG] = {.first = WAT_NAME_TAG},
	[WPKG_IMM_ELEM] = {.first = WAT_NAME_ELEM},
	[WPKG_IMM_DATA] = {.first = WAT_NAME_DATA},
	[WPKG_IMM_TYPE_TYPE] = {WAT_NAME_TYPE, WAT_NAME_TYPE},
	[WPKG_IMM_TYPE_DATA] = {WAT_NAME_TYPE, WAT_NAME_DATA},
	[WPKG_IMM_TYPE_ELEM] = {WAT_NAME_TYPE, WAT_NAME_ELEM},
	[WPKG_IMM_DATA_MEMORY] = {WAT_NAME_DATA, WAT_NAME_MEMORY},
	[WPKG_IMM_MEMORY_MEMORY] = {WAT_NAME_MEMORY, WAT_NAME_MEMORY},
	[WPKG_IMM_ELEM_TABLE] = {WAT_NAME_ELEM, WAT_NAME_TABLE},
	[WPKG_IMM_TABLE_TABLE] = {WAT_NAME_TABLE, WAT_NAME_TABLE},
};

static void put_immediates(struct wat_printer *p, const struct wasm_instruction *i)
{
	struct wpkg_buf *out = p->out;
	enum wpkg_immediate kind = (enum wpkg_immediate)wpkg_opcodes[i->op].immediates;
	switch (kind) {
	case WPKG_IMM_NONE:
	case WPKG_IMM_FENCE:
		break;
	case WPKG_IMM_BLOCK:
		put_label_binding(p);
		put_block_type(p, i);
		break;
	case WPKG_IMM_TRY_TABLE:
		put_label_binding(p);
		put_block_type(p, i);
		put_catches(p, i);
		break;
	case WPKG_IMM_LABEL:
		put_label(p, i->first);
		break;
	case WPKG_IMM_BR_TABLE:
		put_labels(p, i);
		break;
	case WPKG_IMM_BR_CAST:
		put_label(p, i->first);
		put_cast_type(p, i->types[0], i->flags & 1);
		put_cast_type(p, i->types[1], i->flags & 2);
		break;
	case WPKG_IMM_SELECT:
		put_select_types(p, i);
		break;
	case WPKG_IMM_FUNC:
	case WPKG_IMM_TYPE:
	case WPKG_IMM_TABLE: /* could be left out where it is 0, but wabt wants it */
	case WPKG_IMM_GLOBAL:
	case WPKG_IMM_TAG:
	case WPKG_IMM_ELEM:
	case WPKG_IMM_DATA:
		wat_put_index(p, maps[kind].first, 0, i->first);
		break;
	case WPKG_IMM_LOCAL:
		wat_put_index(p, WAT_NAME_LOCAL, p->func, i->first);
		break;
	case WPKG_IMM_MEMORY:
		put_optional(p, WAT_NAME_MEMORY, i->first);
		break;
	case WPKG_IMM_TYPE_TYPE:
	case WPKG_IMM_TYPE_DATA:
	case WPKG_IMM_TYPE_ELEM:
		wat_put_index(p, maps[kind].first, 0, i->first);
		wat_put_index(p, maps[kind].second, 0, i->second);
		break;
	case WPKG_IMM_MEMORY_MEMORY:
	case WPKG_IMM_TABLE_TABLE:
		put_pair(p, maps[kind].first, i->first, i->second);
		break;
	case WPKG_IMM_DATA_MEMORY:
	case WPKG_IMM_ELEM_TABLE: /* the text has them the other way round */
		put_optional(p, maps[kind].second, i->second);
		wat_put_index(p, maps[kind].first, 0, i->first);
		break;
	case WPKG_IMM_HEAP:
		if (i->op == WPKG_OP_REF_NULL)
			wat_put_heap_type(p, i->types[0]);
		else
			put_cast_type(p, i->types[0],
				      i->op == WPKG_OP_REF_TEST_NULL ||
					      i->op == WPKG_OP_REF_CAST_NULL);
		break;
	case WPKG_IMM_CALL_INDIRECT:
		put_optional(p, WAT_NAME_TABLE, i->second);
		wat_put_type_use(p, i->first, WPKG_INDEX_NONE);
		break;
	case WPKG_IMM_TYPE_FIELD:
		wat_put_index(p, WAT_NAME_TYPE, 0, i->first);
		wat_put_index(p, WAT_NAME_FIELD, i->first, i->second);
		break;
	case WPKG_IMM_TYPE_COUNT:
		wat_put_index(p, WAT_NAME_TYPE, 0, i->first);
		wpkg_buf_append_format(out, " %u", (unsigned)i->second);
		break;
	case WPKG_IMM_MEMARG:
	case WPKG_IMM_MEMARG_ATOMIC:
		put_memarg(p, i);
		break;
	case WPKG_IMM_MEMARG_LANE:
		put_memarg(p, i);
		wpkg_buf_append_format(out, " %u", (unsigned)i->lane);
		break;
	case WPKG_IMM_LANE:
		wpkg_buf_append_format(out, " %u", (unsigned)i->lane);
		break;
	case WPKG_IMM_SHUFFLE:
		for (unsigned n = 0; n < 16; n++)
			wpkg_buf_append_format(out, " %u", (unsigned)i->list[n]);
		break;
	case WPKG_IMM_I32:
		wpkg_buf_append_format(out, " %d", (int)i->value);
		break;
	case WPKG_IMM_I64:
		wpkg_buf_append_format(out, " %lld", (long long)i->value);
		break;
	case WPKG_IMM_F32:
		wpkg_buf_append_byte(out, ' ');
		put_f32(out, i->value);
		break;
	case WPKG_IMM_F64:
		wpkg_buf_append_byte(out, ' ');
		put_f64(out, i->value);
		break;
	case WPKG_IMM_V128:
		put_vector(p, i);
		break;
	}
}

void wat_put_instruction(struct wat_printer *p, const struct wasm_instruction *instruction)
{
	wpkg_buf_append_text(p->out, wpkg_opcode_text(instruction->op));
	put_immediates(p, instruction);
}

/* Flat instructions; more than one stand behind the word, in parentheses. */
static void put_flat_constant(struct wat_printer *p, struct wpkg_reader *r, const char *word)
{
	struct wasm_instruction instruction;
	wasm_instruction_read(&instruction, r);
	bool is_one = r->at + 1 >= r->end;
	wpkg_buf_append_text(p->out, is_one || word ? " (" : " ");
	if (!is_one && word)
		wpkg_buf_append_format(p->out, "%s ", word);
	while (instruction.op != WPKG_OP_END) {
		wat_put_instruction(p, &instruction);
		wasm_instruction_read(&instruction, r);
		if (instruction.op != WPKG_OP_END)
			wpkg_buf_append_byte(p->out, ' ');
	}
	if (is_one || word)
		wpkg_buf_append_byte(p->out, ')');
}

void wat_put_constant(struct wat_printer *p, struct wpkg_range range, const char *word)
{
	struct wpkg_reader r;
	wpkg_reader_init(&r, wpkg_module_slice(p->module, range), range.start, NULL);
	if (p->options->fold)
		wat_put_folded_constant(p, &r, word);
	else
		put_flat_constant(p, &r, word);
}

/* Bodies. */

static void put_locals(struct wat_printer *p, struct wpkg_reader *r)
{
	uint32_t index = wpkg_module_func_type(p->module, p->func)->param_count;
	bool is_open = false;
	for (uint32_t groups = wpkg_reader_u32(r); groups > 0; groups--) {
		uint32_t count = wpkg_reader_u32(r);
		wpkg_valtype type = wasm_raw_valtype(r);
		for (; count > 0; count--, index++) {
			bool is_named =
				wat_names_find(&p->names, WAT_NAME_LOCAL, p->func, index) != NULL;
			if (is_open && is_named)
				wpkg_buf_append_byte(p->out, ')');
			if (is_named || !is_open) {
				wat_put_line(p);
				wpkg_buf_append_text(p->out, "(local");
			}
			if (is_named)
				wat_put_binding(p, WAT_NAME_LOCAL, p->func, index);
			wpkg_buf_append_byte(p->out, ' ');
			wat_put_valtype(p, type);
			if (is_named)
				wpkg_buf_append_byte(p->out, ')');
			is_open = !is_named;
		}
	}
	if (is_open)
		wpkg_buf_append_byte(p->out, ')');
}

/* An instruction a line; what is in a block is indented. */
static void put_flat(struct wat_printer *p, struct wpkg_reader *r)
{
	struct wasm_instruction instruction;
	unsigned outside = p->depth;
	for (;;) {
		wasm_instruction_read(&instruction, r);
		unsigned op = instruction.op;
		bool closes = op == WPKG_OP_END || op == WPKG_OP_DELEGATE;
		bool divides = op == WPKG_OP_ELSE || op == WPKG_OP_CATCH || op == WPKG_OP_CATCH_ALL;
		if ((closes && p->labels.len == 0) || r->status != WPKG_OK)
			break;
		if (closes || divides)
			p->depth--;
		if (op == WPKG_OP_DELEGATE) /* its label counts from outside of the block */
			wat_close_label(p);
		const struct wat_hint *hint = wat_take_printed_hint(p, instruction.start);
		if (hint)
			wat_put_hint(p, hint->is_likely);
		wat_put_line(p);
		wat_put_offset(p, instruction.start);
		wat_put_instruction(p, &instruction);
		if (op == WPKG_OP_END)
			wat_close_label(p);
		if (wasm_opens_block(op))
			wat_open_label(p);
		if (wasm_opens_block(op) || divides)
			p->depth++;
	}
	p->depth = outside;
}

void wat_put_body(struct wat_printer *p, uint32_t func)
{
	struct wpkg_reader r;
	struct wpkg_range body = wpkg_module_body(p->module, func);
	wpkg_reader_init(&r, wpkg_module_slice(p->module, body), body.start, NULL);
	p->func = func;
	p->label_count = 0;
	wpkg_buf_reset(&p->labels);
	put_locals(p, &r);
	if (p->options->fold)
		wat_put_folded(p, &r);
	else
		put_flat(p, &r);
	p->func = WPKG_INDEX_NONE;
}
