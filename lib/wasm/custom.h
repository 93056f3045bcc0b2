/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_CUSTOM_H
#define WPKG_WASM_CUSTOM_H

/*
 * Custom sections that tools agreed on, read into facts: "name" (specification, appendix),
 * "producers", "target_features", "dylink.0" and "dylink" (tool conventions). Internal to this
 * folder.
 */

#include "wasm/facts.h"

/* Reads a section by its name; other ones are ignored. False: no memory. */
bool wasm_custom_read(struct wpkg_facts *facts, struct wpkg_str name, struct wpkg_str body);

#endif
