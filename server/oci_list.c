/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of a repository: its tags, and what refers to a manifest (end-8, end-12). */
#include "oci.h"

#include "data/json.h"
#include "net/url.h"
#include "pkg/oci_manifest.h"
#include "server.h"
#include "store/manifest.h"
#include "store/repository.h"
#include "store/tag.h"

#define TAGS_MAX 100000
#define REFERRERS_PAGE 100

static void write_tags(struct wpkg_buf *out, struct wpkg_str name, const struct wpkg_tag_list *tags)
{
	wpkg_buf_append_text(out, "{\"name\":");
	wpkg_json_write_string(out, name);
	wpkg_buf_append_text(out, ",\"tags\":[");
	for (size_t i = 0; i < tags->count; i++) {
		wpkg_buf_append_text(out, i > 0 ? "," : "");
		wpkg_json_write_string(out, tags->items[i]);
	}
	wpkg_buf_append_text(out, "]}\n");
}

/* Without "n" all of them: some clients never ask for a second page. */
void oci_tags(struct request *request)
{
	struct wpkg_err err;
	struct wpkg_form form;
	struct wpkg_str name;
	struct wpkg_str last = {0};
	struct wpkg_tag_list tags = {0};
	size_t count = 0;
	if (!oci_take_name(&name, request) || !oci_allow(request, WPKG_RIGHT_READ, name) ||
	    !oci_take_form(&form, request) ||
	    !oci_take_count(&count, request, &form, TAGS_MAX, TAGS_MAX))
		return;
	(void)oci_parameter(&last, &form, "last");
	/* One more than nothing finds out whether there is such a repository. */
	if (wpkg_tag_list(&tags, &request->arena, request->server->store, name, last,
			  count > 0 ? count : 1, &err) != WPKG_OK) {
		oci_refuse_error(request, &err, OCI_NAME_UNKNOWN);
		return;
	}
	if (count == 0)
		tags = (struct wpkg_tag_list){0};
	if (tags.more && tags.count > 0)
		respond_header(request, "Link",
			       oci_text(request,
					"</v2/%.*s/tags/list?n=%zu&last=%.*s>; rel=\"next\"",
					WPKG_STR_ARG(name), count,
					WPKG_STR_ARG(tags.items[tags.count - 1])));
	respond_text(request, 200, "application/json", (struct wpkg_str){0});
	write_tags(&request->response.body, name, &tags);
}

static void write_referrer(struct wpkg_buf *out, const struct wpkg_manifest *manifest)
{
	char text[WPKG_CONTENT_DIGEST_TEXT];
	wpkg_content_digest_format(text, &manifest->digest);
	wpkg_buf_append_text(out, "{\"mediaType\":");
	wpkg_json_write_string(out, manifest->media_type);
	wpkg_buf_append_format(out, ",\"digest\":\"%s\",\"size\":%llu", text,
			       (unsigned long long)manifest->size);
	if (manifest->artifact_type.len > 0) {
		wpkg_buf_append_text(out, ",\"artifactType\":");
		wpkg_json_write_string(out, manifest->artifact_type);
	}
	if (manifest->annotations.len > 0)
		wpkg_buf_append_format(out, ",\"annotations\":%.*s",
				       WPKG_STR_ARG(manifest->annotations));
	wpkg_buf_append_text(out, "}");
}

static void write_referrers(struct wpkg_buf *out, const struct wpkg_manifest_list *list)
{
	wpkg_buf_append_text(out, "{\"schemaVersion\":2,\"mediaType\":\"" WPKG_OCI_INDEX_TYPE
				  "\",\"manifests\":[");
	for (size_t i = 0; i < list->count; i++) {
		wpkg_buf_append_text(out, i > 0 ? "," : "");
		write_referrer(out, &list->items[i]);
	}
	wpkg_buf_append_text(out, "]}\n");
}

static void link_header(struct request *request, struct wpkg_str name, struct wpkg_str subject,
			struct wpkg_str type, int64_t next)
{
	struct wpkg_buf query;
	wpkg_buf_init(&query, 4096);
	if (type.len > 0) {
		wpkg_buf_append_text(&query, "&artifactType=");
		wpkg_url_append_value(&query, type);
	}
	respond_header(request, "Link",
		       oci_text(request, "</v2/%.*s/referrers/%.*s?from=%lld%s>; rel=\"next\"",
				WPKG_STR_ARG(name), WPKG_STR_ARG(subject), (long long)next,
				wpkg_buf_text(&query)));
	wpkg_buf_clear(&query);
}

void oci_referrers(struct request *request)
{
	struct wpkg_err err;
	struct wpkg_form form;
	struct wpkg_str name, text;
	struct wpkg_str type = {0};
	struct wpkg_content_digest subject;
	struct wpkg_manifest_list list = {0};
	uint64_t from = 0;
	if (!oci_take_name(&name, request) ||
	    !oci_take_digest(&subject, request, request->parts[1]) ||
	    !oci_allow(request, WPKG_RIGHT_READ, name) || !oci_take_form(&form, request))
		return;
	(void)oci_parameter(&type, &form, "artifactType");
	if (oci_parameter(&text, &form, "from") &&
	    (!wpkg_str_parse_u64(text, &from) || from > INT64_MAX)) {
		oci_refuse(request, 400, OCI_UNSUPPORTED, "from is no page");
		return;
	}
	if (wpkg_manifest_referrers(&list, &request->arena, request->server->store, name, &subject,
				    type, (int64_t)from, REFERRERS_PAGE, &err) != WPKG_OK) {
		oci_refuse_error(request, &err, OCI_NAME_UNKNOWN);
		return;
	}
	if (type.len > 0)
		respond_header(request, "OCI-Filters-Applied", "artifactType");
	if (list.next > 0)
		link_header(request, name, request->parts[1], type, list.next);
	respond_text(request, 200, WPKG_OCI_INDEX_TYPE, (struct wpkg_str){0});
	write_referrers(&request->response.body, &list);
}
