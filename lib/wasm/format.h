/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_FORMAT_H
#define WPKG_WASM_FORMAT_H

/*
 * Types as text, in the words of the text format: the one place for printer, linker, facts and
 * messages.
 */

#include "base/buf.h"
#include "wasm/module.h"
#include "wasm/type.h"

/*
 * Text as in the text format: "i32", "funcref", "(ref 3)" with the canonical number (in a module,
 * the number's first type index, when names is its wpkg_module.type_names; NULL otherwise).
 */
void wpkg_valtype_format(struct wpkg_buf *out, wpkg_valtype type, const uint32_t *names);

/* "(func (param i32 i64) (result i32))", "(sub final (struct (field (mut i8))))", ... */
void wpkg_type_format(struct wpkg_buf *out, const struct wpkg_type *type, const uint32_t *names);

/*
 * What an index of a module's space is, as an import or export says it, without parentheses:
 * "func (param i32) (result i32)", "table 1 10 funcref", "memory i64 1 2 shared",
 * "global (mut i32)", "tag (param i32)".
 */
void wpkg_extern_format(struct wpkg_buf *out, const struct wpkg_module *module,
			enum wpkg_extern kind, uint32_t index);

/* Limits: "1", "1 2", "i64 1 2 shared". */
void wpkg_size_format(struct wpkg_buf *out, const struct wpkg_size *size);

#endif
