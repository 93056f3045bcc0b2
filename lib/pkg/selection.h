/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_SELECTION_H
#define WPKG_PKG_SELECTION_H

/*
 * Which parcels a client takes: by groups (memberOf, requires) and features, with the outcomes of
 * the original's BindleFilter. On purpose otherwise:
 *   - an empty memberOf is the global group, as the specification says; the original drops such a
 *     parcel.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "pkg/invoice.h"

/*
 * A feature switched on keeps, of the parcels that have the section, those with that value; one
 * that is switched off drops them. A key that the section does not have is the empty value.
 */
struct wpkg_selected_feature {
	struct wpkg_str section;
	struct wpkg_str key;
	struct wpkg_str value;
	bool off;
};

struct wpkg_selection {
	struct wpkg_strings with;    /* groups to add */
	struct wpkg_strings without; /* groups to leave out, required or in with; a parcel's
					requires still brings them */
	struct wpkg_selected_feature *features; /* the last one on, and the last one off, for a
						   section and key count */
	size_t feature_count;
};

/* Sets chosen[i] for each parcel that is selected; chosen has room for invoice->parcel_count. */
WPKG_MUST_CHECK enum wpkg_status wpkg_selection_apply(bool *chosen,
						      const struct wpkg_invoice *invoice,
						      const struct wpkg_selection *selection,
						      struct wpkg_err *err);

#endif
