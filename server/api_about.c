/* SPDX-License-Identifier: Apache-2.0 */
/* What an invoice says of its package, for a package and for a version alike. */
#include "api.h"

#include "net/url.h"
#include "pkg/annotation.h"

#define URL_MAX 4096

static void put_strings(struct api_answer *answer, struct wpkg_value *to, const char *key,
			const struct wpkg_strings *strings)
{
	struct wpkg_value *array = api_put_array(answer, to, key);
	for (size_t i = 0; i < strings->count; i++)
		api_put_text(answer, array, NULL, strings->items[i]);
}

static void put_words(struct api_answer *answer, struct wpkg_value *to, const char *key,
		      struct wpkg_str words)
{
	struct wpkg_str word;
	struct wpkg_value *array = api_put_array(answer, to, key);
	while (wpkg_str_split(&words, ',', &word))
		if (wpkg_str_trim(word).len > 0)
			api_put_text(answer, array, NULL, wpkg_str_trim(word));
}

void api_put_dependencies(struct api_answer *answer, struct wpkg_value *to, const char *key,
			  const struct wpkg_invoice *invoice)
{
	struct wpkg_dependency dependency;
	struct wpkg_str rest = wpkg_map_find(&invoice->annotations, WPKG_ANNOTATION_DEPENDENCIES);
	struct wpkg_value *array = api_put_array(answer, to, key);
	while (wpkg_dependency_next(&dependency, &rest)) {
		struct wpkg_value *item = api_put_table(answer, array, NULL);
		api_put_text(answer, item, "name", dependency.name);
		api_put_text(answer, item, "requirement", dependency.requirement);
	}
}

/* Where it was made of: what its packer said, which nobody has proven. */
static void put_origin(struct api_answer *answer, struct wpkg_value *to, const struct wpkg_map *map)
{
	struct wpkg_str dirty = wpkg_map_find(map, WPKG_ANNOTATION_SOURCE_DIRTY);
	struct wpkg_value *origin = api_put_table(answer, to, "origin");
	api_put_optional(answer, origin, "repository", wpkg_map_find(map, WPKG_ANNOTATION_SOURCE));
	api_put_optional(answer, origin, "revision", wpkg_map_find(map, WPKG_ANNOTATION_REVISION));
	api_put_optional(answer, origin, "ref", wpkg_map_find(map, WPKG_ANNOTATION_SOURCE_REF));
	api_put_optional(answer, origin, "created", wpkg_map_find(map, WPKG_ANNOTATION_CREATED));
	if (dirty.len > 0)
		api_put_flag(answer, origin, "modified", wpkg_str_equal_text(dirty, "true"));
}

void api_put_parcel(struct api_answer *answer, struct wpkg_value *to,
		    const struct wpkg_invoice *invoice, const struct wpkg_label *label)
{
	struct wpkg_buf url;
	api_put_text(answer, to, "name", label->name);
	api_put_text(answer, to, "sha256", label->sha256);
	api_put_text(answer, to, "media_type", label->media_type);
	api_put_number(answer, to, "size", label->size);
	wpkg_buf_init(&url, URL_MAX);
	wpkg_buf_append_text(&url, "/api/v1/parcels/");
	wpkg_url_append_path(&url, invoice->name);
	wpkg_buf_append_byte(&url, '/');
	wpkg_url_append_path(&url, invoice->version);
	wpkg_buf_append_byte(&url, '/');
	wpkg_url_append_path(&url, label->sha256);
	api_put_text(answer, to, "url", wpkg_buf_str(&url));
	wpkg_buf_clear(&url);
}

void api_put_about(struct api_answer *answer, struct wpkg_value *to,
		   const struct wpkg_invoice *invoice)
{
	const struct wpkg_map *map = &invoice->annotations;
	const struct wpkg_parcel *readme = wpkg_invoice_readme(invoice);
	api_put_text(answer, to, "description", invoice->description);
	put_strings(answer, to, "authors", &invoice->authors);
	put_words(answer, to, "keywords", wpkg_map_find(map, WPKG_ANNOTATION_KEYWORDS));
	put_words(answer, to, "hosts", wpkg_map_find(map, WPKG_ANNOTATION_HOSTS));
	api_put_optional(answer, to, "license", wpkg_map_find(map, WPKG_ANNOTATION_LICENSES));
	api_put_optional(answer, to, "repository", wpkg_map_find(map, WPKG_ANNOTATION_SOURCE));
	api_put_optional(answer, to, "homepage", wpkg_map_find(map, WPKG_ANNOTATION_URL));
	api_put_optional(answer, to, "documentation",
			 wpkg_map_find(map, WPKG_ANNOTATION_DOCUMENTATION));
	put_origin(answer, to, map);
	api_put_dependencies(answer, to, "dependencies", invoice);
	if (readme)
		api_put_parcel(answer, api_put_table(answer, to, "readme"), invoice,
			       &readme->label);
}
