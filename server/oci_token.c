/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an OCI client logs in: it is refused with the address of the token service, shows its
 * credentials there (or none), and comes back with a token; or, where the operator wants that, is
 * asked for its password each time. And how a client of Wasm packages learns that this server
 * speaks OCI.
 */
#include "oci.h"

#include "access_token.h"
#include "data/json.h"
#include "server.h"

/* "https://host:port" as clients know this server; NULL when memory is out. */
static const char *base_url(struct request *request)
{
	const struct config *config = &request->server->config;
	if (config->public_url)
		return config->public_url;
	return oci_text(request, "%s://%.*s", config->tls_cert ? "https" : "http",
			WPKG_STR_ARG(request->host));
}

/* The host of such an address. */
static struct wpkg_str host_of(const char *url)
{
	struct wpkg_str text = wpkg_str_from(url);
	size_t colon = wpkg_str_find(text, ':');
	text = wpkg_str_from_offset(text, colon < text.len ? colon + 3 : 0);
	return wpkg_str_slice(text, 0, wpkg_str_find(text, '/'));
}

/* Could it stand in a quoted string of a header as it is? */
static bool is_plain(struct wpkg_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '"' || text.ptr[i] == '\\' || (unsigned char)text.ptr[i] <= ' ')
			return false;
	return true;
}

/* Distribution's token authentication, "How to authenticate", step 2. */
void oci_challenge(struct request *request)
{
	const char *url = base_url(request);
	struct wpkg_str name = request->parts[0];
	if (request->server->config.basic_login) {
		respond_challenge(request);
		return;
	}
	if (!url || !is_plain(wpkg_str_from(url)))
		return;
	const char *scope = name.len > 0 && is_plain(name)
				    ? oci_text(request, ",scope=\"repository:%.*s:pull,push\"",
					       WPKG_STR_ARG(name))
				    : "";
	respond_header(request, "WWW-Authenticate",
		       oci_text(request, "Bearer realm=\"%s/v2/token\",service=\"%.*s\"%s", url,
				WPKG_STR_ARG(host_of(url)), scope ? scope : ""));
}

void oci_base(struct request *request)
{
	respond_header(request, "Docker-Distribution-API-Version", "registry/2.0");
	/* Clients ask here, once, whether and where they log in. Nobody's token is an answer. */
	if (request->server->config.unauthenticated || request->authorization.len > 0) {
		respond_text(request, 200, "application/json", WPKG_LIT("{}"));
		return;
	}
	oci_challenge(request);
	oci_refuse(request, 401, OCI_UNAUTHORIZED, "a token is needed, be it nobody's");
}

void oci_token(struct request *request)
{
	const struct identity identity = {request->user, request->scope};
	struct wpkg_str token =
		users_access_token(request->server->users, &request->arena, &identity);
	struct wpkg_buf *out = &request->response.body;
	if (!token.ptr) {
		oci_refuse(request, 503, OCI_TOO_MANY_REQUESTS, "no memory");
		return;
	}
	respond_header(request, "Cache-Control", "no-store");
	respond_text(request, 200, "application/json", (struct wpkg_str){0});
	wpkg_buf_append_format(out,
			       "{\"token\":\"%.*s\",\"access_token\":\"%.*s\",\"expires_in\":%d}\n",
			       WPKG_STR_ARG(token), WPKG_STR_ARG(token), ACCESS_TOKEN_LIFETIME);
}

/* What wkg and its kin read; the registry is the host itself. */
void oci_well_known(struct request *request)
{
	const char *url = base_url(request);
	struct wpkg_buf *out = &request->response.body;
	if (!url) {
		respond_refusal(request, 503, "no memory");
		return;
	}
	respond_text(request, 200, "application/json",
		     WPKG_LIT("{\"preferredProtocol\":\"oci\",\"oci\":{\"registry\":"));
	wpkg_json_write_string(out, host_of(url));
	wpkg_buf_append_text(out, "}}\n");
}
