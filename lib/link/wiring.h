/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_LINK_WIRING_H
#define WPKG_LINK_WIRING_H

/*
 * The modules of a package and of those that it depends on, and which imports of theirs belong to
 * which of them. By the module name of an import, the first that there is:
 *
 *   another module of the same package, as its file is called without ".wasm", or without its
 *     folders, too;
 *   the only module of a package that this one depends on, as that package is called, or by the
 *     last part of its name ("json" for example.com/json);
 *   one of several modules of it: the same and "/FILE", its file's name as above;
 *   the host.
 *
 * Each package sees its own modules and dependencies, not those of others.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "wasm/module.h"
#include "wasm/wire.h"

struct wpkg_wiring_package {
	struct wpkg_str name, version;
	struct wpkg_strings needs; /* names that it depends on itself */
	size_t module_count;
};

/* A module that may take part. */
struct wpkg_wired {
	const struct wpkg_wiring_package *package; /* NULL: the root's own */
	struct wpkg_str name;			   /* of its file */
	struct wpkg_str path, stem;		   /* without ".wasm"; and without folders */
	const struct wpkg_module *module; /* for the check; NULL: not loaded, nothing is known */
	/* Known once it was connected. */
	struct wpkg_wire *wires; /* each import name once */
	size_t wire_count;
	struct wpkg_strings elsewhere; /* module names that are not the host's: wires, or foreign */
	struct wpkg_str ambiguity;     /* a line; empty: none */
};

struct wpkg_wiring {
	struct wpkg_arena *arena;
	struct wpkg_strings needs; /* of the root */
	struct wpkg_strings
		foreign;	    /* packages whose modules nobody has: nor are they the host's */
	struct wpkg_wired *modules; /* by number; they move when one is added */
	size_t count;
};

/* Texts and the package are borrowed as long as the wiring is used. */
WPKG_MUST_CHECK enum wpkg_status wpkg_wiring_add(struct wpkg_wiring *wiring,
						 const struct wpkg_wiring_package *package,
						 struct wpkg_str name, struct wpkg_err *err);

/* Finds out what the imports of a module belong to. The module may go afterwards, its texts too. */
WPKG_MUST_CHECK enum wpkg_status wpkg_wiring_connect(struct wpkg_wiring *wiring, size_t number,
						     const struct wpkg_module *module,
						     struct wpkg_err *err);

/*
 * Before the dependencies are there: is something imported that none of the modules so far has, and
 * that is called like a package that the root depends on, or like a file of one?
 */
bool wpkg_wiring_lacks(const struct wpkg_wiring *wiring, size_t number,
		       const struct wpkg_module *module);

/*
 * What is wrong with what the modules that are loaded import from each other: the check of link.h,
 * of all at once, each in the scope of its own package. *problems has lines for each, by number.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_wiring_check(struct wpkg_strings **problems,
						   const struct wpkg_wiring *wiring,
						   struct wpkg_err *err);

/* "app.wasm", or "example.com/json/1.2.0 json.wasm"; in the arena, ptr NULL when memory is out. */
struct wpkg_str wpkg_wiring_origin(const struct wpkg_wiring *wiring, size_t number);

#endif
