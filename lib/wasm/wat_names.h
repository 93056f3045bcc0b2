/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_WAT_NAMES_H
#define WPKG_WASM_WAT_NAMES_H

/*
 * The names that a module's name section has, and the identifiers that a text of the module gives
 * them. Internal to this folder.
 *
 * A name of characters that an identifier may have is its own identifier, unless another index of
 * the space has it; other names get one made of what may stay, "#" and the index. A name that is
 * not its identifier is written as an annotation, too.
 */

#include "base/arena.h"
#include "wasm/module.h"
#include "wasm/wat_parser.h"

struct wat_name {
	uint32_t outer, index; /* outer: the function of a local or label, the type of a field */
	struct wpkg_str text;  /* slice of the file */
	struct wpkg_str id;    /* without the dollar sign; ptr NULL: none */
};

struct wat_name_map {
	struct wat_name *items; /* by outer and index */
	uint32_t count;
};

struct wat_names {
	struct wpkg_arena arena;
	bool has_module;
	struct wpkg_str module;
	struct wat_name_map maps[WAT_NAME_COUNT];
	bool is_exact; /* what wpkg_wat_parse makes of these names is the section, byte for byte */
};

/*
 * Reads the first name section. What is broken in it, or not in order, names nothing from there on.
 * False: no memory; clear is due all the same.
 */
bool wat_names_read(struct wat_names *names, const struct wpkg_module *module);
void wat_names_clear(struct wat_names *names);

/* The name of an index; NULL when it has none. outer is 0 where there is no outer index. */
const struct wat_name *wat_names_find(const struct wat_names *names, enum wat_name_id map,
				      uint32_t outer, uint32_t index);

#endif
