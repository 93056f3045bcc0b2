/* SPDX-License-Identifier: Apache-2.0 */
/* By Bindle's protocol: the invoice first, then the parcels that the registry lacks. */
#include "publish.h"

#include <time.h>

#include "report.h"
#include "send.h"
#include "verdict.h"

#define TRIES 4

/* The version is there: is it what we push, and what does it lack? */
static enum wpkg_status continue_with(struct publication *publication, struct wpkg_labels *missing,
				      struct wpkg_err *err)
{
	struct session *session = publication->session;
	const struct wpkg_invoice *mine = publication->invoice;
	struct wpkg_invoice *there = NULL;
	/* Not shown to us: the registry's first word, that it is taken, says more. */
	if (wpkg_registry_get_invoice(&there, &session->arena, session->registry, mine->name,
				      mine->version, true, NULL) != WPKG_OK)
		return WPKG_EEXISTS;
	enum wpkg_status status = publication_compare(publication, there, err);
	if (status == WPKG_OK)
		status = wpkg_registry_get_missing(missing, &session->arena, session->registry,
						   mine->name, mine->version, err);
	publication->was_there = status == WPKG_OK && missing->count == 0;
	return status;
}

/* Asks what the registry lacks; a version that we began before is continued. */
static enum wpkg_status offer(struct publication *publication, struct wpkg_labels *missing,
			      struct wpkg_err *err)
{
	struct session *session = publication->session;
	*missing = (struct wpkg_labels){0};
	enum wpkg_status status = wpkg_registry_create(missing, &session->arena, session->registry,
						       publication->invoice, err);
	return status == WPKG_EEXISTS ? continue_with(publication, missing, err) : status;
}

/*
 * What a cut leaves behind is found out by offering the package again: the registry keeps each
 * parcel that arrived whole, and when only its answer was lost, it gives it again.
 */
static enum wpkg_status transfer(struct publication *publication, struct wpkg_err *err)
{
	struct wpkg_labels missing;
	enum wpkg_status status = WPKG_EBUSY;
	for (unsigned n = 0; n < TRIES && (status == WPKG_EBUSY || status == WPKG_EIO); n++) {
		struct timespec pause = {.tv_sec = n};
		if (n > 0) {
			report_detail(publication->session->global, "trying again: %s", err->msg);
			nanosleep(&pause, NULL);
		}
		status = offer(publication, &missing, err);
		publication->is_checked = status == WPKG_OK && missing.is_checked;
		if (status == WPKG_OK && missing.count > 0)
			status = send_parcels(publication, &missing, err);
	}
	return status;
}

static enum wpkg_status await(struct publication *publication, struct wpkg_err *err)
{
	if (!publication->is_checked || publication->no_wait)
		return WPKG_OK;
	publication->is_checked = false;
	return verdict_await(publication, err);
}

enum wpkg_status publish_to_registry(struct publication *publication, struct wpkg_err *err)
{
	struct session *session = publication->session;
	const struct wpkg_invoice *invoice = publication->invoice;
	struct wpkg_invoice *accepted = NULL;
	publication->where = wpkg_registry_url(session->registry);
	enum wpkg_status status = publication_begin(publication, err);
	if (status == WPKG_OK)
		status = transfer(publication, err);
	if (status == WPKG_OK)
		status = await(publication, err);
	if (status == WPKG_EDENIED)
		verdict_fetch(publication);
	if (status == WPKG_OK &&
	    wpkg_registry_get_invoice(&accepted, &session->arena, session->registry, invoice->name,
				      invoice->version, false, NULL) == WPKG_OK)
		publication->accepted = accepted;
	return status;
}
