/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_INPUT_H
#define WPKG_WASM_INPUT_H

/*
 * What the decoder of sections and the validator of bodies have in common: the cursor, the types
 * that an index may name, and the note of which features were met where. Internal to this folder.
 */

#include "wasm/feature.h"
#include "wasm/reader.h"
#include "wasm/type.h"

/* No type index has this bit: a block type word with it is a type index (struct frame). */
#define WASM_BLOCK_INDEX WPKG_TYPE_RELATIVE

struct wasm_input {
	struct wpkg_reader r;
	const uint32_t *type_ids; /* canonical number by type index */
	uint32_t type_count;	  /* of them */
	uint32_t group_size;	  /* types behind them that the group being read defines; else 0 */
	uint32_t type_limit;
	wpkg_features allowed;
	wpkg_features used;
	uint32_t feature_offsets[WPKG_FEATURE_COUNT]; /* of the first use, when used */
};

/* The feature's first use: notes the offset, or fails when it is not allowed. */
bool wasm_feature_first(struct wasm_input *in, enum wpkg_feature feature, const uint8_t *where)
	__attribute__((cold));

/* Something at where needs the feature. False: it is not allowed, and the reader has failed. */
static inline bool wasm_feature_need(struct wasm_input *in, enum wpkg_feature feature,
				     const uint8_t *where)
{
	if (in->used >> feature & 1)
		return true;
	return wasm_feature_first(in, feature, where);
}

/*
 * Binary format, "Types". A reference to a type of the group being read is relative, others are
 * canonical. A failure sticks in the reader; the word is then WPKG_TYPE_NONE.
 */
wpkg_valtype wasm_read_valtype(struct wasm_input *in);
wpkg_valtype wasm_read_storage_type(struct wasm_input *in); /* or packed */
wpkg_valtype wasm_read_reftype(struct wasm_input *in);

/* A heap type as the non-null reference to it. */
wpkg_valtype wasm_read_heap_type(struct wasm_input *in);

/* The features that a value, table element or block of this type takes. */
bool wasm_need_valtype(struct wasm_input *in, wpkg_valtype type, const uint8_t *where);

/* A type index that must be below the number of types; 0 on failure. */
uint32_t wasm_read_type_index(struct wasm_input *in);

#endif
