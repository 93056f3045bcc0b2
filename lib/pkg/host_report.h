/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_HOST_REPORT_H
#define WPKG_PKG_HOST_REPORT_H

/*
 * Where a module runs, as a document: what the registry keeps of each, and wpkg hosts prints.
 *
 *   {"runs": [{"host", "warnings"?: [...]}],
 *    "glue": [{"host"}],
 *    "not": [{"host", "reasons": [...], "more": true?}]}
 */

#include "pkg/host_match.h"

/* Fills a table with every profile's answer but those of parts; at most reasons_max reasons each.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_host_report_all(struct wpkg_arena *arena,
						      struct wpkg_value *table,
						      const struct wpkg_host_profiles *profiles,
						      const struct wpkg_host_subject *subject,
						      size_t reasons_max, struct wpkg_err *err);

/* Adds one profile's answer to such a table, with every reason. False: no memory. */
WPKG_MUST_CHECK bool wpkg_host_report_add(struct wpkg_arena *arena, struct wpkg_value *table,
					  const struct wpkg_host_profile *profile,
					  const struct wpkg_host_report *report);

#endif
