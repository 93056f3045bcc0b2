/* SPDX-License-Identifier: Apache-2.0 */
/* Element and data segments. */
#include "wasm/opcode.h"
#include "wasm/wat_parser.h"
#include "wasm/writer.h"

/* An element segment while it is read. */
struct segment {
	uint8_t mode; /* enum wpkg_segment */
	uint32_t table;
	wpkg_valtype type;
	bool has_expressions; /* items are expressions, else function indices */
	uint32_t count;
};

/*
 * Flags of the binary format, "Element Section": bit 0 not active, bit 1 an index of the table (or,
 * not active, declarative), bit 2 expressions. The short form of an active segment is of table 0
 * and of functions.
 */
static unsigned flags(const struct segment *segment)
{
	unsigned bits = segment->has_expressions ? 4 : 0;
	if (segment->mode == WPKG_SEGMENT_PASSIVE)
		return bits | 1;
	if (segment->mode == WPKG_SEGMENT_DECLARATIVE)
		return bits | 3;
	bool is_short = segment->table == 0 &&
			(!segment->has_expressions || segment->type == WPKG_TYPE_FUNCREF);
	return is_short ? bits : bits | 2;
}

/* Writes the segment: offset is its expression when active, items what was read. */
static void add_segment(struct wat_parser *p, const struct segment *segment, struct wpkg_str offset,
			struct wpkg_buf *items)
{
	struct wat_vector *section = &p->sections[WPKG_SECTION_ELEMENT];
	struct wpkg_buf *out = &section->bytes;
	unsigned bits = flags(segment);
	wpkg_writer_u32(out, bits);
	if ((bits & 3) == 2)
		wpkg_writer_u32(out, segment->table);
	wpkg_buf_append_str(out, offset);
	if (bits & 3 && segment->has_expressions)
		wpkg_writer_valtype(out, segment->type);
	else if (bits & 3)
		wpkg_buf_append_byte(out, 0); /* functions */
	wpkg_writer_u32(out, segment->count);
	wat_move(p, out, items);
	section->count++;
}

/* Items. */

static void function_items(struct wat_parser *p, struct segment *segment, struct wpkg_buf *out)
{
	for (; wat_is_index(p); segment->count++)
		wpkg_writer_u32(out, wat_index(p, WAT_FUNC));
}

/* Functions of a table whose type is not funcref, as expressions. */
static void function_expressions(struct wat_parser *p, struct segment *segment,
				 struct wpkg_buf *out)
{
	for (; wat_is_index(p); segment->count++) {
		wpkg_writer_opcode(out, WPKG_OP_REF_FUNC);
		wpkg_writer_u32(out, wat_index(p, WAT_FUNC));
		wpkg_writer_opcode(out, WPKG_OP_END);
	}
}

/* "(item ...)" or a folded instruction, any number of them. */
static void expression_items(struct wat_parser *p, struct segment *segment, struct wpkg_buf *out)
{
	for (; p->token.kind == WAT_OPEN; segment->count++) {
		if (wat_accept_open(p, "item")) {
			wat_instructions(p, out);
			wat_expect_close(p);
		} else {
			wat_folded(p, out);
		}
		wpkg_writer_opcode(out, WPKG_OP_END);
	}
}

/*
 * Before segments had names of their own an index alone was the table's or memory's: "(elem 0 (...)
 * $f)". Version 3 has it in parentheses, and an identifier in that place is the segment's.
 */
static void refuse_index(struct wat_parser *p, const char *kind)
{
	struct wpkg_str index = wpkg_str_slice(wat_text(p), 0, 40);
	wat_fail(p, "unexpected token '%.*s', expected (%s %.*s)", WPKG_STR_ARG(index), kind,
		 WPKG_STR_ARG(index));
}

/* "func x*" or "reftype item*"; the word func may be left out behind an offset without a table. */
static void element_list(struct wat_parser *p, struct segment *segment, bool may_omit_func,
			 struct wpkg_buf *out)
{
	segment->type = WPKG_REF(WPKG_HEAP_FUNC);
	if (wat_accept_word(p, "func") || (may_omit_func && !wat_is_reftype(p))) {
		function_items(p, segment, out);
		return;
	}
	if (wat_is_index(p)) {
		wat_unexpected(p, "func or a reference type");
		return;
	}
	segment->has_expressions = true;
	segment->type = wat_reftype(p);
	expression_items(p, segment, out);
}

