/* SPDX-License-Identifier: Apache-2.0 */
#include "query.h"

#define PAGE 50		  /* invoices; an invoice may be a mebibyte */
#define MATCHES_MAX 20000 /* a registry that always has more ends here */

enum wpkg_status query_each(struct session *session, struct wpkg_query query, query_visit *visit,
			    void *user, struct wpkg_err *err)
{
	struct wpkg_matches matches = {.more = true};
	bool enough = false;
	enum wpkg_status status = session_connect(session, err);
	query.offset = 0;
	query.limit = PAGE;
	while (status == WPKG_OK && matches.more && !enough) {
		if (query.offset >= MATCHES_MAX)
			return WPKG_FAIL(err, WPKG_ELIMIT, "'%.*s' has more than %d matches",
					 WPKG_STR_ARG(query.text), MATCHES_MAX);
		status = wpkg_registry_query(&matches, &session->arena, session->registry, &query,
					     err);
		for (size_t i = 0; status == WPKG_OK && !enough && i < matches.count; i++)
			status = visit(user, matches.invoices[i], &enough, err);
		if (status == WPKG_OK && matches.count == 0)
			break; /* "more" of nothing would never end */
		query.offset += matches.count;
	}
	return status;
}
