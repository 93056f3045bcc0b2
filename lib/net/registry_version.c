/* SPDX-License-Identifier: Apache-2.0 */
#include "net/registry_version.h"

#include "base/utf8.h"
#include "data/json.h"
#include "net/url.h"
#include "registry_int.h"

#define URL_MAX ((size_t)16 * 1024)
#define ANSWER_MAX ((uint64_t)64 * 1024)
#define REASON_MAX ((size_t)1024)

/* "yank": {"reason": ...}. */
static struct wpkg_str reason_of(struct wpkg_arena *arena, struct wpkg_str answer)
{
	struct wpkg_value *table = NULL;
	if (wpkg_json_read(&table, arena, answer, NULL) != WPKG_OK)
		return (struct wpkg_str){0};
	const struct wpkg_value *yank = wpkg_value_find(table, "yank");
	const struct wpkg_value *reason = yank ? wpkg_value_find(yank, "reason") : NULL;
	if (!reason || reason->kind != WPKG_VALUE_STRING)
		return (struct wpkg_str){0};
	return wpkg_utf8_cut(reason->string, REASON_MAX);
}

struct wpkg_str wpkg_registry_yank_reason(struct wpkg_arena *arena, struct wpkg_registry *registry,
					  struct wpkg_str name, struct wpkg_str version)
{
	struct wpkg_err err;
	struct wpkg_buf url;
	struct wpkg_str reason = {0};
	struct wpkg_http_exchange exchange = {.accept = "application/json",
					      .authorization = registry->authorization,
					      .max_answer = ANSWER_MAX};
	wpkg_buf_init(&url, URL_MAX);
	wpkg_buf_append_format(&url, "%s/api/v1/versions/", registry->url);
	wpkg_url_append_path(&url, name);
	wpkg_buf_append_byte(&url, '/');
	wpkg_url_append_path(&url, version);
	wpkg_buf_append_text(&url, "?fields=yank.reason");
	if (wpkg_buf_check(&url, "URL", &err) == WPKG_OK) {
		exchange.url = wpkg_buf_text(&url);
		if (wpkg_http_run(registry->http, &exchange, &err) == WPKG_OK &&
		    exchange.status == 200)
			reason = reason_of(arena, wpkg_buf_str(&exchange.text));
	}
	wpkg_http_exchange_clear(&exchange);
	wpkg_buf_clear(&url);
	return reason;
}
