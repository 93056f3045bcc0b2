/* SPDX-License-Identifier: Apache-2.0 */
/* A package from one place to another, as it is. */
#include "commands.h"

#include "credentials.h"
#include "describe.h"
#include "fetch.h"
#include "oci_copy.h"
#include "oci_find.h"
#include "pkg/oci_manifest.h"
#include "publish.h"
#include "reference.h"
#include "report.h"
#include "trust.h"

struct copy {
	struct session *session;
	const struct wpkg_invocation *invocation;
	struct reference source;
	struct oci_package package; /* of the source */
	struct oci_place to;	    /* unless it goes to a registry by Bindle's protocol */
	struct oci_copy done;
	struct publication publication; /* when it does */
	const char *where;		/* for people */
};

static bool is_url(const char *text)
{
	return wpkg_str_starts(wpkg_str_from(text), WPKG_LIT("http://")) ||
	       wpkg_str_starts(wpkg_str_from(text), WPKG_LIT("https://"));
}

/* The source. */

/* A registry of ours has the manifest itself, which an OCI client may have pushed. */
static enum wpkg_status open_version(struct oci_store **out, struct wpkg_oci_reference *name,
				     struct copy *copy, struct wpkg_err *err)
{
	struct session *session = copy->session;
	struct found found;
	enum wpkg_status status = reference_find(&found, session, &copy->source, err);
	if (status != WPKG_OK)
		return status;
	oci_find_address(&found, session);
	*name = (struct wpkg_oci_reference){.repository = found.invoice->name};
	if (found.has_digest && wpkg_oci_is_repository(found.invoice->name) &&
	    !session->global->offline) {
		name->has_digest = true;
		name->digest = found.digest;
		return oci_store_open_own(out, session, found.invoice->name, err);
	}
	return oci_bindle_open(out, session, &found, err);
}

static enum wpkg_status read_source(struct copy *copy, struct wpkg_err *err)
{
	struct oci_store *store = NULL;
	struct wpkg_oci_reference name = copy->source.place.name;
	enum wpkg_status status =
		copy->source.is_place
			? oci_store_open(&store, copy->session, &copy->source.place, OCI_READ, err)
			: open_version(&store, &name, copy, err);
	return status == WPKG_OK ? oci_read_package(&copy->package, store, &name, err) : status;
}

/* The invoice says what version it is; unsigned, a manifest of ours does, too. */
static enum wpkg_status need_invoice(struct wpkg_invoice **out, struct copy *copy,
				     struct wpkg_err *err)
{
	const struct wpkg_str unknown = {0};
	*out = copy->package.invoice;
	if (*out)
		return WPKG_OK;
	return wpkg_oci_manifest_to_invoice(out, &copy->session->arena,
					    copy->package.document.bytes, unknown, unknown, err);
}

/* To a store. */

static enum wpkg_status choose_tag(struct copy *copy, struct wpkg_err *err)
{
	struct wpkg_str version;
	struct wpkg_invoice *invoice = NULL;
	struct wpkg_arena *arena = &copy->session->arena;
	struct wpkg_str tag = copy->to.name.tag;
	bool known = need_invoice(&invoice, copy, NULL) == WPKG_OK;
	if (tag.len == 0 && copy->source.is_place)
		tag = copy->source.place.name.tag;
	if (tag.len == 0 && known)
		tag = wpkg_oci_tag_of_version(arena, invoice->version);
	if (tag.len > 0 && known && wpkg_oci_version_of_tag(&version, arena, tag) &&
	    !wpkg_str_equal(version, invoice->version))
		return WPKG_FAIL(err, WPKG_EINVAL, "the tag %.*s is another version than %.*s",
				 WPKG_STR_ARG(tag), WPKG_STR_ARG(invoice->version));
	copy->done.tag = tag;
	return WPKG_OK;
}

static enum wpkg_status to_store(struct copy *copy, struct wpkg_err *err)
{
	struct oci_copy *done = &copy->done;
	done->from = copy->package.store;
	done->document = copy->package.document;
	enum wpkg_status status = choose_tag(copy, err);
	if (status == WPKG_OK)
		status = oci_store_open(&done->to, copy->session, &copy->to, OCI_WRITE, err);
	if (status != WPKG_OK)
		return status;
	oci_remote_mount(done->to, done->from);
	copy->where = wpkg_arena_format(&copy->session->arena, "%s%s%.*s", done->to->name,
					done->tag.len > 0 ? ":" : "", WPKG_STR_ARG(done->tag))
			      .ptr;
	return oci_copy_artifact(done, err);
}

/* To a registry, by Bindle's protocol. */

static enum wpkg_status open_parcel(int *out, void *user, size_t parcel, struct wpkg_err *err)
{
	const struct copy *copy = user;
	return cache_open_parcel(out, NULL, &copy->session->cache,
				 &copy->publication.invoice->parcels[parcel].label, err);
}

