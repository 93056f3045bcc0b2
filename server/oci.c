/* SPDX-License-Identifier: Apache-2.0 */
/* What the resources of the OCI API share: errors, names, digests, rights. */
#include "oci.h"

#include <stdarg.h>

#include "data/json.h"
#include "pkg/oci_manifest.h"
#include "server.h"
#include "store/repository.h"

static const char *const codes[] = {
	[OCI_BLOB_UNKNOWN] = "BLOB_UNKNOWN",
	[OCI_BLOB_UPLOAD_INVALID] = "BLOB_UPLOAD_INVALID",
	[OCI_BLOB_UPLOAD_UNKNOWN] = "BLOB_UPLOAD_UNKNOWN",
	[OCI_DENIED] = "DENIED",
	[OCI_DIGEST_INVALID] = "DIGEST_INVALID",
	[OCI_MANIFEST_BLOB_UNKNOWN] = "MANIFEST_BLOB_UNKNOWN",
	[OCI_MANIFEST_INVALID] = "MANIFEST_INVALID",
	[OCI_MANIFEST_UNKNOWN] = "MANIFEST_UNKNOWN",
	[OCI_NAME_INVALID] = "NAME_INVALID",
	[OCI_NAME_UNKNOWN] = "NAME_UNKNOWN",
	[OCI_SIZE_INVALID] = "SIZE_INVALID",
	[OCI_TOO_MANY_REQUESTS] = "TOOMANYREQUESTS",
	[OCI_UNAUTHORIZED] = "UNAUTHORIZED",
	[OCI_UNSUPPORTED] = "UNSUPPORTED",
};

void oci_write_error(struct wpkg_buf *out, const char *code, struct wpkg_str text)
{
	wpkg_buf_append_format(out, "{\"errors\":[{\"code\":\"%s\",\"message\":", code);
	wpkg_json_write_string(out, text);
	wpkg_buf_append_text(out, "}]}\n");
}

