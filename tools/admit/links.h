/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_LINKS_H
#define WPKG_ADMIT_LINKS_H

/*
 * The modules of a version and of the packages that it depends on, and which imports of theirs
 * belong to which of them (pkg/linkage.h).
 */

#include "base/err.h"
#include "base/str.h"
#include "parcel.h"
#include "pkg/invoice.h"
#include "pkg/linkage.h"
#include "pkg/resolve.h"
#include "wasm/module.h"

struct examination;
struct linked;

struct link_binding {
	struct wpkg_str import; /* module name */
	struct linked *from;
};

/* A module that may take part. */
struct linked {
	size_t number;				     /* of its parcel (pkg/admission.h) */
	const struct wpkg_question_package *package; /* NULL: the version's own */
	struct wpkg_str name;			     /* of its parcel */
	uint32_t import_count;			     /* known once it was looked at */
	struct link_binding *bindings;		     /* each import name once */
	size_t binding_count;
	struct wpkg_strings elsewhere; /* module names that are not the host's: bound, or foreign */
	struct wpkg_str ambiguity;     /* a line; empty: none */
	struct parcel parcel;
	struct wpkg_module *module; /* NULL: not loaded */
	bool is_queued, is_broken;  /* of the stage */
	uint32_t input;		    /* its number in the link */
};

struct links {
	struct linked *modules; /* the version's own first */
	size_t count;
	struct wpkg_linkage linkage; /* of the same modules; package 0 is the version */
};

/* Who could take part, by name. */
WPKG_MUST_CHECK enum wpkg_status links_begin(struct examination *examination, struct wpkg_err *err);

/* The one of the version's own modules that is that parcel. */
struct linked *links_find(const struct links *links, size_t parcel);

/* Finds out what its imports belong to. */
WPKG_MUST_CHECK enum wpkg_status links_look_at(struct examination *examination,
					       struct linked *linked,
					       const struct wpkg_module *module,
					       struct wpkg_err *err);

/* "app.wasm", or "example.com/json/1.2.0 json.wasm"; in the arena, ptr NULL when memory is out. */
struct wpkg_str links_origin(struct wpkg_arena *arena, const struct linked *linked);

#endif
