/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_TYPE_H
#define WPKG_EXEC_TYPE_H

/* Types as an engine uses them: canonical numbers of its own table, kinds of slots. */

#include "exec/engine_int.h"

/* The kind (enum kind of exec/compile.h) of a value type, or of a packed one on the stack. */
unsigned exec_kind_of(wpkg_valtype type);

/* Bytes of a field or an item of this storage type. */
uint32_t exec_storage_size(wpkg_valtype type);

/* May a value of this type refer to an object of the heap? */
bool exec_type_has_objects(const struct wpkg_engine *engine, wpkg_valtype type);

/* Is the function type a the same as b, or below it? Both are numbers of the engine's table. */
bool exec_type_matches(const struct wpkg_engine *engine, uint32_t a, uint32_t b);

/* Fills a signature for a function type of the engine's table; false when memory is out. */
bool exec_sig_init(struct exec_sig *sig, struct wpkg_engine *engine, uint32_t type);

/*
 * Value types of a text such as "i32 i64": at most max, their number in *count. False for a word
 * that is no type or too many of them.
 */
bool exec_types_parse(wpkg_valtype *types, uint32_t max, uint32_t *count, struct wpkg_str text);

#endif
