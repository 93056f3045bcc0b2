/* SPDX-License-Identifier: Apache-2.0 */
/* A module's text as a whole: the three passes, and which field is read by what. */
#include "wasm/wat_parser.h"

/* Fields, by the word behind their parenthesis. */
static const struct field {
	const char *word;
	int space; /* that it adds an index to; -1: none, or one of several */
	enum wat_name_id map;
	void (*read)(struct wat_parser *p); /* behind the word */
} fields[] = {
	{"func", WAT_FUNC, WAT_NAME_FUNC, wat_func},
	{"import", -1, 0, wat_import},
	{"export", -1, 0, wat_export},
	{"global", WAT_GLOBAL, WAT_NAME_GLOBAL, wat_global},
	{"data", WAT_DATA, WAT_NAME_DATA, wat_data},
	{"elem", WAT_ELEM, WAT_NAME_ELEM, wat_elem},
	{"table", WAT_TABLE, WAT_NAME_TABLE, wat_table},
	{"memory", WAT_MEMORY, WAT_NAME_MEMORY, wat_memory},
	{"tag", WAT_TAG, WAT_NAME_TAG, wat_tag},
	{"start", -1, 0, wat_start},
};

static const struct field *find_field(struct wpkg_str word)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (wpkg_str_equal_text(word, fields[i].word))
			return &fields[i];
	return NULL;
}

/* First pass. */

static void scan_binding(struct wat_parser *p, const struct field *field)
{
	enum wat_space space = (enum wat_space)field->space;
	wat_bind(p, space, p->counts[space]++, &p->names[field->map]);
}

/* "(kind $id? ..." inside of an import. */
static void scan_import(struct wat_parser *p)
{
	if (p->token.kind == WAT_STRING)
		wat_advance(p);
	if (p->token.kind == WAT_STRING)
		wat_advance(p);
	if (p->token.kind != WAT_OPEN || p->ahead.kind != WAT_WORD)
		return;
	const struct field *field = find_field(wat_token_text(&p->lexer, p->ahead));
	if (!field || field->space < 0)
		return;
	wat_advance(p);
	wat_advance(p);
	scan_binding(p, field);
	(void)wat_skip_to_close(p);
}

/* Goes to the end of a table or memory, counting the segment that it may bring along. */
static void scan_segment(struct wat_parser *p, const char *word, enum wat_space space)
{
	uint32_t depth = 1;
	while (depth > 0 && p->token.kind != WAT_END) {
		if (depth == 1 && wat_is_open(p, word))
			p->counts[space]++;
		if (p->token.kind == WAT_OPEN)
			depth++;
		else if (p->token.kind == WAT_CLOSE && --depth == 0)
			return;
		wat_advance(p);
	}
}

/* "(type $id? ...)", from its parenthesis to behind its end. */
static void scan_type(struct wat_parser *p)
{
	wat_advance(p);
	wat_advance(p);
	wat_bind(p, WAT_TYPE, p->counts[WAT_TYPE]++, &p->names[WAT_NAME_TYPE]);
	(void)wat_skip_to_close(p);
}

/* At "(type" or "(rec". */
static void scan_types(struct wat_parser *p)
{
	struct wat_type_start start = {p->token.start, 1};
	if (wat_is_open(p, "type")) {
		scan_type(p);
	} else {
		wat_advance(p);
		wat_advance(p);
		for (start.count = 0; wat_is_open(p, "type"); start.count++)
			scan_type(p);
		wat_expect_close(p);
	}
	wat_push(p, &p->type_starts, &start, sizeof(start));
}

/*
 * At the parenthesis of a field of another kind; stops behind its end. A field that does not end is
 * left to the pass that reads it, which knows better where the parenthesis is missing.
 */
static void scan_field(struct wat_parser *p)
{
	uint32_t offset = p->token.start;
	const struct field *field = NULL;
	if (p->token.kind == WAT_OPEN && p->ahead.kind == WAT_WORD)
		field = find_field(wat_token_text(&p->lexer, p->ahead));
	if (!field) {
		if (p->token.kind == WAT_OPEN)
			wat_advance(p);
		wat_unexpected(p, "a module field");
		return;
	}
	if (!wat_push(p, &p->fields, &offset, sizeof(offset)))
		return;
	wat_advance(p);
	wat_advance(p);
	if (field->space >= 0)
		scan_binding(p, field);
	if (field->read == wat_import)
		scan_import(p);
	else if (field->read == wat_memory)
		scan_segment(p, "data", WAT_DATA);
	else if (field->read == wat_table)
		scan_segment(p, "elem", WAT_ELEM);
	(void)wat_skip_to_close(p);
}

