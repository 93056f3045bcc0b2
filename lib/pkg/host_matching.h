/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_HOST_MATCHING_H
#define WPKG_PKG_HOST_MATCHING_H

/* One module or component held against one profile: what host_match.c and host_rules.c share. */

#include "base/buf.h"
#include "pkg/host_match.h"

/* Profiles in a row, each a variant of the one before; no longer than the check of a set allows. */
#define HOST_CHAIN_MAX 9

/* A module with more imports than this is made against hosts, not for one. */
#define HOST_IMPORTS_MAX 10000

/* Exports that are looked at: those behind are none that a host asks for. */
#define HOST_EXPORTS_MAX 100000

/* Bytes of a name that a line shows. */
#define HOST_SHOWN_MAX 80

struct host_matching {
	struct wpkg_arena *arena;
	const struct wpkg_host_profiles *profiles;
	const struct wpkg_host_subject *subject;
	const struct wpkg_host_profile *chain[HOST_CHAIN_MAX]; /* whose rules count, and imports */
	size_t depth;
	struct wpkg_str variant; /* id, where there are others; what is wrong is wrong with it */
	struct wpkg_host_report report;
	struct wpkg_buf line; /* while one is made */
	bool failed;	      /* memory is out */
};

/* Is there room for one more problem? Then its line may be made. */
bool host_problem_begin(struct host_matching *m);
void host_problem_end(struct host_matching *m);
void host_problem(struct host_matching *m, const char *format, ...) WPKG_PRINTF(2, 3);

static inline struct wpkg_str host_shown(struct wpkg_str name)
{
	return wpkg_str_slice(name, 0, HOST_SHOWN_MAX);
}

/* "a, b, c" */
void host_append_list(struct wpkg_buf *out, const struct wpkg_strings *list);

/* Is there an import like the pattern, "MODULE.NAME"? */
bool host_imports_like(const struct wpkg_module *module, struct wpkg_str pattern);

/* The first export with a name like that; NULL when there is none. */
const struct wpkg_module_export *host_find_export(const struct wpkg_module *module,
						  struct wpkg_str name);

/* All of the profile's rules about modules; problems go to the report. */
void host_match_rules(struct host_matching *m, const struct wpkg_host_profile *profile);

#endif