static enum wpkg_status get_parcels(void *user, const struct wpkg_invoice *invoice,
				    const struct wpkg_parcel_queue *queue, struct wpkg_err *err)
{
	struct oci_store *store = user;
	(void)invoice;
	return store->kind->get_blobs(store, queue, err);
}

static enum wpkg_status fetch_all(struct copy *copy, struct wpkg_invoice *invoice,
				  struct wpkg_err *err)
{
	bool *all = wpkg_arena_alloc(&copy->session->arena, invoice->parcel_count, sizeof(*all));
	const struct found found = {
		.invoice = invoice, .get_parcels = get_parcels, .user = copy->package.store};
	struct fetch fetch = {.found = &found, .chosen = all};
	if (!all)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for parcels");
	memset(all, true, invoice->parcel_count);
	return fetch_parcels(&fetch, copy->session, err);
}

/* What the environment says is about the registry that is configured, and goes to no other. */
static enum wpkg_status connect(struct session *target, const struct session *source,
				struct wpkg_err *err)
{
	struct wpkg_buf authorization;
	struct wpkg_str url = wpkg_buf_str(&target->url);
	wpkg_buf_init(&authorization, CREDENTIALS_MAX);
	enum wpkg_status status =
		wpkg_str_equal(url, wpkg_buf_str(&source->url))
			? credentials_find(&authorization, target, err)
			: credentials_find_stored(&authorization, target, url, err);
	if (status == WPKG_OK)
		status = session_connect_as(
			target, authorization.len > 0 ? wpkg_buf_text(&authorization) : NULL, err);
	wpkg_buf_wipe(&authorization);
	return status;
}

static bool is_key_of(struct wpkg_arena *arena, const struct wpkg_keyring *keys,
		      const struct wpkg_signature *signature)
{
	for (size_t i = 0; i < keys->count; i++)
		if (wpkg_str_equal_text(signature->key,
					trust_key_text(arena, &keys->entries[i].key)))
			return true;
	return false;
}

/*
 * A registry signs what it takes, and nothing that it signed already: what it signed before, and
 * comes back to it, it signs anew. One that does not tell its keys has no such signatures to lose.
 */
static enum wpkg_status leave_own_out(struct wpkg_invoice *invoice, struct session *target,
				      struct wpkg_err *err)
{
	size_t kept = 0;
	struct wpkg_keyring keys;
	struct wpkg_arena *arena = &target->arena;
	enum wpkg_status status = wpkg_registry_get_keys(&keys, arena, target->registry, err);
	if (status != WPKG_OK)
		return status == WPKG_ENOTFOUND ? WPKG_OK : status;
	for (size_t i = 0; i < invoice->signature_count; i++)
		if (!is_key_of(arena, &keys, &invoice->signatures[i]))
			invoice->signatures[kept++] = invoice->signatures[i];
	invoice->signature_count = kept;
	return WPKG_OK;
}

static enum wpkg_status publish(struct copy *copy, struct wpkg_invoice *invoice,
				struct session *target, struct wpkg_err *err)
{
	struct publication *publication = &copy->publication;
	enum wpkg_status status = connect(target, copy->session, err);
	if (status == WPKG_OK)
		status = leave_own_out(invoice, target, err);
	publication->session = target;
	publication->invoice = invoice;
	publication->open = open_parcel;
	publication->user = copy;
	if (status == WPKG_OK)
		status = publish_to_registry(publication, err);
	copy->done.was_there = publication->was_there;
	for (size_t i = 0; status == WPKG_OK && i < publication->invoice->parcel_count; i++)
		copy->done.blobs += publication->sent[i];
	return status;
}

/* A registry computes the manifest, so only one that is computed keeps its digest. */
static enum wpkg_status to_registry(struct copy *copy, const char *url, struct wpkg_err *err)
{
	struct session target;
	struct wpkg_invoice *invoice = NULL;
	enum wpkg_status status = need_invoice(&invoice, copy, err);
	if (status == WPKG_OK && !wpkg_oci_is_digest_of(&copy->package.document.digest, invoice))
		status = WPKG_FAIL(err, WPKG_EINVAL,
				   "%.*s/%.*s was made by another tool, and would get another "
				   "digest there: copy it to oci://HOST/%.*s",
				   WPKG_STR_ARG(invoice->name), WPKG_STR_ARG(invoice->version),
				   WPKG_STR_ARG(invoice->name));
	if (status == WPKG_OK)
		status = fetch_all(copy, invoice, err);
	if (status != WPKG_OK)
		return status;
	copy->publication.invoice = invoice;
	copy->where = url;
	status = session_open(&target, copy->invocation, err);
	if (status == WPKG_OK) {
		wpkg_buf_reset(&target.url);
		status = wpkg_registry_normalise(&target.url, wpkg_str_from(url), err);
	}
	if (status == WPKG_OK)
		status = publish(copy, invoice, &target, err);
	copy->publication.session = copy->session;
	session_close(&target);
	return status;
}

