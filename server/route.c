/* SPDX-License-Identifier: Apache-2.0 */
/* Every address that the server answers, one row each. */
#include "api.h"
#include "bindle.h"
#include "health.h"
#include "metrics_page.h"
#include "oci.h"
#include "server.h"
#include "web.h"
#include "web_asset.h"

#include <string.h>

#define API_BODY_MAX 65536
#define READ (METHOD_GET | METHOD_HEAD)

/* What everybody may ask who may read, and pages of other origins for them. */
#define API_READ(path)                                                                             \
	.pattern = (path), .methods = READ, .pool = POOL_STORE, .style = REFUSAL_PROBLEM,          \
	.is_public = true

#define API_PREFLIGHT(path)                                                                        \
	.pattern = (path), .methods = METHOD_OPTIONS, .is_open = true, .name = "api-preflight",    \
	.style = REFUSAL_PROBLEM, .is_public = true, .handle = api_preflight

/* What belongs to the web page and is the same for everybody. */
#define WEB_FILE(path) .pattern = (path), .methods = READ, .style = REFUSAL_PLAIN, .is_open = true

/* Pages, for who may read. */
#define WEB_PAGE(path) .pattern = (path), .methods = READ, .pool = POOL_STORE, .style = REFUSAL_PAGE

static const struct route routes[] = {
	{.pattern = "/healthz",
	 .methods = READ,
	 .is_internal = true,
	 .is_open = true,
	 .name = "healthz",
	 .handle = health_get},
	{.pattern = "/readyz",
	 .methods = READ,
	 .is_internal = true,
	 .is_open = true,
	 .pool = POOL_STORE,
	 .name = "readyz",
	 .handle = health_ready},
	{.pattern = "/metrics",
	 .methods = READ,
	 .is_internal = true,
	 .moves = true,
	 .pool = POOL_METRICS,
	 .name = "metrics",
	 .handle = metrics_get},
	{.pattern = "/v1/_i",
	 .methods = METHOD_POST,
	 .body = BODY_TEXT,
	 .writes = true,
	 .pool = POOL_STORE,
	 .pushes = true,
	 .name = "invoice-create",
	 .handle = bindle_create},
	{.pattern = "/v1/_i/",
	 .methods = METHOD_POST,
	 .body = BODY_TEXT,
	 .writes = true,
	 .pool = POOL_STORE,
	 .pushes = true,
	 .name = "invoice-create",
	 .handle = bindle_create},
	{.pattern = "/v1/_i",
	 .methods = READ | METHOD_DELETE,
	 .name = "none",
	 .handle = bindle_none},
	{.pattern = "/v1/_i/",
	 .methods = READ | METHOD_DELETE,
	 .name = "none",
	 .handle = bindle_none},
	{.pattern = "/v1/_i/*", .methods = READ, .name = "invoice", .handle = bindle_get},
	{.pattern = "/v1/_i/*",
	 .methods = METHOD_DELETE,
	 .writes = true,
	 .pool = POOL_STORE,
	 .name = "invoice-yank",
	 .handle = bindle_yank},
	{.pattern = "/v1/_i/*",
	 .methods = METHOD_POST,
	 .body = BODY_STREAM,
	 .writes = true,
	 .pool = POOL_STORE,
	 .pushes = true,
	 .name = "parcel-create",
	 .begin = bindle_begin_parcel,
	 .handle = bindle_create_parcel},
	{.pattern = "/v1/_r/missing/*",
	 .methods = READ,
	 .name = "missing",
	 .handle = bindle_missing},
	{.pattern = "/v1/_r/missing", .methods = READ, .name = "none", .handle = bindle_none},
	{.pattern = "/v1/_r/missing/", .methods = READ, .name = "none", .handle = bindle_none},
	{.pattern = "/v1/_q",
	 .methods = READ,
	 .pool = POOL_STORE,
	 .name = "query",
	 .handle = bindle_query},
	{.pattern = "/v1/bindle-keys", .methods = READ, .name = "keys", .handle = bindle_keys},
	{.pattern = "/v1/login", .methods = READ, .name = "login", .handle = bindle_login},
	{.pattern = "/v2/",
	 .methods = READ,
	 .is_open = true,
	 .name = "oci",
	 .style = REFUSAL_OCI,
	 .handle = oci_base},
	{.pattern = "/v2/token",
	 .methods = READ,
	 .is_open = true,
	 .name = "oci-token",
	 .style = REFUSAL_OCI,
	 .handle = oci_token},
	{.pattern = "/v2/_catalog",
	 .methods = READ,
	 .pool = POOL_STORE,
	 .name = "oci-catalog",
	 .style = REFUSAL_OCI,
	 .handle = oci_catalog},
	{.pattern = "/v2/*/blobs/uploads/",
	 .methods = METHOD_POST,
	 .body = BODY_STREAM,
	 .writes = true,
	 .is_given = true,
	 .pushes = true,
	 .name = "oci-upload-create",
	 .style = REFUSAL_OCI,
	 .begin = oci_upload_begin,
	 .handle = oci_upload_create},
	{.pattern = "/v2/*/blobs/uploads/*",
	 .methods = READ,
	 .writes = true,
	 .pool = POOL_STORE,
	 .name = "oci-upload",
	 .style = REFUSAL_OCI,
	 .handle = oci_upload_get},
	{.pattern = "/v2/*/blobs/uploads/*",
	 .methods = METHOD_PATCH,
	 .body = BODY_STREAM,
	 .writes = true,
	 .is_given = true,
	 .pushes = true,
	 .name = "oci-upload-chunk",
	 .style = REFUSAL_OCI,
	 .begin = oci_upload_open,
	 .handle = oci_upload_patch},
	{.pattern = "/v2/*/blobs/uploads/*",
	 .methods = METHOD_PUT,
	 .body = BODY_STREAM,
	 .writes = true,
	 .is_given = true,
	 .pushes = true,
	 .name = "oci-upload-finish",
	 .style = REFUSAL_OCI,
	 .begin = oci_upload_open,
	 .handle = oci_upload_put},
	{.pattern = "/v2/*/blobs/uploads/*",
	 .methods = METHOD_DELETE,
	 .writes = true,
	 .pool = POOL_STORE,
	 .name = "oci-upload-cancel",
	 .style = REFUSAL_OCI,
	 .handle = oci_upload_cancel},
	{.pattern = "/v2/*/blobs/*",
	 .methods = READ,
	 .keeps = true,
	 .name = "oci-blob",
	 .style = REFUSAL_OCI,
	 .handle = oci_blob_get},
	{.pattern = "/v2/*/blobs/*",
	 .methods = METHOD_DELETE,
	 .writes = true,
	 .pool = POOL_STORE,
	 .name = "oci-blob-delete",
	 .style = REFUSAL_OCI,
	 .handle = oci_blob_delete},
	{.pattern = "/v2/*/manifests/*",
	 .methods = READ,
	 .keeps = true,
	 .name = "oci-manifest",
	 .style = REFUSAL_OCI,
	 .handle = oci_manifest_get},
	{.pattern = "/v2/*/manifests/*",
	 .methods = METHOD_PUT,
	 .body = BODY_TEXT,
	 .body_max = OCI_MANIFEST_MAX,
	 .writes = true,
	 .pool = POOL_STORE,
	 .pushes = true,
	 .name = "oci-manifest-create",
	 .style = REFUSAL_OCI,
	 .begin = oci_manifest_begin,
	 .handle = oci_manifest_put},
	{.pattern = "/v2/*/manifests/*",
	 .methods = METHOD_DELETE,
	 .writes = true,
	 .pool = POOL_STORE,
	 .name = "oci-manifest-delete",
	 .style = REFUSAL_OCI,
	 .handle = oci_manifest_delete},
	{.pattern = "/v2/*/tags/list",
	 .methods = READ,
	 .pool = POOL_STORE,
	 .name = "oci-tags",
	 .style = REFUSAL_OCI,
	 .handle = oci_tags},
	{.pattern = "/v2/*/referrers/*",
	 .methods = READ,
	 .pool = POOL_STORE,
	 .name = "oci-referrers",
	 .style = REFUSAL_OCI,
	 .handle = oci_referrers},
	{API_PREFLIGHT("/api/v1/*")},
	{API_PREFLIGHT("/index/*")},
	{API_READ("/api/v1/registry"), .name = "api-registry", .handle = api_registry},
	{API_READ("/api/v1/packages"), .name = "api-packages", .handle = api_packages},
	{API_READ("/api/v1/packages/*"), .name = "api-package", .handle = api_package},
	{API_READ("/api/v1/dependents/*"), .name = "api-dependents", .handle = api_dependents},
	{API_READ("/api/v1/versions/*"), .name = "api-version", .handle = api_version},
	{API_READ("/api/v1/verdicts/*"), .name = "api-verdict", .handle = api_verdict},
	{API_READ("/api/v1/parcels/*"), .name = "api-parcel", .handle = api_parcel},
	{.pattern = "/api/v1/versions/*",
	 .methods = METHOD_PATCH,
	 .body = BODY_TEXT,
	 .body_max = API_BODY_MAX,
	 .writes = true,
	 .pool = POOL_STORE,
	 .name = "api-version-change",
	 .style = REFUSAL_PROBLEM,
	 .handle = api_version_change},
	{.pattern = "/api/v1/account",
	 .methods = READ,
	 .writes = true,
	 .pool = POOL_STORE,
	 .name = "api-account",
	 .style = REFUSAL_PROBLEM,
	 .handle = api_account},
	{.pattern = "/api/v1/tokens",
	 .methods = READ,
	 .writes = true,
	 .pool = POOL_STORE,
	 .name = "api-tokens",
	 .style = REFUSAL_PROBLEM,
	 .handle = api_tokens},
	{.pattern = "/api/v1/tokens",
	 .methods = METHOD_POST,
	 .body = BODY_TEXT,
	 .body_max = API_BODY_MAX,
	 .writes = true,
	 .pool = POOL_STORE,
	 .name = "api-token-create",
	 .style = REFUSAL_PROBLEM,
	 .handle = api_token_create},
	{.pattern = "/api/v1/tokens/*",
	 .methods = METHOD_DELETE,
	 .writes = true,
	 .pool = POOL_STORE,
	 .name = "api-token-revoke",
	 .style = REFUSAL_PROBLEM,
	 .handle = api_token_revoke},
	{API_READ("/api/v1/search"), .name = "api-search", .handle = api_search},
	{API_READ("/api/v1/events"), .name = "api-events", .handle = api_events},
	{API_READ("/api/v1/events.atom"), .name = "api-atom", .handle = api_atom},
	{API_READ("/index/packages/*"), .keeps = true, .name = "index", .handle = api_index},
	{API_READ("/index/config.json"), .name = "index-config", .handle = api_index_config},
	{API_READ("/api/v1/diff/*"), .name = "api-diff", .handle = api_diff},
	{.pattern = "/.well-known/wasm-pkg/registry.json",
	 .methods = READ,
	 .is_open = true,
	 .name = "well-known",
	 .handle = oci_well_known},
	{WEB_PAGE("/"), .name = "web-home", .handle = web_home},
	{WEB_PAGE("/search"), .name = "web-search", .handle = web_search},
	{WEB_PAGE("/packages/*/versions/*/modules/*"), .name = "web-module", .handle = web_module},
	{WEB_PAGE("/packages/*/versions/*"), .name = "web-version", .handle = web_version},
	{WEB_PAGE("/packages/*/diff"), .name = "web-diff", .handle = web_diff},
	{WEB_PAGE("/packages/*"), .name = "web-package", .handle = web_package},
	{WEB_PAGE("/account"), .name = "web-account", .is_open = true, .handle = web_account},
	{.pattern = "/badge/*",
	 .methods = READ,
	 .pool = POOL_STORE,
	 .style = REFUSAL_PLAIN,
	 .name = "web-badge",
	 .handle = web_badge},
	{WEB_FILE("/assets/*"), .name = "asset", .handle = web_asset_get},
	{WEB_FILE("/favicon.ico"), .name = "favicon", .handle = web_asset_favicon},
	{WEB_FILE("/robots.txt"), .name = "robots", .handle = web_asset_robots},
};

