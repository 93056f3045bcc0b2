/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_DATA_TOML_H
#define WPKG_DATA_TOML_H

/*
 * TOML 1.0. Reading is toml++'s work, seen only in toml.cc. Writing is ours, because the order of
 * keys matters here and toml++ sorts them: canonical (equal trees give equal bytes) and within
 * what the oldest reader in the field, the toml 0.5 crate, takes: tables as [a.b] headers, arrays
 * of tables as [[a]], everything else on one line, basic strings only.
 */

#include "base/buf.h"
#include "data/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The document's table, in the arena, keys in the order of the text. Nesting above 64 levels is
 * WPKG_ELIMIT. Errors of the text: WPKG_EFORMAT with "line L, column C: ...".
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_toml_read(struct wpkg_value **out, struct wpkg_arena *arena,
						struct wpkg_str text, struct wpkg_err *err);

/*
 * Appends the table as a document. TOML needs a table's plain values before its tables: the writer
 * writes them so whatever their order. JSON's null is left out.
 */
void wpkg_toml_write(struct wpkg_buf *buf, const struct wpkg_value *table);

#ifdef __cplusplus
}
#endif

#endif
