/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations with a meaning (text format, appendix "Custom Annotations"): @name, @custom and
 * @metadata.code.branch_hint.
 *
 * The lexer notes them as it skips them. The first pass over the module takes those between the
 * fields and the names behind binding identifiers; the later passes take those inside of fields.
 * One that nobody takes stands where it has no meaning, and is an error.
 */
#include "base/utf8.h"
#include "wasm/wat_literal.h"
#include "wasm/wat_parser.h"
#include "wasm/writer.h"

/* The first annotation before an offset that nobody took; NULL when there is none. */
static const struct wat_note *next_note(const struct wat_parser *p, uint32_t before)
{
	const struct wat_note *notes = (const struct wat_note *)(const void *)p->notes.ptr;
	if (p->notes_taken >= p->notes.len / sizeof(*notes))
		return NULL;
	const struct wat_note *note = &notes[p->notes_taken];
	return note->start < before ? note : NULL;
}

static void content_of(const struct wat_parser *p, const struct wat_note *note,
		       struct wat_lexer *content)
{
	wat_lexer_init(content, p->lexer.text, note->content, note->content_end, p->lexer.err);
}

/* The strings from the token on, as bytes in the arena; something else is an error. */
static bool rest_as_bytes(struct wat_parser *p, struct wat_lexer *content, struct wat_token token,
			  struct wpkg_str *out)
{
	wpkg_buf_reset(&p->scratch);
	for (; token.kind == WAT_STRING; token = wat_lexer_next(content))
		wat_literal_string(&p->scratch, wat_token_text(content, token));
	if (token.kind != WAT_END || content->status != WPKG_OK)
		return wat_fail_at(p, token.start, "unexpected token in annotation");
	*out = wpkg_arena_dup(&p->arena, wpkg_buf_str(&p->scratch));
	return (p->scratch.failed == WPKG_OK && out->ptr) || wat_no_memory(p);
}

/* The UTF-8 of a string token, in the arena. */
static bool read_utf8(struct wat_parser *p, struct wat_token token, struct wpkg_str *out)
{
	wpkg_buf_reset(&p->scratch);
	wat_literal_string(&p->scratch, wat_token_text(&p->lexer, token));
	if (!wpkg_utf8_valid(wpkg_buf_str(&p->scratch)))
		return wat_fail_at(p, token.start, "malformed UTF-8 encoding");
	*out = wpkg_arena_dup(&p->arena, wpkg_buf_str(&p->scratch));
	return (p->scratch.failed == WPKG_OK && out->ptr) || wat_no_memory(p);
}

/* @name "..." */

static bool read_name(struct wat_parser *p, const struct wat_note *note, struct wpkg_str *name)
{
	struct wat_lexer content;
	content_of(p, note, &content);
	struct wat_token token = wat_lexer_next(&content);
	if (token.kind != WAT_STRING)
		return wat_fail_at(p, note->start, "@name annotation: string expected");
	struct wat_token behind = wat_lexer_next(&content);
	if (behind.kind != WAT_END)
		return wat_fail_at(p, behind.start, "@name annotation: unexpected token");
	return read_utf8(p, token, name);
}

bool wat_take_name(struct wat_parser *p, struct wpkg_str *name)
{
	const struct wat_note *note = next_note(p, p->token.start);
	if (!note || note->kind != WAT_NOTE_NAME)
		return false;
	p->notes_taken++;
	return read_name(p, note, name);
}

void wat_add_name(struct wat_parser *p, struct wat_vector *map, uint32_t index,
		  struct wpkg_str name)
{
	wpkg_writer_u32(&map->bytes, index);
	wpkg_writer_name(&map->bytes, name);
	map->count++;
	if (map->bytes.failed != WPKG_OK)
		wat_no_memory(p);
}

void wat_add_inner(struct wat_parser *p, struct wat_vector *map, uint32_t index,
		   struct wat_vector *inner)
{
	if (inner->count == 0)
		return;
	wpkg_writer_u32(&map->bytes, index);
	wpkg_writer_u32(&map->bytes, inner->count);
	wat_move(p, &map->bytes, &inner->bytes);
	map->count++;
	inner->count = 0;
}

