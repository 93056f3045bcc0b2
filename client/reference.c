/* SPDX-License-Identifier: Apache-2.0 */
#include "reference.h"

#include "net/registry_version.h"
#include "oci_find.h"
#include "pkg/invoice.h"
#include "pkg/oci_manifest.h"
#include "query.h"
#include "report.h"

enum wpkg_status reference_parse(struct reference *out, const char *text, struct wpkg_err *err)
{
	struct reference reference = {.is_place = oci_place_is(text)};
	enum wpkg_status status = WPKG_OK;
	if (reference.is_place) {
		status = oci_place_parse(&reference.place, text, err);
		if (status != WPKG_OK)
			return status;
		reference.parts.has_parcel = reference.place.name.has_parcel;
		reference.parts.parcel = reference.place.name.parcel;
		*out = reference;
		return WPKG_OK;
	}
	status = wpkg_reference_parse(&reference.parts, wpkg_str_from(text), err);
	if (status == WPKG_OK && reference.parts.requirement.len > 0) {
		status = wpkg_requirement_parse(&reference.requirement, reference.parts.requirement,
						err);
		if (status != WPKG_OK)
			wpkg_err_prepend(err, "'%s'", text);
	}
	if (status == WPKG_OK)
		*out = reference;
	return status;
}

/* The highest of the versions that were seen, or the one with the content address. */
struct choice {
	const struct reference *reference;
	struct wpkg_invoice *best;
	struct wpkg_version version; /* of best */
	bool is_there;		     /* a version of that name was seen */
};

static void consider(struct choice *choice, struct wpkg_invoice *invoice)
{
	struct wpkg_version version;
	const struct wpkg_reference *parts = &choice->reference->parts;
	if (!wpkg_str_equal(invoice->name, parts->name))
		return;
	choice->is_there = true;
	if (parts->has_digest) {
		if ((parts->version.len == 0 || wpkg_str_equal(parts->version, invoice->version)) &&
		    wpkg_oci_is_digest_of(&parts->digest, invoice))
			choice->best = invoice;
		return;
	}
	if (invoice->yanked || wpkg_version_parse(&version, invoice->version, NULL) != WPKG_OK ||
	    !wpkg_requirement_matches(&choice->reference->requirement, &version))
		return;
	if (choice->best && wpkg_version_compare(&version, &choice->version) <= 0)
		return;
	choice->best = invoice;
	choice->version = version;
}

static enum wpkg_status none(const struct reference *reference, struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	if (reference->parts.has_digest) {
		wpkg_digest_format(hex, &reference->parts.digest);
		return WPKG_FAIL(err, WPKG_ENOTFOUND,
				 "no version of %.*s has the manifest sha256:%s",
				 WPKG_STR_ARG(reference->parts.name), hex);
	}
	if (reference->parts.requirement.len > 0)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "no version of %.*s satisfies %.*s",
				 WPKG_STR_ARG(reference->parts.name),
				 WPKG_STR_ARG(reference->parts.requirement));
	return WPKG_FAIL(
		err, WPKG_ENOTFOUND,
		"%.*s has no release to choose: what was yanked never is, a prerelease only "
		"when it is named",
		WPKG_STR_ARG(reference->parts.name));
}

/* From the registry. */

static enum wpkg_status visit_match(void *user, struct wpkg_invoice *invoice, bool *enough,
				    struct wpkg_err *err)
{
	struct choice *choice = user;
	(void)err;
	consider(choice, invoice);
	*enough = choice->reference->parts.has_digest && choice->best;
	return WPKG_OK;
}

static enum wpkg_status choose(struct choice *choice, struct session *session, struct wpkg_err *err)
{
	struct wpkg_str wanted = choice->reference->parts.requirement;
	struct wpkg_query query = {.text = choice->reference->parts.name,
				   .version = wanted.len > 0 ? wanted : WPKG_LIT("*")};
	if (choice->reference->parts.has_digest) {
		query.version = WPKG_LIT("");
		query.yanked = true;
	}
	return query_each(session, query, visit_match, choice, err);
}

/*
 * Versions never change. A registry that shows another content than it did before was made anew,
 * or is not to be believed; signatures that were added and a yank are no change. A yank is noted in
 * the cache, so that --offline knows of it.
 */
