/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences of instructions, flat and folded in any mixture.
 *
 * What is open is on a stack of frames, so that no nesting of a text can use up the C stack. A
 * folded instruction with operands is encoded when it is read, its bytes wait in "pending", and
 * they are written when its parenthesis closes: behind its operands. Blocks are written at once.
 */
#include "wasm/opcode.h"
#include "wasm/wat_parser.h"
#include "wasm/writer.h"

enum frame_kind {
	/* Flat: closed by a word. */
	FLAT_BLOCK, /* block, loop, try_table; if behind else; try behind catch_all */
	FLAT_IF,
	FLAT_TRY, /* and behind a catch */
	/* Folded: closed by a parenthesis. */
	FOLDED_PLAIN,	 /* its operands */
	FOLDED_BLOCK,	 /* block, loop, try_table */
	FOLDED_IF,	 /* the condition, up to (then */
	FOLDED_THEN,	 /* behind (then ...) */
	FOLDED_ELSE,	 /* behind (else ...): only the end */
	FOLDED_TRY,	 /* up to (do */
	FOLDED_DO,	 /* behind (do ...) */
	FOLDED_CATCH,	 /* behind (catch ...) */
	FOLDED_CATCHALL, /* behind (catch_all ...): only the end */
	FOLDED_DELEGATE, /* behind (delegate ...): only the end, and the label is gone */
	FOLDED_ARM,	 /* inside of (then, (else, (do, (catch or (catch_all */
};

struct frame {
	enum frame_kind kind;
	uint32_t where;	      /* offset in the text where it begins */
	uint32_t pending;     /* length of the pending bytes before this one's */
	uint32_t hint;	      /* of an if or br_if that is pending */
	uint32_t symbol;      /* an if's label until (then */
	struct wpkg_str name; /* the same */
};

/* A label that is in scope, and what its symbol was bound to outside of it. */
struct label {
	uint32_t symbol, hidden;
};

/* Stacks. */

static size_t frame_count(const struct wat_parser *p)
{
	return p->frames.len / sizeof(struct frame);
}

static struct frame *top_frame(struct wat_parser *p)
{
	struct frame *frames = (struct frame *)(void *)p->frames.ptr;
	return frame_count(p) > 0 ? &frames[frame_count(p) - 1] : NULL;
}

static void pop_frame(struct wat_parser *p)
{
	wpkg_buf_truncate(&p->frames, p->frames.len - sizeof(struct frame));
}

static void push_frame(struct wat_parser *p, enum frame_kind kind, uint32_t where)
{
	struct frame frame = {.kind = kind, .where = where, .pending = (uint32_t)p->pending.len};
	wat_push(p, &p->frames, &frame, sizeof(frame));
}

/* Labels. */

static uint32_t depth(const struct wat_parser *p)
{
	return (uint32_t)(p->labels.len / sizeof(struct label));
}

/* The identifier and the name of a label, before it is in scope. */
static uint32_t take_label(struct wat_parser *p, struct wpkg_str *name)
{
	uint32_t symbol = wat_take_symbol(p);
	*name = (struct wpkg_str){0};
	if (symbol != WAT_SYMBOL_NONE)
		*name = p->symbols.items[symbol].name;
	(void)wat_take_name(p, name);
	return symbol;
}

static void push_label(struct wat_parser *p, uint32_t symbol, struct wpkg_str name)
{
	struct label label = {.symbol = symbol};
	if (symbol != WAT_SYMBOL_NONE) {
		label.hidden = p->symbols.items[symbol].bound[WAT_LABEL];
		p->symbols.items[symbol].bound[WAT_LABEL] = depth(p) + 1;
	}
	if (name.ptr && p->in_function)
		wat_add_name(p, &p->inner_names[1], p->label_count, name);
	p->label_count++;
	wat_push(p, &p->labels, &label, sizeof(label));
}

static void pop_label(struct wat_parser *p)
{
	if (depth(p) == 0)
		return;
	const struct label *label =
		(const struct label *)(const void *)p->labels.ptr + depth(p) - 1;
	if (label->symbol != WAT_SYMBOL_NONE)
		p->symbols.items[label->symbol].bound[WAT_LABEL] = label->hidden;
	wpkg_buf_truncate(&p->labels, p->labels.len - sizeof(struct label));
}

