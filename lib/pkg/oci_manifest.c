/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an invoice to a manifest. Every byte counts: keys in the order below, no spaces, and what
 * data/json writes. A change here changes the content address of every package.
 *
 *   {"schemaVersion":2,"mediaType":...,"artifactType"?,
 *    "config":{"mediaType","digest","size"},
 *    "layers":[{"mediaType","digest","size","annotations":{"org.opencontainers.image.title"}}],
 *    "annotations":{... sorted by key ...}}
 */
#include "pkg/oci_manifest.h"

#include "data/json.h"
#include "pkg/annotation.h"
#include "pkg/project.h"
#include "pkg/version.h"

#define TREE_MAX ((size_t)256 << 20)

/* No time in it may depend on anything but the invoice. */
#define EPOCH "1970-01-01T00:00:00Z"

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "manifest: no memory");
}

static bool is_single_module(const struct wpkg_invoice *invoice)
{
	return invoice->parcel_count == 1 &&
	       wpkg_media_type_is_wasm(invoice->parcels[0].label.media_type);
}

static bool is_component(const struct wpkg_label *label)
{
	return wpkg_str_equal_text(wpkg_map_find(&label->annotations, WPKG_ANNOTATION_WASM_KIND),
				   "component");
}

static struct wpkg_str digest_text(struct wpkg_arena *arena, struct wpkg_str sha256)
{
	return wpkg_arena_format(arena, "sha256:%.*s", WPKG_STR_ARG(sha256));
}

/* Lines of an annotation as an array. */
static bool add_lines(struct wpkg_arena *arena, struct wpkg_value *parent, const char *key,
		      struct wpkg_str lines)
{
	struct wpkg_value *array = wpkg_value_add(arena, parent, key, WPKG_VALUE_ARRAY);
	struct wpkg_str line;
	while (wpkg_str_split(&lines, '\n', &line))
		if (line.len > 0 && !wpkg_value_add_string(arena, array, NULL, line))
			return false;
	return array != NULL;
}

/* What a component imports and exports is not in an invoice unless who packed it wrote it there. */
static bool add_component(struct wpkg_arena *arena, struct wpkg_value *config,
			  const struct wpkg_label *label)
{
	const struct wpkg_map *notes = &label->annotations;
	struct wpkg_str target = wpkg_map_find(notes, WPKG_ANNOTATION_WASM_TARGET);
	if (!is_component(label))
		return wpkg_value_add(arena, config, "component", WPKG_VALUE_NULL) != NULL;
	struct wpkg_value *component = wpkg_value_add(arena, config, "component", WPKG_VALUE_TABLE);
	return add_lines(arena, component, "exports",
			 wpkg_map_find(notes, WPKG_ANNOTATION_WASM_EXPORTS)) &&
	       add_lines(arena, component, "imports",
			 wpkg_map_find(notes, WPKG_ANNOTATION_WASM_IMPORTS)) &&
	       (target.ptr ? wpkg_value_add_string(arena, component, "target", target)
			   : wpkg_value_add(arena, component, "target", WPKG_VALUE_NULL) != NULL);
}

/* The CNCF configuration (TAG Runtime, "Wasm OCI Artifact layout"). */
static bool fill_wasm_config(struct wpkg_arena *arena, struct wpkg_value *config,
			     const struct wpkg_invoice *invoice)
{
	const struct wpkg_label *label = &invoice->parcels[0].label;
	struct wpkg_str created = wpkg_map_find(&invoice->annotations, WPKG_ANNOTATION_CREATED);
	struct wpkg_str digest = digest_text(arena, label->sha256);
	if (!created.ptr)
		created = WPKG_LIT(EPOCH);
	if (!digest.ptr || !wpkg_value_add_string(arena, config, "created", created) ||
	    !wpkg_value_add(arena, config, "author", WPKG_VALUE_NULL) ||
	    !wpkg_value_add_string(arena, config, "architecture", WPKG_LIT("wasm")) ||
	    !wpkg_value_add_string(arena, config, "os",
				   is_component(label) ? WPKG_LIT("wasip2") : WPKG_LIT("wasip1")))
		return false;
	struct wpkg_value *digests =
		wpkg_value_add(arena, config, "layerDigests", WPKG_VALUE_ARRAY);
	return wpkg_value_add_string(arena, digests, NULL, digest) &&
	       add_component(arena, config, label);
}