static enum wpkg_status check_unchanged(struct session *session, const struct found *found,
					struct wpkg_err *err)
{
	struct wpkg_invoice *before = NULL;
	const struct wpkg_invoice *invoice = found->invoice;
	struct wpkg_str url = found->url;
	bool same = false;
	if (url.len == 0)
		return WPKG_OK;
	enum wpkg_status status = session_open_cache(session, err);
	if (status != WPKG_OK)
		return status;
	status = cache_get_invoice(&before, &session->arena, &session->cache, url, invoice->name,
				   invoice->version, NULL);
	if (status != WPKG_OK)
		return WPKG_OK; /* never pulled, or spoilt: nothing to compare with */
	status = wpkg_invoice_same_content(&same, before, invoice, err);
	if (status != WPKG_OK)
		return status;
	if (!same)
		return WPKG_FAIL(err, WPKG_EDENIED,
				 "%.*s/%.*s is not what it was when it was pulled before (if the "
				 "registry was made anew: 'wpkg cache clean')",
				 WPKG_STR_ARG(invoice->name), WPKG_STR_ARG(invoice->version));
	if (invoice->yanked && !before->yanked)
		status = cache_put_invoice(&session->cache, url, invoice, err);
	return status;
}

static enum wpkg_status get_parcels(void *user, const struct wpkg_invoice *invoice,
				    const struct wpkg_parcel_queue *queue, struct wpkg_err *err)
{
	struct session *session = user;
	enum wpkg_status status = session_connect(session, err);
	return status == WPKG_OK ? wpkg_registry_get_parcels(session->registry, invoice->name,
							     invoice->version, queue, err)
				 : status;
}

/* What the session's registry showed, or the cache of it. */
static struct found at_registry(struct session *session, struct wpkg_invoice *invoice)
{
	return (struct found){.invoice = invoice,
			      .url = wpkg_buf_str(&session->url),
			      .get_parcels = get_parcels,
			      .user = session};
}

static enum wpkg_status ask_version(struct choice *choice, struct session *session,
				    struct wpkg_err *err)
{
	const struct wpkg_reference *parts = &choice->reference->parts;
	enum wpkg_status status =
		wpkg_registry_get_invoice(&choice->best, &session->arena, session->registry,
					  parts->name, parts->version, true, err);
	if (status == WPKG_ENOTFOUND)
		status = WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no %.*s/%.*s at %s",
				   WPKG_STR_ARG(parts->name), WPKG_STR_ARG(parts->version),
				   wpkg_registry_url(session->registry));
	return status;
}

static enum wpkg_status visit_any(void *user, struct wpkg_invoice *invoice, bool *enough,
				  struct wpkg_err *err)
{
	struct choice *choice = user;
	(void)err;
	choice->is_there = wpkg_str_equal(invoice->name, choice->reference->parts.name);
	*enough = choice->is_there;
	return WPKG_OK;
}

/* Whether there is nothing to choose among, or nothing at all, is for whoever mistyped a name. */
static enum wpkg_status ask_any(struct choice *choice, struct session *session,
				struct wpkg_err *err)
{
	const struct wpkg_str name = choice->reference->parts.name;
	const struct wpkg_query all = {.text = name, .yanked = true};
	enum wpkg_status status = choose(choice, session, err);
	if (status != WPKG_OK || choice->best)
		return status;
	if (!choice->is_there)
		status = query_each(session, all, visit_any, choice, err);
	if (status == WPKG_OK && !choice->is_there)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no package %.*s at %s",
				 WPKG_STR_ARG(name), wpkg_registry_url(session->registry));
	return status == WPKG_OK ? none(choice->reference, err) : status;
}

static enum wpkg_status ask(struct found *out, struct session *session,
			    const struct reference *reference, struct wpkg_err *err)
{
	struct choice choice = {.reference = reference};
	const struct wpkg_reference *parts = &reference->parts;
	enum wpkg_status status = session_connect(session, err);
	if (status != WPKG_OK)
		return status;
	/* A registry that speaks OCI has an index of content addresses; any other is searched. */
	if (parts->has_digest && wpkg_oci_is_repository(parts->name)) {
		status = oci_find_own(out, session, parts, err);
		if (status != WPKG_ENOTFOUND)
			return status;
	}
	status = parts->version.len > 0 && !parts->has_digest ? ask_version(&choice, session, err)
							      : ask_any(&choice, session, err);
	if (status == WPKG_OK)
		*out = at_registry(session, choice.best);
	return status;
}

/* From the cache. */

struct cached {
	struct session *session;
	struct choice choice;
};

static enum wpkg_status visit_cached(void *user, struct wpkg_str version, struct wpkg_err *err)
{
	struct cached *cached = user;
	struct session *session = cached->session;
	struct wpkg_invoice *invoice = NULL;
	enum wpkg_status status = cache_get_invoice(
		&invoice, &session->arena, &session->cache, wpkg_buf_str(&session->url),
		cached->choice.reference->parts.name, version, err);
	if (status == WPKG_OK)
		consider(&cached->choice, invoice);
	return status == WPKG_EFORMAT ? WPKG_OK : status;
}

