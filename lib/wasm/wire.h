/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_WASM_WIRE_H
#define WPKG_WASM_WIRE_H

/* Of several modules, each with a number: what one of them imports under a module name comes from
 * another. */

#include <stddef.h>

#include "base/str.h"

struct wpkg_wire {
	struct wpkg_str import; /* the module name */
	size_t from;		/* number of the other */
};

#endif
