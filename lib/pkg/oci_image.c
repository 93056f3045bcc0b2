/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/oci_image.h"

#include <stdio.h>

#include "data/json.h"
#include "pkg/oci_manifest.h"

#define REF_NAME "org.opencontainers.image.ref.name"
#define TREE_MAX ((size_t)256 << 20)

static bool read_digest(struct wpkg_digest *out, const struct wpkg_value *descriptor)
{
	struct wpkg_str text = wpkg_value_find_string(descriptor, "digest");
	struct wpkg_str prefix = WPKG_STR("sha256:");
	return wpkg_str_starts(text, prefix) &&
	       wpkg_digest_parse(out, wpkg_str_from_offset(text, prefix.len));
}

static bool is_elsewhere(const struct wpkg_value *descriptor)
{
	const struct wpkg_value *urls = wpkg_value_find(descriptor, "urls");
	struct wpkg_str type = wpkg_value_find_string(descriptor, "mediaType");
	return (urls && urls->kind == WPKG_VALUE_ARRAY && urls->count > 0) ||
	       wpkg_str_starts(type,
			       WPKG_LIT("application/vnd.oci.image.layer.nondistributable.")) ||
	       wpkg_str_starts(type, WPKG_LIT("application/vnd.docker.image.rootfs.foreign."));
}

static enum wpkg_status read_descriptor(struct wpkg_oci_descriptor *out,
					const struct wpkg_value *value, const char *what,
					struct wpkg_err *err)
{
	const struct wpkg_value *size = wpkg_value_find(value, "size");
	*out = (struct wpkg_oci_descriptor){
		.media_type = wpkg_value_find_string(value, "mediaType"),
		.artifact_type = wpkg_value_find_string(value, "artifactType"),
		.name = wpkg_value_find_string(wpkg_value_find(value, "annotations"), REF_NAME),
		.elsewhere = is_elsewhere(value),
		.os = wpkg_value_find_string(wpkg_value_find(value, "platform"), "os"),
		.architecture =
			wpkg_value_find_string(wpkg_value_find(value, "platform"), "architecture"),
	};
	if (!read_digest(&out->digest, value))
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value,
				    "%s: '%.*s' is no sha256: and 64 lower-case hex digits", what,
				    WPKG_STR_ARG(wpkg_value_find_string(value, "digest")));
	if (!size || size->kind != WPKG_VALUE_INTEGER || size->integer < 0)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "%s: no size", what);
	out->size = (uint64_t)size->integer;
	return WPKG_OK;
}

static const struct wpkg_value *array_of(const struct wpkg_value *table, const char *key)
{
	const struct wpkg_value *value = wpkg_value_find(table, key);
	return value && value->kind == WPKG_VALUE_ARRAY ? value : NULL;
}

static enum wpkg_status read_object(struct wpkg_value **out, struct wpkg_arena *arena,
				    struct wpkg_str bytes, struct wpkg_err *err)
{
	struct wpkg_value *root = NULL;
	enum wpkg_status status = wpkg_json_read(&root, arena, bytes, err);
	if (status == WPKG_OK && root->kind != WPKG_VALUE_TABLE)
		status = WPKG_FAIL(err, WPKG_EFORMAT, "%s, not an object",
				   wpkg_value_kind_name(root->kind));
	if (status == WPKG_OK)
		*out = root;
	return status;
}

enum wpkg_status wpkg_oci_image_read(struct wpkg_oci_image *out, struct wpkg_arena *arena,
				     struct wpkg_str bytes, struct wpkg_err *err)
{
	struct wpkg_value *root = NULL;
	struct wpkg_oci_image image = {0};
	enum wpkg_status status = read_object(&root, arena, bytes, err);
	if (status != WPKG_OK)
		return status;
	const struct wpkg_value *config = wpkg_value_find(root, "config");
	const struct wpkg_value *layers = array_of(root, "layers");
	const struct wpkg_value *subject = wpkg_value_find(root, "subject");
	if (!config || !layers)
		return WPKG_FAIL(err, WPKG_EFORMAT, "%s",
				 array_of(root, "manifests")
					 ? "an index within an index, not a manifest"
					 : "no manifest with a config and layers");
	image.blobs = wpkg_arena_alloc(arena, layers->count + 1, sizeof(*image.blobs));
	if (!image.blobs)
		return WPKG_FAIL(err, WPKG_ENOMEM, "manifest: no memory");
	status = read_descriptor(&image.blobs[image.count++], config, "config", err);
	for (size_t i = 0; status == WPKG_OK && i < layers->count; i++)
		status = read_descriptor(&image.blobs[image.count++], &layers->items[i], "layer",
					 err);
	if (status != WPKG_OK)
		return status;
	image.media_type = wpkg_value_find_string(root, "mediaType");
	image.artifact_type = wpkg_value_find_string(root, "artifactType");
	if (image.artifact_type.len == 0)
		image.artifact_type = image.blobs[0].media_type;
	image.has_subject = subject && read_digest(&image.subject, subject);
	*out = image;
	return WPKG_OK;
}

