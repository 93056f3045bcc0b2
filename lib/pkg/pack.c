/* SPDX-License-Identifier: Apache-2.0 */
/* From a manifest and its files to an unsigned invoice. */
#include <stdlib.h>

#include "base/mem.h"
#include "base/path.h"
#include "crypto/digest.h"
#include "data/json.h"
#include "pkg/annotation.h"
#include "pkg/project.h"

struct listing {
	struct wpkg_arena *arena;
	struct wpkg_str *paths; /* heap */
	size_t count;
	size_t capacity;
};

static enum wpkg_status note_path(void *user, struct wpkg_str path, struct wpkg_err *err)
{
	struct listing *listing = user;
	if (listing->count == listing->capacity) {
		size_t capacity = listing->capacity ? listing->capacity * 2 : 64;
		struct wpkg_str *paths = wpkg_mem_resize(listing->paths, capacity, sizeof(*paths));
		if (!paths)
			return WPKG_FAIL(err, WPKG_ENOMEM, "pack: no memory");
		listing->paths = paths;
		listing->capacity = capacity;
	}
	struct wpkg_str copy = wpkg_arena_dup(listing->arena, path);
	if (!copy.ptr)
		return WPKG_FAIL(err, WPKG_ENOMEM, "pack: no memory");
	listing->paths[listing->count++] = copy;
	return WPKG_OK;
}

static int compare_paths(const void *a, const void *b)
{
	return wpkg_str_compare(*(const struct wpkg_str *)a, *(const struct wpkg_str *)b);
}

struct packer {
	struct wpkg_arena *arena;
	const struct wpkg_project *project;
	const struct wpkg_source *source;
	struct wpkg_invoice *invoice;
	struct wpkg_packed_file *files;
	size_t capacity; /* of invoice->parcels and files */
	struct wpkg_err *err;
};

static enum wpkg_status no_memory(const struct packer *packer)
{
	return WPKG_FAIL(packer->err, WPKG_ENOMEM, "pack: no memory");
}

#define HEAD_MAX 512 /* bytes of a file that its media type is guessed from */

struct reading {
	struct wpkg_hasher *hasher;
	uint64_t size;
	char head[HEAD_MAX];
	size_t head_len;
};

static enum wpkg_status take_bytes(void *user, struct wpkg_str bytes, struct wpkg_err *err)
{
	struct reading *reading = user;
	(void)err;
	wpkg_hasher_update(reading->hasher, bytes);
	reading->size += bytes.len;
	size_t room = HEAD_MAX - reading->head_len;
	size_t take = bytes.len < room ? bytes.len : room;
	memcpy(reading->head + reading->head_len, bytes.ptr, take);
	reading->head_len += take;
	return WPKG_OK;
}

/* A component has the same magic as a module, but layer 1 behind it (component-model, Binary.md).
 */
static bool is_component(struct wpkg_str head)
{
	return wpkg_str_starts(head, WPKG_LIT("\0asm\x0d\0\x01\0"));
}

/* Fills digest, size, what kind of WebAssembly it is and, unless it is given, the media type. */
static enum wpkg_status read_file(const struct packer *packer, struct wpkg_label *label,
				  struct wpkg_str path)
{
	struct reading reading = {0};
	struct wpkg_digest digest;
	char hex[WPKG_DIGEST_TEXT];
	enum wpkg_status status = wpkg_hasher_new(&reading.hasher, packer->err);
	if (status == WPKG_OK)
		status = packer->source->read(packer->source->state, path, take_bytes, &reading,
					      packer->err);
	if (status == WPKG_OK)
		status = wpkg_hasher_finish(&digest, reading.hasher, packer->err);
	wpkg_hasher_free(reading.hasher);
	if (status != WPKG_OK)
		return status;
	wpkg_digest_format(hex, &digest);
	label->size = reading.size;
	label->sha256 = wpkg_arena_dup(packer->arena, wpkg_str_from(hex));
	struct wpkg_str head = wpkg_str_of(reading.head, reading.head_len);
	if (!label->media_type.ptr)
		label->media_type = wpkg_str_from(wpkg_media_type_guess(path, head));
	if (is_component(head) &&
	    !wpkg_map_set(packer->arena, &label->annotations, WPKG_LIT(WPKG_ANNOTATION_WASM_KIND),
			  WPKG_LIT("component")))
		return no_memory(packer);
	return label->sha256.ptr ? WPKG_OK : no_memory(packer);
}

