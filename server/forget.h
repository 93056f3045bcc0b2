/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_FORGET_H
#define WPKG_SERVER_FORGET_H

/* Events that are older than audit-retention go, on a worker. */

#include "base/err.h"

struct server;
struct forgetter;

WPKG_MUST_CHECK enum wpkg_status forgetter_new(struct forgetter **out, struct server *server,
					       struct wpkg_err *err);
void forgetter_free(struct forgetter *forgetter); /* NULL is fine; after the workers */

/* Begins unless it is under way, or was a short while ago. */
void forget_begin(struct forgetter *forgetter);

#endif
