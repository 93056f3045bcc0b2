/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_SERVER_WEBHOOK_H
#define WPKG_SERVER_WEBHOOK_H

/*
 * The thread that tells others what happened (webhook_rules.h). What is to be told is in the
 * database (store/webhook.h): each delivery is sent until it is acknowledged by a 2xx, so at least
 * once, after a crash perhaps twice. Those of one hook and package are sent one after the other in
 * the order of events; a dead one makes way for those behind it.
 */

#include "base/buf.h"
#include "base/err.h"

struct server;
struct webhooks;

/* Reads the secrets, makes the hooks known to the store and starts the thread; *out stays NULL
 * where none is configured. WPKG_EINVAL names what is wrong with a hook. */
WPKG_MUST_CHECK enum wpkg_status webhooks_start(struct webhooks **out, struct server *server,
						struct wpkg_err *err);

/* Ends the thread within a second: what is under way is sent again later. NULL is fine. */
void webhooks_stop(struct webhooks *webhooks);

/* Ids of events up to which nobody needs them any more for a hook. */
int64_t webhooks_passed(struct webhooks *webhooks);

/* Counters; nothing without hooks. */
struct exposition;
void webhooks_write(struct exposition *exposition, struct webhooks *webhooks);

/* A hook's secret: WPKG_EINVAL when it is not there, too short or for everybody to read. To be
 * wiped. */
struct webhook_rule;
WPKG_MUST_CHECK enum wpkg_status
webhook_secret_read(struct wpkg_buf *out, const struct webhook_rule *rule, struct wpkg_err *err);

#endif
