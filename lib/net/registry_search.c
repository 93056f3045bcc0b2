/* SPDX-License-Identifier: Apache-2.0 */
#include "net/registry_search.h"

#include "data/json.h"
#include "net/url.h"
#include "pkg/name.h"
#include "pkg/version.h"
#include "registry_int.h"

#define URL_MAX ((size_t)16 * 1024)
#define ANSWER_MAX ((uint64_t)8 * 1024 * 1024)

static enum wpkg_status take_text(struct wpkg_str *out, const struct wpkg_value *table,
				  const char *key, bool is_needed, struct wpkg_err *err)
{
	const struct wpkg_value *value = wpkg_value_find(table, key);
	if (!value && !is_needed)
		return WPKG_OK;
	if (!value || value->kind != WPKG_VALUE_STRING)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value ? value : table,
				    "%s is %s, not a string", key,
				    value ? wpkg_value_kind_name(value->kind) : "missing");
	*out = value->string;
	return WPKG_OK;
}

/* Members that a later API adds are passed over; a name or version that cannot be is an error,
 * since people copy it into their next command. */
static enum wpkg_status take_package(struct wpkg_found *out, const struct wpkg_value *table,
				     struct wpkg_err *err)
{
	struct wpkg_version version;
	const struct wpkg_value *size = wpkg_value_find(table, "size");
	const struct wpkg_value *yanked = wpkg_value_find(table, "yanked");
	enum wpkg_status status = take_text(&out->name, table, "name", true, err);
	if (status == WPKG_OK)
		status = wpkg_name_check(out->name, err);
	if (status == WPKG_OK)
		status = take_text(&out->version, table, "latest_version", true, err);
	if (status == WPKG_OK)
		status = wpkg_version_parse(&version, out->version, err);
	if (status == WPKG_OK)
		status = take_text(&out->description, table, "description", false, err);
	if (size && size->kind == WPKG_VALUE_INTEGER && size->integer > 0)
		out->size = size->integer;
	out->yanked = yanked && yanked->kind == WPKG_VALUE_BOOLEAN && yanked->boolean;
	return status;
}

static enum wpkg_status take_page(struct wpkg_found_page *out, struct wpkg_arena *arena,
				  const struct wpkg_value *table, uint64_t limit,
				  struct wpkg_err *err)
{
	struct wpkg_found_page page = {0};
	const struct wpkg_value *list = wpkg_value_find(table, "packages");
	if (!list || list->kind != WPKG_VALUE_ARRAY)
		return WPKG_FAIL(err, WPKG_EFORMAT, "no list of packages");
	if (list->count > limit)
		return WPKG_FAIL(err, WPKG_ELIMIT, "%zu packages, and %llu were asked for",
				 list->count, (unsigned long long)limit);
	page.items = wpkg_arena_alloc(arena, list->count + 1, sizeof(*page.items));
	if (!page.items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for packages");
	enum wpkg_status status = take_text(&page.next, table, "next", false, err);
	if (status == WPKG_OK)
		status = take_text(&page.corrected, table, "corrected", false, err);
	for (; status == WPKG_OK && page.count < list->count; page.count++)
		status = take_package(&page.items[page.count], &list->items[page.count], err);
	if (status == WPKG_OK)
		*out = page;
	return status;
}

static void append_url(struct wpkg_buf *url, const struct wpkg_registry *registry,
		       struct wpkg_str text, struct wpkg_str cursor, uint64_t limit)
{
	wpkg_buf_append_format(url, "%s/api/v1/search?limit=%llu&q=", registry->url,
			       (unsigned long long)limit);
	wpkg_url_append_value(url, text);
	if (cursor.len > 0) {
		wpkg_buf_append_text(url, "&cursor=");
		wpkg_url_append_value(url, cursor);
	}
}

enum wpkg_status wpkg_registry_search(struct wpkg_found_page *out, struct wpkg_arena *arena,
				      struct wpkg_registry *registry, struct wpkg_str text,
				      struct wpkg_str cursor, uint64_t limit, struct wpkg_err *err)
{
	struct wpkg_buf url;
	struct wpkg_value *table = NULL;
	struct wpkg_http_exchange exchange = {.accept = "application/json",
					      .authorization = registry->authorization,
					      .max_answer = ANSWER_MAX};
	wpkg_buf_init(&url, URL_MAX);
	append_url(&url, registry, text, cursor, limit);
	enum wpkg_status status = wpkg_buf_check(&url, "URL", err);
	if (status != WPKG_OK)
		goto out;
	exchange.url = wpkg_buf_text(&url);
	status = wpkg_http_run(registry->http, &exchange, err);
	if (status == WPKG_OK)
		status = registry_judge(&exchange, false, err);
	if (status != WPKG_OK)
		goto out;
	status = wpkg_json_read(&table, arena, wpkg_buf_str(&exchange.text), err);
	if (status == WPKG_OK)
		status = take_page(out, arena, table, limit, err);
	if (status != WPKG_OK)
		wpkg_err_prepend(err, "the answer of %s", exchange.url);
out:
	wpkg_http_exchange_clear(&exchange);
	wpkg_buf_clear(&url);
	return status;
}
