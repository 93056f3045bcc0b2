/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/project.h"

#include "base/path.h"
#include "data/fields.h"
#include "data/toml.h"
#include "pkg/host_profile.h"
#include "pkg/name.h"
#include "pkg/requirement.h"
#include "pkg/version.h"

#define PROJECT_PARCELS_MAX 4096

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "%s: no memory", WPKG_PROJECT_FILE);
}

static enum wpkg_status read_map(struct wpkg_map *out, struct wpkg_arena *arena,
				 const struct wpkg_value *table, const char *where,
				 struct wpkg_err *err)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct wpkg_value *item = &table->items[i];
		if (item->kind != WPKG_VALUE_STRING)
			return WPKG_FAIL_AT(err, WPKG_EFORMAT, item, "%s.%.*s is %s, not a string",
					    where, WPKG_STR_ARG(table->keys[i].string),
					    wpkg_value_kind_name(item->kind));
		if (!wpkg_map_set(arena, out, table->keys[i].string, item->string))
			return no_memory(err);
	}
	return WPKG_OK;
}

static enum wpkg_status take_map(struct wpkg_fields *fields, struct wpkg_arena *arena,
				 struct wpkg_map *out, const char *key, struct wpkg_err *err)
{
	const struct wpkg_value *table = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &table, key, WPKG_VALUE_TABLE, WPKG_OPTIONAL, err);
	return status == WPKG_OK && table ? read_map(out, arena, table, key, err) : status;
}

static enum wpkg_status take_features(struct wpkg_fields *fields, struct wpkg_arena *arena,
				      struct wpkg_project_parcel *out, struct wpkg_err *err)
{
	const struct wpkg_value *table = NULL;
	enum wpkg_status status =
		wpkg_fields_take(fields, &table, "features", WPKG_VALUE_TABLE, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !table)
		return status;
	struct wpkg_label_feature *features =
		wpkg_arena_alloc(arena, table->count, sizeof(*features));
	if (!features)
		return no_memory(err);
	for (size_t i = 0; i < table->count; i++) {
		if (table->items[i].kind != WPKG_VALUE_TABLE)
			return WPKG_FAIL_AT(err, WPKG_EFORMAT, &table->items[i],
					    "parcel.features.%.*s is %s, not a table",
					    WPKG_STR_ARG(table->keys[i].string),
					    wpkg_value_kind_name(table->items[i].kind));
		/* Sections stay sorted by name: insertion, since there are few. */
		size_t at = i;
		struct wpkg_str name = wpkg_arena_dup(arena, table->keys[i].string);
		if (!name.ptr)
			return no_memory(err);
		for (; at > 0 && wpkg_str_compare(features[at - 1].name, name) > 0; at--)
			features[at] = features[at - 1];
		features[at] = (struct wpkg_label_feature){.name = name};
		status = read_map(&features[at].values, arena, &table->items[i], "parcel.features",
				  err);
		if (status != WPKG_OK)
			return status;
	}
	out->features = features;
	out->feature_count = table->count;
	return WPKG_OK;
}

static enum wpkg_status read_parcel(struct wpkg_project_parcel *out, struct wpkg_arena *arena,
				    const struct wpkg_value *value, struct wpkg_err *err)
{
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "parcel", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &out->path, arena, "path", WPKG_REQUIRED,
						 err);
	if (status == WPKG_OK && wpkg_path_check_portable(out->path, NULL) != WPKG_OK)
		status = WPKG_FAIL_AT(err, WPKG_EFORMAT, value,
				      "parcel.path '%.*s' is not a relative path below the package",
				      WPKG_STR_ARG(out->path));
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &out->name, arena, "name", WPKG_OPTIONAL,
						 err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &out->media_type, arena, "media-type",
						 WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(&fields, &out->groups, arena, "groups", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(&fields, &out->requires_, arena, "requires", err);
	if (status == WPKG_OK)
		status = take_features(&fields, arena, out, err);
	if (status == WPKG_OK)
		status = take_map(&fields, arena, &out->annotations, "annotations", err);
	return status == WPKG_OK ? wpkg_fields_close(&fields, err) : status;
}

