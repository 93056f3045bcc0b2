/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_HOLDER_H
#define WPKG_SERVER_HOLDER_H

/*
 * Who may have bytes without sending them: whoever may read a name that holds them
 * (store/repository.h). What the caller may not read looks like what is not there.
 */

#include "crypto/content_digest.h"
#include "pkg/invoice.h"
#include "request.h"
#include "store/record.h"

/* May the caller read the name? */
bool holder_may_read(struct request *request, struct wpkg_str name);

/* A name that holds the blob and that the caller may read, in the request's arena. Not all are
 * looked at where many hold it. */
bool holder_find(struct wpkg_str *out, struct request *request,
		 const struct wpkg_content_digest *digest);

/* The parcels of an invoice that the caller may read, for struct wpkg_new_record; *out is NULL in a
 * registry that everybody may read. Lives in the request's arena. */
WPKG_MUST_CHECK enum wpkg_status holder_show(const struct wpkg_digests **out,
					     struct request *request,
					     const struct wpkg_invoice *invoice,
					     struct wpkg_err *err);

#endif
