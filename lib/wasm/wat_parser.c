/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/wat_parser.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "wasm/wat_literal.h"

/* Lifetime. */

/* Every buffer that a parser has, once. */
static void each_buffer(struct wat_parser *p, void (*visit)(struct wpkg_buf *buf))
{
	struct wpkg_buf *const single[] = {&p->notes,
					   &p->scratch,
					   &p->fields,
					   &p->type_starts,
					   &p->customs,
					   &p->types,
					   &p->encoded,
					   &p->bound_locals,
					   &p->parts[0],
					   &p->parts[1],
					   &p->body,
					   &p->pending,
					   &p->operands,
					   &p->frames,
					   &p->labels,
					   &p->signature.values,
					   &p->locals.bytes,
					   &p->hints.bytes,
					   &p->hint_functions.bytes};
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		visit(single[i]);
	for (size_t i = 0; i < WPKG_SECTION_COUNT; i++)
		visit(&p->sections[i].bytes);
	for (size_t i = 0; i < WAT_NAME_COUNT; i++)
		visit(&p->names[i].bytes);
	for (size_t i = 0; i < 2; i++)
		visit(&p->inner_names[i].bytes);
}

/* No buffer holds more than a few times the text, which is less than 4 GiB. */
static void init_buffer(struct wpkg_buf *buf)
{
	wpkg_buf_init(buf, SIZE_MAX);
}

void wat_parser_init(struct wat_parser *p, struct wpkg_str text, uint32_t start, uint32_t end,
		     struct wpkg_err *err)
{
	memset(p, 0, sizeof(*p));
	each_buffer(p, init_buffer);
	wat_symbols_init(&p->symbols);
	wpkg_arena_init(&p->arena, SIZE_MAX);
	wat_lexer_init(&p->lexer, text, start, end, err);
}

void wat_parser_clear(struct wat_parser *p)
{
	each_buffer(p, wpkg_buf_clear);
	wat_symbols_clear(&p->symbols);
	wpkg_arena_clear(&p->arena);
	wpkg_mem_free(p->type_buckets);
}

/* Tokens. */

bool wat_stop(struct wat_parser *p)
{
	p->token = p->ahead = (struct wat_token){WAT_END, p->lexer.end, p->lexer.end};
	return false;
}

void wat_seek(struct wat_parser *p, uint32_t offset)
{
	if (p->lexer.status != WPKG_OK)
		return;
	p->lexer.at = offset;
	wpkg_buf_reset(&p->notes);
	p->notes_taken = 0;
	p->token = wat_lexer_next(&p->lexer);
	p->ahead = wat_lexer_next(&p->lexer);
}

void wat_advance(struct wat_parser *p)
{
	p->token = p->ahead;
	p->ahead = wat_lexer_next(&p->lexer);
}

bool wat_unexpected(struct wat_parser *p, const char *wanted)
{
	if (p->token.kind == WAT_END)
		return wat_fail(p, "unexpected end, expected %s", wanted);
	struct wpkg_str text = wpkg_str_slice(wat_text(p), 0, 40);
	return wat_fail(p, "unexpected token '%.*s', expected %s", WPKG_STR_ARG(text), wanted);
}

bool wat_is_word(const struct wat_parser *p, const char *word)
{
	return p->token.kind == WAT_WORD && wpkg_str_equal_text(wat_text(p), word);
}

bool wat_is_open(const struct wat_parser *p, const char *word)
{
	return p->token.kind == WAT_OPEN && p->ahead.kind == WAT_WORD &&
	       wpkg_str_equal_text(wat_token_text(&p->lexer, p->ahead), word);
}

bool wat_accept_word(struct wat_parser *p, const char *word)
{
	if (!wat_is_word(p, word))
		return false;
	wat_advance(p);
	return true;
}

bool wat_accept_open(struct wat_parser *p, const char *word)
{
	if (!wat_is_open(p, word))
		return false;
	wat_advance(p);
	wat_advance(p);
	return true;
}

bool wat_expect_close(struct wat_parser *p)
{
	if (p->token.kind != WAT_CLOSE)
		return wat_unexpected(p, "')'");
	p->closed = p->token.end;
	wat_advance(p);
	return true;
}

bool wat_expect_open(struct wat_parser *p, const char *word)
{
	if (wat_accept_open(p, word))
		return true;
	return wat_unexpected(p, word);
}

bool wat_skip_to_close(struct wat_parser *p)
{
	uint32_t depth = 1;
	for (; depth > 0 && p->token.kind != WAT_END; wat_advance(p)) {
		if (p->token.kind == WAT_OPEN)
			depth++;
		else if (p->token.kind == WAT_CLOSE && --depth == 0)
			p->closed = p->token.end;
	}
	return depth == 0;
}

bool wat_push(struct wat_parser *p, struct wpkg_buf *list, const void *item, size_t size)
{
	wpkg_buf_append(list, item, size);
	return list->failed == WPKG_OK || wat_no_memory(p);
}

void wat_move(struct wat_parser *p, struct wpkg_buf *out, struct wpkg_buf *from)
{
	wpkg_buf_append_str(out, wpkg_buf_str(from));
	if (from->failed != WPKG_OK || out->failed != WPKG_OK)
		wat_no_memory(p);
	wpkg_buf_reset(from);
}

