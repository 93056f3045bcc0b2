/* SPDX-License-Identifier: Apache-2.0 */
/* From a manifest, ours or anybody's, to an invoice. */
#include "pkg/oci_manifest.h"

#include "data/json.h"
#include "pkg/annotation.h"
#include "pkg/project.h"

/* The types that modules and components are found under as they are (not in an archive). */
static const char *const wasm_layer_types[] = {
	"application/wasm",
	"application/vnd.wasm.content.layer.v1+wasm",
	"application/vnd.module.wasm.content.layer.v1+wasm",
	"application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
};

bool wpkg_oci_is_wasm_layer(struct wpkg_str media_type)
{
	struct wpkg_str type =
		wpkg_str_trim(wpkg_str_slice(media_type, 0, wpkg_str_find(media_type, ';')));
	for (size_t i = 0; i < sizeof(wasm_layer_types) / sizeof(wasm_layer_types[0]); i++)
		if (wpkg_str_equal_nocase(type, wpkg_str_from(wasm_layer_types[i])))
			return true;
	return false;
}

struct descriptor {
	struct wpkg_str media_type;
	struct wpkg_str sha256; /* 64 hex digits */
	uint64_t size;
	const struct wpkg_value *annotations;
};

static enum wpkg_status read_descriptor(struct descriptor *out, const struct wpkg_value *value,
					struct wpkg_err *err)
{
	struct wpkg_digest digest;
	struct wpkg_str text = wpkg_value_find_string(value, "digest");
	const struct wpkg_value *size = wpkg_value_find(value, "size");
	out->media_type = wpkg_value_find_string(value, "mediaType");
	out->annotations = wpkg_value_find(value, "annotations");
	if (!out->media_type.ptr)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "a descriptor without mediaType");
	out->sha256 = wpkg_str_from_offset(text, strlen("sha256:"));
	if (!wpkg_str_starts(text, WPKG_LIT("sha256:")) || !wpkg_digest_parse(&digest, out->sha256))
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value,
				    "digest '%.*s' is not sha256: and 64 lower-case hex digits",
				    WPKG_STR_ARG(text));
	if (!size || size->kind != WPKG_VALUE_INTEGER || size->integer < 0)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, value, "a descriptor without a size");
	out->size = (uint64_t)size->integer;
	return WPKG_OK;
}

static enum wpkg_status read_manifest(struct wpkg_value **out, const struct wpkg_value **layers,
				      struct wpkg_arena *arena, struct wpkg_str text,
				      struct wpkg_err *err)
{
	if (text.len > WPKG_OCI_MANIFEST_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "the manifest is larger than %zu bytes",
				 WPKG_OCI_MANIFEST_MAX);
	enum wpkg_status status = wpkg_json_read(out, arena, text, err);
	if (status != WPKG_OK)
		return status;
	*layers = wpkg_value_find(*out, "layers");
	if (!*layers || (*layers)->kind != WPKG_VALUE_ARRAY)
		return WPKG_FAIL(err, WPKG_EFORMAT, "not an image manifest: it has no layers");
	return WPKG_OK;
}

/* Each layer must be the parcel at its place; an invoice without parcels has the empty layer. */
static enum wpkg_status check_layers(const struct wpkg_invoice *invoice,
				     const struct wpkg_value *layers, struct wpkg_err *err)
{
	if (invoice->parcel_count == 0)
		return WPKG_OK;
	if (layers->count != invoice->parcel_count)
		return WPKG_FAIL(err, WPKG_EINVAL, "%zu layers, but the invoice has %zu parcels",
				 layers->count, invoice->parcel_count);
	for (size_t i = 0; i < layers->count; i++) {
		const struct wpkg_label *label = &invoice->parcels[i].label;
		struct descriptor layer;
		enum wpkg_status status = read_descriptor(&layer, &layers->items[i], err);
		if (status != WPKG_OK)
			return status;
		if (!wpkg_str_equal(layer.sha256, label->sha256) || layer.size != label->size ||
		    !wpkg_str_equal(layer.media_type, label->media_type))
			return WPKG_FAIL(err, WPKG_EINVAL,
					 "layers[%zu] is not the invoice's parcel '%.*s'", i,
					 WPKG_STR_ARG(label->name));
	}
	return WPKG_OK;
}

static enum wpkg_status read_own(struct wpkg_invoice **out, struct wpkg_arena *arena,
				 struct wpkg_str text, const struct wpkg_value *layers,
				 struct wpkg_str name, struct wpkg_str version,
				 struct wpkg_err *err)
{
	struct wpkg_invoice *invoice = NULL;
	enum wpkg_status status = wpkg_invoice_read(&invoice, arena, text, WPKG_INVOICE_JSON, err);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "annotation " WPKG_ANNOTATION_INVOICE);
		return status;
	}
	if (name.ptr &&
	    (!wpkg_str_equal(invoice->name, name) || !wpkg_str_equal(invoice->version, version)))
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "pushed as %.*s/%.*s, but its invoice says %.*s/%.*s",
				 WPKG_STR_ARG(name), WPKG_STR_ARG(version),
				 WPKG_STR_ARG(invoice->name), WPKG_STR_ARG(invoice->version));
	if (invoice->has_signatures || invoice->has_yanked || invoice->yanked_signature_count > 0)
		return WPKG_FAIL(err, WPKG_EINVAL,
				 "annotation " WPKG_ANNOTATION_INVOICE
				 ": signatures and yanks do not belong in a manifest");
	status = check_layers(invoice, layers, err);
	if (status == WPKG_OK)
		*out = invoice;
	return status;
}

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "manifest: no memory");
}

