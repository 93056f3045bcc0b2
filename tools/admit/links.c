/* SPDX-License-Identifier: Apache-2.0 */
#include "links.h"

#include "base/path.h"
#include "examination.h"
#include "pkg/annotation.h"
#include "pkg/project.h"

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "verdict: no memory");
}

static struct wpkg_str without_suffix(struct wpkg_str name)
{
	struct wpkg_str suffix = WPKG_LIT(".wasm");
	return wpkg_str_ends(name, suffix) ? wpkg_str_slice(name, 0, name.len - suffix.len) : name;
}

static void add_module(struct links *links, size_t number,
		       const struct wpkg_question_package *package, struct wpkg_str name)
{
	struct wpkg_str path = without_suffix(name);
	links->modules[links->count++] = (struct linked){.number = number,
							 .package = package,
							 .name = name,
							 .path = path,
							 .stem = wpkg_path_base(path),
							 .parcel = {.fd = -1}};
}

enum wpkg_status links_begin(struct examination *examination, struct wpkg_err *err)
{
	struct links *links = &examination->links;
	const struct wpkg_invoice *invoice = examination->question->invoice;
	const struct wpkg_question_closure *closure = &examination->question->closure;
	size_t number = invoice->parcel_count, count = number;
	for (size_t i = 0; i < closure->count; i++)
		count += closure->packages[i].module_count;
	links->modules = wpkg_arena_alloc(examination->arena, count, sizeof(*links->modules));
	if (!links->modules ||
	    !wpkg_invoice_dependencies(&links->needs, examination->arena, invoice))
		return no_memory(err);
	for (size_t i = 0; i < invoice->parcel_count; i++)
		if (wpkg_media_type_is_wasm(invoice->parcels[i].label.media_type))
			add_module(links, i, NULL, invoice->parcels[i].label.name);
	for (size_t i = 0; i < closure->count; i++)
		for (size_t m = 0; m < closure->packages[i].module_count; m++)
			add_module(links, number++, &closure->packages[i],
				   closure->packages[i].modules[m].name);
	return WPKG_OK;
}

struct linked *links_find(const struct links *links, size_t parcel)
{
	for (size_t i = 0; i < links->count && !links->modules[i].package; i++)
		if (links->modules[i].number == parcel)
			return &links->modules[i];
	return NULL;
}

struct wpkg_str links_origin(struct wpkg_arena *arena, const struct linked *linked)
{
	const struct wpkg_question_package *package = linked->package;
	if (!package)
		return linked->name;
	return wpkg_arena_format(arena, "%.*s/%.*s %.*s", WPKG_STR_ARG(package->name),
				 WPKG_STR_ARG(package->version), WPKG_STR_ARG(linked->name));
}

/* Whose an import is. */

static bool needs(const struct links *links, const struct wpkg_question_package *package,
		  struct wpkg_str name)
{
	size_t count = package ? package->needs.count : links->needs.count;
	for (size_t i = 0; i < count; i++)
		if (wpkg_str_equal(package ? package->needs.items[i] : links->needs.items[i].name,
				   name))
			return true;
	return false;
}

/* "PACKAGE", where that is all there is of it, or "PACKAGE/FILE". */
static bool is_called(const struct linked *linked, struct wpkg_str package, struct wpkg_str name)
{
	if (!wpkg_str_starts(name, package))
		return false;
	struct wpkg_str rest = wpkg_str_from_offset(name, package.len);
	if (rest.len == 0)
		return linked->package->module_count == 1;
	rest = wpkg_str_from_offset(rest, 1);
	return name.ptr[package.len] == '/' &&
	       (wpkg_str_equal(rest, linked->path) || wpkg_str_equal(rest, linked->stem));
}

/* Ways to mean a module, the first that finds one counts. */
enum way { BY_PATH, BY_STEM, BY_PACKAGE, BY_LAST_PART, WAY_COUNT };

static bool is_meant(const struct links *links, const struct linked *importer,
		     const struct linked *other, struct wpkg_str name, enum way way)
{
	if (way == BY_PATH || way == BY_STEM)
		return other->package == importer->package && other != importer &&
		       wpkg_str_equal(way == BY_PATH ? other->path : other->stem, name);
	if (!other->package || other->package == importer->package ||
	    !needs(links, importer->package, other->package->name))
		return false;
	struct wpkg_str package = other->package->name;
	return is_called(other, way == BY_PACKAGE ? package : wpkg_path_base(package), name);
}

