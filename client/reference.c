/* SPDX-License-Identifier: Apache-2.0 */
#include "reference.h"

#include "pkg/invoice.h"
#include "query.h"

enum wpkg_status reference_parse(struct reference *out, const char *text, struct wpkg_err *err)
{
	struct reference reference = {0};
	enum wpkg_status status = wpkg_reference_parse(&reference.parts, wpkg_str_from(text), err);
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

/* The highest of the versions that were seen. */
struct choice {
	const struct reference *reference;
	struct wpkg_invoice *best;
	struct wpkg_version version; /* of best */
};

static void consider(struct choice *choice, struct wpkg_invoice *invoice)
{
	struct wpkg_version version;
	if (!wpkg_str_equal(invoice->name, choice->reference->parts.name) || invoice->yanked ||
	    wpkg_version_parse(&version, invoice->version, NULL) != WPKG_OK ||
	    !wpkg_requirement_matches(&choice->reference->requirement, &version))
		return;
	if (choice->best && wpkg_version_compare(&version, &choice->version) <= 0)
		return;
	choice->best = invoice;
	choice->version = version;
}

static enum wpkg_status none(const struct reference *reference, struct wpkg_err *err)
{
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
	(void)enough;
	(void)err;
	consider(choice, invoice);
	return WPKG_OK;
}

static enum wpkg_status choose(struct choice *choice, struct session *session, struct wpkg_err *err)
{
	struct wpkg_str wanted = choice->reference->parts.requirement;
	struct wpkg_query query = {.text = choice->reference->parts.name,
				   .version = wanted.len > 0 ? wanted : WPKG_LIT("*")};
	return query_each(session, query, visit_match, choice, err);
}

/*
 * Versions never change. A registry that shows another content than it did before was made anew,
 * or is not to be believed; signatures that were added and a yank are no change. A yank is noted in
 * the cache, so that --offline knows of it.
 */
static enum wpkg_status check_unchanged(struct session *session, const struct wpkg_invoice *invoice,
					struct wpkg_err *err)
{
	struct wpkg_invoice *before = NULL;
	struct wpkg_str url = wpkg_buf_str(&session->url);
	bool same = false;
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

static enum wpkg_status ask(struct wpkg_invoice **out, struct session *session,
			    const struct reference *reference, struct wpkg_err *err)
{
	struct choice choice = {.reference = reference};
	enum wpkg_status status = session_connect(session, err);
	if (status != WPKG_OK)
		return status;
	if (reference->parts.version.len > 0) {
		status = wpkg_registry_get_invoice(&choice.best, &session->arena, session->registry,
						   reference->parts.name, reference->parts.version,
						   true, err);
		if (status == WPKG_ENOTFOUND)
			status = WPKG_FAIL(err, WPKG_ENOTFOUND, "there is no %.*s/%.*s at %s",
					   WPKG_STR_ARG(reference->parts.name),
					   WPKG_STR_ARG(reference->parts.version),
					   wpkg_registry_url(session->registry));
	} else {
		status = choose(&choice, session, err);
		if (status == WPKG_OK && !choice.best)
			status = none(reference, err);
	}
	if (status == WPKG_OK)
		status = check_unchanged(session, choice.best, err);
	if (status == WPKG_OK)
		*out = choice.best;
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

static enum wpkg_status recall(struct wpkg_invoice **out, struct session *session,
			       const struct reference *reference, struct wpkg_err *err)
{
	struct cached cached = {.session = session, .choice = {.reference = reference}};
	enum wpkg_status status = session_need_url(session, err);
	if (status == WPKG_OK)
		status = session_open_cache(session, err);
	if (status != WPKG_OK)
		return status;
	if (reference->parts.version.len > 0) {
		status = cache_get_invoice(&cached.choice.best, &session->arena, &session->cache,
					   wpkg_buf_str(&session->url), reference->parts.name,
					   reference->parts.version, err);
	} else {
		status = cache_each_version(&session->cache, wpkg_buf_str(&session->url),
					    reference->parts.name, visit_cached, &cached, err);
		if (status == WPKG_OK && !cached.choice.best)
			status = none(reference, err);
	}
	if (status == WPKG_OK)
		*out = cached.choice.best;
	else
		wpkg_err_prepend(err, "--offline");
	return status;
}

enum wpkg_status reference_find(struct wpkg_invoice **out, struct session *session,
				const struct reference *reference, struct wpkg_err *err)
{
	return session->global->offline ? recall(out, session, reference, err)
					: ask(out, session, reference, err);
}

enum wpkg_status reference_find_usable(struct wpkg_invoice **out, struct session *session,
				       const struct reference *reference, struct wpkg_err *err)
{
	struct wpkg_invoice *invoice = NULL;
	enum wpkg_status status = reference_find(&invoice, session, reference, err);
	if (status != WPKG_OK)
		return status;
	if (invoice->yanked)
		return WPKG_FAIL(err, WPKG_ENOTFOUND, "%.*s/%.*s was yanked",
				 WPKG_STR_ARG(invoice->name), WPKG_STR_ARG(invoice->version));
	*out = invoice;
	return WPKG_OK;
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
