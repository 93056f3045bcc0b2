/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_LINKS_H
#define WPKG_ADMIT_LINKS_H

/* The modules of a version and of the packages that it depends on (link/wiring.h), each with its
 * parcel and how far the stage of links is with it. */

#include "base/err.h"
#include "link/wiring.h"
#include "parcel.h"

struct examination;

struct linked {
	struct wpkg_wired *wired; /* what it imports from whom */
	size_t number;		  /* of its parcel (pkg/admission.h) */
	uint32_t import_count;	  /* known once it was looked at */
	struct parcel parcel;
	bool is_queued, is_broken; /* of the stage */
};

struct links {
	struct wpkg_wiring wiring;
	struct linked *modules; /* by their number there; the version's own first */
	size_t count;
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

/* For messages; in the arena, ptr NULL when memory is out. */
struct wpkg_str links_origin(const struct links *links, const struct linked *linked);

#endif
