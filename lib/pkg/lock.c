/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/lock.h"

#include <stdlib.h>

#include "data/fields.h"
#include "data/toml.h"
#include "pkg/requirement.h"
#include "pkg/version.h"

#define LOCK_VERSION 1

/* "NAME REQUIREMENT"; a name holds no space. */
static enum wpkg_status read_dependency(struct wpkg_dependency *out, const struct wpkg_value *item,
					struct wpkg_err *err)
{
	struct wpkg_requirement requirement;
	size_t space = item->kind == WPKG_VALUE_STRING ? wpkg_str_find(item->string, ' ') : 0;
	if (space == 0 || space == item->string.len)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, item,
				    "package.dependencies: not a name, a space and a requirement");
	out->name = wpkg_str_slice(item->string, 0, space);
	out->requirement = wpkg_str_from_offset(item->string, space + 1);
	if (wpkg_requirement_parse(&requirement, out->requirement, NULL) != WPKG_OK)
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, item,
				    "package.dependencies: '%.*s' is not a version requirement",
				    WPKG_STR_ARG(out->requirement));
	return WPKG_OK;
}

static enum wpkg_status read_dependencies(struct wpkg_dependencies *out, struct wpkg_arena *arena,
					  const struct wpkg_value *array, struct wpkg_err *err)
{
	struct wpkg_dependency *items = wpkg_arena_alloc(arena, array->count + 1, sizeof(*items));
	enum wpkg_status status = WPKG_OK;
	if (!items)
		return WPKG_FAIL(err, WPKG_ENOMEM, "lock file: no memory");
	for (size_t i = 0; status == WPKG_OK && i < array->count; i++)
		status = read_dependency(&items[i], &array->items[i], err);
	if (status == WPKG_OK)
		*out = (struct wpkg_dependencies){items, array->count};
	return status;
}

static enum wpkg_status check_texts(struct wpkg_locked *package, const struct wpkg_value *table,
				    struct wpkg_str digest, struct wpkg_err *err)
{
	struct wpkg_version version;
	enum wpkg_status status = wpkg_version_parse(&version, package->version, err);
	if (status != WPKG_OK) {
		wpkg_err_prepend(err, "package %.*s", WPKG_STR_ARG(package->name));
		return status;
	}
	if (!wpkg_str_starts(digest, WPKG_LIT("sha256:")) ||
	    !wpkg_digest_parse(&package->content, wpkg_str_from_offset(digest, 7)))
		return WPKG_FAIL_AT(err, WPKG_EFORMAT, wpkg_value_find(table, "digest"),
				    "package.digest: not sha256: and 64 lower-case hex digits");
	return WPKG_OK;
}

