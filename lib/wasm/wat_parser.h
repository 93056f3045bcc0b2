/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_WAT_PARSER_H
#define WPKG_WASM_WAT_PARSER_H

/*
 * The text parser's inside. It goes over a module's text three times and writes the sections'
 * bytes as it reads:
 *
 *   1. where each field begins, and which identifier has which index, because an
 *      identifier may be used before it is bound;
 *   2. the types, so that what comes later can tell whether a function type is there already;
 *   3. the other fields in their order. A function type that is there nowhere is added behind the
 *      types of the text.
 *
 * Nothing recurs: nested instructions are on a stack of frames. A failure sticks in the lexer, and
 * all tokens are the end from then on, so every loop over tokens must stop at WAT_END.
 * Internal to this folder.
 */

#include "wasm/module.h"
#include "wasm/wat.h"
#include "wasm/wat_symbol.h"
#include "wasm/wat_token.h"

/* A vector of the binary format as it grows: the items' bytes, and how many they are. */
struct wat_vector {
	struct wpkg_buf bytes;
	uint32_t count;
};

/* A function type while it is read: parameters, then results, each a wpkg_valtype. */
struct wat_signature {
	struct wpkg_buf values;
	uint32_t params, results;
};

/* What is known of a type of the text. */
struct wat_type {
	uint32_t start, end; /* a function's bytes in the type section, from 0x60; else equal */
	uint32_t params;
};

/* Where a type, or a group of them, begins, and how many types it has. */
struct wat_type_start {
	uint32_t offset, count;
};

/* A custom section. Places count in the order of the file: two for each section that it may stand
 * before or behind (wat_assemble.c). */
struct wat_custom {
	unsigned place;
	struct wpkg_str name, content; /* in the parser's arena */
};

/* Subsections of the name section. */
enum wat_name_id {
	WAT_NAME_FUNC = 1,
	WAT_NAME_LOCAL,
	WAT_NAME_LABEL,
	WAT_NAME_TYPE,
	WAT_NAME_TABLE,
	WAT_NAME_MEMORY,
	WAT_NAME_GLOBAL,
	WAT_NAME_ELEM,
	WAT_NAME_DATA,
	WAT_NAME_FIELD,
	WAT_NAME_TAG,
	WAT_NAME_COUNT
};

struct wat_parser {
	struct wat_lexer lexer;
	struct wat_token token, ahead; /* the next one, and the one behind it */
	struct wpkg_buf notes;	       /* struct wat_note: annotations up to the ahead token */
	uint32_t notes_taken;	       /* of them */
	uint32_t closed;	       /* behind the last parenthesis that was closed */
	struct wat_symbols symbols;
	struct wpkg_arena arena;
	struct wpkg_buf scratch; /* a decoded string, until the next one */

	struct wpkg_buf fields;		  /* offsets of the module's fields but the types' */
	struct wpkg_buf type_starts;	  /* struct wat_type_start */
	uint32_t counts[WAT_SPACE_COUNT]; /* indices given so far by the pass */
	const char *defined; /* a kind that was defined, so that no import may follow */
	bool has_data_index; /* code names a data segment: it takes a data count */
	struct wat_vector sections[WPKG_SECTION_COUNT];
	struct wpkg_buf customs; /* struct wat_custom */

	struct wpkg_buf types;	    /* struct wat_type by type index */
	uint32_t *type_buckets;	    /* by the bytes of a function type: its index plus 1; 0: free */
	uint32_t type_bucket_count; /* a power of two */
	uint32_t type_bucket_used;
	struct wat_signature signature;
	struct wpkg_buf encoded; /* of the signature */

	bool has_module_name;
	struct wpkg_str module_name;
	struct wat_vector names[WAT_NAME_COUNT];
	struct wat_vector inner_names[2]; /* of a function's locals (or a type's fields), labels */

	struct wpkg_buf parts[2]; /* what is written behind a count that is known later */

	struct wpkg_buf bound_locals; /* symbols to unbind behind the function */
	struct wat_vector locals;     /* groups of the function's locals */
	struct wpkg_buf body;	      /* of the function */
	struct wpkg_buf *code;	      /* where instructions go: body, or a constant's place */
	struct wpkg_buf pending;      /* folded instructions whose operands are being read */
	struct wpkg_buf operands;     /* immediates that a count stands before */
	struct wpkg_buf frames, labels;
	uint32_t label_count; /* labels that the function had so far */
	bool in_function;
	struct wat_vector hints;	  /* of the function's branches */
	struct wat_vector hint_functions; /* the content of their custom section */
};

