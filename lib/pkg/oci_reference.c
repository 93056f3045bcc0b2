/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/oci_reference.h"

#include "pkg/oci_manifest.h"

#define HOST_MAX 253 /* a name of DNS */
#define TAG_MAX 128

static const struct {
	struct wpkg_str prefix;
	enum wpkg_oci_transport transport;
} schemes[] = {
	{WPKG_STR("oci://"), WPKG_OCI_AUTO},
	{WPKG_STR("oci+http://"), WPKG_OCI_HTTP},
	{WPKG_STR("oci+https://"), WPKG_OCI_HTTPS},
};

#define SCHEME_COUNT (sizeof(schemes) / sizeof(schemes[0]))

static size_t find_scheme(struct wpkg_str text)
{
	size_t i = 0;
	while (i < SCHEME_COUNT && !wpkg_str_starts(text, schemes[i].prefix))
		i++;
	return i;
}

bool wpkg_oci_reference_is(struct wpkg_str text)
{
	return find_scheme(text) < SCHEME_COUNT;
}

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool wpkg_oci_is_tag(struct wpkg_str text)
{
	if (text.len == 0 || text.len > TAG_MAX ||
	    (!is_alphanumeric(text.ptr[0]) && text.ptr[0] != '_'))
		return false;
	for (size_t i = 1; i < text.len; i++)
		if (!is_alphanumeric(text.ptr[i]) &&
		    (text.ptr[i] == '\0' || !strchr("._-", text.ptr[i])))
			return false;
	return true;
}

/* A name, an IPv4 address or an IPv6 one in brackets, and a port. */
static bool is_host(struct wpkg_str host)
{
	bool bracketed = host.len > 0 && host.ptr[0] == '[';
	size_t end = bracketed ? wpkg_str_find(host, ']') : wpkg_str_find(host, ':');
	struct wpkg_str name =
		bracketed ? wpkg_str_slice(host, 1, end) : wpkg_str_slice(host, 0, end);
	struct wpkg_str port = wpkg_str_from_offset(host, bracketed ? end + 1 : end);
	uint64_t number;
	if (name.len == 0 || name.len > HOST_MAX || (bracketed && end == host.len))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!is_alphanumeric(name.ptr[i]) &&
		    (name.ptr[i] == '\0' || !strchr(bracketed ? ":." : "-._", name.ptr[i])))
			return false;
	return port.len == 0 ||
	       (port.ptr[0] == ':' && wpkg_str_parse_u64(wpkg_str_from_offset(port, 1), &number) &&
		number > 0 && number <= 65535);
}

/* Takes "MARKsha256:HEX" off the end. */
static enum wpkg_status take_digest(bool *has, struct wpkg_digest *digest, struct wpkg_str *text,
				    char mark, const char *what, struct wpkg_err *err)
{
	size_t at = wpkg_str_find(*text, mark);
	if (at == text->len)
		return WPKG_OK;
	struct wpkg_str part = wpkg_str_from_offset(*text, at + 1);
	struct wpkg_str prefix = WPKG_STR("sha256:");
	if (!wpkg_str_starts(part, prefix) ||
	    !wpkg_digest_parse(digest, wpkg_str_from_offset(part, prefix.len)))
		return WPKG_FAIL(err, WPKG_EFORMAT,
				 "'%.*s' does not name a %s as sha256: and 64 hex digits",
				 WPKG_STR_ARG(part), what);
	*has = true;
	*text = wpkg_str_slice(*text, 0, at);
	return WPKG_OK;
}

static enum wpkg_status take_name(struct wpkg_oci_reference *out, struct wpkg_str text,
				  struct wpkg_err *err)
{
	size_t slash = wpkg_str_find(text, '/');
	struct wpkg_str rest = wpkg_str_from_offset(text, slash + 1);
	size_t colon = wpkg_str_find(rest, ':');
	out->host = wpkg_str_slice(text, 0, slash);
	out->repository = wpkg_str_slice(rest, 0, colon);
	out->tag = wpkg_str_from_offset(rest, colon + 1);
	if (!is_host(out->host))
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is no host of a registry",
				 WPKG_STR_ARG(out->host));
	if (!wpkg_oci_is_repository(out->repository))
		return WPKG_FAIL(err, WPKG_EFORMAT,
				 "'%.*s' is no repository: lower-case letters, digits and single "
				 "separators in parts joined by '/'",
				 WPKG_STR_ARG(out->repository));
	if (colon < rest.len && !wpkg_oci_is_tag(out->tag))
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' is no tag", WPKG_STR_ARG(out->tag));
	return WPKG_OK;
}

enum wpkg_status wpkg_oci_reference_parse(struct wpkg_oci_reference *out, struct wpkg_str text,
					  struct wpkg_err *err)
{
	struct wpkg_oci_reference reference = {0};
	struct wpkg_str rest = text;
	size_t scheme = find_scheme(text);
	if (scheme == SCHEME_COUNT)
		return WPKG_FAIL(err, WPKG_EFORMAT, "'%.*s' does not begin with oci://",
				 WPKG_STR_ARG(text));
	reference.transport = schemes[scheme].transport;
	rest = wpkg_str_from_offset(text, schemes[scheme].prefix.len);
	enum wpkg_status status =
		take_digest(&reference.has_parcel, &reference.parcel, &rest, '#', "parcel", err);
	if (status == WPKG_OK)
		status = take_digest(&reference.has_digest, &reference.digest, &rest, '@',
				     "manifest", err);
	if (status == WPKG_OK)
		status = take_name(&reference, rest, err);
	if (status != WPKG_OK)
		return status;
	*out = reference;
	return WPKG_OK;
}