void oci_refuse(struct request *request, unsigned status, enum oci_code code, const char *format,
		...)
{
	va_list args;
	struct wpkg_buf text;
	wpkg_buf_init(&text, 16384);
	va_start(args, format);
	wpkg_buf_append_vformat(&text, format, args);
	va_end(args);
	respond_note(request, wpkg_buf_str(&text));
	respond_text(request, status, "application/json", (struct wpkg_str){0});
	oci_write_error(&request->response.body, codes[code], wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
}

const char *oci_code_of_status(unsigned status)
{
	switch (status) {
	case 401:
		return codes[OCI_UNAUTHORIZED];
	case 403:
	case 409:
		return codes[OCI_DENIED];
	case 404:
		return codes[OCI_NAME_UNKNOWN];
	case 413:
		return codes[OCI_SIZE_INVALID];
	case 429:
	case 503:
		return codes[OCI_TOO_MANY_REQUESTS];
	default:
		return codes[OCI_UNSUPPORTED];
	}
}

/* What no digest or size was right of is the protocol's 400, whatever we call it. */
void oci_refuse_error(struct request *request, const struct wpkg_err *err, enum oci_code unknown)
{
	unsigned status = http_status_of(err->status);
	if (err->status == WPKG_ENOTFOUND) {
		oci_refuse(request, 404, unknown, "%s", err->msg);
		return;
	}
	if (status == 503)
		respond_header(request, "Retry-After", "1");
	if (err->status == WPKG_EQUOTA)
		request->response.problem = "quota-exceeded";
	respond_note(request, wpkg_str_from(err->msg));
	respond_text(request, status, "application/json", (struct wpkg_str){0});
	oci_write_error(&request->response.body,
			status == 400 ? codes[OCI_DIGEST_INVALID] : oci_code_of_status(status),
			wpkg_str_from(err->msg));
}

bool oci_take_name(struct wpkg_str *out, struct request *request)
{
	if (wpkg_oci_is_repository(request->parts[0])) {
		*out = request->parts[0];
		return true;
	}
	bool reads = request->method == METHOD_GET || request->method == METHOD_HEAD;
	oci_refuse(request, reads ? 404 : 400, OCI_NAME_INVALID, "'%.*s' is no repository name",
		   WPKG_STR_ARG(request->parts[0]));
	return false;
}

bool oci_take_digest(struct wpkg_content_digest *out, struct request *request, struct wpkg_str text)
{
	if (wpkg_content_digest_parse(out, text))
		return true;
	oci_refuse(request, 400, OCI_DIGEST_INVALID, "'%.*s' is no sha256 or sha512 digest",
		   WPKG_STR_ARG(text));
	return false;
}

bool oci_allow(struct request *request, enum wpkg_right right, struct wpkg_str name)
{
	struct wpkg_err err;
	const struct identity identity = {request->user, request->scope};
	if (users_allow(request->server->users, &request->arena, &identity, right, name, &err) ==
	    WPKG_OK)
		return true;
	if (err.status == WPKG_EDENIED)
		oci_refuse(request, 403, OCI_DENIED, "%s", err.msg);
	else
		oci_refuse_error(request, &err, OCI_NAME_UNKNOWN);
	return false;
}

bool oci_parameter(struct wpkg_str *out, const struct wpkg_form *form, const char *key)
{
	for (size_t i = 0; i < form->count; i++)
		if (wpkg_str_equal_text(form->pairs[i].key, key)) {
			*out = form->pairs[i].value;
			return true;
		}
	return false;
}

bool oci_take_form(struct wpkg_form *out, struct request *request)
{
	struct wpkg_err err;
	if (request_form(out, request, &err) == WPKG_OK)
		return true;
	oci_refuse(request, 400, OCI_UNSUPPORTED, "%s", err.msg);
	return false;
}

bool oci_take_count(size_t *out, struct request *request, const struct wpkg_form *form,
		    size_t fallback, size_t most)
{
	uint64_t number = fallback;
	struct wpkg_str text;
	if (oci_parameter(&text, form, "n") && !wpkg_str_parse_u64(text, &number)) {
		oci_refuse(request, 400, OCI_UNSUPPORTED, "n is no number");
		return false;
	}
	*out = number < most ? (size_t)number : most;
	return true;
}

const char *oci_text(struct request *request, const char *format, ...)
{
	va_list args;
	struct wpkg_buf text;
	wpkg_buf_init(&text, 16384);
	va_start(args, format);
	wpkg_buf_append_vformat(&text, format, args);
	va_end(args);
	struct wpkg_str copy = wpkg_arena_dup(&request->arena, wpkg_buf_str(&text));
	bool whole = text.failed == WPKG_OK;
	wpkg_buf_clear(&text);
	return whole ? copy.ptr : NULL;
}

void oci_digest_header(struct request *request, const struct wpkg_content_digest *digest)
{
	char text[WPKG_CONTENT_DIGEST_TEXT];
	wpkg_content_digest_format(text, digest);
	respond_header(request, "Docker-Content-Digest", oci_text(request, "%s", text));
}

void oci_location(struct request *request, struct wpkg_str name, const char *format, ...)
{
	va_list args;
	struct wpkg_buf text;
	wpkg_buf_init(&text, 4096);
	wpkg_buf_append_format(&text, "/v2/%.*s/", WPKG_STR_ARG(name));
	va_start(args, format);
	wpkg_buf_append_vformat(&text, format, args);
	va_end(args);
	respond_header(request, "Location",
		       wpkg_arena_dup(&request->arena, wpkg_buf_str(&text)).ptr);
	wpkg_buf_clear(&text);
}

#define CATALOG_DEFAULT 100
#define CATALOG_MAX 1000

/* Names that the caller may read; where some may not be, a page is shorter and the next goes on. */
void oci_catalog(struct request *request)
{
	struct wpkg_err err;
	struct wpkg_form form;
	size_t count = 0;
	struct wpkg_str last = {0};
	struct wpkg_names names = {0};
	struct wpkg_buf *out = &request->response.body;
	if (!oci_take_form(&form, request) ||
	    !oci_take_count(&count, request, &form, CATALOG_DEFAULT, CATALOG_MAX))
		return;
	(void)oci_parameter(&last, &form, "last");
	if (count > 0 && wpkg_repository_list(&names, &request->arena, request->server->store, last,
					      count, &err) != WPKG_OK) {
		oci_refuse_error(request, &err, OCI_NAME_UNKNOWN);
		return;
	}
	if (count > 0 && names.count == count)
		respond_header(request, "Link",
			       oci_text(request, "</v2/_catalog?n=%zu&last=%.*s>; rel=\"next\"",
					count, WPKG_STR_ARG(names.items[count - 1])));
	respond_text(request, 200, "application/json", WPKG_LIT("{\"repositories\":["));
	const struct identity identity = {request->user, request->scope};
	const char *comma = "";
	for (size_t i = 0; i < names.count; i++) {
		if (request->server->config.is_private &&
		    users_allow(request->server->users, &request->arena, &identity, WPKG_RIGHT_READ,
				names.items[i], NULL) != WPKG_OK)
			continue;
		wpkg_buf_append_text(out, comma);
		wpkg_json_write_string(out, names.items[i]);
		comma = ",";
	}
	wpkg_buf_append_text(out, "]}\n");
}