void wat_begin_labels(struct wat_parser *p)
{
	struct label body = {.symbol = WAT_SYMBOL_NONE};
	wpkg_buf_reset(&p->labels);
	wat_push(p, &p->labels, &body, sizeof(body));
	p->label_count = 0;
}

uint32_t wat_label(struct wat_parser *p)
{
	if (p->token.kind != WAT_ID)
		return wat_u32(p);
	uint32_t bound = wat_index(p, WAT_LABEL);
	return p->lexer.status == WPKG_OK ? depth(p) - 1 - bound : 0;
}

/* "end $l" and "else $l" may repeat the label of what they belong to. */
static void check_label(struct wat_parser *p)
{
	if (p->token.kind != WAT_ID)
		return;
	const struct label *label =
		(const struct label *)(const void *)p->labels.ptr + depth(p) - 1;
	if (wat_find_symbol(p) != label->symbol || label->symbol == WAT_SYMBOL_NONE)
		wat_fail(p, "mismatching label %.*s", WPKG_STR_ARG(wat_text(p)));
	else
		wat_advance(p);
}

/* Branch hints. */

/* The instruction that is about to be written has this hint. */
static void add_hint(struct wat_parser *p, uint32_t hint)
{
	if (hint == 0)
		return;
	wpkg_writer_u64(&p->hints.bytes, p->code->len);
	wpkg_writer_u32(&p->hints.bytes, 1);
	wpkg_buf_append_byte(&p->hints.bytes, (uint8_t)(hint - 1));
	p->hints.count++;
}

/* The hint before an instruction that begins with the next token. */
static uint32_t hint_for(struct wat_parser *p, unsigned op)
{
	uint32_t hint = wat_take_hint(p);
	if (hint > 0 && op != WPKG_OP_IF && op != WPKG_OP_BR_IF)
		wat_fail(p, "@metadata.code.branch_hint annotation: invalid target");
	return hint;
}

/* Flat instructions. */

static void open_flat(struct wat_parser *p, unsigned op, uint32_t where)
{
	struct wpkg_str name;
	uint32_t symbol = take_label(p, &name);
	wat_instruction(p, op, p->code);
	push_label(p, symbol, name);
	push_frame(p,
		   op == WPKG_OP_IF    ? FLAT_IF
		   : op == WPKG_OP_TRY ? FLAT_TRY
				       : FLAT_BLOCK,
		   where);
}

/* else, catch, catch_all, delegate, end: what is open must be flat, and allow it. */
static void continue_flat(struct wat_parser *p, unsigned op)
{
	struct frame *top = top_frame(p);
	bool fits = top && (op == WPKG_OP_END	 ? top->kind <= FLAT_TRY
			    : op == WPKG_OP_ELSE ? top->kind == FLAT_IF
						 : top->kind == FLAT_TRY);
	if (!fits) {
		wat_unexpected(p, "an instruction");
		return;
	}
	wat_advance(p);
	if (op == WPKG_OP_DELEGATE)
		pop_label(p);
	else if (op == WPKG_OP_END || op == WPKG_OP_ELSE)
		check_label(p);
	wat_instruction(p, op, p->code);
	if (op == WPKG_OP_END)
		pop_label(p);
	if (op == WPKG_OP_END || op == WPKG_OP_DELEGATE)
		pop_frame(p);
	else if (op == WPKG_OP_ELSE || op == WPKG_OP_CATCH_ALL)
		top->kind = FLAT_BLOCK;
}

static void flat(struct wat_parser *p, unsigned op)
{
	uint32_t where = p->token.start;
	uint32_t hint = hint_for(p, op);
	switch (op) {
	case WPKG_OP_ELSE:
	case WPKG_OP_CATCH:
	case WPKG_OP_CATCH_ALL:
	case WPKG_OP_DELEGATE:
	case WPKG_OP_END:
		continue_flat(p, op);
		return;
	default:
		break;
	}
	wat_advance(p);
	add_hint(p, hint);
	switch (op) {
	case WPKG_OP_BLOCK:
	case WPKG_OP_LOOP:
	case WPKG_OP_IF:
	case WPKG_OP_TRY:
	case WPKG_OP_TRY_TABLE:
		open_flat(p, op, where);
		break;
	default:
		wat_instruction(p, op, p->code);
		break;
	}
}

