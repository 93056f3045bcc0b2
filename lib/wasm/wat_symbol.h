/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_WAT_SYMBOL_H
#define WPKG_WASM_WAT_SYMBOL_H

/*
 * Identifiers of a module's text, and what each is bound to in each index space. An identifier is
 * looked up once by its name; its bindings then are an array. Internal to this folder.
 */

#include "base/arena.h"
#include "wasm/module.h"

/* Index spaces; the first five are enum wpkg_extern. */
enum wat_space {
	WAT_FUNC,
	WAT_TABLE,
	WAT_MEMORY,
	WAT_GLOBAL,
	WAT_TAG,
	WAT_TYPE,
	WAT_ELEM,
	WAT_DATA,
	WAT_LOCAL, /* of the function being read */
	WAT_LABEL, /* the same; what is bound is the place on the stack of labels */
	WAT_SPACE_COUNT
};

struct wat_symbol {
	struct wpkg_str name;		 /* decoded, without the dollar sign */
	uint32_t bound[WAT_SPACE_COUNT]; /* index plus 1; 0: not bound */
};

/* A field's name, which is bound in one struct type. */
struct wat_field_name {
	uint32_t type, symbol, field;
};

struct wat_symbols {
	struct wat_symbol *items;
	struct wat_field_name *fields;
	uint32_t count, cap;
	uint32_t field_count, field_cap;
	uint32_t *buckets, *field_buckets;	   /* open addressing: number plus 1; 0: free */
	uint32_t bucket_count, field_bucket_count; /* powers of two */
	struct wpkg_arena names;
};

#define WAT_SYMBOL_NONE UINT32_MAX

void wat_symbols_init(struct wat_symbols *symbols);
void wat_symbols_clear(struct wat_symbols *symbols);

/* The number of the symbol of that name; WAT_SYMBOL_NONE when there is none. */
uint32_t wat_symbols_find(const struct wat_symbols *symbols, struct wpkg_str name);

/* The same, adding it when there is none, with a copy of the name; WAT_SYMBOL_NONE: no memory. */
uint32_t wat_symbols_add(struct wat_symbols *symbols, struct wpkg_str name);

/* The field of that name in a struct type; WPKG_INDEX_NONE when there is none. */
uint32_t wat_symbols_find_field(const struct wat_symbols *symbols, uint32_t type, uint32_t symbol);

/* Binds a name that the type does not have yet; false: no memory. */
bool wat_symbols_add_field(struct wat_symbols *symbols, const struct wat_field_name *field);

#endif
