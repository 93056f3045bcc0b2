/* SPDX-License-Identifier: Apache-2.0 */
/* What the resources of Bindle's API share. */
#include "bindle.h"

#include "pkg/id.h"
#include "publish_answer.h"
#include "server.h"

bool bindle_parse(struct bindle_address *out, struct request *request)
{
	struct wpkg_id id;
	struct wpkg_str text = request->parts[0];
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

bool bindle_may_read(struct request *request, struct wpkg_str name)
{
	const struct identity identity = {request->user, request->scope};
	return users_allow(request->server->users, &request->arena, &identity, WPKG_RIGHT_READ,
			   name, NULL) == WPKG_OK;
}

bool bindle_find(struct wpkg_record *out, struct request *request,
		 const struct bindle_address *address)
{
	struct wpkg_err err;
	const struct wpkg_viewer viewer = {.user = request->user};
	if (!bindle_may_read(request, address->name)) {
		respond_refusal(request, 404, "there is no %.*s/%.*s", WPKG_STR_ARG(address->name),
				WPKG_STR_ARG(address->version));
		return false;
	}
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

void bindle_none(struct request *request)
{
	respond_refusal(request, 400, "invalid ID given");
}

/* A version that is to be published, and how that is answered. */
struct publication {
	struct publish_answer answer;
	bindle_published_fn *done;
};

static void respond_published(struct request *request, const struct publish_answer *answer)
{
	const struct publication *publication = answer->user;
	publication->done(request, answer->id);
}

static void respond_rejected(struct request *request, struct wpkg_str reason)
{
	respond_refusal(request, 400, "%.*s", WPKG_STR_ARG(reason));
}

void bindle_publish(struct request *request, int64_t id, bindle_published_fn *done)
{
	struct publication *publication =
		wpkg_arena_alloc(&request->arena, 1, sizeof(*publication));
	if (!publication) {
		respond_refusal(request, 503, "no memory");
		return;
	}
	*publication = (struct publication){.answer = {.id = id,
						       .published = respond_published,
						       .rejected = respond_rejected,
						       .failed = respond_error,
						       .user = publication},
					    .done = done};
	publish_answer(request, &publication->answer);
}

void bindle_respond_message(struct request *request, const char *text)
{
	struct wpkg_value *table = wpkg_value_new_table(&request->arena);
	if (!table ||
	    !wpkg_value_add_string(&request->arena, table, "message", wpkg_str_from(text)))
		respond_refusal(request, 503, "no memory");
	else
		respond_document(request, 200, table);
}