enum wpkg_status wpkg_oci_index_read(struct wpkg_oci_index *out, struct wpkg_arena *arena,
				     struct wpkg_str bytes, struct wpkg_err *err)
{
	struct wpkg_value *root = NULL;
	struct wpkg_oci_index index = {0};
	enum wpkg_status status = read_object(&root, arena, bytes, err);
	if (status != WPKG_OK)
		return status;
	const struct wpkg_value *list = array_of(root, "manifests");
	if (!list)
		return WPKG_FAIL(err, WPKG_EFORMAT, "no index with manifests");
	index.manifests = wpkg_arena_alloc(arena, list->count, sizeof(*index.manifests));
	if (!index.manifests)
		return WPKG_FAIL(err, WPKG_ENOMEM, "index: no memory");
	for (size_t i = 0; i < list->count; i++) {
		struct wpkg_digest digest;
		if (!read_digest(&digest, &list->items[i]))
			continue;
		status = read_descriptor(&index.manifests[index.count++], &list->items[i],
					 "manifest", err);
		if (status != WPKG_OK)
			return status;
	}
	*out = index;
	return WPKG_OK;
}

bool wpkg_oci_is_index(struct wpkg_arena *arena, struct wpkg_str bytes)
{
	struct wpkg_value *root = NULL;
	return read_object(&root, arena, bytes, NULL) == WPKG_OK && array_of(root, "manifests") &&
	       !array_of(root, "layers");
}

/* Which of an index may be meant: those for wasm, else those that are for no platform. */

static bool is_for_wasm(const struct wpkg_oci_descriptor *entry)
{
	return wpkg_str_equal_text(entry->architecture, "wasm") ||
	       wpkg_str_equal_text(entry->architecture, "wasm32");
}

static bool is_for_any(const struct wpkg_oci_descriptor *entry)
{
	return entry->architecture.len == 0 && entry->os.len == 0;
}

static size_t count_meant(const struct wpkg_oci_index *index,
			  bool (*is_meant)(const struct wpkg_oci_descriptor *entry))
{
	size_t count = 0;
	for (size_t i = 0; i < index->count; i++)
		count += is_meant(&index->manifests[i]);
	return count;
}

static enum wpkg_status not_meant(const struct wpkg_oci_index *index, struct wpkg_err *err)
{
	struct wpkg_buf platforms;
	wpkg_buf_init(&platforms, 4096);
	for (size_t i = 0; i < index->count && platforms.len < 100; i++) {
		const struct wpkg_oci_descriptor *entry = &index->manifests[i];
		wpkg_buf_append_format(&platforms, "%s%.*s/%.*s", i > 0 ? ", " : "",
				       WPKG_STR_ARG(entry->os), WPKG_STR_ARG(entry->architecture));
	}
	wpkg_err_set(err, WPKG_ENOTFOUND,
		     "an index of %zu manifests, of which none is for wasm, but for %s",
		     index->count,
		     platforms.len > 0 ? wpkg_buf_text(&platforms) : "nothing that is known here");
	wpkg_buf_clear(&platforms);
	return WPKG_ENOTFOUND;
}

static enum wpkg_status many_meant(const struct wpkg_oci_index *index,
				   bool (*is_meant)(const struct wpkg_oci_descriptor *entry),
				   struct wpkg_err *err)
{
	struct wpkg_buf list;
	wpkg_buf_init(&list, 4096);
	for (size_t i = 0; i < index->count && list.len < 100; i++) {
		char hex[WPKG_DIGEST_TEXT];
		const struct wpkg_oci_descriptor *entry = &index->manifests[i];
		if (!is_meant(entry))
			continue;
		wpkg_digest_format(hex, &entry->digest);
		wpkg_buf_append_format(&list, "%ssha256:%.12s %.*s", list.len > 0 ? ", " : "", hex,
				       WPKG_STR_ARG(entry->os));
	}
	wpkg_err_set(err, WPKG_EINVAL,
		     "an index of several manifests that may be meant (%s): name one of them by "
		     "its digest",
		     wpkg_buf_text(&list));
	wpkg_buf_clear(&list);
	return WPKG_EINVAL;
}

enum wpkg_status wpkg_oci_index_choose(struct wpkg_oci_descriptor *out,
				       const struct wpkg_oci_index *index, struct wpkg_err *err)
{
	bool (*is_meant)(const struct wpkg_oci_descriptor *entry) = is_for_wasm;
	if (count_meant(index, is_for_wasm) == 0)
		is_meant = is_for_any;
	size_t count = count_meant(index, is_meant);
	if (count == 0)
		return not_meant(index, err);
	if (count > 1)
		return many_meant(index, is_meant, err);
	for (size_t i = 0; i < index->count; i++)
		if (is_meant(&index->manifests[i]))
			*out = index->manifests[i];
	return WPKG_OK;
}