/* Copies annotations that are strings; those that the invoice has a field for are left out. */
static enum wpkg_status take_annotations(struct wpkg_map *out, struct wpkg_arena *arena,
					 const struct wpkg_value *annotations,
					 const char *const *fields, struct wpkg_err *err)
{
	for (size_t i = 0; annotations && i < annotations->count; i++) {
		const struct wpkg_value *value = &annotations->items[i];
		struct wpkg_str key = annotations->keys[i].string;
		bool is_field = value->kind != WPKG_VALUE_STRING;
		for (size_t f = 0; fields[f]; f++)
			is_field = is_field || wpkg_str_equal_text(key, fields[f]);
		if (!is_field && !wpkg_map_set(arena, out, key, value->string))
			return no_memory(err);
	}
	return WPKG_OK;
}

/* A title that no file can have, or none, becomes the layer's place. */
static struct wpkg_str name_layer(struct wpkg_arena *arena, const struct descriptor *layer,
				  size_t index, bool is_wasm)
{
	struct wpkg_str title = wpkg_value_find_string(layer->annotations, WPKG_ANNOTATION_TITLE);
	if (title.len > 0)
		return title;
	return wpkg_arena_format(arena, "layer-%zu%s", index, is_wasm ? ".wasm" : "");
}

static enum wpkg_status read_layer(struct wpkg_label *label, struct wpkg_arena *arena,
				   const struct wpkg_value *value, size_t index,
				   struct wpkg_err *err)
{
	static const char *const fields[] = {WPKG_ANNOTATION_TITLE, NULL};
	struct descriptor layer;
	enum wpkg_status status = read_descriptor(&layer, value, err);
	if (status != WPKG_OK)
		return status;
	bool is_wasm = wpkg_oci_is_wasm_layer(layer.media_type);
	*label = (struct wpkg_label){.sha256 = layer.sha256,
				     .media_type = layer.media_type,
				     .size = layer.size,
				     .name = name_layer(arena, &layer, index, is_wasm)};
	if (!label->name.ptr)
		return no_memory(err);
	status = take_annotations(&label->annotations, arena, layer.annotations, fields, err);
	if (status != WPKG_OK || !is_wasm || wpkg_media_type_is_wasm(layer.media_type))
		return status;
	label->media_type = WPKG_LIT("application/wasm");
	return wpkg_map_set(arena, &label->annotations, WPKG_LIT(WPKG_ANNOTATION_LAYER_TYPE),
			    layer.media_type)
		       ? WPKG_OK
		       : no_memory(err);
}

static enum wpkg_status read_foreign(struct wpkg_invoice **out, struct wpkg_arena *arena,
				     const struct wpkg_value *annotations,
				     const struct wpkg_value *layers, struct wpkg_str name,
				     struct wpkg_str version, struct wpkg_err *err)
{
	static const char *const fields[] = {WPKG_ANNOTATION_TITLE, WPKG_ANNOTATION_VERSION,
					     WPKG_ANNOTATION_DESCRIPTION, WPKG_ANNOTATION_AUTHORS,
					     NULL};
	struct wpkg_str authors = wpkg_value_find_string(annotations, WPKG_ANNOTATION_AUTHORS);
	struct wpkg_invoice *invoice = wpkg_arena_alloc(arena, 1, sizeof(*invoice));
	struct wpkg_parcel *parcels = wpkg_arena_alloc(arena, layers->count + 1, sizeof(*parcels));
	struct wpkg_str *author = wpkg_arena_alloc(arena, 1, sizeof(*author));
	if (!invoice || !parcels || !author)
		return no_memory(err);
	*author = authors;
	*invoice = (struct wpkg_invoice){
		.bindle_version = WPKG_LIT("1.0.0"),
		.name = wpkg_arena_dup(arena, name),
		.version = wpkg_arena_dup(arena, version),
		.description = wpkg_value_find_string(annotations, WPKG_ANNOTATION_DESCRIPTION),
		.has_authors = authors.ptr != NULL,
		.authors = {author, authors.ptr != NULL},
		.parcels = parcels,
		.parcel_count = layers->count};
	if (!invoice->name.ptr || !invoice->version.ptr)
		return no_memory(err);
	enum wpkg_status status =
		take_annotations(&invoice->annotations, arena, annotations, fields, err);
	for (size_t i = 0; status == WPKG_OK && i < layers->count; i++)
		status = read_layer(&parcels[i].label, arena, &layers->items[i], i, err);
	if (status == WPKG_OK)
		*out = invoice;
	return status;
}

enum wpkg_status wpkg_oci_manifest_to_invoice(struct wpkg_invoice **out, struct wpkg_arena *arena,
					      struct wpkg_str manifest, struct wpkg_str name,
					      struct wpkg_str version, struct wpkg_err *err)
{
	struct wpkg_value *root = NULL;
	const struct wpkg_value *layers = NULL;
	enum wpkg_status status = read_manifest(&root, &layers, arena, manifest, err);
	if (status != WPKG_OK)
		return status;
	const struct wpkg_value *annotations = wpkg_value_find(root, "annotations");
	struct wpkg_str own = wpkg_value_find_string(annotations, WPKG_ANNOTATION_INVOICE);
	if (!own.ptr && !name.ptr)
		return WPKG_FAIL(err, WPKG_ENOTFOUND,
				 "the manifest does not say what package it is");
	return own.ptr ? read_own(out, arena, own, layers, name, version, err)
		       : read_foreign(out, arena, annotations, layers, name, version, err);
}
