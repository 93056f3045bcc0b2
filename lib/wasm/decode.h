/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_DECODE_H
#define WPKG_WASM_DECODE_H

/*
 * The decoder's inside: a function for each section, which reads its entries into the module and
 * validates them on the way. Internal to this folder.
 *
 * The cursor is the one of the validator, so that a constant expression is read in place. When it
 * has failed, everything that was read before stays in the module, for wpkg_module_free.
 */

#include "base/arena.h"
#include "wasm/module.h"
#include "wasm/validate.h"

struct decoder {
	struct wpkg_module *module;
	struct wpkg_module_limits limits; /* without zeros */
	struct validator validator;
	struct wasm_input *in;	   /* the validator's */
	unsigned threads;	   /* for bodies */
	bool no_bodies;		   /* where they are is not kept */
	unsigned last_order;	   /* of the sections that were read */
	uint32_t *type_calls;	   /* see wasm_call_words */
	uint32_t body_count;	   /* entries of the code section that were read */
	uint32_t failed_function;  /* whose body is not valid; WPKG_INDEX_NONE */
	struct wpkg_arena scratch; /* a recursion group while it is read */
	wpkg_valtype *values;	   /* a function type while it is read */
};

/*
 * The block with room for count more items behind the used ones, in steps of powers of two. On
 * failure the old block, and the cursor has failed.
 */
void *wasm_decode_room(struct decoder *d, void *block, uint32_t used, uint32_t count, size_t size);

/* The same when no other items will come: no more room than that. */
void *wasm_decode_room_for_last(struct decoder *d, void *block, uint32_t used, uint32_t count,
				size_t size);

/* A module with nothing in it; NULL without memory. */
struct wpkg_module *wasm_module_alloc(struct wpkg_str bytes);

/* The module, or when it is small a copy of it in one block, and the first one is gone. NULL when
 * memory is out, and it is not. */
struct wpkg_module *wasm_module_pack(struct wpkg_module *module);

/* options may be NULL. */
void wasm_decoder_init(struct decoder *d, struct wpkg_module *module,
		       const struct wpkg_module_options *options);
void wasm_decoder_clear(struct decoder *d);

/* Magic and version. */
bool wasm_decode_header(struct decoder *d);

/* Identifier and size: the section's ranges are set. NULL when the cursor has failed. */
struct wpkg_module_section *wasm_decode_section_head(struct decoder *d);

/* What is in the section, whose bytes are all that the cursor goes over. Of a custom one the name.
 */
bool wasm_decode_section_body(struct decoder *d, struct wpkg_module_section *section);

/* Fails because there are bytes behind the section's last entry. */
bool wasm_decode_excess(struct decoder *d);

/* What can be said only when all sections were read. */
bool wasm_decode_end(struct decoder *d);

/* Where it failed. */
struct wpkg_module_fault wasm_decode_fault(const struct decoder *d);

/* The features in use, into the module. */
void wasm_decode_note_features(const struct decoder *d);

/* Sections: the cursor is at the body. False when it has failed. */
bool wasm_decode_types(struct decoder *d);
bool wasm_decode_imports(struct decoder *d);
bool wasm_decode_functions(struct decoder *d);
bool wasm_decode_tables(struct decoder *d);
bool wasm_decode_memories(struct decoder *d);
bool wasm_decode_tags(struct decoder *d);
bool wasm_decode_globals(struct decoder *d);
bool wasm_decode_exports(struct decoder *d);
bool wasm_decode_start(struct decoder *d);
bool wasm_decode_elements(struct decoder *d);
bool wasm_decode_data_count(struct decoder *d);
bool wasm_decode_code(struct decoder *d);
bool wasm_decode_data(struct decoder *d);

/* Parts of the code and data sections, for who reads them piece by piece. */
bool wasm_decode_code_begin(struct decoder *d);
bool wasm_decode_body_size(struct decoder *d, uint32_t *size);

/* The next function's body: so many bytes at the cursor. */
bool wasm_decode_body(struct decoder *d, uint32_t size);

/* The rest of the code section on d->threads threads. */
bool wasm_decode_bodies_on_threads(struct decoder *d);

/* Adds to a message about a body the instruction and the function. */
void wasm_decode_name_function(struct wpkg_err *err, unsigned opcode, uint32_t function);
bool wasm_decode_data_begin(struct decoder *d);
bool wasm_decode_data_head(struct decoder *d, struct wpkg_module_data *data, uint32_t *size);

/* The name that a file's name section has for a function; empty when it has none. */
struct wpkg_str wasm_function_name(struct wpkg_str bytes, uint32_t index);

/* A constant expression of that type at the cursor, as a range. */
bool wasm_decode_constant(struct decoder *d, struct wpkg_range *range, wpkg_valtype type);

#endif
