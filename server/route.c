/* SPDX-License-Identifier: Apache-2.0 */
/* Every address that the server answers, one row each. */
#include "bindle.h"
#include "health.h"
#include "server.h"

#define READ (METHOD_GET | METHOD_HEAD)

static const struct route routes[] = {
	{.pattern = "/healthz",
	 .methods = READ,
	 .is_open = true,
	 .name = "healthz",
	 .handle = health_get},
	{.pattern = "/readyz",
	 .methods = READ,
	 .is_open = true,
	 .waits = true,
	 .name = "readyz",
	 .handle = health_ready},
	{.pattern = "/metrics",
	 .methods = READ,
	 .is_open = true,
	 .name = "metrics",
	 .handle = health_metrics},
	{.pattern = "/v1/_i",
	 .methods = METHOD_POST,
	 .body = BODY_TEXT,
	 .writes = true,
	 .waits = true,
	 .name = "invoice-create",
	 .handle = bindle_create},
	{.pattern = "/v1/_i/",
	 .methods = METHOD_POST,
	 .body = BODY_TEXT,
	 .writes = true,
	 .waits = true,
	 .name = "invoice-create",
	 .handle = bindle_create},
	{.pattern = "/v1/_i/*", .methods = READ, .name = "invoice", .handle = bindle_get},
	{.pattern = "/v1/_i/*",
	 .methods = METHOD_DELETE,
	 .writes = true,
	 .waits = true,
	 .name = "invoice-yank",
	 .handle = bindle_yank},
	{.pattern = "/v1/_i/*",
	 .methods = METHOD_POST,
	 .body = BODY_STREAM,
	 .writes = true,
	 .waits = true,
	 .name = "parcel-create",
	 .begin = bindle_begin_parcel,
	 .handle = bindle_create_parcel},
	{.pattern = "/v1/_r/missing/*",
	 .methods = READ,
	 .name = "missing",
	 .handle = bindle_missing},
	{.pattern = "/v1/_q", .methods = READ, .name = "query", .handle = bindle_query},
	{.pattern = "/v1/bindle-keys", .methods = READ, .name = "keys", .handle = bindle_keys},
	{.pattern = "/v1/login", .methods = READ, .name = "login", .handle = bindle_login},
};

static bool matches(const char *pattern, struct wpkg_str path, struct wpkg_str *tail)
{
	struct wpkg_str wanted = wpkg_str_from(pattern);
	*tail = (struct wpkg_str){0};
	if (!wpkg_str_ends(wanted, WPKG_LIT("*")))
		return wpkg_str_equal(path, wanted);
	wanted = wpkg_str_slice(wanted, 0, wanted.len - 1);
	*tail = wpkg_str_from_offset(path, wanted.len);
	return wpkg_str_starts(path, wanted) && tail->len > 0;
}

const struct route *route_find(struct request *request, unsigned *allowed)
{
	*allowed = 0;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		struct wpkg_str tail;
		if (!matches(routes[i].pattern, request->path, &tail))
			continue;
		*allowed |= routes[i].methods;
		if (!(routes[i].methods & (unsigned)request->method))
			continue;
		request->tail = tail;
		return &routes[i];
	}
	return NULL;
}
