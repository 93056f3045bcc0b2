/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_FEATURE_H
#define WPKG_WASM_FEATURE_H

/*
 * The proposals that made WebAssembly what it is: what a module needs beyond the first version.
 * Names are those that wabt, wasm-tools and the custom section target_features use.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* X(NAME, "text", the version of the specification that took it in; 0: none yet) */
#define WPKG_FEATURES(X)                                                                           \
	X(MUTABLE_GLOBALS, "mutable-globals", 2)                                                   \
	X(SIGN_EXTENSION, "sign-extension", 2)                                                     \
	X(SATURATING_FLOAT, "saturating-float-to-int", 2)                                          \
	X(MULTI_VALUE, "multi-value", 2)                                                           \
	X(BULK_MEMORY, "bulk-memory", 2)                                                           \
	X(REFERENCE_TYPES, "reference-types", 2)                                                   \
	X(SIMD, "simd", 2)                                                                         \
	X(RELAXED_SIMD, "relaxed-simd", 3)                                                         \
	X(TAIL_CALL, "tail-call", 3)                                                               \
	X(EXTENDED_CONST, "extended-const", 3)                                                     \
	X(MULTI_MEMORY, "multi-memory", 3)                                                         \
	X(MEMORY64, "memory64", 3)                                                                 \
	X(FUNCTION_REFERENCES, "function-references", 3)                                           \
	X(GC, "gc", 3)                                                                             \
	X(EXCEPTIONS, "exceptions", 3)                                                             \
	X(LEGACY_EXCEPTIONS, "legacy-exceptions", 0)                                               \
	X(THREADS, "threads", 0)                                                                   \
	X(CUSTOM_PAGE_SIZES, "custom-page-sizes", 0)                                               \
	X(WIDE_ARITHMETIC, "wide-arithmetic", 0)

enum wpkg_feature {
	WPKG_FEATURE_MVP, /* needs nothing */
#define WPKG_FEATURE_ENUM(name, text, version) WPKG_FEATURE_##name,
	WPKG_FEATURES(WPKG_FEATURE_ENUM)
#undef WPKG_FEATURE_ENUM
		WPKG_FEATURE_COUNT
};

/* A set of features: bit n is feature n. Bit 0, the first version, is in every set's meaning. */
typedef uint32_t wpkg_features;

#define WPKG_FEATURE_BIT(name) ((wpkg_features)1 << WPKG_FEATURE_##name)

/* Everything of the specification's version 3.0. */
wpkg_features wpkg_features_standard(void);

/* Everything that the validator knows. */
wpkg_features wpkg_features_all(void);

/* "simd", "gc", ...; "mvp" for WPKG_FEATURE_MVP. Static text. */
const char *wpkg_feature_name(enum wpkg_feature feature);

/* The feature of that name; false when there is none. */
bool wpkg_feature_find(enum wpkg_feature *out, struct wpkg_str name);

/*
 * A set as a list with commas: names of features, "mvp" for none, "standard" and "all"; with a
 * minus in front, without them. "all,-threads" is all but one. WPKG_EINVAL names what is unknown.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_features_parse(wpkg_features *out, struct wpkg_str text,
						     struct wpkg_err *err);

#endif