/* @custom "name" (before section) "bytes"... */

static bool read_place(struct wat_parser *p, struct wat_lexer *content, struct wat_token open,
		       unsigned *place)
{
	struct wat_token direction = wat_lexer_next(content);
	struct wat_token section = wat_lexer_next(content);
	struct wat_token close = wat_lexer_next(content);
	return (section.kind == WAT_WORD && close.kind == WAT_CLOSE &&
		wat_place(place, wat_token_text(content, direction),
			  wat_token_text(content, section))) ||
	       wat_fail_at(p, open.start, "@custom annotation: malformed placement");
}

static bool read_custom(struct wat_parser *p, const struct wat_note *note)
{
	struct wat_lexer content;
	struct wat_custom custom = {.place = WAT_PLACE_LAST};
	content_of(p, note, &content);
	struct wat_token token = wat_lexer_next(&content);
	if (token.kind != WAT_STRING)
		return wat_fail_at(p, note->start, "@custom annotation: missing section name");
	if (!read_utf8(p, token, &custom.name))
		return false;
	token = wat_lexer_next(&content);
	if (token.kind == WAT_OPEN) {
		if (!read_place(p, &content, token, &custom.place))
			return false;
		token = wat_lexer_next(&content);
	}
	return rest_as_bytes(p, &content, token, &custom.content) &&
	       wat_push(p, &p->customs, &custom, sizeof(custom));
}

/* @metadata.code.branch_hint "\00" */

uint32_t wat_take_hint(struct wat_parser *p)
{
	const struct wat_note *note = next_note(p, p->token.start);
	struct wat_lexer content;
	struct wpkg_str bytes;
	if (!note || note->kind != WAT_NOTE_BRANCH_HINT || !p->in_function)
		return 0;
	p->notes_taken++;
	content_of(p, note, &content);
	if (!rest_as_bytes(p, &content, wat_lexer_next(&content), &bytes))
		return 0;
	if (bytes.len != 1 || (uint8_t)bytes.ptr[0] > 1) {
		wat_fail_at(p, note->start,
			    "@metadata.code.branch_hint annotation: invalid hint value");
		return 0;
	}
	const struct wat_note *second = next_note(p, p->token.start);
	if (second && second->kind == WAT_NOTE_BRANCH_HINT)
		wat_fail_at(p, second->start,
			    "@metadata.code.branch_hint annotation: duplicate annotation");
	return 1 + (uint32_t)bytes.ptr[0];
}

/* Places. */

static void fail_misplaced(struct wat_parser *p, const struct wat_note *note)
{
	if (note->kind == WAT_NOTE_BRANCH_HINT)
		wat_fail_at(p, note->start,
			    "@metadata.code.branch_hint annotation: not before an instruction of "
			    "a function");
	else
		wat_fail_at(p, note->start, "misplaced @%s annotation",
			    note->kind == WAT_NOTE_NAME ? "name" : "custom");
}

void wat_module_notes(struct wat_parser *p, bool is_first)
{
	const struct wat_note *note;
	while ((note = next_note(p, p->token.start)) != NULL) {
		struct wat_note copy = *note;
		p->notes_taken++;
		if (copy.kind == WAT_NOTE_CUSTOM) {
			read_custom(p, &copy);
		} else if (copy.kind == WAT_NOTE_NAME && is_first && !p->has_module_name) {
			p->has_module_name = read_name(p, &copy, &p->module_name);
		} else {
			fail_misplaced(p, &copy);
		}
		if (p->lexer.status != WPKG_OK)
			return;
	}
}

void wat_check_notes(struct wat_parser *p)
{
	const struct wat_note *note = next_note(p, p->closed);
	if (note)
		fail_misplaced(p, note);
}

void wat_scan_notes(struct wat_parser *p)
{
	const struct wat_note *note;
	while ((note = next_note(p, p->closed)) != NULL) {
		p->notes_taken++;
		if (note->kind == WAT_NOTE_CUSTOM)
			fail_misplaced(p, note);
	}
}
