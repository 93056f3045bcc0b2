/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include "describe.h"
#include "fetch.h"
#include "pkg/project.h"
#include "pkg/selection.h"
#include "reference.h"
#include "session.h"
#include "trust.h"

/* The one WebAssembly parcel of those that are taken unasked. */
static enum wpkg_status choose_only(bool *chosen, size_t *out, struct session *session,
				    const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	const struct wpkg_selection selection = {0};
	size_t found = 0, parcel = 0;
	enum wpkg_status status = wpkg_selection_apply(chosen, invoice, &selection, err);
	if (status != WPKG_OK)
		return status;
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		if (!chosen[i] || !wpkg_media_type_is_wasm(invoice->parcels[i].label.media_type))
			continue;
		parcel = i;
		found++;
	}
	if (found != 1)
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "%s has %zu modules: name one by #sha256:HEX (see 'wpkg info'), "
				 "or for 'wpkg run' by --module FILE",
				 describe_id(&session->arena, invoice), found);
	*out = parcel;
	return WPKG_OK;
}

enum wpkg_status module_choose(size_t *out, struct session *session,
			       const struct reference *reference,
			       const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	size_t parcel = 0;
	bool *chosen = wpkg_arena_alloc(&session->arena, invoice->parcel_count, sizeof(*chosen));
	if (!chosen)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for parcels");
	if (!reference->parts.has_parcel)
		return choose_only(chosen, out, session, invoice, err);
	enum wpkg_status status = reference_choose_parcel(chosen, reference, invoice, err);
	if (status != WPKG_OK)
		return status;
	while (!chosen[parcel])
		parcel++;
	*out = parcel;
	return WPKG_OK;
}

enum wpkg_status module_fetch(char **path, struct session *session, const struct found *found,
			      size_t parcel, struct wpkg_err *err)
{
	bool *chosen =
		wpkg_arena_alloc(&session->arena, found->invoice->parcel_count, sizeof(*chosen));
	if (!chosen)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for parcels");
	chosen[parcel] = true;
	struct fetch fetch = {.found = found, .chosen = chosen};
	enum wpkg_status status = fetch_parcels(&fetch, session, err);
	if (status == WPKG_OK)
		status = reference_remember(session, found, err);
	if (status != WPKG_OK)
		return status;
	return cache_parcel_path(path, &found->invoice->parcels[parcel].label, err);
}

static enum wpkg_status resolve(char **path, struct session *session,
				const struct reference *reference, struct wpkg_err *err)
{
	struct found found = {0};
	size_t parcel = 0;
	enum wpkg_status status = reference_find_usable(&found, session, reference, err);
	if (status == WPKG_OK)
		status = trust_check(session, found.invoice, err);
	if (status == WPKG_OK)
		status = module_choose(&parcel, session, reference, found.invoice, err);
	return status == WPKG_OK ? module_fetch(path, session, &found, parcel, err) : status;
}

enum wpkg_status module_resolve(char **path, const struct wpkg_invocation *invocation,
				const char *text, struct wpkg_err *err)
{
	struct session session;
	struct reference reference;
	enum wpkg_status status = reference_parse(&reference, text, err);
	if (status != WPKG_OK)
		return status;
	status = session_open(&session, invocation, err);
	if (status == WPKG_OK)
		status = resolve(path, &session, &reference, err);
	session_close(&session);
	return status;
}