/* The document's text in the arena out, with its digest. */
static enum wpkg_status write_document(struct wpkg_str *text, struct wpkg_digest *digest,
				       struct wpkg_arena *out, const struct wpkg_value *document,
				       struct wpkg_err *err)
{
	struct wpkg_buf buf;
	wpkg_buf_init(&buf, WPKG_OCI_MANIFEST_MAX);
	wpkg_json_write(&buf, document, WPKG_JSON_COMPACT);
	enum wpkg_status status = wpkg_buf_check(&buf, "manifest", err);
	if (status == WPKG_OK) {
		*text = wpkg_arena_dup(out, wpkg_buf_str(&buf));
		status = text->ptr ? wpkg_digest_of(digest, *text, err) : no_memory(err);
	}
	wpkg_buf_clear(&buf);
	return status;
}

static bool add_descriptor(struct wpkg_arena *arena, struct wpkg_value *parent, const char *key,
			   struct wpkg_str media_type, struct wpkg_str sha256, uint64_t size)
{
	struct wpkg_str digest = digest_text(arena, sha256);
	struct wpkg_value *table = wpkg_value_add(arena, parent, key, WPKG_VALUE_TABLE);
	return digest.ptr && wpkg_value_add_string(arena, table, "mediaType", media_type) &&
	       wpkg_value_add_string(arena, table, "digest", digest) &&
	       wpkg_value_add_integer(arena, table, "size", (int64_t)size);
}

static bool add_layer(struct wpkg_arena *arena, struct wpkg_value *layers,
		      const struct wpkg_label *label)
{
	if (!add_descriptor(arena, layers, NULL, label->media_type, label->sha256, label->size))
		return false;
	struct wpkg_value *layer = &layers->items[layers->count - 1];
	struct wpkg_value *notes = wpkg_value_add(arena, layer, "annotations", WPKG_VALUE_TABLE);
	return wpkg_value_add_string(arena, notes, WPKG_ANNOTATION_TITLE, label->name);
}

static bool add_layers(struct wpkg_arena *arena, struct wpkg_value *manifest,
		       const struct wpkg_invoice *invoice, const struct wpkg_oci_manifest *made)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_value *layers = wpkg_value_add(arena, manifest, "layers", WPKG_VALUE_ARRAY);
	for (size_t i = 0; layers && i < invoice->parcel_count; i++)
		if (!add_layer(arena, layers, &invoice->parcels[i].label))
			return false;
	if (!layers || invoice->parcel_count > 0)
		return layers != NULL;
	/* An artifact without content has the empty layer (image-spec, "Guidelines for Artifacts").
	 */
	wpkg_digest_format(hex, &made->config_digest);
	return add_descriptor(arena, layers, NULL, WPKG_LIT(WPKG_OCI_EMPTY_TYPE),
			      wpkg_str_from(hex), made->config.len);
}

static bool set_note(struct wpkg_arena *arena, struct wpkg_map *notes, const char *key,
		     struct wpkg_str value)
{
	return !value.ptr || wpkg_map_set(arena, notes, wpkg_str_from(key), value);
}

static bool set_authors(struct wpkg_arena *arena, struct wpkg_map *notes,
			const struct wpkg_strings *authors)
{
	struct wpkg_str joined = {0};
	for (size_t i = 0; i < authors->count; i++) {
		joined = i == 0 ? authors->items[0]
				: wpkg_arena_format(arena, "%.*s, %.*s", WPKG_STR_ARG(joined),
						    WPKG_STR_ARG(authors->items[i]));
		if (!joined.ptr)
			return false;
	}
	return set_note(arena, notes, WPKG_ANNOTATION_AUTHORS, joined);
}