/* Lifetime. The part of the text that is read is from start to before end. */
void wat_parser_init(struct wat_parser *p, struct wpkg_str text, uint32_t start, uint32_t end,
		     struct wpkg_err *err);
void wat_parser_clear(struct wat_parser *p);

/* Steps over tokens. */
void wat_seek(struct wat_parser *p, uint32_t offset);
void wat_advance(struct wat_parser *p);

/* From now on every token is the end. Always false. */
bool wat_stop(struct wat_parser *p);

#define wat_fail_at(p, offset, ...)                                                                \
	(wat_lexer_malformed(&(p)->lexer, (offset), __VA_ARGS__), wat_stop(p))
#define wat_fail(p, ...) wat_fail_at(p, (p)->token.start, __VA_ARGS__)
#define wat_no_memory(p)                                                                           \
	(wat_lexer_fail(&(p)->lexer, (p)->token.start, WPKG_ENOMEM, "no memory"), wat_stop(p))

/* The next token is not what the text format wants here. Always false. */
bool wat_unexpected(struct wat_parser *p, const char *wanted);

static inline struct wpkg_str wat_text(const struct wat_parser *p)
{
	return wat_token_text(&p->lexer, p->token);
}

/* Is the next token this word? Are the next two a parenthesis and this word? */
bool wat_is_word(const struct wat_parser *p, const char *word);
bool wat_is_open(const struct wat_parser *p, const char *word);

/* The same, and goes on behind them when they are. */
bool wat_accept_word(struct wat_parser *p, const char *word);
bool wat_accept_open(struct wat_parser *p, const char *word);

/* Fail when the next token is another. */
bool wat_expect_close(struct wat_parser *p);
bool wat_expect_open(struct wat_parser *p, const char *word);

/* Goes behind the parenthesis that closes the one which is open; false when there is none. */
bool wat_skip_to_close(struct wat_parser *p);

/* Appends an item to a stack or list; false: no memory, and the parser has failed. */
bool wat_push(struct wat_parser *p, struct wpkg_buf *list, const void *item, size_t size);

/* Appends what a buffer has and empties it. */
void wat_move(struct wat_parser *p, struct wpkg_buf *out, struct wpkg_buf *from);

/* Values. A failure sticks, and the value is 0 or empty. */
uint32_t wat_u32(struct wat_parser *p);
uint64_t wat_u64(struct wat_parser *p);
void wat_string(struct wat_parser *p, struct wpkg_buf *out);
void wat_strings(struct wat_parser *p, struct wpkg_buf *out); /* any number of them */
struct wpkg_str wat_name(struct wat_parser *p);		      /* in scratch: UTF-8 */
bool wat_is_index(const struct wat_parser *p);
uint32_t wat_index(struct wat_parser *p, enum wat_space space);

/* Identifiers. */

/* The symbol of the identifier that comes next, added; WAT_SYMBOL_NONE when none comes. */
uint32_t wat_take_symbol(struct wat_parser *p);

/* The symbol of an identifier token; WAT_SYMBOL_NONE when no such identifier is bound anywhere. */
uint32_t wat_find_symbol(struct wat_parser *p);

/* Binds a symbol; false when it is bound already. */
bool wat_bind_symbol(struct wat_parser *p, enum wat_space space, uint32_t symbol, uint32_t index,
		     uint32_t where);

/*
 * An identifier and a @name annotation, when they come: the index gets the symbol, which is the
 * result, and the name in the map. WAT_SYMBOL_NONE when no identifier came.
 */
uint32_t wat_bind(struct wat_parser *p, enum wat_space space, uint32_t index,
		  struct wat_vector *map);

/* The same of a local, until the end of its function. */
void wat_bind_local(struct wat_parser *p, uint32_t index);

/* Goes over what an earlier pass has bound. */
void wat_skip_binding(struct wat_parser *p);

/* Annotations (wat_note.c). */

/* The name of a @name annotation right before the next token; false when there is none. */
bool wat_take_name(struct wat_parser *p, struct wpkg_str *name);

/* Adds a name to a map of the name section. */
void wat_add_name(struct wat_parser *p, struct wat_vector *map, uint32_t index,
		  struct wpkg_str name);

/* Adds an index with the vector of what it has, unless that is empty, and empties it. */
void wat_add_inner(struct wat_parser *p, struct wat_vector *map, uint32_t index,
		   struct wat_vector *inner);

/* A branch hint before the next token: 1 plus its value; 0 when there is none. */
uint32_t wat_take_hint(struct wat_parser *p);

/* Annotations between the module's fields, up to the next token. */
void wat_module_notes(struct wat_parser *p, bool is_first);

/* Annotations inside the field that was closed last which nobody took: their place is wrong. */
void wat_check_notes(struct wat_parser *p);