static enum wpkg_status recall(struct found *out, struct session *session,
			       const struct reference *reference, struct wpkg_err *err)
{
	struct cached cached = {.session = session, .choice = {.reference = reference}};
	const struct wpkg_reference *parts = &reference->parts;
	enum wpkg_status status = session_need_url(session, err);
	if (status == WPKG_OK)
		status = session_open_cache(session, err);
	if (status != WPKG_OK)
		return status;
	if (parts->version.len > 0 && !parts->has_digest) {
		status = cache_get_invoice(&cached.choice.best, &session->arena, &session->cache,
					   wpkg_buf_str(&session->url), parts->name, parts->version,
					   err);
	} else {
		status = cache_each_version(&session->cache, wpkg_buf_str(&session->url),
					    parts->name, visit_cached, &cached, err);
		if (status == WPKG_OK && !cached.choice.best)
			status = none(reference, err);
	}
	if (status == WPKG_OK)
		*out = at_registry(session, cached.choice.best);
	return status;
}

enum wpkg_status reference_find(struct found *out, struct session *session,
				const struct reference *reference, struct wpkg_err *err)
{
	struct found found = {0};
	bool offline = session->global->offline;
	enum wpkg_status status = WPKG_OK;
	if (!reference->is_place)
		status = session_choose(session, reference->parts.name, err);
	if (status != WPKG_OK)
		return status;
	if (reference->is_place && offline && reference->place.kind == OCI_REGISTRY)
		status = oci_recall(&found, session, &reference->place, err);
	else if (reference->is_place)
		status = oci_find(&found, session, &reference->place, err);
	else if (offline)
		status = recall(&found, session, reference, err);
	else
		status = ask(&found, session, reference, err);
	if (status == WPKG_OK && !offline)
		status = check_unchanged(session, &found, err);
	if (status == WPKG_OK)
		*out = found;
	else if (offline)
		wpkg_err_prepend(err, "--offline");
	return status;
}

static bool is_by_digest(const struct reference *reference)
{
	return reference->is_place ? reference->place.name.has_digest : reference->parts.has_digest;
}

enum wpkg_status reference_find_usable(struct found *out, struct session *session,
				       const struct reference *reference, struct wpkg_err *err)
{
	struct found found;
	enum wpkg_status status = reference_find(&found, session, reference, err);
	if (status != WPKG_OK)
		return status;
	const struct wpkg_invoice *invoice = found.invoice;
	struct wpkg_str reason = reference_yank_reason(session, &found);
	const char *colon = reason.len > 0 ? ": " : "";
	if (invoice->yanked && !is_by_digest(reference))
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "%.*s/%.*s was yanked%s%.*s",
				 WPKG_STR_ARG(invoice->name), WPKG_STR_ARG(invoice->version), colon,
				 WPKG_STR_ARG(reason));
	if (invoice->yanked)
		report_note(session->global, "%.*s/%.*s was yanked%s%.*s",
			    WPKG_STR_ARG(invoice->name), WPKG_STR_ARG(invoice->version), colon,
			    WPKG_STR_ARG(reason));
	*out = found;
	return WPKG_OK;
}

struct wpkg_str reference_yank_reason(struct session *session, const struct found *found)
{
	const struct wpkg_invoice *invoice = found->invoice;
	if (!invoice->yanked || found->url.len == 0 || !session->registry)
		return (struct wpkg_str){0};
	return wpkg_registry_yank_reason(&session->arena, session->registry, invoice->name,
					 invoice->version);
}

enum wpkg_status reference_remember(struct session *session, const struct found *found,
				    struct wpkg_err *err)
{
	if (found->url.len == 0)
		return WPKG_OK;
	return cache_put_invoice(&session->cache, found->url, found->invoice, err);
}

enum wpkg_status reference_choose_parcel(bool *chosen, const struct reference *reference,
					 const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	char sha256[WPKG_DIGEST_TEXT];
	wpkg_digest_format(sha256, &reference->parts.parcel);
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		chosen[i] = wpkg_str_equal_text(invoice->parcels[i].label.sha256, sha256);
		if (chosen[i])
			return WPKG_OK;
	}
	return WPKG_FAIL(err, WPKG_ENOTFOUND, "%.*s/%.*s has no parcel sha256:%s",
			 WPKG_STR_ARG(invoice->name), WPKG_STR_ARG(invoice->version), sha256);
}
