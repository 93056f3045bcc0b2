/* SPDX-License-Identifier: Apache-2.0 */
#include "holder.h"

#include "server.h"
#include "store/repository.h"

#define HOLDERS_MAX 16

bool holder_may_read(struct request *request, struct wpkg_str name)
{
	const struct identity identity = {request->user, request->scope};
	return !request->server->config.is_private ||
	       users_allow(request->server->users, &request->arena, &identity, WPKG_RIGHT_READ,
			   name, NULL) == WPKG_OK;
}

bool holder_find(struct wpkg_str *out, struct request *request,
		 const struct wpkg_content_digest *digest)
{
	struct wpkg_names holders = {0};
	if (wpkg_repository_holders(&holders, &request->arena, request->server->store, digest,
				    HOLDERS_MAX, NULL) != WPKG_OK)
		return false;
	for (size_t i = 0; i < holders.count; i++) {
		if (holder_may_read(request, holders.items[i])) {
			*out = holders.items[i];
			return true;
		}
	}
	return false;
}

enum wpkg_status holder_show(const struct wpkg_digests **out, struct request *request,
			     const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	*out = NULL;
	if (!request->server->config.is_private)
		return WPKG_OK;
	struct wpkg_digests *shown = wpkg_arena_alloc(&request->arena, 1, sizeof(*shown));
	struct wpkg_digest *items =
		wpkg_arena_alloc(&request->arena, invoice->parcel_count + 1, sizeof(*items));
	if (!shown || !items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a list of parcels");
	*shown = (struct wpkg_digests){.items = items};
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		const struct wpkg_label *label = &invoice->parcels[i].label;
		struct wpkg_digest *digest = &items[shown->count];
		struct wpkg_str name;
		/* Several parcels may be the same bytes: they are asked for once. */
		if (wpkg_invoice_find_label(invoice, label->sha256) != label ||
		    !wpkg_digest_parse(digest, label->sha256))
			continue;
		const struct wpkg_content_digest content = wpkg_content_digest_of_sha256(digest);
		shown->count += holder_find(&name, request, &content);
	}
	*out = shown;
	return WPKG_OK;
}
