/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_VERDICT_H
#define WPKG_PKG_VERDICT_H

/*
 * What admission found out about a package version: the worker's answer to the server as JSON,
 * kept with the version and shown to the pusher. schema/openapi.json describes it for others.
 *
 *   {"accepted": true|false,
 *    "reason": "parcel app.wasm: 0x2f: type mismatch: expected i32, found i64" (when refused),
 *    "engine": "wpkg 0.1.0",
 *    "stages": [{"name": "validate"|"policy"|"link"|"hosts"|"checks",
 *                "problems": [LINE], "looked_at": items, "milliseconds",
 *                "outcome": "passed"|"failed"|"skipped"}],
 *    "modules": [{"parcel": LABEL NAME, "sha256": HEX, "milliseconds", "valid": true|false,
 *                 "error"?, "offset"?, "function"?, "function_name"?, "facts"? (facts.h)}],
 *    "rules": [{"rule" (policy.h), "passed": true|false, "error"?}],
 *    "links": [{"parcel", "passed": true|false, "from": [{"import": MODULE NAME, "module": which}],
 *               "package"?, "version"? (of a dependency's), "error"?}]
 *              (of modules that import from others, and of those),
 *    "dependencies": [{"name", "version", "digest": "sha256:HEX"}] (what they came to),
 *    "hosts": [{"host", "passed": true|false, "error"?}] (of those that the package declares),
 *    "checks": [{"name", "parcel", "passed": true|false, "exit_code", "fuel", "milliseconds",
 *                "error"? (a line, then the functions that were running),
 *                "output"?, "stderr"? (their beginnings, when not passed)}],
 *    "worker"?: {"cpu_milliseconds", "memory_peak"} (of one that died without a verdict)}
 *
 * Stages stand in the order in which they ran. Each looks even when one before it has failed, so
 * that one push shows all that is wrong; "skipped" is one that cannot look then. The reason is the
 * first problem of all.
 *
 * One that accepts has found nothing wrong. One that refuses says why, and that may be none of its
 * findings: a worker that died, a rule of the registry.
 */

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "data/value.h"

#define WPKG_VERDICT_LINE_MAX 1024    /* bytes of a problem, before it is escaped */
#define WPKG_VERDICT_PROBLEMS_MAX 100 /* of a stage; a last line says how many more there are */

struct wpkg_verdict {
	bool accepted;
	struct wpkg_str reason;		/* empty when accepted */
	const struct wpkg_value *value; /* the whole document */
};

/* Reads a worker's answer with suspicion: shape, sizes and texts are checked. */
WPKG_MUST_CHECK enum wpkg_status wpkg_verdict_read(struct wpkg_verdict *out,
						   struct wpkg_arena *arena, struct wpkg_str text,
						   struct wpkg_err *err);

#endif