/* Of a package that this registry does not have, nobody knows the modules. */
static bool is_foreign(const struct examination *examination, const struct linked *importer,
		       struct wpkg_str name)
{
	const struct wpkg_strings *foreign = &examination->question->closure.foreign;
	for (size_t i = 0; i < foreign->count; i++) {
		struct wpkg_str package = foreign->items[i], last = wpkg_path_base(package);
		if (!needs(&examination->links, importer->package, package))
			continue;
		for (unsigned k = 0; k < 2; k++) {
			struct wpkg_str known = k == 0 ? package : last;
			if (wpkg_str_starts(name, known) &&
			    (name.len == known.len || name.ptr[known.len] == '/'))
				return true;
		}
	}
	return false;
}

static bool note_ambiguity(struct examination *examination, struct linked *importer,
			   struct wpkg_str name, const struct linked *a, const struct linked *b)
{
	struct wpkg_arena *arena = examination->arena;
	struct wpkg_str first = links_origin(arena, a), second = links_origin(arena, b);
	if (importer->ambiguity.len > 0)
		return true;
	importer->ambiguity =
		wpkg_arena_format(arena, "the import module '%.*s' may be %.*s or %.*s",
				  WPKG_STR_ARG(name), WPKG_STR_ARG(first), WPKG_STR_ARG(second));
	return importer->ambiguity.ptr != NULL;
}

/* NULL: nobody; *elsewhere says whether it is the host's all the same. False: memory is out. */
static bool find_owner(struct linked **out, bool *elsewhere, struct examination *examination,
		       struct linked *importer, struct wpkg_str name)
{
	const struct links *links = &examination->links;
	struct linked *found = NULL;
	*out = NULL;
	for (unsigned way = 0; way < WAY_COUNT && !found; way++)
		for (size_t i = 0; i < links->count; i++) {
			struct linked *other = &links->modules[i];
			if (!is_meant(links, importer, other, name, (enum way)way))
				continue;
			*elsewhere = true;
			if (found)
				return note_ambiguity(examination, importer, name, found, other);
			found = other;
		}
	*out = found;
	*elsewhere = found || is_foreign(examination, importer, name);
	return true;
}

/* Lists that grow. */

static bool is_known(const struct linked *linked, struct wpkg_str name)
{
	for (size_t i = 0; i < linked->elsewhere.count; i++)
		if (wpkg_str_equal(linked->elsewhere.items[i], name))
			return true;
	return false;
}

/* Room for one more in a list that doubles. */
static void *grown(struct wpkg_arena *arena, void *items, size_t count, size_t size)
{
	if (count > 0 && (count & (count - 1)) != 0)
		return items;
	void *more = wpkg_arena_alloc(arena, count > 0 ? 2 * count : 1, size);
	if (more && count > 0)
		memcpy(more, items, count * size);
	return more;
}

static bool take_name(struct examination *examination, struct linked *linked, struct wpkg_str name)
{
	struct wpkg_arena *arena = examination->arena;
	struct wpkg_strings *elsewhere = &linked->elsewhere;
	struct linked *from = NULL;
	bool is_elsewhere = false;
	if (!find_owner(&from, &is_elsewhere, examination, linked, name))
		return false;
	if (!is_elsewhere)
		return true;
	/* The module's bytes are let go of before the stage that reads these names. */
	name = wpkg_arena_dup(arena, name);
	elsewhere->items =
		grown(arena, elsewhere->items, elsewhere->count, sizeof(*elsewhere->items));
	if (!name.ptr || !elsewhere->items)
		return false;
	elsewhere->items[elsewhere->count++] = name;
	if (!from)
		return true;
	linked->bindings =
		grown(arena, linked->bindings, linked->binding_count, sizeof(*linked->bindings));
	if (!linked->bindings)
		return false;
	linked->bindings[linked->binding_count++] = (struct link_binding){name, from};
	return true;
}

enum wpkg_status links_look_at(struct examination *examination, struct linked *linked,
			       const struct wpkg_module *module, struct wpkg_err *err)
{
	struct wpkg_str last = {0};
	linked->import_count = module->import_count;
	/* One module and no dependency: all is the host's. */
	if (examination->links.count < 2 && examination->question->closure.foreign.count == 0)
		return WPKG_OK;
	for (uint32_t i = 0; i < module->import_count; i++) {
		struct wpkg_str name = module->imports[i].module;
		if ((i > 0 && wpkg_str_equal(name, last)) || is_known(linked, name))
			continue;
		last = name;
		if (!take_name(examination, linked, name))
			return no_memory(err);
	}
	return WPKG_OK;
}
