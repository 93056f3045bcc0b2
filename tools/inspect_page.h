/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_TOOLS_INSPECT_PAGE_H
#define WPKG_TOOLS_INSPECT_PAGE_H

/* What `wpkg inspect` shows of a module or a component to a person and to a program. */

#include "base/arena.h"
#include "base/buf.h"
#include "pkg/facts.h"
#include "wasm/component.h"
#include "wasm/module.h"

struct inspect_page {
	const struct wpkg_module *module;	/* NULL: a component */
	const struct wpkg_component *component; /* NULL: a module */
	const struct wpkg_facts *facts;
	const struct wpkg_str *names; /* of the module's functions by the name section, or empty */
	const struct wpkg_str *exported; /* what the module's functions are exported as, or empty */
	uint32_t most;			 /* lines of a list */
};

/* "active", ... of an enum wpkg_segment. Static text. */
const char *inspect_mode_name(uint8_t mode);

/* The page, escaped; check the buffer. */
void inspect_page_write(struct wpkg_buf *out, const struct inspect_page *page, const char *file);

/* The same and more as one JSON document (inspect_json.c). */
WPKG_MUST_CHECK enum wpkg_status inspect_json_write(struct wpkg_buf *out, struct wpkg_arena *arena,
						    const struct inspect_page *page,
						    struct wpkg_err *err);

#endif