/* The invoice as it was before anybody signed or yanked it. */
static struct wpkg_invoice content_of(const struct wpkg_invoice *invoice)
{
	struct wpkg_invoice content = *invoice;
	content.has_yanked = content.yanked = content.has_signatures = false;
	content.signature_count = content.yanked_signature_count = 0;
	return content;
}

static enum wpkg_status set_invoice(struct wpkg_arena *arena, struct wpkg_map *notes,
				    const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct wpkg_buf buf;
	const struct wpkg_invoice content = content_of(invoice);
	struct wpkg_value *table = wpkg_value_new_table(arena);
	if (!table)
		return no_memory(err);
	enum wpkg_status status = wpkg_invoice_to_value(arena, table, &content, err);
	if (status != WPKG_OK)
		return status;
	wpkg_buf_init(&buf, WPKG_OCI_MANIFEST_MAX);
	wpkg_json_write(&buf, table, WPKG_JSON_COMPACT);
	status = wpkg_buf_check(&buf, "manifest", err);
	if (status == WPKG_OK &&
	    !set_note(arena, notes, WPKG_ANNOTATION_INVOICE, wpkg_buf_str(&buf)))
		status = no_memory(err);
	wpkg_buf_clear(&buf);
	return status;
}

static enum wpkg_status add_annotations(struct wpkg_arena *arena, struct wpkg_value *manifest,
					const struct wpkg_invoice *invoice, struct wpkg_err *err)
{
	struct wpkg_map notes = {0};
	for (size_t i = 0; i < invoice->annotations.count; i++)
		if (!wpkg_map_set(arena, &notes, invoice->annotations.pairs[i].key,
				  invoice->annotations.pairs[i].value))
			return no_memory(err);
	if (!set_note(arena, &notes, WPKG_ANNOTATION_TITLE, invoice->name) ||
	    !set_note(arena, &notes, WPKG_ANNOTATION_VERSION, invoice->version) ||
	    !set_note(arena, &notes, WPKG_ANNOTATION_DESCRIPTION, invoice->description) ||
	    !set_authors(arena, &notes, &invoice->authors))
		return no_memory(err);
	enum wpkg_status status = set_invoice(arena, &notes, invoice, err);
	if (status != WPKG_OK)
		return status;
	struct wpkg_value *table = wpkg_value_add(arena, manifest, "annotations", WPKG_VALUE_TABLE);
	for (size_t i = 0; table && i < notes.count; i++) {
		struct wpkg_value *value =
			wpkg_value_add_str(arena, table, notes.pairs[i].key, WPKG_VALUE_STRING);
		if (!value)
			return no_memory(err);
		value->string = notes.pairs[i].value;
	}
	return table ? WPKG_OK : no_memory(err);
}

static enum wpkg_status make_config(struct wpkg_oci_manifest *made, struct wpkg_arena *out,
				    struct wpkg_arena *arena, const struct wpkg_invoice *invoice,
				    struct wpkg_err *err)
{
	struct wpkg_value *config = wpkg_value_new_table(arena);
	bool single = is_single_module(invoice);
	if (!config || (single && !fill_wasm_config(arena, config, invoice)))
		return no_memory(err);
	made->config_type = single ? WPKG_OCI_WASM_CONFIG_TYPE : WPKG_OCI_EMPTY_TYPE;
	return write_document(&made->config, &made->config_digest, out, config, err);
}

