/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_HOSTS_H
#define WPKG_ADMIT_HOSTS_H

/* The hosts that a package says it is for, and whether its modules run there. */

#include "base/err.h"
#include "base/str.h"
#include "data/value.h"
#include "pkg/host_match.h"

struct examination;
struct linked;

struct declared_host {
	struct wpkg_str id;
	const struct wpkg_host_profile *profile; /* NULL: nobody knows it */
	struct wpkg_str offence;		 /* the first reason why not; empty: none */
};

struct hosts {
	const struct wpkg_host_profiles *profiles;
	struct declared_host *declared;
	size_t declared_count;
	bool has_too_many;
};

/* Reads what the invoice declares. */
WPKG_MUST_CHECK enum wpkg_status hosts_begin(struct examination *examination, struct wpkg_err *err);

/* Looks at a valid module of that name; subject says which of its imports are linked. */
WPKG_MUST_CHECK enum wpkg_status hosts_look_at(struct examination *examination,
					       struct wpkg_str name,
					       const struct wpkg_host_subject *subject,
					       struct wpkg_err *err);

/* Looks at a module of a dependency, which comes along: what it imports, the host must have. */
WPKG_MUST_CHECK enum wpkg_status hosts_look_at_linked(struct examination *examination,
						      const struct linked *linked,
						      struct wpkg_err *err);

/* Adds to a module's facts where it runs as it is, alone: they are kept for its bytes, whichever
 * version they come with. */
WPKG_MUST_CHECK enum wpkg_status hosts_add_facts(struct examination *examination,
						 struct wpkg_value *facts,
						 const struct wpkg_host_subject *subject,
						 struct wpkg_err *err);

#endif
