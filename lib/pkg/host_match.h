/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_HOST_MATCH_H
#define WPKG_PKG_HOST_MATCH_H

/*
 * Does a module run at a host, and if not, why exactly? Matching is by type, never by name alone.
 */

#include "pkg/host_profile.h"
#include "wasm/component.h"

/* What is looked at: one of the two. */
struct wpkg_host_subject {
	const struct wpkg_module *module;
	const struct wpkg_component *component;
	uint64_t size; /* bytes of the file */
	/* Module names that other modules stand behind, and not the host. */
	struct wpkg_strings linked;
	/* It comes with another module, which is the one that the host runs: only what it imports
	 * is looked at. */
	bool imports_only;
};

/* Texts in the arena, a line each. */
struct wpkg_host_report {
	bool matches;
	struct wpkg_str *problems; /* why not; at most WPKG_HOST_PROBLEMS_MAX */
	size_t problem_count;
	bool more;		   /* there are more problems than these */
	struct wpkg_str *warnings; /* of a module that matches */
	size_t warning_count;
};

#define WPKG_HOST_PROBLEMS_MAX 16

/*
 * Of a profile with variants the report is that of the one that fits best. WPKG_ENOMEM is the only
 * failure.
 */
WPKG_MUST_CHECK enum wpkg_status
wpkg_host_match(struct wpkg_host_report *out, struct wpkg_arena *arena,
		const struct wpkg_host_profiles *profiles, const struct wpkg_host_profile *profile,
		const struct wpkg_host_subject *subject, struct wpkg_err *err);

#endif