/* Values. */

static uint64_t number(struct wat_parser *p, uint64_t max)
{
	uint64_t value = 0;
	enum wat_literal found = WAT_LITERAL_MALFORMED;
	if (p->token.kind == WAT_NUMBER)
		found = wat_literal_unsigned(&value, wat_text(p), max);
	if (found == WAT_LITERAL_MALFORMED)
		wat_unexpected(p, "a natural number");
	else if (found == WAT_LITERAL_RANGE)
		wat_fail(p, "number out of range");
	else
		wat_advance(p);
	return value;
}

uint32_t wat_u32(struct wat_parser *p)
{
	return (uint32_t)number(p, UINT32_MAX);
}

uint64_t wat_u64(struct wat_parser *p)
{
	return number(p, UINT64_MAX);
}

void wat_string(struct wat_parser *p, struct wpkg_buf *out)
{
	if (p->token.kind != WAT_STRING) {
		wat_unexpected(p, "a string");
		return;
	}
	wat_literal_string(out, wat_text(p));
	wat_advance(p);
}

void wat_strings(struct wat_parser *p, struct wpkg_buf *out)
{
	while (p->token.kind == WAT_STRING)
		wat_string(p, out);
}

struct wpkg_str wat_name(struct wat_parser *p)
{
	uint32_t start = p->token.start;
	wpkg_buf_reset(&p->scratch);
	wat_string(p, &p->scratch);
	if (p->scratch.failed != WPKG_OK)
		wat_no_memory(p);
	else if (!wpkg_utf8_valid(wpkg_buf_str(&p->scratch)))
		wat_fail_at(p, start, "malformed UTF-8 encoding");
	return wpkg_buf_str(&p->scratch);
}

/* Identifiers. */

/* The name of an identifier token, in scratch when it is a string. */
static bool id_name(struct wat_parser *p, struct wpkg_str *name)
{
	struct wpkg_str text = wpkg_str_from_offset(wat_text(p), 1);
	*name = text;
	if (text.ptr[0] != '"')
		return true;
	wpkg_buf_reset(&p->scratch);
	wat_literal_string(&p->scratch, text);
	if (p->scratch.failed != WPKG_OK)
		return wat_no_memory(p);
	*name = wpkg_buf_str(&p->scratch);
	return wpkg_utf8_valid(*name) || wat_fail(p, "malformed UTF-8 encoding");
}

uint32_t wat_take_symbol(struct wat_parser *p)
{
	struct wpkg_str name;
	if (p->token.kind != WAT_ID || !id_name(p, &name))
		return WAT_SYMBOL_NONE;
	uint32_t symbol = wat_symbols_add(&p->symbols, name);
	if (symbol == WAT_SYMBOL_NONE)
		wat_no_memory(p);
	else
		wat_advance(p);
	return symbol;
}

uint32_t wat_find_symbol(struct wat_parser *p)
{
	struct wpkg_str name;
	return id_name(p, &name) ? wat_symbols_find(&p->symbols, name) : WAT_SYMBOL_NONE;
}

static const char *const space_names[WAT_SPACE_COUNT] = {
	"function", "table",	       "memory",       "global", "tag",
	"type",	    "element segment", "data segment", "local",	 "label"};

bool wat_is_index(const struct wat_parser *p)
{
	return p->token.kind == WAT_NUMBER || p->token.kind == WAT_ID;
}

uint32_t wat_index(struct wat_parser *p, enum wat_space space)
{
	if (p->token.kind != WAT_ID)
		return wat_u32(p);
	uint32_t symbol = wat_find_symbol(p);
	uint32_t bound = symbol == WAT_SYMBOL_NONE ? 0 : p->symbols.items[symbol].bound[space];
	if (bound == 0) {
		wat_fail(p, "unknown %s %.*s", space_names[space], WPKG_STR_ARG(wat_text(p)));
		return 0;
	}
	wat_advance(p);
	return bound - 1;
}

bool wat_bind_symbol(struct wat_parser *p, enum wat_space space, uint32_t symbol, uint32_t index,
		     uint32_t where)
{
	struct wat_symbol *found = &p->symbols.items[symbol];
	if (found->bound[space] != 0)
		return wat_fail_at(p, where, "duplicate %s $%.*s", space_names[space],
				   WPKG_STR_ARG(found->name));
	found->bound[space] = index + 1;
	return true;
}

uint32_t wat_bind(struct wat_parser *p, enum wat_space space, uint32_t index,
		  struct wat_vector *map)
{
	uint32_t where = p->token.start;
	uint32_t symbol = wat_take_symbol(p);
	struct wpkg_str name;
	bool is_named = symbol != WAT_SYMBOL_NONE;
	if (is_named) {
		if (!wat_bind_symbol(p, space, symbol, index, where))
			return WAT_SYMBOL_NONE;
		name = p->symbols.items[symbol].name;
	}
	is_named |= wat_take_name(p, &name);
	if (is_named)
		wat_add_name(p, map, index, name);
	return symbol;
}

void wat_skip_binding(struct wat_parser *p)
{
	struct wpkg_str name;
	if (p->token.kind == WAT_ID)
		wat_advance(p);
	(void)wat_take_name(p, &name);
}
