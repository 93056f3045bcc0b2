/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TOOLS_VALUE_H
#define WPKG_TOOLS_VALUE_H

/*
 * Values of WebAssembly as a person writes and reads them: 7, -1, 0xff, 1.5, nan, inf; a vector as
 * 0x and 32 hexadecimal digits, the highest lane first; a reference as "null", or, for a host's
 * reference, as a number.
 */

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "exec/call.h"
#include "wasm/type.h"

/* WPKG_EINVAL for a text that is no value of the type. */
WPKG_MUST_CHECK enum wpkg_status tool_value_parse(union wpkg_wasm_value *out, wpkg_valtype type,
						  struct wpkg_str text, struct wpkg_err *err);

/* Floating-point numbers get as many digits as bring them back exactly. */
void tool_value_format(struct wpkg_buf *out, wpkg_valtype type, const union wpkg_wasm_value *value);

#endif
