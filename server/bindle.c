/* SPDX-License-Identifier: Apache-2.0 */
/* What the resources of Bindle's API share. */
#include "bindle.h"

#include "pkg/id.h"
#include "server.h"

bool bindle_parse(struct bindle_address *out, struct request *request)
{
	struct wpkg_id id;
	struct wpkg_str text = request->tail;
	size_t at = wpkg_str_find(text, '@');
	*out = (struct bindle_address){.has_parcel = at < text.len};
	if (out->has_parcel)
		out->sha256 = wpkg_str_from_offset(text, at + 1);
	if (wpkg_str_find(out->sha256, '@') < out->sha256.len) {
		respond_refusal(request, 400, "Invalid URL. Missing Bindle ID and/or parcel SHA");
		return false;
	}
	if (wpkg_id_parse(&id, wpkg_str_slice(text, 0, at), NULL) != WPKG_OK) {
		respond_refusal(request, 400, "invalid ID given");
		return false;
	}
	out->name = id.name;
	out->version = id.version_text;
	return true;
}

bool bindle_find(struct wpkg_record *out, struct request *request,
		 const struct bindle_address *address)
{
	struct wpkg_err err;
	const struct wpkg_viewer viewer = {.user = request->user};
	if (wpkg_record_find(out, &request->arena, request->server->store, address->name,
			     address->version, &viewer, &err) == WPKG_OK)
		return true;
	respond_error(request, &err);
	return false;
}

bool bindle_read(struct wpkg_invoice **out, struct request *request,
		 const struct wpkg_record *record)
{
	struct wpkg_err err;
	if (wpkg_invoice_read(out, &request->arena, record->invoice, WPKG_INVOICE_TOML, &err) ==
	    WPKG_OK)
		return true;
	wpkg_err_prepend(&err, "the stored invoice");
	respond_refusal(request, 500, "%s", err.msg);
	return false;
}

bool bindle_allow(struct request *request, unsigned right, struct wpkg_str name)
{
	struct wpkg_err err;
	const struct identity identity = {request->user, request->scope};
	if (users_allow(request->server->users, &request->arena, &identity, (enum wpkg_right)right,
			name, &err) == WPKG_OK)
		return true;
	respond_error(request, &err);
	return false;
}
