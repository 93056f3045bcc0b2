/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_EXEC_ASSEMBLY_H
#define WPKG_EXEC_ASSEMBLY_H

/*
 * Instances of several modules that import from each other, in one engine: first those that a
 * module imports from, each once, and each one's _initialize before anything imports from it. What
 * belongs to none of them is the host's.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "exec/call.h"
#include "wasm/wire.h"

struct wpkg_engine;
struct wpkg_instance;
struct wpkg_linker;
struct wpkg_module;

struct wpkg_assembly_part {
	struct wpkg_str origin;		  /* for messages; empty: they do not name it */
	const struct wpkg_module *module; /* NULL: it cannot be used */
	const struct wpkg_wire *wires;
	size_t wire_count;
	/* Its own. */
	bool is_begun;
	struct wpkg_instance *instance; /* the engine's */
};

struct wpkg_assembly {
	struct wpkg_engine *engine;
	struct wpkg_assembly_part *parts; /* by number */
	size_t count;
	/* Defines what the host gives, for one module. */
	enum wpkg_status (*define)(void *user, struct wpkg_linker *linker, struct wpkg_err *err);
	void *user;
};

/*
 * The instance of a part, and of those that it needs. The part's own _initialize is left to the
 * caller. When something traps the outcome has the trap, as in wpkg_linker_instantiate; when an
 * export is missing the error names the part and the import. Parts that import from themselves,
 * through others, are WPKG_EINVAL.
 */
WPKG_MUST_CHECK enum wpkg_status
wpkg_assembly_instantiate(struct wpkg_instance **out, struct wpkg_assembly *assembly, size_t number,
			  struct wpkg_outcome *outcome, struct wpkg_err *err);

/* Runs an instance's _initialize, when it has one. WPKG_OK also when that traps: the outcome says
 * so. WPKG_EINVAL when it is no function without parameters and results. */
WPKG_MUST_CHECK enum wpkg_status wpkg_instance_initialize(struct wpkg_outcome *outcome,
							  struct wpkg_instance *instance,
							  struct wpkg_err *err);

#endif
