/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_PREFERENCE_H
#define WPKG_SERVER_PREFERENCE_H

/*
 * What a client would like, by its header Prefer (RFC 7240). All else in it is passed over, and so
 * is a value that is malformed: a preference is no demand.
 *
 *   Prefer: respond-async, wait=10
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct preference {
	bool respond_async; /* an answer before all is done: 202 */
	bool has_wait;
	uint64_t wait; /* seconds that the client waits */
};

struct preference preference_parse(struct wpkg_str header);

#endif