static enum wpkg_status grow(struct packer *packer)
{
	size_t capacity = packer->capacity ? packer->capacity * 2 : 16;
	struct wpkg_parcel *parcels = wpkg_arena_alloc(packer->arena, capacity, sizeof(*parcels));
	struct wpkg_packed_file *files = wpkg_arena_alloc(packer->arena, capacity, sizeof(*files));
	if (!parcels || !files)
		return no_memory(packer);
	if (packer->invoice->parcel_count > 0) {
		memcpy(parcels, packer->invoice->parcels,
		       packer->invoice->parcel_count * sizeof(*parcels));
		memcpy(files, packer->files, packer->invoice->parcel_count * sizeof(*files));
	}
	packer->invoice->parcels = parcels;
	packer->files = files;
	packer->capacity = capacity;
	return WPKG_OK;
}

static enum wpkg_status add_file(struct packer *packer, const struct wpkg_project_parcel *rule,
				 struct wpkg_str path, struct wpkg_str name)
{
	struct wpkg_invoice *invoice = packer->invoice;
	enum wpkg_status status = WPKG_OK;
	struct wpkg_parcel parcel = {
		.label = {.media_type = rule->media_type,
			  .name = name,
			  .annotations = rule->annotations,
			  .features = rule->features,
			  .feature_count = rule->feature_count},
		.conditions = {.present = rule->groups.count > 0 || rule->requires_.count > 0,
			       .has_member_of = rule->groups.count > 0,
			       .has_requires = rule->requires_.count > 0,
			       .member_of = rule->groups,
			       .requires_ = rule->requires_},
	};
	if (invoice->parcel_count >= WPKG_INVOICE_PARCELS_MAX)
		return WPKG_FAIL(packer->err, WPKG_ELIMIT, "more than %d files",
				 WPKG_INVOICE_PARCELS_MAX);
	if (invoice->parcel_count == packer->capacity)
		status = grow(packer);
	if (status == WPKG_OK)
		status = read_file(packer, &parcel.label, path);
	if (status != WPKG_OK)
		return status;
	packer->files[invoice->parcel_count] =
		(struct wpkg_packed_file){path, invoice->parcel_count};
	invoice->parcels[invoice->parcel_count++] = parcel;
	return WPKG_OK;
}

static bool is_glob(struct wpkg_str path)
{
	return wpkg_str_find(path, '*') < path.len || wpkg_str_find(path, '?') < path.len ||
	       wpkg_str_find(path, '[') < path.len;
}

/* The manifest itself is never swept up by a pattern: it says how to pack, not what is packed. */
static enum wpkg_status add_matches(struct packer *packer, const struct wpkg_project_parcel *rule,
				    const struct listing *listing)
{
	size_t found = 0;
	if (rule->name.ptr)
		return WPKG_FAIL(packer->err, WPKG_EINVAL,
				 "parcel '%.*s': a name cannot be given to all files of a pattern",
				 WPKG_STR_ARG(rule->path));
	for (size_t i = 0; i < listing->count; i++) {
		struct wpkg_str path = listing->paths[i];
		if (!wpkg_path_glob(rule->path, path) ||
		    wpkg_str_equal_text(path, WPKG_PROJECT_FILE))
			continue;
		enum wpkg_status status = add_file(packer, rule, path, path);
		if (status != WPKG_OK)
			return status;
		found++;
	}
	if (found == 0)
		return WPKG_FAIL(packer->err, WPKG_ENOTFOUND, "parcel '%.*s' matches no file",
				 WPKG_STR_ARG(rule->path));
	return WPKG_OK;
}

static enum wpkg_status add_parcels(struct packer *packer)
{
	const struct wpkg_project *project = packer->project;
	struct listing listing = {.arena = packer->arena};
	enum wpkg_status status =
		packer->source->list(packer->source->state, note_path, &listing, packer->err);
	if (status == WPKG_OK && listing.count > 0)
		qsort(listing.paths, listing.count, sizeof(*listing.paths), compare_paths);
	for (size_t i = 0; status == WPKG_OK && i < project->parcel_count; i++) {
		const struct wpkg_project_parcel *rule = &project->parcels[i];
		if (is_glob(rule->path))
			status = add_matches(packer, rule, &listing);
		else
			status = add_file(packer, rule, rule->path,
					  rule->name.ptr ? rule->name : rule->path);
	}
	wpkg_mem_free(listing.paths);
	return status;
}

/* Marks the readme among the parcels, or adds it. */
static enum wpkg_status add_readme(struct packer *packer)
{
	struct wpkg_str path = packer->project->readme;
	struct wpkg_invoice *invoice = packer->invoice;
	size_t at = 0;
	if (!path.ptr)
		return WPKG_OK;
	while (at < invoice->parcel_count && !wpkg_str_equal(packer->files[at].path, path))
		at++;
	if (at == invoice->parcel_count) {
		const struct wpkg_project_parcel rule = {.path = path};
		enum wpkg_status status = add_file(packer, &rule, path, path);
		if (status != WPKG_OK)
			return status;
	}
	return wpkg_map_set(packer->arena, &invoice->parcels[at].label.annotations,
			    WPKG_LIT(WPKG_ANNOTATION_README), WPKG_LIT("true"))
		       ? WPKG_OK
		       : no_memory(packer);
}

