/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WPKG_CLIENT_QUERY_H
#define WPKG_CLIENT_QUERY_H

/* What a registry finds, page after page. */

#include "session.h"

/* An invoice that was found: not verified, in the session's arena. *enough ends the query. */
typedef enum wpkg_status query_visit(void *user, struct wpkg_invoice *invoice, bool *enough,
				     struct wpkg_err *err);

/* query's offset and limit are ours. WPKG_ELIMIT when the registry's answers do not end. */
WPKG_MUST_CHECK enum wpkg_status query_each(struct session *session, struct wpkg_query query,
					    query_visit *visit, void *user, struct wpkg_err *err);

#endif
