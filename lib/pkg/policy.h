/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_POLICY_H
#define WPKG_PKG_POLICY_H

/*
 * What an operator demands of packages beyond valid modules and checks that hold. Each rule has a
 * key of the same name in a configuration and in the question to a worker:
 *
 *   features = "standard,-gc"          features that modules may need (wasm/feature.h)
 *   imports = ["wasi_*.*", "env.log"]  MODULE.NAME that modules may import, '*' for any text
 *   module-size = "64MiB"              bytes that a module may have
 *   functions = 100000                 that a module may define
 *   need-check = true                  a package with modules must have a check
 *   need-license = true                a package must say its licence
 *   need-host = true                   a package with modules must name a host that it is for
 *   run-twice = true                   checks run twice, and must do the same both times
 *   foreign-dependencies = true        a package may depend on what this registry does not have
 */

#include "base/arena.h"
#include "base/err.h"
#include "data/fields.h"
#include "pkg/invoice.h"
#include "wasm/feature.h"

/* The zero value demands nothing. */
struct wpkg_policy {
	wpkg_features features;	     /* 0: all */
	struct wpkg_strings imports; /* patterns; none: all imports */
	uint64_t module_size;	     /* bytes; 0: no rule */
	uint64_t functions;	     /* 0: no rule */
	bool need_check;
	bool need_license;
	bool need_host;
	bool run_twice;
	bool foreign_dependencies;
};

/* Takes the keys of an open table; what is absent stays as it was. Texts go to the arena. */
WPKG_MUST_CHECK enum wpkg_status wpkg_policy_take(struct wpkg_policy *policy,
						  struct wpkg_arena *arena,
						  struct wpkg_fields *fields, struct wpkg_err *err);

/* Adds the keys of the rules that there are. False when memory is out. */
WPKG_MUST_CHECK bool wpkg_policy_add(struct wpkg_arena *arena, struct wpkg_value *table,
				     const struct wpkg_policy *policy);

#endif
