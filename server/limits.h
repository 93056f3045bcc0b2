/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_LIMITS_H
#define WPKG_SERVER_LIMITS_H

/* The limits that may change while the server runs (SIGHUP). Any thread reads them at any time. */

#include <stdatomic.h>

#include "config.h"

struct limits {
	atomic_uint_fast64_t max_invoice;     /* bytes */
	atomic_uint_fast64_t max_parcel;      /* bytes */
	atomic_uint_fast64_t requests;	      /* a minute, of one address */
	atomic_uint_fast64_t user_requests;   /* a minute, of one user; 0: no limit */
	atomic_uint_fast64_t user_pushes;     /* the same of pushes */
	atomic_uint_fast64_t warn_free;	      /* bytes */
	atomic_uint_fast64_t header_timeout;  /* seconds */
	atomic_uint_fast64_t stop_timeout;    /* seconds */
	atomic_uint_fast64_t min_rate;	      /* bytes a second */
	atomic_uint_fast64_t audit_retention; /* seconds; 0: for ever */
};

static inline void limits_set(struct limits *limits, const struct config *config)
{
	limits->max_invoice = config->max_invoice;
	limits->max_parcel = config->max_parcel;
	limits->requests = config->max_requests_per_address;
	limits->user_requests = config->max_requests_per_user;
	limits->user_pushes = config->max_pushes_per_user;
	limits->warn_free = config->warn_free;
	limits->header_timeout = (uint64_t)config->header_timeout;
	limits->stop_timeout = (uint64_t)config->stop_timeout;
	limits->min_rate = config->min_rate;
	limits->audit_retention = (uint64_t)config->audit_retention;
}

#endif
