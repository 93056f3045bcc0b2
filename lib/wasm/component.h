/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_COMPONENT_H
#define WPKG_WASM_COMPONENT_H

/*
 * What a component imports and exports, by name: "wasi:cli/environment@0.2.0". The component
 * model's types behind the names are not read, and nothing is validated beyond what it takes to
 * find the names (WebAssembly/component-model, Binary.md).
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum wpkg_component_sort { /* as the binary format numbers them */
			   WPKG_COMPONENT_MODULE,
			   WPKG_COMPONENT_FUNC,
			   WPKG_COMPONENT_VALUE,
			   WPKG_COMPONENT_TYPE,
			   WPKG_COMPONENT_COMPONENT,
			   WPKG_COMPONENT_INSTANCE,
			   WPKG_COMPONENT_SORTS
};

/* "module", "func", ..., "instance". Static text. */
const char *wpkg_component_sort_name(enum wpkg_component_sort sort);

struct wpkg_component_extern {
	struct wpkg_str name; /* a slice of the file */
	enum wpkg_component_sort sort;
	uint32_t offset; /* of the entry */
};

/* Those of the outermost component, in the file's order. */
struct wpkg_component {
	struct wpkg_component_extern *imports, *exports;
	uint32_t import_count, export_count;
};

/*
 * All but the names in the arena. WPKG_EFORMAT with the offset of what is malformed, WPKG_ELIMIT
 * above a million names.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_component_read(struct wpkg_component *out,
						     struct wpkg_arena *arena,
						     struct wpkg_str bytes, struct wpkg_err *err);

#endif