/* Changing an index. */

static bool add_descriptor(struct wpkg_arena *arena, struct wpkg_value *list,
			   const struct wpkg_oci_descriptor *descriptor)
{
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, &descriptor->digest);
	struct wpkg_str digest = wpkg_arena_format(arena, "sha256:%s", hex);
	struct wpkg_value *entry = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
	if (!digest.ptr ||
	    !wpkg_value_add_string(arena, entry, "mediaType", descriptor->media_type) ||
	    !wpkg_value_add_string(arena, entry, "digest", digest) ||
	    !wpkg_value_add_integer(arena, entry, "size", (int64_t)descriptor->size))
		return false;
	if (descriptor->artifact_type.len > 0 &&
	    !wpkg_value_add_string(arena, entry, "artifactType", descriptor->artifact_type))
		return false;
	if (descriptor->name.len == 0)
		return true;
	struct wpkg_value *notes = wpkg_value_add(arena, entry, "annotations", WPKG_VALUE_TABLE);
	return wpkg_value_add_string(arena, notes, REF_NAME, descriptor->name);
}

/* Takes the name from an entry: its other annotations stay. */
static void forget_name(struct wpkg_value *entry)
{
	struct wpkg_value *notes = wpkg_value_find(entry, "annotations");
	size_t kept = 0;
	for (size_t i = 0; notes && i < notes->count; i++) {
		if (wpkg_str_equal_text(notes->keys[i].string, REF_NAME))
			continue;
		notes->keys[kept] = notes->keys[i];
		notes->items[kept++] = notes->items[i];
	}
	if (notes)
		notes->count = kept;
}

/* Another entry of the list may have the digest; that of the same name, or of none, goes. */
static void make_room(struct wpkg_value *list, const struct wpkg_oci_descriptor *descriptor)
{
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct wpkg_value *entry = &list->items[i];
		struct wpkg_digest digest;
		struct wpkg_str name =
			wpkg_value_find_string(wpkg_value_find(entry, "annotations"), REF_NAME);
		bool same = read_digest(&digest, entry) &&
			    wpkg_digest_equal(&digest, &descriptor->digest);
		bool named = descriptor->name.len > 0 && wpkg_str_equal(name, descriptor->name);
		if (same && (named || name.len == 0))
			continue;
		if (named)
			forget_name(entry);
		list->items[kept++] = *entry;
	}
	list->count = kept;
}

static bool make_index(struct wpkg_value **out, struct wpkg_arena *arena)
{
	struct wpkg_value *index = wpkg_value_new_table(arena);
	*out = index;
	return index && wpkg_value_add_integer(arena, index, "schemaVersion", 2) &&
	       wpkg_value_add_string(arena, index, "mediaType", WPKG_LIT(WPKG_OCI_INDEX_TYPE)) &&
	       wpkg_value_add(arena, index, "manifests", WPKG_VALUE_ARRAY);
}

static enum wpkg_status add_to(struct wpkg_buf *out, struct wpkg_arena *arena,
			       struct wpkg_str bytes, const struct wpkg_oci_descriptor *descriptor,
			       struct wpkg_err *err)
{
	struct wpkg_value *index = NULL;
	enum wpkg_status status = WPKG_OK;
	if (bytes.len > 0)
		status = read_object(&index, arena, bytes, err);
	else if (!make_index(&index, arena))
		status = WPKG_FAIL(err, WPKG_ENOMEM, "index: no memory");
	if (status != WPKG_OK)
		return status;
	struct wpkg_value *list = wpkg_value_find(index, "manifests");
	if (!list || list->kind != WPKG_VALUE_ARRAY)
		return WPKG_FAIL(err, WPKG_EFORMAT, "no index with manifests");
	make_room(list, descriptor);
	if (!add_descriptor(arena, list, descriptor))
		return WPKG_FAIL(err, WPKG_ENOMEM, "index: no memory");
	wpkg_json_write(out, index, WPKG_JSON_COMPACT);
	return wpkg_buf_check(out, "index", err);
}

enum wpkg_status wpkg_oci_index_add(struct wpkg_buf *out, struct wpkg_str bytes,
				    const struct wpkg_oci_descriptor *descriptor,
				    struct wpkg_err *err)
{
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, TREE_MAX);
	enum wpkg_status status = add_to(out, &arena, bytes, descriptor, err);
	wpkg_arena_clear(&arena);
	return status;
}

void wpkg_oci_referrers_tag(char out[WPKG_OCI_REFERRERS_TAG], const struct wpkg_digest *subject)
{
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, subject);
	snprintf(out, WPKG_OCI_REFERRERS_TAG, "sha256-%s", hex);
}
