/* SPDX-License-Identifier: Apache-2.0 */
/* A repository of an OCI registry. */
#include "oci_store.h"

#include "base/mem.h"
#include "credentials.h"
#include "net/url.h"
#include "oci_credentials.h"

/* The store comes first. Texts in the session's arena. */
struct remote {
	struct oci_store store;
	struct wpkg_oci_repository repository;
	struct oci_credentials credentials;
};

static enum wpkg_status get_manifest(struct oci_store *store, struct wpkg_oci_document *out,
				     const struct wpkg_oci_reference *name, struct wpkg_err *err)
{
	const struct remote *remote = (const struct remote *)store;
	struct wpkg_arena *arena = &store->session->arena;
	struct wpkg_str reference = name->tag;
	char hex[WPKG_DIGEST_TEXT];
	if (name->has_digest) {
		wpkg_digest_format(hex, &name->digest);
		reference = wpkg_arena_format(arena, "sha256:%s", hex);
	}
	if (!reference.ptr || reference.len == 0)
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "%s: name a tag (:TAG) or a digest (@sha256:HEX)", store->name);
	enum wpkg_status status =
		wpkg_oci_get_manifest(out, arena, &remote->repository, reference, err);
	if (status == WPKG_ENOTFOUND)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no %.*s in %s",
				   WPKG_STR_ARG(reference), store->name);
	return status;
}

static enum wpkg_status get_referrers(struct oci_store *store, struct wpkg_oci_index *out,
				      const struct wpkg_digest *subject,
				      struct wpkg_str artifact_type, struct wpkg_err *err)
{
	const struct remote *remote = (const struct remote *)store;
	return wpkg_oci_get_referrers(out, &store->session->arena, &remote->repository, subject,
				      artifact_type, err);
}

static enum wpkg_status get_blobs(struct oci_store *store, const struct wpkg_parcel_queue *queue,
				  struct wpkg_err *err)
{
	return wpkg_oci_get_blobs(&((const struct remote *)store)->repository, queue, err);
}

static enum wpkg_status find_blobs(struct oci_store *store, const struct wpkg_parcel_queue *queue,
				   struct wpkg_err *err)
{
	return wpkg_oci_find_blobs(&((const struct remote *)store)->repository, queue, err);
}

static enum wpkg_status put_blobs(struct oci_store *store, const struct wpkg_parcel_queue *queue,
				  struct wpkg_err *err)
{
	return wpkg_oci_put_blobs(&((const struct remote *)store)->repository, queue, err);
}

/* A registry that does not know of subjects leaves the list of referrers to its clients. */
static enum wpkg_status put_manifest(struct oci_store *store, const struct oci_offer *offer,
				     struct wpkg_err *err)
{
	const struct remote *remote = (const struct remote *)store;
	bool kept = false;
	enum wpkg_status status = wpkg_oci_put_manifest(&kept, &remote->repository, offer->tag,
							&offer->document, err);
	if (status != WPKG_OK || !offer->has_subject || kept)
		return status;
	const struct wpkg_oci_descriptor descriptor = {.media_type = offer->document.media_type,
						       .digest = offer->document.digest,
						       .size = offer->document.bytes.len,
						       .artifact_type = offer->artifact_type};
	return wpkg_oci_add_referrer(&remote->repository, &offer->subject, &descriptor, err);
}

static void remote_close(struct oci_store *store)
{
	struct remote *remote = (struct remote *)store;
	wpkg_oci_registry_free(remote->repository.registry);
	wpkg_mem_free(remote);
}

static const struct oci_store_kind remote_kind = {
	.get_manifest = get_manifest,
	.get_referrers = get_referrers,
	.get_blobs = get_blobs,
	.find_blobs = find_blobs,
	.put_blobs = put_blobs,
	.put_manifest = put_manifest,
	.close = remote_close,
};

