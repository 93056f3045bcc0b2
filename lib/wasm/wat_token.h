/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_WAT_TOKEN_H
#define WPKG_WASM_WAT_TOKEN_H

/*
 * The text format's tokens (text format, "Lexical Format"). The lexer goes over a text once; space,
 * comments and annotations are skipped, but the annotations that mean something here are noted when
 * somebody listens. Internal to this folder.
 *
 * The first failure sticks: from then on every token is the end. So a parser is a sequence of plain
 * steps, and whoever acts on what was read asks for the status.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum wat_token_kind {
	WAT_END,      /* of the text, or behind a failure */
	WAT_OPEN,     /* ( */
	WAT_CLOSE,    /* ) */
	WAT_WORD,     /* begins with a lower-case letter: keywords, mnemonics, inf, nan */
	WAT_NUMBER,   /* begins with a digit or a sign; may be malformed */
	WAT_STRING,   /* with its quotes; well-formed */
	WAT_ID,	      /* $name, or $"name" */
	WAT_RESERVED, /* anything else */
};

/* Bytes from start to before end. */
struct wat_token {
	enum wat_token_kind kind;
	uint32_t start, end;
};

enum wat_note_kind { WAT_NOTE_NAME, WAT_NOTE_CUSTOM, WAT_NOTE_BRANCH_HINT };

/* An annotation with a meaning; what it holds begins behind its identifier. */
struct wat_note {
	enum wat_note_kind kind;
	uint32_t start;		       /* of "(@" */
	uint32_t content, content_end; /* up to the closing parenthesis */
};

struct wat_lexer {
	struct wpkg_str text;
	uint32_t at, end;	/* what is left; offsets always count from the text's start */
	struct wpkg_buf *notes; /* gets a struct wat_note each; NULL: nobody listens */
	struct wpkg_err *err;	/* may be NULL */
	enum wpkg_status status;
	uint32_t failed_at; /* when status is not WPKG_OK */
};

/* Over the bytes from start to before end of a text of less than 4 GiB. */
void wat_lexer_init(struct wat_lexer *lexer, struct wpkg_str text, uint32_t start, uint32_t end,
		    struct wpkg_err *err);

/* The next token. */
struct wat_token wat_lexer_next(struct wat_lexer *lexer);

/*
 * Fails at an offset: the message gets line and column in front. Always false, for "return ...".
 */
bool wat_lexer_fail(struct wat_lexer *lexer, uint32_t offset, enum wpkg_status status,
		    const char *format, ...) WPKG_PRINTF(4, 5) __attribute__((cold));

/* The same with the status of a malformed text. */
#define wat_lexer_malformed(lexer, offset, ...)                                                    \
	wat_lexer_fail((lexer), (offset), WPKG_EFORMAT, __VA_ARGS__)

/* May the byte, or the whole text, be part of an identifier without quotes? */
bool wat_is_name_byte(char byte);
bool wat_is_plain_id(struct wpkg_str text);

static inline struct wpkg_str wat_token_text(const struct wat_lexer *lexer, struct wat_token token)
{
	return wpkg_str_of(lexer->text.ptr + token.start, token.end - token.start);
}

#endif
