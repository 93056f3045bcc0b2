/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/oci_parts.h"

#include <stdlib.h>

#include "base/buf.h"
#include "data/json.h"

struct reader {
	struct wpkg_arena *arena;
	struct wpkg_err *err;
	struct wpkg_oci_parts *parts;
};

static const struct wpkg_value *array_of(const struct wpkg_value *table, const char *key)
{
	const struct wpkg_value *value = wpkg_value_find(table, key);
	return value && value->kind == WPKG_VALUE_ARRAY ? value : NULL;
}

static enum wpkg_status read_digest(struct wpkg_content_digest *out, const struct reader *reader,
				    const struct wpkg_value *descriptor, const char *what)
{
	struct wpkg_str digest = wpkg_value_find_string(descriptor, "digest");
	if (!wpkg_content_digest_parse(out, digest))
		return WPKG_FAIL_AT(reader->err, WPKG_EFORMAT, descriptor,
				    "%s: '%.*s' is no sha256 or sha512 digest", what,
				    WPKG_STR_ARG(digest));
	return WPKG_OK;
}

/* Layers that a registry need not have: they come from elsewhere, or may not be passed on. */
static bool is_optional(const struct wpkg_value *descriptor)
{
	static const struct wpkg_str withheld[] = {
		WPKG_STR("application/vnd.oci.image.layer.nondistributable."),
		WPKG_STR("application/vnd.docker.image.rootfs.foreign."),
	};
	const struct wpkg_value *urls = array_of(descriptor, "urls");
	struct wpkg_str type = wpkg_value_find_string(descriptor, "mediaType");
	return (urls && urls->count > 0) || wpkg_str_starts(type, withheld[0]) ||
	       wpkg_str_starts(type, withheld[1]);
}

static enum wpkg_status add_part(struct reader *reader, const struct wpkg_value *descriptor,
				 const char *what, bool is_manifest)
{
	struct wpkg_oci_part part = {.is_manifest = is_manifest};
	enum wpkg_status status = read_digest(&part.digest, reader, descriptor, what);
	if (status != WPKG_OK)
		return status;
	part.optional = !is_manifest && is_optional(descriptor);
	reader->parts->parts[reader->parts->count++] = part;
	return WPKG_OK;
}

static enum wpkg_status add_list(struct reader *reader, const struct wpkg_value *list,
				 const char *what, bool is_manifest)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && list && i < list->count; i++)
		status = add_part(reader, &list->items[i], what, is_manifest);
	return status;
}

static int compare_parts(const void *left, const void *right)
{
	const struct wpkg_oci_part *a = left;
	const struct wpkg_oci_part *b = right;
	if (a->digest.algorithm != b->digest.algorithm)
		return a->digest.algorithm < b->digest.algorithm ? -1 : 1;
	return memcmp(a->digest.bytes, b->digest.bytes, sizeof(a->digest.bytes));
}

/* What is named twice must be there if one of the two says so. */
static void make_distinct(struct wpkg_oci_parts *parts)
{
	size_t distinct = 0;
	if (parts->count > 0)
		qsort(parts->parts, parts->count, sizeof(*parts->parts), compare_parts);
	for (size_t i = 0; i < parts->count; i++) {
		struct wpkg_oci_part *last = distinct > 0 ? &parts->parts[distinct - 1] : NULL;
		if (!last || compare_parts(last, &parts->parts[i]) != 0)
			parts->parts[distinct++] = parts->parts[i];
		else
			last->optional = last->optional && parts->parts[i].optional;
	}
	parts->count = distinct;
}

static enum wpkg_status read_lists(struct reader *reader, const struct wpkg_value *root)
{
	const struct wpkg_value *config = wpkg_value_find(root, "config");
	const struct wpkg_value *layers = array_of(root, "layers");
	const struct wpkg_value *manifests = array_of(root, "manifests");
	size_t most = 1 + (layers ? layers->count : 0) + (manifests ? manifests->count : 0);
	if (!config && !layers && !manifests)
		return WPKG_FAIL(reader->err, WPKG_EFORMAT,
				 "neither a manifest with config and layers nor an index with "
				 "manifests");
	reader->parts->parts = wpkg_arena_alloc(reader->arena, most, sizeof(*reader->parts->parts));
	if (!reader->parts->parts)
		return WPKG_FAIL(reader->err, WPKG_ENOMEM, "manifest: no memory");
	enum wpkg_status status = WPKG_OK;
	if (config)
		status = add_part(reader, config, "config", false);
	if (status == WPKG_OK)
		status = add_list(reader, layers, "layer", false);
	if (status == WPKG_OK)
		status = add_list(reader, manifests, "manifest", true);
	make_distinct(reader->parts);
	return status;
}

static enum wpkg_status read_annotations(struct reader *reader, const struct wpkg_value *root)
{
	const struct wpkg_value *annotations = wpkg_value_find(root, "annotations");
	struct wpkg_buf text;
	if (!annotations || annotations->kind != WPKG_VALUE_TABLE || annotations->count == 0)
		return WPKG_OK;
	wpkg_buf_init(&text, SIZE_MAX);
	wpkg_json_write(&text, annotations, WPKG_JSON_COMPACT);
	enum wpkg_status status = wpkg_buf_check(&text, "annotations", reader->err);
	if (status == WPKG_OK) {
		reader->parts->annotations = wpkg_arena_dup(reader->arena, wpkg_buf_str(&text));
		if (!reader->parts->annotations.ptr)
			status = WPKG_FAIL(reader->err, WPKG_ENOMEM, "manifest: no memory");
	}
	wpkg_buf_clear(&text);
	return status;
}

static enum wpkg_status read_subject(struct reader *reader, const struct wpkg_value *root)
{
	const struct wpkg_value *subject = wpkg_value_find(root, "subject");
	if (!subject || subject->kind == WPKG_VALUE_NULL)
		return WPKG_OK;
	reader->parts->has_subject = true;
	return read_digest(&reader->parts->subject, reader, subject, "subject");
}

enum wpkg_status wpkg_oci_parts_read(struct wpkg_oci_parts *out, struct wpkg_arena *arena,
				     struct wpkg_str bytes, struct wpkg_err *err)
{
	struct wpkg_oci_parts parts = {0};
	struct reader reader = {.arena = arena, .err = err, .parts = &parts};
	struct wpkg_value *root = NULL;
	enum wpkg_status status = wpkg_json_read(&root, arena, bytes, err);
	if (status != WPKG_OK)
		return status;
	if (root->kind != WPKG_VALUE_TABLE)
		return WPKG_FAIL(err, WPKG_EFORMAT, "%s, not an object",
				 wpkg_value_kind_name(root->kind));
	parts.media_type = wpkg_value_find_string(root, "mediaType");
	parts.artifact_type = wpkg_value_find_string(root, "artifactType");
	if (parts.artifact_type.len == 0)
		parts.artifact_type =
			wpkg_value_find_string(wpkg_value_find(root, "config"), "mediaType");
	status = read_lists(&reader, root);
	if (status == WPKG_OK)
		status = read_annotations(&reader, root);
	if (status == WPKG_OK)
		status = read_subject(&reader, root);
	if (status == WPKG_OK)
		*out = parts;
	return status;
}