/*
 * Has the path the pattern's form? The text of a star is not empty, and takes as much as it can:
 * names have slashes, and what follows them in a path has none.
 */
static bool matches(struct wpkg_str pattern, struct wpkg_str path, struct wpkg_str *parts)
{
	size_t star = wpkg_str_find(pattern, '*');
	struct wpkg_str literal = wpkg_str_slice(pattern, 0, star);
	if (!wpkg_str_starts(path, literal))
		return false;
	path = wpkg_str_from_offset(path, literal.len);
	if (star == pattern.len)
		return path.len == 0;
	pattern = wpkg_str_from_offset(pattern, star + 1);
	*parts = path;
	if (pattern.len == 0)
		return path.len > 0;
	/* What comes behind a star begins with a slash: only before one can the text end. */
	while (parts->len > 0) {
		size_t end = wpkg_str_find_last(*parts, '/');
		*parts = wpkg_str_slice(path, 0, end < parts->len ? end : 0);
		if (parts->len > 0 &&
		    matches(pattern, wpkg_str_from_offset(path, parts->len), parts + 1))
			return true;
	}
	return false;
}

#define ROUTES (sizeof(routes) / sizeof(routes[0]))

_Static_assert(ROUTES < METRICS_ROUTES, "the metrics have no room for a route");

const struct route *route_at(size_t number)
{
	return number < ROUTES ? &routes[number] : NULL;
}

size_t route_row(const struct route *route)
{
	return route ? (size_t)(route - routes) + 1 : 0;
}

/* Is it there on the listener that the request came by? */
static bool is_here(const struct route *route, const struct request *request)
{
	if (request->is_internal)
		return route->is_internal;
	return !route->moves || !request->server->config.metrics_listen;
}

const struct route *route_find(struct request *request, unsigned *allowed)
{
	for (size_t i = 0; i < ROUTES; i++) {
		struct wpkg_str parts[REQUEST_PARTS] = {0};
		if ((routes[i].methods & (unsigned)request->method) &&
		    is_here(&routes[i], request) &&
		    matches(wpkg_str_from(routes[i].pattern), request->path, parts)) {
			memcpy(request->parts, parts, sizeof(parts));
			return &routes[i];
		}
	}
	*allowed = 0;
	for (size_t i = 0; i < ROUTES; i++) {
		struct wpkg_str parts[REQUEST_PARTS];
		if (is_here(&routes[i], request) &&
		    matches(wpkg_str_from(routes[i].pattern), request->path, parts))
			*allowed |= routes[i].methods;
	}
	return NULL;
}
