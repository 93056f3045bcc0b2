/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_LINKAGE_H
#define WPKG_PKG_LINKAGE_H

/*
 * Whose an import is: what its module name means among the modules of a package and of those that
 * it depends on. The first that there is:
 *
 *   another module of the same package, as its parcel is called without ".wasm", or without its
 *     folders, too;
 *   the only module of a package that this one depends on, as that package is called, or by the
 *     last part of its name ("json" for example.com/json);
 *   one of several modules of it: the same and "/FILE", its parcel's name as above;
 *   the host.
 *
 * Each package sees its own modules and dependencies, not those of others.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define WPKG_LINKAGE_NONE SIZE_MAX

struct wpkg_linkage_package {
	struct wpkg_str name;	   /* of the first, which is looked at itself, never asked for */
	struct wpkg_strings needs; /* names of packages that it depends on */
	size_t module_count;
};

struct wpkg_linkage_module {
	size_t package;		    /* number of its package */
	struct wpkg_str path, stem; /* of its parcel's name: without ".wasm"; and without folders */
};

/* Texts and lists are borrowed. */
struct wpkg_linkage {
	struct wpkg_linkage_package *packages;
	struct wpkg_linkage_module *modules;
	size_t package_count, module_count;
};

/* A module by its package and its parcel's name. */
struct wpkg_linkage_module wpkg_linkage_module_of(size_t package, struct wpkg_str parcel);

bool wpkg_linkage_needs(const struct wpkg_linkage *linkage, size_t package, struct wpkg_str name);

/*
 * The module that the name means in an import of the importer's; WPKG_LINKAGE_NONE: none. *other is
 * another one that it means as much, or WPKG_LINKAGE_NONE.
 */
size_t wpkg_linkage_find(size_t *other, const struct wpkg_linkage *linkage, size_t importer,
			 struct wpkg_str name);

#endif