static enum wpkg_status read_group(struct wpkg_group *out, struct wpkg_arena *arena,
				   const struct wpkg_value *value, struct wpkg_err *err)
{
	struct wpkg_fields fields;
	enum wpkg_status status = wpkg_fields_open(&fields, value, "group", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &out->name, arena, "name", WPKG_REQUIRED,
						 err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_boolean(&fields, &out->required, "required",
						  WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_string(&fields, &out->satisfied_by, arena, "satisfied-by",
						 WPKG_OPTIONAL, err);
	out->has_required = out->required;
	return status == WPKG_OK ? wpkg_fields_close(&fields, err) : status;
}

static enum wpkg_status take_hosts(struct wpkg_fields *fields, struct wpkg_arena *arena,
				   struct wpkg_strings *out, struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_fields_copy_strings(fields, out, arena, "hosts", err);
	for (size_t i = 0; status == WPKG_OK && i < out->count; i++)
		if (!wpkg_host_id_valid(out->items[i]))
			return WPKG_FAIL_AT(err, WPKG_EFORMAT,
					    wpkg_value_find(fields->table, "hosts"),
					    "package.hosts[%zu]: '%.*s' is no id of a host", i,
					    WPKG_STR_ARG(out->items[i]));
	return status;
}

static enum wpkg_status take_package(struct wpkg_fields *top, struct wpkg_arena *arena,
				     struct wpkg_project *out, struct wpkg_err *err)
{
	const struct {
		const char *key;
		struct wpkg_str *text;
		enum wpkg_need need;
	} texts[] = {
		{"name", &out->name, WPKG_REQUIRED},
		{"version", &out->version, WPKG_REQUIRED},
		{"description", &out->description, WPKG_OPTIONAL},
		{"license", &out->license, WPKG_OPTIONAL},
		{"repository", &out->repository, WPKG_OPTIONAL},
		{"homepage", &out->homepage, WPKG_OPTIONAL},
		{"documentation", &out->documentation, WPKG_OPTIONAL},
		{"readme", &out->readme, WPKG_OPTIONAL},
	};
	const struct wpkg_value *table = NULL;
	struct wpkg_version version;
	struct wpkg_err detail;
	struct wpkg_fields fields;
	enum wpkg_status status =
		wpkg_fields_take(top, &table, "package", WPKG_VALUE_TABLE, WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_open(&fields, table, "package", err);
	for (size_t i = 0; status == WPKG_OK && i < sizeof(texts) / sizeof(texts[0]); i++)
		status = wpkg_fields_copy_string(&fields, texts[i].text, arena, texts[i].key,
						 texts[i].need, err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(&fields, &out->authors, arena, "authors", err);
	if (status == WPKG_OK)
		status = wpkg_fields_copy_strings(&fields, &out->keywords, arena, "keywords", err);
	if (status == WPKG_OK)
		status = take_hosts(&fields, arena, &out->hosts, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	if (status == WPKG_OK && wpkg_name_check(out->name, &detail) != WPKG_OK)
		status = WPKG_FAIL_AT(err, WPKG_EFORMAT, wpkg_value_find(table, "name"),
				      "package.name: %s", detail.msg);
	if (status == WPKG_OK && wpkg_version_parse(&version, out->version, &detail) != WPKG_OK)
		status = WPKG_FAIL_AT(err, WPKG_EFORMAT, wpkg_value_find(table, "version"),
				      "package.version: %s", detail.msg);
	return status;
}

static enum wpkg_status take_parcels(struct wpkg_fields *top, struct wpkg_arena *arena,
				     struct wpkg_project *out, struct wpkg_err *err)
{
	const struct wpkg_value *array = NULL;
	enum wpkg_status status =
		wpkg_fields_take(top, &array, "parcel", WPKG_VALUE_ARRAY, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !array)
		return status;
	if (array->count > PROJECT_PARCELS_MAX)
		return WPKG_FAIL_AT(err, WPKG_ELIMIT, array, "%zu parcels, more than %d",
				    array->count, PROJECT_PARCELS_MAX);
	out->parcels = wpkg_arena_alloc(arena, array->count, sizeof(*out->parcels));
	if (!out->parcels)
		return no_memory(err);
	out->parcel_count = array->count;
	for (size_t i = 0; status == WPKG_OK && i < array->count; i++)
		status = read_parcel(&out->parcels[i], arena, &array->items[i], err);
	return status;
}

static enum wpkg_status take_groups(struct wpkg_fields *top, struct wpkg_arena *arena,
				    struct wpkg_project *out, struct wpkg_err *err)
{
	const struct wpkg_value *array = NULL;
	enum wpkg_status status =
		wpkg_fields_take(top, &array, "group", WPKG_VALUE_ARRAY, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !array)
		return status;
	out->groups = wpkg_arena_alloc(arena, array->count, sizeof(*out->groups));
	if (!out->groups)
		return no_memory(err);
	out->group_count = array->count;
	for (size_t i = 0; status == WPKG_OK && i < array->count; i++)
		status = read_group(&out->groups[i], arena, &array->items[i], err);
	return status;
}

static enum wpkg_status take_dependencies(struct wpkg_fields *top, struct wpkg_arena *arena,
					  struct wpkg_project *out, struct wpkg_err *err)
{
	const struct wpkg_value *table = NULL;
	struct wpkg_requirement requirement;
	struct wpkg_err detail;
	enum wpkg_status status =
		wpkg_fields_take(top, &table, "dependencies", WPKG_VALUE_TABLE, WPKG_OPTIONAL, err);
	if (status == WPKG_OK && table)
		status = read_map(&out->dependencies, arena, table, "dependencies", err);
	for (size_t i = 0; status == WPKG_OK && table && i < table->count; i++) {
		struct wpkg_str name = table->keys[i].string;
		if (wpkg_name_check(name, &detail) != WPKG_OK ||
		    wpkg_requirement_parse(&requirement, table->items[i].string, &detail) !=
			    WPKG_OK)
			status = WPKG_FAIL_AT(err, WPKG_EFORMAT, &table->items[i],
					      "dependencies.%.*s: %s", WPKG_STR_ARG(name),
					      detail.msg);
	}
	return status;
}

static enum wpkg_status take_checks(struct wpkg_fields *top, struct wpkg_arena *arena,
				    struct wpkg_project *out, struct wpkg_err *err)
{
	const struct wpkg_value *array = NULL;
	enum wpkg_status status =
		wpkg_fields_take(top, &array, "check", WPKG_VALUE_ARRAY, WPKG_OPTIONAL, err);
	if (status != WPKG_OK || !array)
		return status;
	return wpkg_checks_from_value(&out->checks, arena, array, err);
}

enum wpkg_status wpkg_project_read(struct wpkg_project **out, struct wpkg_arena *arena,
				   struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_value *root = NULL;
	struct wpkg_fields fields;
	if (text.len > WPKG_PROJECT_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "%zu bytes, more than %zu", text.len,
				 WPKG_PROJECT_MAX);
	struct wpkg_project *project = wpkg_arena_alloc(arena, 1, sizeof(*project));
	if (!project)
		return no_memory(err);
	enum wpkg_status status = wpkg_toml_read(&root, arena, text, err);
	if (status == WPKG_OK)
		status = wpkg_fields_open(&fields, root, "", err);
	if (status == WPKG_OK)
		status = take_package(&fields, arena, project, err);
	if (status == WPKG_OK)
		status = take_parcels(&fields, arena, project, err);
	if (status == WPKG_OK)
		status = take_groups(&fields, arena, project, err);
	if (status == WPKG_OK)
		status = take_dependencies(&fields, arena, project, err);
	if (status == WPKG_OK)
		status = take_checks(&fields, arena, project, err);
	if (status == WPKG_OK)
		status = take_map(&fields, arena, &project->annotations, "annotations", err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	if (status == WPKG_OK)
		*out = project;
	return status;
}

void wpkg_project_write_example(struct wpkg_buf *buf, struct wpkg_str name)
{
	wpkg_buf_append_format(
		buf,
		"# What this package is and which files it holds. \"wpkg push\" reads it.\n"
		"\n"
		"[package]\n"
		"name = \"%.*s\"\n"
		"version = \"0.1.0\"\n"
		"description = \"\"\n"
		"# authors = [\"Name <name@example.com>\"]\n"
		"# license = \"Apache-2.0\"                 # an SPDX expression\n"
		"# repository = \"https://example.com/source\"\n"
		"# homepage = \"https://example.com\"\n"
		"# documentation = \"https://example.com/docs\"\n"
		"# readme = \"README.md\"                   # becomes a parcel of its own\n"
		"# keywords = [\"example\"]\n"
		"# hosts = [\"wasi-p1\"]                   # where it must run: see 'wpkg hosts'\n"
		"\n"
		"# Each parcel is a file, or all files that a pattern matches. The media type is\n"
		"# guessed from the content and the name unless it is given.\n"
		"[[parcel]]\n"
		"path = \"%.*s.wasm\"\n"
		"# name = \"app.wasm\"                      # under which it is pulled\n"
		"# media-type = \"application/wasm\"\n"
		"# groups = [\"docs\"]                      # taken only with this group\n"
		"# requires = [\"assets\"]                  # groups that it cannot do without\n"
		"# features.wasm.wasi = \"true\"\n"
		"\n"
		"# [[parcel]]\n"
		"# path = \"assets/**\"\n"
		"# groups = [\"assets\"]\n"
		"\n"
		"# [[group]]\n"
		"# name = \"assets\"\n"
		"# required = true\n"
		"\n"
		"# [dependencies]\n"
		"# \"example.com/json\" = \"^1.2\"\n"
		"\n"
		"# What the registry runs before it publishes, and what must come out.\n"
		"# [[check]]\n"
		"# name = \"says hello\"\n"
		"# arguments = [\"world\"]\n"
		"# input = \"\"                             # standard input\n"
		"# files = [\"assets/words.txt\"]           # parcels the program may read\n"
		"# output = \"hello, world\\n\"\n"
		"# exit-code = 0\n"
		"# timeout = \"10s\"\n"
		"# memory = \"64MiB\"\n",
		WPKG_STR_ARG(name), WPKG_STR_ARG(wpkg_path_base(name)));
}
