/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_SEND_H
#define WPKG_CLIENT_SEND_H

/* Sends the parcels of a package that a registry lacks, several at once. */

#include "publish.h"

/*
 * missing: what the registry asked for. The failure of the first parcel is the call's:
 * WPKG_EDENIED when the registry checked the package and refused it; WPKG_EBUSY and WPKG_EIO may
 * pass when the registry is asked anew.
 */
WPKG_MUST_CHECK enum wpkg_status send_parcels(struct publication *publication,
					      const struct wpkg_labels *missing,
					      struct wpkg_err *err);

#endif
