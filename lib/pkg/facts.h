/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_FACTS_H
#define WPKG_PKG_FACTS_H

/*
 * The facts of a module (wasm/facts.h) as a document: what a registry keeps, searches and shows.
 *
 *   {"kind": "module"|"component", "size", "name"?,
 *    "functions", "tables", "globals", "tags", "code_bytes", "data_bytes",
 *    "start": true?, "function_names": true?, "debug_info": true?,
 *    "imports": [{"module", "name", "kind", "type"}],
 *    "exports": [{"name", "kind", "type"}],
 *    "memories": [{"minimum", "maximum"?, "type", "imported": true?}],
 *    "features": [{"name", "offset"}],
 *    "producers": [{"field", "name", "version"}],
 *    "target_features": ["+simd128", ...],
 *    "sections": [{"name", "custom"?, "offset", "size", "count"?}],
 *    "dylink"?: {"section", "memory_size", "memory_align", "table_size", "table_align", "needed"},
 *    "component"?: {"imports": [NAME], "exports": [NAME]},
 *    "hosts"?: (host_report.h), "cut": true?}
 *
 * Lists that hold nothing are there; a key with "?" is there only when there is something to say.
 */

#include "base/arena.h"
#include "base/err.h"
#include "data/value.h"
#include "wasm/component.h"
#include "wasm/facts.h"
#include "wasm/module.h"

/*
 * Fills a table. Lists end where the budget does, the bytes that they may take when written; what
 * they take goes off it. "cut" says that some did end so. NULL: no end.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_facts_to_value(struct wpkg_arena *arena,
						     struct wpkg_value *table,
						     const struct wpkg_facts *facts, size_t *budget,
						     struct wpkg_err *err);

/* Adds "component": {"imports": [NAME], "exports": [NAME]} within the same budget. */
WPKG_MUST_CHECK enum wpkg_status wpkg_facts_add_component(struct wpkg_arena *arena,
							  struct wpkg_value *table,
							  const struct wpkg_component *component,
							  size_t *budget, struct wpkg_err *err);

/* What is wrong with a module, into the entry that says so: "offset", and for a body "function"
 * and, when it has one, "function_name". False when memory is out. */
WPKG_MUST_CHECK bool wpkg_fault_to_value(struct wpkg_arena *arena, struct wpkg_value *entry,
					 const struct wpkg_module_fault *fault);

#endif
