/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_REFERENCE_H
#define WPKG_EXEC_REFERENCE_H

/*
 * References as the host sees them: opaque words of one engine; null is 0.
 *
 * What the guest puts on its heap (structs, arrays, exceptions) is collected when nothing refers to
 * it. A reference that the host got from a call, or from a global, counts only while it is held:
 * a host that keeps one beyond the next call into a guest of the engine holds it.
 */

#include <stdint.h>

#include "base/err.h"
#include "wasm/type.h"

struct wpkg_engine;

enum wpkg_ref_kind {
	WPKG_REF_KIND_NULL,
	WPKG_REF_KIND_FUNC,
	WPKG_REF_KIND_HOST, /* what wpkg_ref_from_host made, as externref or as anyref */
	WPKG_REF_KIND_I31,
	WPKG_REF_KIND_STRUCT,
	WPKG_REF_KIND_ARRAY,
	WPKG_REF_KIND_EXCEPTION
};

/* An object that went through extern.convert_any is still of its own kind. */
enum wpkg_ref_kind wpkg_ref_kind(const struct wpkg_engine *engine, uint64_t ref);

/* Is it of the reference type, which is in the numbers of the engine? */
bool wpkg_ref_matches(const struct wpkg_engine *engine, uint64_t ref, wpkg_valtype type);

/* The external reference that stands for the host's number n (below 2^62), and back. */
uint64_t wpkg_ref_from_host(uint64_t n);
uint64_t wpkg_ref_to_host(uint64_t ref);

/* Keeps what the reference refers to until it was released as often as it was held. */
WPKG_MUST_CHECK enum wpkg_status wpkg_ref_hold(struct wpkg_engine *engine, uint64_t ref,
					       struct wpkg_err *err);
void wpkg_ref_release(struct wpkg_engine *engine, uint64_t ref);

#endif