/* Folded instructions. */

/* Writes what a frame has pending. */
static void flush(struct wat_parser *p, const struct frame *frame)
{
	add_hint(p, frame->hint);
	wpkg_buf_append_str(p->code,
			    wpkg_str_from_offset(wpkg_buf_str(&p->pending), frame->pending));
	wpkg_buf_truncate(&p->pending, frame->pending);
}

/* "(then" and "(else" of an if; the next two tokens. */
static void open_arm_of_if(struct wat_parser *p, struct frame *top)
{
	uint32_t where = p->token.start;
	if (top->kind == FOLDED_IF) {
		flush(p, top);
		push_label(p, top->symbol, top->name);
		top->kind = FOLDED_THEN;
	} else {
		wpkg_writer_opcode(p->code, WPKG_OP_ELSE);
		top->kind = FOLDED_ELSE;
	}
	wat_advance(p);
	wat_advance(p);
	push_frame(p, FOLDED_ARM, where);
}

/* "(do", "(catch", "(catch_all", "(delegate" of a try; false for others, and where they may not be.
 */
static bool open_arm_of_try(struct wat_parser *p, struct frame *top)
{
	uint32_t where = p->token.start;
	bool may_catch = top->kind == FOLDED_DO || top->kind == FOLDED_CATCH;
	if (top->kind == FOLDED_TRY && wat_accept_open(p, "do")) {
		top->kind = FOLDED_DO;
	} else if (may_catch && wat_accept_open(p, "catch")) {
		top->kind = FOLDED_CATCH;
		wat_instruction(p, WPKG_OP_CATCH, p->code);
	} else if (may_catch && wat_accept_open(p, "catch_all")) {
		top->kind = FOLDED_CATCHALL;
		wat_instruction(p, WPKG_OP_CATCH_ALL, p->code);
	} else if (top->kind == FOLDED_DO && wat_accept_open(p, "delegate")) {
		top->kind = FOLDED_DELEGATE;
		pop_label(p);
		wat_instruction(p, WPKG_OP_DELEGATE, p->code);
		return wat_expect_close(p);
	} else {
		return wat_unexpected(p, "(do, (catch or (delegate");
	}
	push_frame(p, FOLDED_ARM, where);
	return true;
}

/* The instruction of a folded block, if or other; the next two tokens are "(" and its word. */
static void open_instruction(struct wat_parser *p, unsigned op)
{
	struct frame frame = {.where = p->token.start,
			      .pending = (uint32_t)p->pending.len,
			      .kind = FOLDED_PLAIN,
			      .hint = hint_for(p, op)};
	wat_advance(p);
	wat_advance(p);
	switch (op) {
	case WPKG_OP_BLOCK:
	case WPKG_OP_LOOP:
	case WPKG_OP_TRY:
	case WPKG_OP_TRY_TABLE:
		frame.kind = op == WPKG_OP_TRY ? FOLDED_TRY : FOLDED_BLOCK;
		frame.symbol = take_label(p, &frame.name);
		wat_instruction(p, op, p->code);
		push_label(p, frame.symbol, frame.name);
		break;
	case WPKG_OP_IF:
		frame.kind = FOLDED_IF;
		frame.symbol = take_label(p, &frame.name);
		wat_instruction(p, op, &p->pending);
		break;
	case WPKG_OP_ELSE:
	case WPKG_OP_CATCH:
	case WPKG_OP_CATCH_ALL:
	case WPKG_OP_DELEGATE:
	case WPKG_OP_END:
		wat_unexpected(p, "an instruction");
		return;
	default:
		wat_instruction(p, op, &p->pending);
		break;
	}
	wat_push(p, &p->frames, &frame, sizeof(frame));
}

static unsigned opcode_of(struct wat_parser *p, struct wat_token token)
{
	struct wpkg_str text = wat_token_text(&p->lexer, token);
	unsigned op = wat_opcode(text);
	if (op == WPKG_OP_LIMIT)
		wat_fail_at(p, token.start, "unknown operator %.*s",
			    WPKG_STR_ARG(wpkg_str_slice(text, 0, 60)));
	return op;
}

