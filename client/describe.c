/* SPDX-License-Identifier: Apache-2.0 */
#include "describe.h"

#include "pkg/annotation.h"
#include "report.h"

const char *describe_id(struct wpkg_arena *arena, const struct wpkg_invoice *invoice)
{
	struct wpkg_str id = wpkg_arena_format(arena, "%.*s/%.*s", WPKG_STR_ARG(invoice->name),
					       WPKG_STR_ARG(invoice->version));
	return id.ptr ? id.ptr : "";
}

const char *describe_digest(struct wpkg_arena *arena, const struct wpkg_digest *digest)
{
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, digest);
	struct wpkg_str text = wpkg_arena_format(arena, "sha256:%s", hex);
	return text.ptr ? text.ptr : "";
}

bool describe_add_digest(struct wpkg_arena *arena, struct wpkg_value *table,
			 const struct wpkg_digest *digest)
{
	return !digest || wpkg_value_add_string(arena, table, "digest",
						wpkg_str_from(describe_digest(arena, digest)));
}

uint64_t describe_size(const struct wpkg_invoice *invoice)
{
	uint64_t size = 0;
	for (size_t i = 0; i < invoice->parcel_count; i++)
		size += invoice->parcels[i].label.size;
	return size;
}

static void line(struct session *session, const char *what, struct wpkg_str text)
{
	if (text.len > 0)
		report_line(session->global, "%-11s %.*s", what, WPKG_STR_ARG(text));
}

static struct wpkg_str joined(struct wpkg_arena *arena, const struct wpkg_strings *strings)
{
	struct wpkg_buf text;
	wpkg_buf_init(&text, (size_t)64 * 1024);
	for (size_t i = 0; i < strings->count; i++)
		wpkg_buf_append_format(&text, "%s%.*s", i > 0 ? ", " : "",
				       WPKG_STR_ARG(strings->items[i]));
	struct wpkg_str copy = wpkg_arena_dup(arena, wpkg_buf_str(&text));
	wpkg_buf_clear(&text);
	return copy;
}

/* "URL at COMMIT (REF), with changes that are in no commit" */
static void source_line(struct session *session, const struct wpkg_map *annotations)
{
	struct wpkg_str url = wpkg_map_find(annotations, WPKG_ANNOTATION_SOURCE);
	struct wpkg_str commit = wpkg_map_find(annotations, WPKG_ANNOTATION_REVISION);
	struct wpkg_str ref = wpkg_map_find(annotations, WPKG_ANNOTATION_SOURCE_REF);
	bool dirty = wpkg_str_equal_text(wpkg_map_find(annotations, WPKG_ANNOTATION_SOURCE_DIRTY),
					 "true");
	if (url.len == 0 && commit.len == 0)
		return;
	report_line(session->global, "%-11s %.*s%s%.*s%s%.*s%s%s", "source", WPKG_STR_ARG(url),
		    url.len > 0 && commit.len > 0 ? " at " : "", WPKG_STR_ARG(commit),
		    ref.len > 0 ? " (" : "", WPKG_STR_ARG(ref), ref.len > 0 ? ")" : "",
		    dirty ? ", with changes that are in no commit" : "");
}

static void dependency_lines(struct session *session, const struct wpkg_map *annotations)
{
	struct wpkg_str rest = wpkg_map_find(annotations, WPKG_ANNOTATION_DEPENDENCIES);
	struct wpkg_str one;
	while (rest.len > 0 && wpkg_str_split(&rest, '\n', &one))
		line(session, "needs", one);
}

static void group_lines(struct session *session, const struct wpkg_invoice *invoice)
{
	for (size_t i = 0; i < invoice->group_count; i++)
		report_line(session->global, "%-11s %.*s%s", "group",
			    WPKG_STR_ARG(invoice->groups[i].name),
			    invoice->groups[i].required ? ", always taken" : "");
}

void describe_package(struct session *session, const struct wpkg_invoice *invoice)
{
	const struct wpkg_map *annotations = &invoice->annotations;
	report_line(session->global, "%-11s %s%s", "package", describe_id(&session->arena, invoice),
		    invoice->yanked ? ", yanked" : "");
	line(session, "description", invoice->description);
	line(session, "authors", joined(&session->arena, &invoice->authors));
	line(session, "license", wpkg_map_find(annotations, WPKG_ANNOTATION_LICENSES));
	line(session, "keywords", wpkg_map_find(annotations, WPKG_ANNOTATION_KEYWORDS));
	line(session, "homepage", wpkg_map_find(annotations, WPKG_ANNOTATION_URL));
	line(session, "manual", wpkg_map_find(annotations, WPKG_ANNOTATION_DOCUMENTATION));
	source_line(session, annotations);
	dependency_lines(session, annotations);
	group_lines(session, invoice);
}

void describe_parcels(struct session *session, const struct wpkg_invoice *invoice)
{
	for (size_t i = 0; i < invoice->parcel_count; i++) {
		const struct wpkg_label *label = &invoice->parcels[i].label;
		const struct wpkg_strings *groups = &invoice->parcels[i].conditions.member_of;
		report_line(session->global, "%-11s %.*s, %s, %.*s, sha256:%.*s%s%.*s", "parcel",
			    WPKG_STR_ARG(label->name), report_size(&session->arena, label->size),
			    WPKG_STR_ARG(label->media_type), WPKG_STR_ARG(label->sha256),
			    groups->count > 0 ? ", in " : "",
			    WPKG_STR_ARG(joined(&session->arena, groups)));
	}
}

bool describe_add_summary(struct wpkg_arena *arena, struct wpkg_value *table,
			  const struct wpkg_invoice *invoice)
{
	return wpkg_value_add_string(arena, table, "id",
				     wpkg_str_from(describe_id(arena, invoice))) &&
	       wpkg_value_add_string(arena, table, "name", invoice->name) &&
	       wpkg_value_add_string(arena, table, "version", invoice->version) &&
	       wpkg_value_add_string(arena, table, "description", invoice->description) &&
	       wpkg_value_add_boolean(arena, table, "yanked", invoice->yanked) &&
	       wpkg_value_add_integer(arena, table, "size", (int64_t)describe_size(invoice));
}

bool describe_add_parcels(struct wpkg_arena *arena, struct wpkg_value *table,
			  const struct wpkg_invoice *invoice)
{
	struct wpkg_value *list = wpkg_value_add(arena, table, "parcels", WPKG_VALUE_ARRAY);
	for (size_t i = 0; list && i < invoice->parcel_count; i++) {
		const struct wpkg_label *label = &invoice->parcels[i].label;
		struct wpkg_value *row = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		if (!wpkg_value_add_string(arena, row, "name", label->name) ||
		    !wpkg_value_add_string(arena, row, "sha256", label->sha256) ||
		    !wpkg_value_add_integer(arena, row, "size", (int64_t)label->size) ||
		    !wpkg_value_add_string(arena, row, "mediaType", label->media_type))
			return false;
	}
	return list != NULL;
}
