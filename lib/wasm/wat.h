/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_WAT_H
#define WPKG_WASM_WAT_H

/*
 * The text format of WebAssembly: text to a module's bytes, and back.
 *
 * Parsing takes time and memory linear in the text's length, whatever the text, and never recurs.
 * It checks the text format's own rules; whether the module is valid says wpkg_module_read of the
 * bytes.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* A place in a text, for messages. */
struct wpkg_wat_place {
	uint32_t offset; /* bytes from the start */
	uint32_t line;	 /* counts from 1 */
	uint32_t column; /* characters, from 1 */
};

/* The place of an offset, which is cut to the text's length. */
struct wpkg_wat_place wpkg_wat_place_at(struct wpkg_str text, size_t offset);

/* Two lines: the one of the place, cut when it is long, and a caret below the character. */
void wpkg_wat_place_format(struct wpkg_buf *out, struct wpkg_str text,
			   const struct wpkg_wat_place *place);

struct wpkg_module;

struct wpkg_wat_options {
	bool strip_names;    /* write no name section */
	uint32_t start, end; /* the part of the text that is the module; end 0: all of it */
	struct wpkg_wat_place *fault; /* filled when the text is malformed; may be NULL */
};

/*
 * Appends the binary module of a text: "(module ...)", or just its fields. Identifiers and @name
 * annotations become the name section, @custom annotations custom sections and
 * @metadata.code.branch_hint ones the section of that name. Messages begin with line and column:
 *
 *   3:14: unknown local $x
 *
 * WPKG_EFORMAT: the text is malformed; WPKG_ELIMIT: it is of 4 GiB or more; WPKG_ENOMEM. NULL
 * options are the defaults.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_wat_parse(struct wpkg_buf *out, struct wpkg_str text,
						const struct wpkg_wat_options *options,
						struct wpkg_err *err);

/* Takes a piece of a text. Its first failure ends the printing, and is what that returns. */
typedef enum wpkg_status wpkg_wat_take(void *user, struct wpkg_str piece, struct wpkg_err *err);

struct wpkg_wat_print_options {
	bool fold;	     /* operands inside of the instruction that takes them */
	bool offsets;	     /* a comment before what stands at an offset of the file: "(;0x1f;)" */
	wpkg_wat_take *take; /* gets the text in whole lines while it is made; NULL: out has it */
	void *user;	     /* for take */
};

/*
 * Appends the text of a module: identifiers are the names of its name section, other custom
 * sections are @custom annotations, and branch hints annotations of theirs.
 *
 * Parsing the text again gives the module in its canonical encoding: every number in its shortest
 * form; no empty section; a data count only where code names a data segment; neighbouring locals of
 * a type in one group; a recursion group of one type without the prefix of groups; a type that is
 * there twice named by its first index where a type names it; element segments in the shortest form
 * that says the same; no page size of 64 KiB. A module that is encoded so comes back byte for byte,
 * custom sections included; every other one has the same types, imports, definitions, code,
 * exports, segments and custom sections. NULL options are the defaults. WPKG_ENOMEM.
 *
 * With "take" out must be empty, is where pieces are made (about 64 KiB, and at least a line), and
 * is empty again in the end.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_wat_print(struct wpkg_buf *out,
						const struct wpkg_module *module,
						const struct wpkg_wat_print_options *options,
						struct wpkg_err *err);

/* The same of one function, imported ones included, by its index below the module's func_count; a
 * line end behind it. */
WPKG_MUST_CHECK enum wpkg_status
wpkg_wat_print_func(struct wpkg_buf *out, const struct wpkg_module *module, uint32_t index,
		    const struct wpkg_wat_print_options *options, struct wpkg_err *err);

struct wpkg_range;

/* Appends a constant expression of the module behind a space, indices without names:
 * " (i32.const 1024)", or several instructions without parentheses. Check the buffer. */
void wpkg_wat_print_constant(struct wpkg_buf *out, const struct wpkg_module *module,
			     struct wpkg_range range);

#endif