/* Reports. */

static int report(const struct copy *copy)
{
	struct session *session = copy->session;
	struct wpkg_arena *arena = &session->arena;
	const struct oci_copy *done = &copy->done;
	const struct wpkg_digest *digest = &copy->package.document.digest;
	const struct wpkg_invoice *invoice = copy->package.invoice;
	const char *from = copy->package.store->name;
	if (session->global->json) {
		struct wpkg_value *document = wpkg_value_new_table(arena);
		bool good =
			wpkg_value_add_string(arena, document, "from", wpkg_str_from(from)) &&
			wpkg_value_add_string(arena, document, "to", wpkg_str_from(copy->where)) &&
			describe_add_digest(arena, document, digest) &&
			wpkg_value_add_boolean(arena, document, "copied", !done->was_there) &&
			wpkg_value_add_integer(arena, document, "blobs", (int64_t)done->blobs) &&
			wpkg_value_add_integer(arena, document, "referrers",
					       (int64_t)done->referrers);
		return report_json(good ? document : NULL);
	}
	if (invoice)
		report_line(session->global, "%-11s %s", "package", describe_id(arena, invoice));
	report_line(session->global, "%-11s %s", "digest", describe_digest(arena, digest));
	report_line(session->global, "%-11s %s", "from", from);
	report_line(session->global, "%-11s %s%s", done->was_there ? "unchanged" : "copied",
		    copy->where, invoice ? "" : ", signed by nobody");
	report_line(session->global, "%-11s %zu %s, %zu %s", "sent", done->blobs,
		    report_plural(done->blobs, "blob", "blobs"), done->referrers,
		    report_plural(done->referrers, "referrer", "referrers"));
	return WPKG_EXIT_DONE;
}

static int run_copy(const struct wpkg_invocation *invocation)
{
	struct session session;
	struct wpkg_err err = {0};
	struct copy copy = {.session = &session, .invocation = invocation};
	const char *to = invocation->operands[1];
	bool by_bindle = is_url(to);
	if (reference_parse(&copy.source, invocation->operands[0], &err) != WPKG_OK)
		return report_usage("copy: %s", err.msg);
	if (!by_bindle && !oci_place_is(to))
		return report_usage("copy: '%s' is neither a place (oci://HOST/NAME:TAG, "
				    "oci-layout:DIR, oci-archive:FILE) nor a registry's URL",
				    to);
	if (!by_bindle && oci_place_parse(&copy.to, to, &err) != WPKG_OK)
		return report_usage("copy: %s", err.msg);
	if (copy.source.parts.has_parcel || copy.to.name.has_parcel || copy.to.name.has_digest)
		return report_usage("copy: a package is copied whole, to a tag");
	enum wpkg_status status = session_open(&session, invocation, &err);
	if (status == WPKG_OK)
		status = read_source(&copy, &err);
	if (status == WPKG_OK)
		status = by_bindle ? to_registry(&copy, to, &err) : to_store(&copy, &err);
	int code = status == WPKG_OK ? report(&copy) : report_error(&err);
	session_close(&session);
	return code;
}

const struct wpkg_command cmd_copy = {
	.name = "copy",
	.operands = "SRC DST",
	.summary = "copy a package as it is: same digest, same signatures",
	.description =
		"SRC is a REF at the registry, or a place: oci://HOST/NAME:TAG, "
		"oci-layout:DIR[:TAG], oci-archive:FILE[:TAG], each also with @sha256:HEX. DST is "
		"a "
		"place, where a tag that is not given is that of SRC or the version, or the URL of "
		"a "
		"registry like ours.\n"
		"\n"
		"The manifest stays what it is, byte for byte. What refers to it, signed invoices "
		"above all, is copied along. Nothing is verified but digests: see 'wpkg verify'. "
		"Only what DST lacks is sent, and within one registry nothing at all. A tag that "
		"is "
		"a version does not change.\n"
		"\n"
		"A registry like ours takes only what is signed by keys that it knows: to hold "
		"what "
		"another one signed as host, its keyring needs that host's key.",
	.example = "wpkg copy example.com/greet/1.2.0 oci://ghcr.io/example/greet\n"
		   "wpkg copy oci://ghcr.io/example/greet:1.2.0 oci-archive:greet.tar\n"
		   "wpkg copy oci-archive:greet.tar https://packages.example.org",
	.least_operands = 2,
	.most_operands = 2,
	.run = run_copy,
};