/* At a parenthesis that opens something. */
static void open_folded(struct wat_parser *p)
{
	struct frame *top = top_frame(p);
	if (p->ahead.kind != WAT_WORD) {
		wat_advance(p);
		wat_unexpected(p, "an instruction");
		return;
	}
	if (top && ((top->kind == FOLDED_IF && wat_is_open(p, "then")) ||
		    (top->kind == FOLDED_THEN && wat_is_open(p, "else")))) {
		open_arm_of_if(p, top);
		return;
	}
	if (top && top->kind >= FOLDED_THEN && top->kind <= FOLDED_DELEGATE) {
		if (top->kind >= FOLDED_TRY)
			open_arm_of_try(p, top);
		else
			wat_unexpected(p, "')'");
		return;
	}
	unsigned op = opcode_of(p, p->ahead);
	if (op != WPKG_OP_LIMIT)
		open_instruction(p, op);
}

/* At a parenthesis that closes the top frame. */
static void close_folded(struct wat_parser *p)
{
	const struct frame *top = top_frame(p);
	if (!top) {
		wat_unexpected(p, "an instruction");
		return;
	}
	switch (top->kind) {
	case FLAT_BLOCK:
	case FLAT_IF:
	case FLAT_TRY:
		wat_unexpected(p, "end");
		return;
	case FOLDED_IF:
		wat_unexpected(p, "(then");
		return;
	case FOLDED_TRY:
		wat_unexpected(p, "(do");
		return;
	case FOLDED_PLAIN:
		flush(p, top);
		break;
	case FOLDED_ARM:
	case FOLDED_DELEGATE:
		break;
	default:
		wpkg_writer_opcode(p->code, WPKG_OP_END);
		pop_label(p);
		break;
	}
	pop_frame(p);
	wat_advance(p);
}

/* The text ends while something is open. */
static void fail_unclosed(struct wat_parser *p)
{
	const struct frame *top = top_frame(p);
	if (!top) {
		wat_unexpected(p, "an instruction or ')'");
		return;
	}
	struct wpkg_wat_place place = wpkg_wat_place_at(p->lexer.text, top->where);
	wat_fail(p, "unexpected end: what begins at %u:%u is not closed", (unsigned)place.line,
		 (unsigned)place.column);
}

/* May instructions without parentheses stand in the top frame? */
static bool takes_flat(struct wat_parser *p)
{
	const struct frame *top = top_frame(p);
	return !top || top->kind <= FLAT_TRY || top->kind == FOLDED_BLOCK ||
	       top->kind == FOLDED_ARM;
}

static void step(struct wat_parser *p)
{
	if (p->token.kind == WAT_END) {
		fail_unclosed(p);
	} else if (p->token.kind == WAT_OPEN) {
		open_folded(p);
	} else if (p->token.kind == WAT_CLOSE) {
		close_folded(p);
	} else if (p->token.kind == WAT_WORD && takes_flat(p)) {
		unsigned op = opcode_of(p, p->token);
		if (op != WPKG_OP_LIMIT)
			flat(p, op);
	} else {
		wat_unexpected(p, takes_flat(p) ? "an instruction" : "'(' or ')'");
	}
}

static void begin(struct wat_parser *p, struct wpkg_buf *out)
{
	wpkg_buf_reset(&p->frames);
	wpkg_buf_reset(&p->pending);
	if (!p->in_function)
		wpkg_buf_reset(&p->labels);
	p->code = out;
}

static void check_code(struct wat_parser *p)
{
	if (p->code->failed != WPKG_OK || p->pending.failed != WPKG_OK)
		wat_no_memory(p);
}

void wat_instructions(struct wat_parser *p, struct wpkg_buf *out)
{
	begin(p, out);
	while (p->lexer.status == WPKG_OK && !(frame_count(p) == 0 && p->token.kind == WAT_CLOSE))
		step(p);
	check_code(p);
}

void wat_folded(struct wat_parser *p, struct wpkg_buf *out)
{
	begin(p, out);
	if (p->token.kind != WAT_OPEN) {
		wat_unexpected(p, "an instruction in parentheses");
		return;
	}
	do {
		step(p);
	} while (p->lexer.status == WPKG_OK && frame_count(p) > 0);
	check_code(p);
}
