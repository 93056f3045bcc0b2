/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_NET_PARCEL_ARRIVAL_H
#define WPKG_NET_PARCEL_ARRIVAL_H

/*
 * The bytes of a parcel on their way in, by whatever protocol: the rest of them, where an earlier
 * try has brought some and the server can begin there (RFC 9110, section 14), else all.
 */

#include "net/http.h"
#include "net/registry.h"

struct parcel_arrival {
	struct wpkg_parcel_job *job;
	const struct wpkg_http_exchange *exchange;
	bool has_begun;
	uint64_t at;		/* of the parcel: where the next byte belongs */
	char range[48];		/* "bytes=N-" */
	const char *headers[3]; /* for the exchange */
};

/* Fills in what a GET of it asks for. The arrival does not move while the exchange runs. */
void parcel_arrival_begin(struct parcel_arrival *arrival, struct wpkg_http_exchange *exchange,
			  struct wpkg_parcel_job *job);

/* For the exchange's sink. WPKG_EDENIED for bytes that were not asked for. */
WPKG_MUST_CHECK enum wpkg_status parcel_arrival_take(struct parcel_arrival *arrival,
						     struct wpkg_str bytes, struct wpkg_err *err);

/* The outcome, given what the answer means: WPKG_EDENIED for too many bytes or too few. */
WPKG_MUST_CHECK enum wpkg_status parcel_arrival_end(const struct parcel_arrival *arrival,
						    enum wpkg_status status, struct wpkg_err *err);

#endif