static bool annotate(const struct packer *packer, const char *key, struct wpkg_str value)
{
	return value.len == 0 || wpkg_map_set(packer->arena, &packer->invoice->annotations,
					      wpkg_str_from(key), value);
}

/* Joined by commas. */
static bool annotate_list(const struct packer *packer, struct wpkg_buf *text, const char *key,
			  const struct wpkg_strings *list)
{
	wpkg_buf_reset(text);
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			wpkg_buf_append_byte(text, ',');
		wpkg_buf_append_str(text, list->items[i]);
	}
	return text->failed == WPKG_OK && annotate(packer, key, wpkg_buf_str(text));
}

static bool annotate_dependencies(const struct packer *packer, struct wpkg_buf *text)
{
	const struct wpkg_map *dependencies = &packer->project->dependencies;
	wpkg_buf_reset(text);
	for (size_t i = 0; i < dependencies->count; i++)
		wpkg_buf_append_format(text, "%s%.*s %.*s", i > 0 ? "\n" : "",
				       WPKG_STR_ARG(dependencies->pairs[i].key),
				       WPKG_STR_ARG(dependencies->pairs[i].value));
	return text->failed == WPKG_OK &&
	       annotate(packer, WPKG_ANNOTATION_DEPENDENCIES, wpkg_buf_str(text));
}

static enum wpkg_status annotate_checks(const struct packer *packer, struct wpkg_buf *text)
{
	struct wpkg_value array = {.kind = WPKG_VALUE_ARRAY};
	if (packer->project->checks.count == 0)
		return WPKG_OK;
	enum wpkg_status status =
		wpkg_checks_to_value(packer->arena, &array, &packer->project->checks, packer->err);
	if (status != WPKG_OK)
		return status;
	wpkg_buf_reset(text);
	wpkg_json_write(text, &array, WPKG_JSON_COMPACT);
	status = wpkg_buf_check(text, "checks", packer->err);
	if (status == WPKG_OK && !annotate(packer, WPKG_ANNOTATION_CHECKS, wpkg_buf_str(text)))
		status = no_memory(packer);
	return status;
}

static enum wpkg_status add_annotations(const struct packer *packer)
{
	const struct wpkg_project *project = packer->project;
	struct wpkg_buf text;
	enum wpkg_status status = WPKG_OK;
	wpkg_buf_init(&text, WPKG_INVOICE_MAX);
	for (size_t i = 0; i < project->annotations.count && status == WPKG_OK; i++)
		if (!wpkg_map_set(packer->arena, &packer->invoice->annotations,
				  project->annotations.pairs[i].key,
				  project->annotations.pairs[i].value))
			status = no_memory(packer);
	if (status == WPKG_OK &&
	    (!annotate(packer, WPKG_ANNOTATION_LICENSES, project->license) ||
	     !annotate(packer, WPKG_ANNOTATION_SOURCE, project->repository) ||
	     !annotate(packer, WPKG_ANNOTATION_URL, project->homepage) ||
	     !annotate(packer, WPKG_ANNOTATION_DOCUMENTATION, project->documentation) ||
	     !annotate_list(packer, &text, WPKG_ANNOTATION_KEYWORDS, &project->keywords) ||
	     !annotate_list(packer, &text, WPKG_ANNOTATION_HOSTS, &project->hosts) ||
	     !annotate_dependencies(packer, &text)))
		status = no_memory(packer);
	if (status == WPKG_OK)
		status = annotate_checks(packer, &text);
	wpkg_buf_clear(&text);
	return status;
}

enum wpkg_status wpkg_project_pack(struct wpkg_invoice **out, struct wpkg_packed_file **files,
				   struct wpkg_arena *arena, const struct wpkg_project *project,
				   const struct wpkg_source *source, struct wpkg_err *err)
{
	struct packer packer = {.arena = arena, .project = project, .source = source, .err = err};
	packer.invoice = wpkg_arena_alloc(arena, 1, sizeof(*packer.invoice));
	if (!packer.invoice)
		return no_memory(&packer);
	*packer.invoice = (struct wpkg_invoice){
		.bindle_version = WPKG_LIT("1.0.0"),
		.name = project->name,
		.version = project->version,
		.description = project->description,
		.has_authors = project->authors.count > 0,
		.authors = project->authors,
		.groups = project->groups,
		.group_count = project->group_count,
	};
	enum wpkg_status status = add_parcels(&packer);
	if (status == WPKG_OK)
		status = add_readme(&packer);
	if (status == WPKG_OK)
		status = add_annotations(&packer);
	if (status == WPKG_OK)
		status = wpkg_invoice_check(packer.invoice, err);
	if (status == WPKG_OK) {
		*out = packer.invoice;
		*files = packer.files;
	}
	return status;
}
