/* SPDX-License-Identifier: Apache-2.0 */
#include "oci_place.h"

static const struct {
	struct wpkg_str prefix;
	enum oci_place_kind kind;
} locals[] = {
	{WPKG_STR("oci-layout:"), OCI_LAYOUT},
	{WPKG_STR("oci-archive:"), OCI_ARCHIVE},
};

#define LOCAL_COUNT (sizeof(locals) / sizeof(locals[0]))

static size_t find_local(struct wpkg_str text)
{
	size_t i = 0;
	while (i < LOCAL_COUNT && !wpkg_str_starts(text, locals[i].prefix))
		i++;
	return i;
}

bool oci_place_is(const char *text)
{
	struct wpkg_str whole = wpkg_str_from(text);
	return wpkg_oci_reference_is(whole) || find_local(whole) < LOCAL_COUNT;
}

/* Takes "MARKsha256:HEX" off the end. A path may hold the mark as well. */
static bool take_digest(bool *has, struct wpkg_digest *digest, struct wpkg_str *text, char mark)
{
	size_t at = wpkg_str_find_last(*text, mark);
	struct wpkg_str part = wpkg_str_from_offset(*text, at + 1);
	struct wpkg_str prefix = WPKG_STR("sha256:");
	if (!wpkg_str_starts(part, prefix))
		return true;
	if (!wpkg_digest_parse(digest, wpkg_str_from_offset(part, prefix.len)))
		return false;
	*has = true;
	*text = wpkg_str_slice(*text, 0, at);
	return true;
}

static enum wpkg_status parse_local(struct oci_place *out, struct wpkg_str text, size_t local,
				    struct wpkg_err *err)
{
	struct oci_place place = {.kind = locals[local].kind};
	struct wpkg_str rest = text;
	if (!take_digest(&place.name.has_parcel, &place.name.parcel, &rest, '#') ||
	    !take_digest(&place.name.has_digest, &place.name.digest, &rest, '@'))
		return WPKG_FAIL(err, WPKG_EFORMAT,
				 "'%.*s' does not end in sha256: and 64 hex digits",
				 WPKG_STR_ARG(text));
	place.path = wpkg_str_from_offset(rest, locals[local].prefix.len);
	size_t colon = wpkg_str_find_last(place.path, ':');
	struct wpkg_str tag = wpkg_str_from_offset(place.path, colon + 1);
	if (colon < place.path.len && wpkg_oci_is_tag(tag)) {
		place.name.tag = tag;
		place.path = wpkg_str_slice(place.path, 0, colon);
	}
	if (place.path.len == 0)
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' names no file", WPKG_STR_ARG(text));
	place.whole = wpkg_str_slice(text, 0, locals[local].prefix.len + place.path.len);
	*out = place;
	return WPKG_OK;
}

enum wpkg_status oci_place_parse(struct oci_place *out, const char *text, struct wpkg_err *err)
{
	struct oci_place place = {.kind = OCI_REGISTRY};
	struct wpkg_str whole = wpkg_str_from(text);
	size_t local = find_local(whole);
	if (local < LOCAL_COUNT)
		return parse_local(out, whole, local, err);
	enum wpkg_status status = wpkg_oci_reference_parse(&place.name, whole, err);
	if (status != WPKG_OK)
		return status;
	const char *end = place.name.repository.ptr + place.name.repository.len;
	place.whole = wpkg_str_slice(whole, 0, (size_t)(end - text));
	*out = place;
	return WPKG_OK;
}
