/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_OCI_SEND_H
#define WPKG_CLIENT_OCI_SEND_H

/* Puts blobs into a store: those that it lacks, several at once, again after a cut. */

#include "oci_store.h"

struct oci_cargo {
	struct oci_store *to;
	const struct wpkg_label *labels; /* the blobs; the same one may be there twice */
	size_t count;
	/* Opens one; its bytes are those of the label. */
	enum wpkg_status (*open)(int *out, void *user, size_t blob, struct wpkg_err *err);
	/* Told which are missing before any is opened; NULL: nobody asks. */
	enum wpkg_status (*prepare)(void *user, const bool *missing, struct wpkg_err *err);
	void *user;
	bool *sent; /* filled, in the session's arena: which were taken from us */
};

WPKG_MUST_CHECK enum wpkg_status oci_send_blobs(struct oci_cargo *cargo, struct wpkg_err *err);

/* A file that only this process sees, with these bytes. */
WPKG_MUST_CHECK enum wpkg_status oci_open_text(int *out, struct wpkg_str text,
					       struct wpkg_err *err);

#endif