static enum wpkg_status make_manifest(struct wpkg_oci_manifest *made, struct wpkg_arena *out,
				      struct wpkg_arena *arena, const struct wpkg_invoice *invoice,
				      struct wpkg_err *err)
{
	char hex[WPKG_DIGEST_TEXT];
	struct wpkg_value *manifest = wpkg_value_new_table(arena);
	wpkg_digest_format(hex, &made->config_digest);
	if (!manifest || !wpkg_value_add_integer(arena, manifest, "schemaVersion", 2) ||
	    !wpkg_value_add_string(arena, manifest, "mediaType",
				   WPKG_LIT(WPKG_OCI_MANIFEST_TYPE)) ||
	    (!is_single_module(invoice) &&
	     !wpkg_value_add_string(arena, manifest, "artifactType",
				    WPKG_LIT(WPKG_OCI_PACKAGE_TYPE))) ||
	    !add_descriptor(arena, manifest, "config", wpkg_str_from(made->config_type),
			    wpkg_str_from(hex), made->config.len) ||
	    !add_layers(arena, manifest, invoice, made))
		return no_memory(err);
	enum wpkg_status status = add_annotations(arena, manifest, invoice, err);
	return status == WPKG_OK ? write_document(&made->text, &made->digest, out, manifest, err)
				 : status;
}

enum wpkg_status wpkg_oci_manifest_of_invoice(struct wpkg_oci_manifest *out,
					      struct wpkg_arena *arena,
					      const struct wpkg_invoice *invoice,
					      struct wpkg_err *err)
{
	struct wpkg_arena trees;
	struct wpkg_oci_manifest made = {0};
	wpkg_arena_init(&trees, TREE_MAX);
	enum wpkg_status status = make_config(&made, arena, &trees, invoice, err);
	if (status == WPKG_OK)
		status = make_manifest(&made, arena, &trees, invoice, err);
	wpkg_arena_clear(&trees);
	if (status == WPKG_OK)
		*out = made;
	return status;
}

bool wpkg_oci_is_digest_of(const struct wpkg_digest *digest, const struct wpkg_invoice *invoice)
{
	struct wpkg_oci_manifest made;
	struct wpkg_arena arena;
	wpkg_arena_init(&arena, 4 * WPKG_OCI_MANIFEST_MAX);
	bool same = wpkg_oci_manifest_of_invoice(&made, &arena, invoice, NULL) == WPKG_OK &&
		    wpkg_digest_equal(&made.digest, digest);
	wpkg_arena_clear(&arena);
	return same;
}

static struct wpkg_str replace(struct wpkg_arena *arena, struct wpkg_str text, char from, char to)
{
	char *bytes = wpkg_arena_alloc(arena, text.len + 1, 1);
	for (size_t i = 0; bytes && i < text.len; i++)
		bytes[i] = text.ptr[i] == from ? to : text.ptr[i];
	return wpkg_str_of(bytes, bytes ? text.len : 0);
}

struct wpkg_str wpkg_oci_tag_of_version(struct wpkg_arena *arena, struct wpkg_str version)
{
	return replace(arena, version, '+', '_');
}

bool wpkg_oci_version_of_tag(struct wpkg_str *out, struct wpkg_arena *arena, struct wpkg_str tag)
{
	struct wpkg_version version;
	struct wpkg_str text = replace(arena, tag, '_', '+');
	if (!text.ptr || wpkg_version_parse(&version, text, NULL) != WPKG_OK)
		return false;
	*out = text;
	return true;
}

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)* */
static bool is_repository_part(struct wpkg_str part)
{
	for (size_t i = 0; i < part.len;) {
		size_t start = i;
		while (i < part.len && is_lower_or_digit(part.ptr[i]))
			i++;
		if (i == start)
			return false;
		if (i == part.len)
			return true;
		char separator = part.ptr[i];
		size_t run = i;
		while (i < part.len && part.ptr[i] == separator)
			i++;
		size_t most = separator == '-' ? SIZE_MAX : separator == '_' ? 2 : 1;
		if (!strchr("._-", separator) || i - run > most)
			return false;
	}
	return false;
}

bool wpkg_oci_is_repository(struct wpkg_str name)
{
	struct wpkg_str part;
	if (name.len == 0 || name.len > 255)
		return false;
	while (wpkg_str_split(&name, '/', &part))
		if (!is_repository_part(part))
			return false;
	return true;
}