/* The same of the first pass, which leaves most of them to the later ones. */
void wat_scan_notes(struct wat_parser *p);

/* Types (wat_type.c). */
wpkg_valtype wat_valtype(struct wat_parser *p);
wpkg_valtype wat_reftype(struct wat_parser *p);
wpkg_valtype wat_heap_type(struct wat_parser *p); /* as the non-null reference to it */
bool wat_is_reftype(const struct wat_parser *p);

/* "(type ...)", or "(rec (type ...)*)". */
void wat_type_field(struct wat_parser *p, const struct wat_type_start *start);

/* "(mut T)" or "T" as a global has it, written to out. */
void wat_global_type(struct wat_parser *p, struct wpkg_buf *out);

/* What names of parameters are for. */
enum wat_params {
	WAT_PARAMS_UNNAMED, /* there are none */
	WAT_PARAMS_IGNORED, /* nothing */
	WAT_PARAMS_BOUND,   /* they are the function's first locals */
};

/* "(param ...)* (result ...)*" into the signature. */
void wat_signature(struct wat_parser *p, enum wat_params params);

/* "(result ...)*" behind what the signature has. */
void wat_results(struct wat_parser *p);

/* "(type x)? (param ...)* (result ...)*": the type index. */
uint32_t wat_type_use(struct wat_parser *p, enum wat_params params);

/* The same of a block, written as a block type. */
void wat_block_type(struct wat_parser *p, struct wpkg_buf *out);

/* What an index is; NULL when there is no such type. */
const struct wat_type *wat_type_at(const struct wat_parser *p, uint32_t index);

/* Fields (wat_module.c, wat_field.c, wat_segment.c, wat_func.c). */
void wat_import(struct wat_parser *p);
void wat_export(struct wat_parser *p);
void wat_start(struct wat_parser *p);
void wat_table(struct wat_parser *p);
void wat_memory(struct wat_parser *p);
void wat_global(struct wat_parser *p);
void wat_tag(struct wat_parser *p);
void wat_elem(struct wat_parser *p);
void wat_data(struct wat_parser *p);
void wat_func(struct wat_parser *p);

/* "(export "n")*": each exports the index. */
void wat_inline_exports(struct wat_parser *p, enum wpkg_extern kind, uint32_t index);

/* "(import "m" "n")": true, and the import is written up to its kind. */
bool wat_inline_import(struct wat_parser *p, enum wpkg_extern kind);

/* An entry of a kind is defined: no import may follow. */
void wat_define(struct wat_parser *p, enum wpkg_extern kind);

/* The segment that a table or memory brings along; how many entries or bytes it has. */
uint32_t wat_inline_elem(struct wat_parser *p, uint32_t table, bool is_64, wpkg_valtype type);
uint64_t wat_inline_data(struct wat_parser *p, uint32_t memory, bool is_64);

/* Instructions (wat_body.c, wat_immediate.c). */

/* Instructions up to the parenthesis that closes them, into out, without end. */
void wat_instructions(struct wat_parser *p, struct wpkg_buf *out);

/* One folded instruction. */
void wat_folded(struct wat_parser *p, struct wpkg_buf *out);

/* The label of a function's body, which its instructions may name by its depth. */
void wat_begin_labels(struct wat_parser *p);

/* How many labels are between here and the one that comes next as an index. */
uint32_t wat_label(struct wat_parser *p);

/* The instruction's opcode with its immediates, which come next. */
void wat_instruction(struct wat_parser *p, unsigned op, struct wpkg_buf *out);

/* Constants: the bits of an integer or a floating-point number of so many bits. */
uint64_t wat_integer(struct wat_parser *p, unsigned bits);
uint64_t wat_float(struct wat_parser *p, unsigned bits);

/* How a vector constant is divided. */
struct wat_shape {
	const char *word;
	unsigned lanes, bits; /* of a lane */
	bool is_float;
};

/* The shape that comes next; NULL when none does, and the parser has failed. */
const struct wat_shape *wat_take_shape(struct wat_parser *p);

/* The opcode of a mnemonic, the first where several share one; WPKG_OP_LIMIT: none. */
unsigned wat_opcode(struct wpkg_str mnemonic);

/* The whole module from its sections (wat_assemble.c). */
void wat_assemble(struct wat_parser *p, struct wpkg_buf *out, bool strip_names);

/* The place of a custom section: "before" or "after" a section's name; false: no such place. */
bool wat_place(unsigned *out, struct wpkg_str direction, struct wpkg_str section);
#define WAT_PLACE_LAST 25 /* after data */

/* The section's word in a place. Static text. */
const char *wat_place_word(enum wpkg_section section);

#endif
