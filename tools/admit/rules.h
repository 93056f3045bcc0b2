/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_ADMIT_RULES_H
#define WPKG_ADMIT_RULES_H

/* The operator's rules (pkg/policy.h) as they are broken: the first offence against each. */

#include "base/arena.h"
#include "base/str.h"
#include "pkg/policy.h"
#include "wasm/facts.h"

enum rule {
	RULE_FEATURES,
	RULE_IMPORTS,
	RULE_MODULE_SIZE,
	RULE_FUNCTIONS,
	RULE_NEED_CHECK,
	RULE_NEED_LICENSE,
	RULE_NEED_HOST,
	RULE_COUNT
};

struct rules {
	struct wpkg_str offences[RULE_COUNT]; /* a line each; empty: none */
};

/* A valid module, as the rules see it. */
struct rules_subject {
	struct wpkg_str name;
	const struct wpkg_facts *facts;
	struct wpkg_strings linked; /* module names that are not imported from the host */
};

/* Looks at one. False when memory is out. */
WPKG_MUST_CHECK bool rules_look_at(struct rules *rules, struct wpkg_arena *arena,
				   const struct wpkg_policy *policy,
				   const struct rules_subject *subject);

#endif