static enum wpkg_status read_package(struct wpkg_locked *out, struct wpkg_arena *arena,
				     const struct wpkg_value *table, struct wpkg_err *err)
{
	struct wpkg_fields fields;
	struct wpkg_locked package = {0};
	struct wpkg_str digest = {0};
	const struct wpkg_value *dependencies = NULL;
	enum wpkg_status status = wpkg_fields_open(&fields, table, "package", err);
	if (status == WPKG_OK)
		status =
			wpkg_fields_take_string(&fields, &package.name, "name", WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(&fields, &package.version, "version",
						 WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(&fields, &package.registry, "registry",
						 WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_string(&fields, &digest, "digest", WPKG_REQUIRED, err);
	if (status == WPKG_OK)
		status = wpkg_fields_take(&fields, &dependencies, "dependencies", WPKG_VALUE_ARRAY,
					  WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	if (status == WPKG_OK)
		status = check_texts(&package, table, digest, err);
	if (status == WPKG_OK && dependencies)
		status = read_dependencies(&package.dependencies, arena, dependencies, err);
	if (status == WPKG_OK)
		*out = package;
	return status;
}

static int by_name(const void *a, const void *b)
{
	return wpkg_str_compare(((const struct wpkg_locked *)a)->name,
				((const struct wpkg_locked *)b)->name);
}

static enum wpkg_status read_packages(struct wpkg_lock *out, struct wpkg_arena *arena,
				      const struct wpkg_value *array, struct wpkg_err *err)
{
	struct wpkg_lock lock = {.count = array->count};
	enum wpkg_status status = WPKG_OK;
	lock.packages = wpkg_arena_alloc(arena, array->count + 1, sizeof(*lock.packages));
	if (!lock.packages)
		return WPKG_FAIL(err, WPKG_ENOMEM, "lock file: no memory");
	for (size_t i = 0; status == WPKG_OK && i < array->count; i++)
		status = read_package(&lock.packages[i], arena, &array->items[i], err);
	if (status != WPKG_OK)
		return status;
	/* A merge of two branches may have put them in another order. */
	qsort(lock.packages, lock.count, sizeof(*lock.packages), by_name);
	for (size_t i = 1; i < lock.count; i++)
		if (wpkg_str_equal(lock.packages[i - 1].name, lock.packages[i].name))
			return WPKG_FAIL(err, WPKG_EFORMAT, "package %.*s is locked twice",
					 WPKG_STR_ARG(lock.packages[i].name));
	*out = lock;
	return WPKG_OK;
}

enum wpkg_status wpkg_lock_read(struct wpkg_lock *out, struct wpkg_arena *arena,
				struct wpkg_str text, struct wpkg_err *err)
{
	struct wpkg_fields fields;
	struct wpkg_value *root = NULL;
	const struct wpkg_value *packages = NULL;
	struct wpkg_lock lock = {0};
	int64_t version = 0;
	if (text.len > WPKG_LOCK_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "lock file: %zu bytes, more than %zu", text.len,
				 WPKG_LOCK_MAX);
	enum wpkg_status status = wpkg_toml_read(&root, arena, text, err);
	if (status == WPKG_OK)
		status = wpkg_fields_open(&fields, root, "", err);
	if (status == WPKG_OK)
		status = wpkg_fields_take_integer(&fields, &version, "version", WPKG_REQUIRED, err);
	if (status == WPKG_OK && version != LOCK_VERSION)
		status = WPKG_FAIL_AT(err, WPKG_ELIMIT, wpkg_value_find(root, "version"),
				      "lock files of version %lld are unknown to this program",
				      (long long)version);
	if (status == WPKG_OK)
		status = wpkg_fields_take(&fields, &packages, "package", WPKG_VALUE_ARRAY,
					  WPKG_OPTIONAL, err);
	if (status == WPKG_OK)
		status = wpkg_fields_close(&fields, err);
	if (status == WPKG_OK && packages)
		status = read_packages(&lock, arena, packages, err);
	if (status == WPKG_OK)
		*out = lock;
	return status;
}

static bool add_dependencies(struct wpkg_arena *arena, struct wpkg_value *table,
			     const struct wpkg_dependencies *dependencies)
{
	if (dependencies->count == 0)
		return true;
	struct wpkg_value *array = wpkg_value_add(arena, table, "dependencies", WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < dependencies->count; i++) {
		struct wpkg_str text = wpkg_arena_format(
			arena, "%.*s %.*s", WPKG_STR_ARG(dependencies->items[i].name),
			WPKG_STR_ARG(dependencies->items[i].requirement));
		if (!text.ptr || !wpkg_value_add_string(arena, array, NULL, text))
			return false;
	}
	return true;
}

static bool add_package(struct wpkg_arena *arena, struct wpkg_value *array,
			const struct wpkg_locked *package)
{
	char hex[WPKG_DIGEST_TEXT];
	wpkg_digest_format(hex, &package->content);
	struct wpkg_str digest = wpkg_arena_format(arena, "sha256:%s", hex);
	struct wpkg_value *table = wpkg_value_add(arena, array, NULL, WPKG_VALUE_TABLE);
	return digest.ptr && wpkg_value_add_string(arena, table, "name", package->name) &&
	       wpkg_value_add_string(arena, table, "version", package->version) &&
	       wpkg_value_add_string(arena, table, "registry", package->registry) &&
	       wpkg_value_add_string(arena, table, "digest", digest) &&
	       add_dependencies(arena, table, &package->dependencies);
}

enum wpkg_status wpkg_lock_write(struct wpkg_buf *buf, const struct wpkg_lock *lock,
				 struct wpkg_err *err)
{
	struct wpkg_arena arena;
	enum wpkg_status status = WPKG_OK;
	wpkg_arena_init(&arena, 16 * WPKG_LOCK_MAX);
	struct wpkg_value *root = wpkg_value_new_table(&arena);
	bool made = root && wpkg_value_add_integer(&arena, root, "version", LOCK_VERSION);
	struct wpkg_value *packages = NULL;
	if (made && lock->count > 0) {
		packages = wpkg_value_add(&arena, root, "package", WPKG_VALUE_ARRAY);
		made = packages != NULL;
	}
	for (size_t i = 0; made && i < lock->count; i++)
		made = add_package(&arena, packages, &lock->packages[i]);
	if (made) {
		wpkg_buf_append_text(buf, "# Written by wpkg lock. Keep it in version control.\n");
		wpkg_toml_write(buf, root);
		status = wpkg_buf_check(buf, "lock file", err);
	} else {
		status = WPKG_FAIL(err, WPKG_ENOMEM, "lock file: no memory");
	}
	wpkg_arena_clear(&arena);
	return status;
}

static int compare_name(const void *name, const void *package)
{
	return wpkg_str_compare(*(const struct wpkg_str *)name,
				((const struct wpkg_locked *)package)->name);
}

const struct wpkg_locked *wpkg_lock_find(const struct wpkg_lock *lock, struct wpkg_str name)
{
	return lock->count == 0 ? NULL
				: bsearch(&name, lock->packages, lock->count,
					  sizeof(*lock->packages), compare_name);
}