/* The fields up to what closes the module. */
static void scan(struct wat_parser *p)
{
	for (bool is_first = true;; is_first = false) {
		wat_module_notes(p, is_first);
		if (p->token.kind == WAT_CLOSE || p->token.kind == WAT_END)
			return;
		if (wat_is_open(p, "type") || wat_is_open(p, "rec"))
			scan_types(p);
		else
			scan_field(p);
		wat_scan_notes(p);
	}
}

/* "(module $id? ...)", or its fields alone; an unclosed field is found as a missing parenthesis. */
static void scan_module(struct wat_parser *p)
{
	bool is_wrapped = wat_accept_open(p, "module");
	if (is_wrapped && p->token.kind == WAT_ID) {
		uint32_t symbol = wat_take_symbol(p);
		if (symbol != WAT_SYMBOL_NONE)
			p->module_name = p->symbols.items[symbol].name;
	}
	scan(p);
	if (is_wrapped) {
		wat_expect_close(p);
		wat_module_notes(p, false);
	}
	if (p->token.kind != WAT_END)
		wat_unexpected(p, "the end");
}

/* The other passes. */

static void read_types(struct wat_parser *p)
{
	const struct wat_type_start *starts =
		(const struct wat_type_start *)(const void *)p->type_starts.ptr;
	size_t count = p->type_starts.len / sizeof(*starts);
	p->counts[WAT_TYPE] = 0;
	for (size_t i = 0; i < count && p->lexer.status == WPKG_OK; i++)
		wat_type_field(p, &starts[i]);
}

static void read_field(struct wat_parser *p, uint32_t offset)
{
	wat_seek(p, offset);
	const struct field *field = find_field(wat_token_text(&p->lexer, p->ahead));
	if (!field)
		return;
	wat_advance(p);
	wat_advance(p);
	field->read(p);
	wat_expect_close(p);
	wat_check_notes(p);
}

static void read_fields(struct wat_parser *p)
{
	const uint32_t *offsets = (const uint32_t *)(const void *)p->fields.ptr;
	size_t count = p->fields.len / sizeof(*offsets);
	for (unsigned i = 0; i < WAT_SPACE_COUNT; i++)
		if (i != WAT_TYPE)
			p->counts[i] = 0;
	for (size_t i = 0; i < count && p->lexer.status == WPKG_OK; i++)
		read_field(p, offsets[i]);
}

static enum wpkg_status parse(struct wat_parser *p, struct wpkg_buf *out,
			      const struct wpkg_wat_options *options, struct wpkg_err *err)
{
	struct wpkg_buf module;
	wpkg_buf_init(&module, UINT32_MAX);
	wat_seek(p, options->start);
	scan_module(p);
	read_types(p);
	read_fields(p);
	enum wpkg_status status = p->lexer.status;
	if (status == WPKG_OK) {
		wat_assemble(p, &module, options->strip_names);
		status = p->lexer.status;
		if (status == WPKG_OK)
			status = wpkg_buf_check(&module, "module", err);
	}
	if (status == WPKG_OK) {
		wpkg_buf_append_str(out, wpkg_buf_str(&module));
		status = wpkg_buf_check(out, "module", err);
	}
	wpkg_buf_clear(&module);
	return status;
}

enum wpkg_status wpkg_wat_parse(struct wpkg_buf *out, struct wpkg_str text,
				const struct wpkg_wat_options *options, struct wpkg_err *err)
{
	static const struct wpkg_wat_options defaults;
	struct wat_parser parser;
	if (!options)
		options = &defaults;
	if (text.len >= UINT32_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "text of 4 GiB or more");
	uint32_t end = options->end ? options->end : (uint32_t)text.len;
	wat_parser_init(&parser, text, options->start, end, err);
	parser.lexer.notes = &parser.notes;
	enum wpkg_status status = parse(&parser, out, options, err);
	if (status != WPKG_OK && options->fault)
		*options->fault = wpkg_wat_place_at(text, parser.lexer.failed_at);
	wat_parser_clear(&parser);
	return status;
}
