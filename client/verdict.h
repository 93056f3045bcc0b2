/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_VERDICT_H
#define WPKG_CLIENT_VERDICT_H

/* What a registry finds out about a version before it publishes it: waited for, and shown. */

#include "publish.h"

/*
 * Until there is a verdict, showing where the registry is with it. WPKG_EDENIED with the reason
 * when it refuses; the verdict is publication->verdict then. WPKG_EBUSY when nothing goes on any
 * more, or parcels are missing again.
 */
WPKG_MUST_CHECK enum wpkg_status verdict_await(struct publication *publication,
					       struct wpkg_err *err);

/* The verdict that there is already, where the registry shows one. */
void verdict_fetch(struct publication *publication);

/* Notes about all that was found beside the reason; nothing without a verdict. */
void verdict_note_others(const struct publication *publication);

/* Where the verdict will be, in the arena. */
const char *verdict_url(const struct publication *publication);

#endif
