/* SPDX-License-Identifier: Apache-2.0 */
/* What was pulled and is kept. */
#include "commands.h"

#include "describe.h"
#include "progress.h"
#include "report.h"
#include "session.h"

/* Opens a session and its cache, does one thing with them and closes both. */
static int with_cache(const struct wpkg_invocation *invocation,
		      enum wpkg_status (*work)(struct session *session, int *code,
					       struct wpkg_err *err))
{
	struct session session;
	struct wpkg_err err = {0};
	int code = WPKG_EXIT_DONE;
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = session_open_cache(&session, &err);
	if (status == WPKG_OK)
		status = work(&session, &code, &err);
	session_close(&session);
	return status == WPKG_OK ? code : report_error(&err);
}

/* How many parcels there are, and their bytes. */
struct stock {
	uint64_t count;
	uint64_t bytes;
};

static enum wpkg_status count_parcel(void *user, const char *sha256, uint64_t size, bool good,
				     struct wpkg_err *err)
{
	struct stock *stock = user;
	(void)sha256;
	(void)good;
	(void)err;
	stock->count++;
	stock->bytes += size;
	return WPKG_OK;
}

/* cache list */

struct listing {
	struct session *session;
	struct wpkg_value *list;
};

static enum wpkg_status list_invoice(void *user, struct wpkg_str url,
				     const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct listing *listing = user;
	struct wpkg_arena *arena = &listing->session->arena;
	report_line(listing->session->global, "%-40s %10s  %.*s%s", describe_id(arena, invoice),
		    report_size(arena, describe_size(invoice)), WPKG_STR_ARG(url),
		    invoice->yanked ? ", yanked" : "");
	struct wpkg_value *row = wpkg_value_add(arena, listing->list, NULL, WPKG_VALUE_TABLE);
	if (describe_add_summary(arena, row, invoice) &&
	    wpkg_value_add_string(arena, row, "registry", url))
		return WPKG_OK;
	return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the list");
}

static enum wpkg_status list_all(struct session *session, int *code, struct wpkg_err *err)
{
	struct stock stock = {0};
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_value *document = wpkg_value_new_table(arena);
	struct listing listing = {session,
				  wpkg_value_add(arena, document, "packages", WPKG_VALUE_ARRAY)};
	if (!listing.list)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for the list");
	enum wpkg_status status =
		cache_each_invoice(&session->cache, arena, list_invoice, &listing, err);
	if (status == WPKG_OK)
		status = cache_each_parcel(&session->cache, false, count_parcel, &stock, err);
	if (status != WPKG_OK)
		return status;
	report_line(session->global, "%llu %s, %s", (unsigned long long)stock.count,
		    report_plural(stock.count, "parcel", "parcels"),
		    report_size(arena, stock.bytes));
	if (session->global->json)
		*code = report_json(
			wpkg_value_add_integer(arena, document, "parcels", (int64_t)stock.count) &&
					wpkg_value_add_integer(arena, document, "bytes",
							       (int64_t)stock.bytes)
				? document
				: NULL);
	return WPKG_OK;
}

static int run_list(const struct wpkg_invocation *invocation)
{
	return with_cache(invocation, list_all);
}

const struct wpkg_command cmd_cache_list = {
	.name = "cache list",
	.operands = "",
	.summary = "list the packages that were pulled",
	.example = "wpkg cache list",
	.run = run_list,
};

/* cache clean */

static enum wpkg_status clean_all(struct session *session, int *code, struct wpkg_err *err)
{
	struct stock stock = {0};
	enum wpkg_status status =
		cache_each_parcel(&session->cache, false, count_parcel, &stock, err);
	if (status == WPKG_OK)
		status = cache_clean(&session->cache, err);
	if (status != WPKG_OK)
		return status;
	report_line(session->global, "removed %llu %s, %s", (unsigned long long)stock.count,
		    report_plural(stock.count, "parcel", "parcels"),
		    report_size(&session->arena, stock.bytes));
	if (session->global->json) {
		struct wpkg_value *document = wpkg_value_new_table(&session->arena);
		*code = report_json(wpkg_value_add_integer(&session->arena, document, "parcels",
							   (int64_t)stock.count) &&
						    wpkg_value_add_integer(&session->arena,
									   document, "bytes",
									   (int64_t)stock.bytes)
					    ? document
					    : NULL);
	}
	return WPKG_OK;
}

static int run_clean(const struct wpkg_invocation *invocation)
{
	return with_cache(invocation, clean_all);
}

const struct wpkg_command cmd_cache_clean = {
	.name = "cache clean",
	.operands = "",
	.summary = "remove everything that was pulled",
	.description = "The exit code is 111 while another wpkg uses the cache.",
	.example = "wpkg cache clean",
	.run = run_clean,
};

/* cache verify */

struct examination {
	struct session *session;
	struct progress progress;
	struct stock good;
	uint64_t bad;
};

static enum wpkg_status examine(void *user, const char *sha256, uint64_t size, bool good,
				struct wpkg_err *err)
{
	struct examination *examination = user;
	progress_add(&examination->progress, size);
	if (good)
		return count_parcel(&examination->good, sha256, size, good, err);
	examination->bad++;
	progress_end(&examination->progress);
	report_line(examination->session->global, "sha256:%s was changed: removed", sha256);
	return WPKG_OK;
}

static enum wpkg_status verify_all(struct session *session, int *code, struct wpkg_err *err)
{
	struct stock all = {0};
	struct examination examination = {.session = session};
	struct wpkg_arena *arena = &session->arena;
	enum wpkg_status status =
		cache_each_parcel(&session->cache, false, count_parcel, &all, err);
	progress_begin(&examination.progress, session->global, "hashing", all.bytes);
	if (status == WPKG_OK)
		status = cache_each_parcel(&session->cache, true, examine, &examination, err);
	progress_end(&examination.progress);
	if (status != WPKG_OK)
		return status;
	report_verdict(session->global, examination.bad == 0, "%llu %s whole, %llu removed",
		       (unsigned long long)examination.good.count,
		       report_plural(examination.good.count, "parcel", "parcels"),
		       (unsigned long long)examination.bad);
	if (session->global->json) {
		struct wpkg_value *document = wpkg_value_new_table(arena);
		*code = report_json(wpkg_value_add_integer(arena, document, "whole",
							   (int64_t)examination.good.count) &&
						    wpkg_value_add_integer(arena, document,
									   "removed",
									   (int64_t)examination.bad)
					    ? document
					    : NULL);
	}
	if (*code == WPKG_EXIT_DONE && examination.bad > 0)
		*code = WPKG_EXIT_REFUSED;
	return WPKG_OK;
}

static int run_verify(const struct wpkg_invocation *invocation)
{
	return with_cache(invocation, verify_all);
}

const struct wpkg_command cmd_cache_verify = {
	.name = "cache verify",
	.operands = "",
	.summary = "hash what was pulled, and remove what was changed",
	.description = "Parcels are hashed whenever they are used; this looks at all of them. The "
		       "exit code is 3 when one was changed.",
	.example = "wpkg cache verify",
	.run = run_verify,
};
