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

static void add_module(struct links *links, size_t number, size_t package_number,
		       const struct wpkg_question_package *package, struct wpkg_str name)
{
	links->linkage.modules[links->count] = wpkg_linkage_module_of(package_number, name);
	links->modules[links->count++] = (struct linked){
		.number = number, .package = package, .name = name, .parcel = {.fd = -1}};
}

/* The version's own needs, and each package's. */
static enum wpkg_status add_packages(struct links *links, struct examination *examination,
				     struct wpkg_err *err)
{
	const struct wpkg_question_closure *closure = &examination->question->closure;
	struct wpkg_dependencies needs;
	struct wpkg_linkage_package *packages =
		wpkg_arena_alloc(examination->arena, closure->count + 1, sizeof(*packages));
	if (!packages ||
	    !wpkg_invoice_dependencies(&needs, examination->arena, examination->question->invoice))
		return no_memory(err);
	packages->needs.items =
		wpkg_arena_alloc(examination->arena, needs.count + 1, sizeof(struct wpkg_str));
	if (!packages->needs.items)
		return no_memory(err);
	for (size_t i = 0; i < needs.count; i++)
		packages->needs.items[packages->needs.count++] = needs.items[i].name;
	for (size_t i = 0; i < closure->count; i++)
		packages[i + 1] = (struct wpkg_linkage_package){
			.name = closure->packages[i].name,
			.needs = closure->packages[i].needs,
			.module_count = closure->packages[i].module_count};
	links->linkage.packages = packages;
	links->linkage.package_count = closure->count + 1;
	return WPKG_OK;
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
	links->linkage.modules =
		wpkg_arena_alloc(examination->arena, count, sizeof(*links->linkage.modules));
	if (!links->modules || !links->linkage.modules)
		return no_memory(err);
	enum wpkg_status status = add_packages(links, examination, err);
	if (status != WPKG_OK)
		return status;
	for (size_t i = 0; i < invoice->parcel_count; i++)
		if (wpkg_media_type_is_wasm(invoice->parcels[i].label.media_type))
			add_module(links, i, 0, NULL, invoice->parcels[i].label.name);
	for (size_t i = 0; i < closure->count; i++)
		for (size_t m = 0; m < closure->packages[i].module_count; m++)
			add_module(links, number++, i + 1, &closure->packages[i],
				   closure->packages[i].modules[m].name);
	links->linkage.module_count = links->count;
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

/* Of a package that this registry does not have, nobody knows the modules. */
static bool is_foreign(const struct examination *examination, const struct linked *importer,
		       struct wpkg_str name)
{
	const struct wpkg_strings *foreign = &examination->question->closure.foreign;
	const struct wpkg_linkage *linkage = &examination->links.linkage;
	size_t number = linkage->modules[importer - examination->links.modules].package;
	for (size_t i = 0; i < foreign->count; i++) {
		struct wpkg_str package = foreign->items[i], last = wpkg_path_base(package);
		if (!wpkg_linkage_needs(linkage, number, package))
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
	struct links *links = &examination->links;
	size_t other;
	size_t found = wpkg_linkage_find(&other, &links->linkage,
					 (size_t)(importer - links->modules), name);
	*out = NULL;
	*elsewhere = found != WPKG_LINKAGE_NONE || is_foreign(examination, importer, name);
	if (other != WPKG_LINKAGE_NONE)
		return note_ambiguity(examination, importer, name, &links->modules[found],
				      &links->modules[other]);
	if (found != WPKG_LINKAGE_NONE)
		*out = &links->modules[found];
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