/* "(offset ...)" or a folded instruction. */
static void offset(struct wat_parser *p, struct wpkg_buf *out)
{
	if (wat_accept_open(p, "offset")) {
		wat_instructions(p, out);
		wat_expect_close(p);
	} else {
		wat_folded(p, out);
	}
	wpkg_writer_opcode(out, WPKG_OP_END);
}

void wat_elem(struct wat_parser *p)
{
	struct segment segment = {.mode = WPKG_SEGMENT_PASSIVE};
	bool has_table = false;
	p->counts[WAT_ELEM]++;
	wat_skip_binding(p);
	wpkg_buf_reset(&p->parts[0]);
	wpkg_buf_reset(&p->parts[1]);
	if (wat_is_index(p)) {
		refuse_index(p, "table");
	} else if (wat_accept_word(p, "declare")) {
		segment.mode = WPKG_SEGMENT_DECLARATIVE;
	} else if (wat_accept_open(p, "table")) {
		has_table = true;
		segment.table = wat_index(p, WAT_TABLE);
		wat_expect_close(p);
	}
	if (has_table || (p->token.kind == WAT_OPEN && !wat_is_reftype(p))) {
		segment.mode = WPKG_SEGMENT_ACTIVE;
		offset(p, &p->parts[1]);
	}
	element_list(p, &segment, segment.mode == WPKG_SEGMENT_ACTIVE && !has_table, &p->parts[0]);
	add_segment(p, &segment, wpkg_buf_str(&p->parts[1]), &p->parts[0]);
	if (p->parts[1].failed != WPKG_OK)
		wat_no_memory(p);
}

/* The offset 0 of a segment that a table or memory brings along. */
static struct wpkg_str zero(bool is_64)
{
	return is_64 ? WPKG_LIT("\x42\x00\x0b") : WPKG_LIT("\x41\x00\x0b");
}

uint32_t wat_inline_elem(struct wat_parser *p, uint32_t table, bool is_64, wpkg_valtype type)
{
	struct segment segment = {
		.mode = WPKG_SEGMENT_ACTIVE, .table = table, .type = type, .has_expressions = true};
	p->counts[WAT_ELEM]++;
	wpkg_buf_reset(&p->parts[0]);
	if (!wat_expect_open(p, "elem"))
		return 0;
	if (p->token.kind == WAT_OPEN) {
		expression_items(p, &segment, &p->parts[0]);
	} else if (type == WPKG_TYPE_FUNCREF || type == WPKG_REF(WPKG_HEAP_FUNC)) {
		segment.has_expressions = false;
		function_items(p, &segment, &p->parts[0]);
	} else {
		function_expressions(p, &segment, &p->parts[0]);
	}
	wat_expect_close(p);
	add_segment(p, &segment, zero(is_64), &p->parts[0]);
	return segment.count;
}

/* Data segments. */

/* The strings, as the bytes of a segment; their number. */
static uint64_t data_bytes(struct wat_parser *p)
{
	struct wat_vector *section = &p->sections[WPKG_SECTION_DATA];
	wpkg_buf_reset(&p->parts[0]);
	wat_strings(p, &p->parts[0]);
	uint64_t length = p->parts[0].len;
	wpkg_writer_u64(&section->bytes, length);
	wat_move(p, &section->bytes, &p->parts[0]);
	section->count++;
	return length;
}

static void active(struct wpkg_buf *out, uint32_t memory)
{
	wpkg_writer_u32(out, memory > 0 ? 2 : 0);
	if (memory > 0)
		wpkg_writer_u32(out, memory);
}

void wat_data(struct wat_parser *p)
{
	struct wpkg_buf *out = &p->sections[WPKG_SECTION_DATA].bytes;
	uint32_t memory = 0;
	p->counts[WAT_DATA]++;
	wat_skip_binding(p);
	if (wat_is_index(p))
		refuse_index(p, "memory");
	bool has_memory = wat_accept_open(p, "memory");
	if (has_memory) {
		memory = wat_index(p, WAT_MEMORY);
		wat_expect_close(p);
	}
	if (has_memory || p->token.kind == WAT_OPEN) {
		active(out, memory);
		offset(p, out);
	} else {
		wpkg_writer_u32(out, 1);
	}
	data_bytes(p);
}

uint64_t wat_inline_data(struct wat_parser *p, uint32_t memory, bool is_64)
{
	struct wpkg_buf *out = &p->sections[WPKG_SECTION_DATA].bytes;
	p->counts[WAT_DATA]++;
	if (!wat_expect_open(p, "data"))
		return 0;
	active(out, memory);
	wpkg_buf_append_str(out, zero(is_64));
	uint64_t length = data_bytes(p);
	wat_expect_close(p);
	return length;
}
