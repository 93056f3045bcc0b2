/* SPDX-License-Identifier: Apache-2.0 */
#include "pkg/linkage.h"

#include "base/path.h"

struct wpkg_linkage_module wpkg_linkage_module_of(size_t package, struct wpkg_str parcel)
{
	struct wpkg_str suffix = WPKG_LIT(".wasm"), path = parcel;
	if (wpkg_str_ends(parcel, suffix))
		path = wpkg_str_slice(parcel, 0, parcel.len - suffix.len);
	return (struct wpkg_linkage_module){package, path, wpkg_path_base(path)};
}

bool wpkg_linkage_needs(const struct wpkg_linkage *linkage, size_t package, struct wpkg_str name)
{
	const struct wpkg_strings *needs = &linkage->packages[package].needs;
	for (size_t i = 0; i < needs->count; i++)
		if (wpkg_str_equal(needs->items[i], name))
			return true;
	return false;
}

/* "PACKAGE", where that is all there is of it, or "PACKAGE/FILE". */
static bool is_called(const struct wpkg_linkage *linkage, const struct wpkg_linkage_module *module,
		      struct wpkg_str package, struct wpkg_str name)
{
	if (!wpkg_str_starts(name, package))
		return false;
	struct wpkg_str rest = wpkg_str_from_offset(name, package.len);
	if (rest.len == 0)
		return linkage->packages[module->package].module_count == 1;
	rest = wpkg_str_from_offset(rest, 1);
	return name.ptr[package.len] == '/' &&
	       (wpkg_str_equal(rest, module->path) || wpkg_str_equal(rest, module->stem));
}

/* Ways to mean a module, the first that finds one counts. */
enum way { BY_PATH, BY_STEM, BY_PACKAGE, BY_LAST_PART, WAY_COUNT };

static bool is_meant(const struct wpkg_linkage *linkage, size_t importer, size_t number,
		     struct wpkg_str name, enum way way)
{
	const struct wpkg_linkage_module *from = &linkage->modules[importer];
	const struct wpkg_linkage_module *module = &linkage->modules[number];
	if (way == BY_PATH || way == BY_STEM)
		return module->package == from->package && number != importer &&
		       wpkg_str_equal(way == BY_PATH ? module->path : module->stem, name);
	struct wpkg_str package = linkage->packages[module->package].name;
	if (module->package == 0 || module->package == from->package ||
	    !wpkg_linkage_needs(linkage, from->package, package))
		return false;
	return is_called(linkage, module, way == BY_PACKAGE ? package : wpkg_path_base(package),
			 name);
}

size_t wpkg_linkage_find(size_t *other, const struct wpkg_linkage *linkage, size_t importer,
			 struct wpkg_str name)
{
	size_t found = WPKG_LINKAGE_NONE;
	*other = WPKG_LINKAGE_NONE;
	for (unsigned way = 0; way < WAY_COUNT && found == WPKG_LINKAGE_NONE; way++)
		for (size_t i = 0; i < linkage->module_count; i++) {
			if (!is_meant(linkage, importer, i, name, (enum way)way))
				continue;
			if (found != WPKG_LINKAGE_NONE) {
				*other = i;
				return found;
			}
			found = i;
		}
	return found;
}