void oci_remote_mount(struct oci_store *to, const struct oci_store *from)
{
	struct remote *target = (struct remote *)to;
	const struct remote *source = (const struct remote *)from;
	if (to->kind == &remote_kind && from->kind == &remote_kind &&
	    wpkg_str_equal(target->credentials.origin, source->credentials.origin) &&
	    !wpkg_str_equal(target->repository.name, source->repository.name))
		target->repository.mount_from = source->repository.name;
}

/* The registry whose URL is configured is known; else what stays on this machine needs no TLS. */
static struct wpkg_str origin_of(struct session *session, const struct wpkg_oci_reference *name)
{
	static const char *const schemes[] = {"http", "https"};
	struct wpkg_arena *arena = &session->arena;
	struct wpkg_url url;
	struct wpkg_str origins[2];
	for (size_t i = 0; i < 2; i++) {
		origins[i] =
			wpkg_arena_format(arena, "%s://%.*s", schemes[i], WPKG_STR_ARG(name->host));
		if (name->transport == WPKG_OCI_AUTO &&
		    wpkg_str_equal(origins[i], wpkg_buf_str(&session->url)))
			return origins[i];
	}
	if (name->transport != WPKG_OCI_AUTO)
		return origins[name->transport == WPKG_OCI_HTTPS];
	bool loopback =
		wpkg_url_parse(&url, origins[0], NULL) == WPKG_OK && wpkg_url_is_loopback(&url);
	return origins[!loopback];
}

static enum wpkg_status open_repository(struct oci_store **out, struct session *session,
					struct wpkg_str origin, struct wpkg_str host,
					const struct remote *plan, struct wpkg_err *err)
{
	struct remote *remote = wpkg_mem_calloc(1, sizeof(*remote));
	if (!remote || !origin.ptr || !plan->store.name) {
		wpkg_mem_free(remote);
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for a repository");
	}
	*remote = *plan;
	remote->store.kind = &remote_kind;
	remote->store.session = session;
	remote->credentials = (struct oci_credentials){.session = session,
						       .origin = origin,
						       .host = host,
						       .repository = plan->repository.name};
	const struct wpkg_oci_registry_options options = {
		.origin = origin.ptr,
		.credentials = oci_credentials_find,
		.user = &remote->credentials,
		.plain_credentials = session->config.plain_credentials,
		.http = session_http_options(session),
	};
	enum wpkg_status status = session_need_network(session, err);
	if (status == WPKG_OK)
		status = wpkg_oci_registry_new(&remote->repository.registry, &options, err);
	if (status != WPKG_OK) {
		wpkg_mem_free(remote);
		return status;
	}
	remote->store.next = session->stores;
	session->stores = &remote->store;
	*out = &remote->store;
	return WPKG_OK;
}

enum wpkg_status oci_remote_open(struct oci_store **out, struct session *session,
				 const struct oci_place *place, enum oci_access access,
				 struct wpkg_err *err)
{
	struct wpkg_arena *arena = &session->arena;
	const struct remote plan = {
		.store = {.name = wpkg_arena_dup(arena, place->whole).ptr},
		.repository = {.name = place->name.repository, .push = access == OCI_WRITE},
	};
	return open_repository(out, session, origin_of(session, &place->name), place->name.host,
			       &plan, err);
}

enum wpkg_status oci_store_open_own(struct oci_store **out, struct session *session,
				    struct wpkg_str name, struct wpkg_err *err)
{
	struct wpkg_url url;
	struct wpkg_arena *arena = &session->arena;
	enum wpkg_status status = session_need_url(session, err);
	if (status == WPKG_OK)
		status = wpkg_url_parse(&url, wpkg_buf_str(&session->url), err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_str origin = wpkg_arena_dup(arena, url.origin);
	const struct remote plan = {
		.store = {.name = wpkg_arena_format(arena, "%.*s/%.*s", WPKG_STR_ARG(url.origin),
						    WPKG_STR_ARG(name))
					  .ptr},
		.repository = {.name = name},
	};
	return open_repository(out, session, origin,
			       wpkg_str_from_offset(origin, url.scheme.len + 3), &plan, err);
}
