/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_WAT_PRINT_H
#define WPKG_WASM_WAT_PRINT_H

/*
 * The printer's inside. It goes over a module once and appends to the caller's buffer, whose
 * failure sticks. Nothing recurs. Internal to this folder.
 */

#include "wasm/instruction.h"
#include "wasm/module.h"
#include "wasm/wat.h"
#include "wasm/wat_names.h"

/* A branch hint of the custom section "metadata.code.branch_hint". */
struct wat_hint {
	uint32_t func, offset; /* offset in the file */
	bool is_likely;
};

struct wat_printer {
	struct wpkg_buf *out;
	bool is_module; /* all of it: also the first line is below another */
	bool has_line;
	enum wpkg_status taken; /* the first failure of who takes the text */
	struct wpkg_err *err;	/* has it then */
	const struct wpkg_module *module;
	const struct wpkg_wat_print_options *options;
	struct wat_names names;
	unsigned depth; /* of indentation */
	bool is_out_of_memory;

	struct wpkg_buf hints; /* struct wat_hint, by function and offset; none unless exact */
	uint32_t hints_printed;

	uint32_t func;		/* whose body is printed; WPKG_INDEX_NONE outside of bodies */
	struct wpkg_buf labels; /* of open blocks */
	uint32_t label_count;	/* blocks that the body had so far */
};

/* Lines and comments. */
void wat_put_line(struct wat_printer *p); /* begins a line, indented */
void wat_put_offset(struct wat_printer *p, uint32_t offset);

/* "\"...\"", with what is not printable escaped. */
void wat_put_string(struct wat_printer *p, struct wpkg_str bytes);

/* " \"...\"", in several strings and lines when there are many bytes. */
void wat_put_bytes(struct wat_printer *p, struct wpkg_str bytes);

/* " $id" or " 3", as a reference to what an index is. */
void wat_put_index(struct wat_printer *p, enum wat_name_id map, uint32_t outer, uint32_t index);

/* " $id (;3;) (@name "...")", as the definition of an index. */
void wat_put_binding(struct wat_printer *p, enum wat_name_id map, uint32_t outer, uint32_t index);

/* Types (wat_print_type.c). A type's own words are canonical, those of code are type indices. */
void wat_put_valtype(struct wat_printer *p, wpkg_valtype type); /* concrete: a type index */
void wat_put_heap_type(struct wat_printer *p, wpkg_valtype ref);
wpkg_valtype wat_indexed(const struct wat_printer *p, wpkg_valtype canonical);
void wat_put_types(struct wat_printer *p);

/* " (type 0) (param ...) (result ...)"; the parameters of a function have their names. */
void wat_put_type_use(struct wat_printer *p, uint32_t type, uint32_t func);

/* Instructions (wat_print_code.c, wat_print_fold.c). */

/* Mnemonic and immediates. A block's label is bound and opened by it. */
void wat_put_instruction(struct wat_printer *p, const struct wasm_instruction *instruction);

/* Opens and closes the label of a block. */
void wat_open_label(struct wat_printer *p);
void wat_close_label(struct wat_printer *p);

/* The hint of the instruction at an offset; NULL when it has none. Offsets must rise. */
const struct wat_hint *wat_take_printed_hint(struct wat_printer *p, uint32_t offset);

/* A branch hint as an annotation on a line of its own. */
void wat_put_hint(struct wat_printer *p, bool is_likely);

/* A constant expression behind a space: one instruction in parentheses, or several behind the word,
 * which may be NULL. */
void wat_put_constant(struct wat_printer *p, struct wpkg_range range, const char *word);

/* A function's locals and body; lines are begun. */
void wat_put_body(struct wat_printer *p, uint32_t func);

/* The same of what is behind the locals, and of a constant expression, as folded instructions. */
void wat_put_folded(struct wat_printer *p, struct wpkg_reader *r);
void wat_put_folded_constant(struct wat_printer *p, struct wpkg_reader *r, const char *word);

/* Custom sections (wat_print_custom.c). */
bool wat_read_hints(struct wat_printer *p);

/* All that are no names and hints of the text itself, each with its place. */
void wat_put_customs(struct wat_printer *p);

#endif
