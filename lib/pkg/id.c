/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/id.h"

enum wpkg_status wpkg_id_parse(struct wpkg_id *out, struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_id id;
	size_t slash = wpkg_str_find_last(text, '/');
	id.name = wpkg_str_slice(text, 0, slash);
	id.version_text = wpkg_str_from_offset(text, slash + 1);
	if (slash == text.len || id.name.len == 0 || id.version_text.len == 0)
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is not a NAME/VERSION",
				 WPKG_STR_ARG(text));
	enum wpkg_status status = wpkg_version_parse(&id.version, id.version_text, err);
	if (status == WPKG_OK)
		*out = id;
	return status;
}

enum wpkg_status wpkg_id_digest(struct wpkg_digest *out, struct wpkg_str name,
				struct wpkg_str version, struct wpkg_err *err)
{
	struct wpkg_hasher *hasher = NULL;
	enum wpkg_status status = wpkg_hasher_new(&hasher, err);
	if (status != WPKG_OK)
		return status;
	wpkg_hasher_update(hasher, name);
	wpkg_hasher_update(hasher, WPKG_LIT("/"));
	wpkg_hasher_update(hasher, version);
	status = wpkg_hasher_finish(out, hasher, err);
	wpkg_hasher_free(hasher);
	return status;
}

static enum wpkg_status take_parcel(struct wpkg_reference *out, struct wpkg_str *text,
				    struct wpkg_err *err)
{
	size_t hash = wpkg_str_find(*text, '#');
	if (hash == text->len)
		return WPKG_OK;
	struct wpkg_str parcel = wpkg_str_from_offset(*text, hash + 1);
	struct wpkg_str prefix = WPKG_STR("sha256:");
	if (!wpkg_str_starts(parcel, prefix) ||
	    !wpkg_digest_parse(&out->parcel, wpkg_str_from_offset(parcel, prefix.len)))
		return WPKG_FAIL(err, WPKG_EFORMAT,
				 "'%.*s' does not name a parcel as sha256: and 64 hex digits",
				 WPKG_STR_ARG(parcel));
	out->has_parcel = true;
	*text = wpkg_str_slice(*text, 0, hash);
	return WPKG_OK;
}

/* The text after '@': a version, a manifest's digest or a requirement. */
static enum wpkg_status take_wanted(struct wpkg_reference *out, struct wpkg_str wanted,
				    struct wpkg_err *err)
{
	struct wpkg_version version;
	struct wpkg_str prefix = WPKG_STR("sha256:");
	if (wpkg_str_starts(wanted, prefix)) {
		out->has_digest =
			wpkg_digest_parse(&out->digest, wpkg_str_from_offset(wanted, prefix.len));
		if (!out->has_digest)
			return WPKG_FAIL(err, WPKG_EFORMAT,
					 "'%.*s' is not sha256: and 64 hex digits",
					 WPKG_STR_ARG(wanted));
	} else if (wpkg_version_parse(&version, wanted, NULL) == WPKG_OK) {
		out->version = wanted;
	} else {
		out->requirement = wanted;
	}
	return WPKG_OK;
}

enum wpkg_status wpkg_reference_parse(struct wpkg_reference *out, struct wpkg_str text,
				      struct wpkg_err *err)
{
	struct wpkg_reference reference = {0};
	struct wpkg_str whole = text;
	struct wpkg_id id;
	enum wpkg_status status = take_parcel(&reference, &text, err);
	if (status != WPKG_OK)
		return status;
	size_t at = wpkg_str_find(text, '@');
	if (at + 1 == text.len)
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' has nothing after '@'",
				 WPKG_STR_ARG(whole));
	if (at < text.len)
		status = take_wanted(&reference, wpkg_str_from_offset(text, at + 1), err);
	if (status != WPKG_OK)
		return status;
	reference.name = wpkg_str_slice(text, 0, at);
	bool plain = at == text.len || reference.has_digest;
	if (plain && wpkg_id_parse(&id, reference.name, NULL) == WPKG_OK) {
		reference.name = id.name;
		reference.version = id.version_text;
	}
	if (reference.name.len == 0)
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' names no package", WPKG_STR_ARG(whole));
	*out = reference;
	return WPKG_OK;
}
