/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_PKG_PARCEL_H
#define WPKG_PKG_PARCEL_H

/* The bytes of a parcel, in an open file, held against its label. */

#include "base/err.h"
#include "pkg/invoice.h"

/*
 * Has the file, from its start, the size and the digest of the label? Its offset stays.
 * WPKG_EDENIED says what differs, WPKG_EIO when it cannot be read.
 */
WPKG_MUST_CHECK enum wpkg_status wpkg_parcel_check(const struct wpkg_label *label, int fd,
						   struct wpkg_err *err);

/* The same while the bytes are copied to another file, which holds anything when this fails. */
WPKG_MUST_CHECK enum wpkg_status wpkg_parcel_copy(const struct wpkg_label *label, int fd, int to,
						  struct wpkg_err *err);

#endif
