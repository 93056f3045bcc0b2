/* SPDX-License-Identifier: Apache-2.0 */
#include "links.h"

#include "examination.h"
#include "pkg/annotation.h"
#include "pkg/project.h"
#include "pkg/resolve.h"

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "verdict: no memory");
}

static enum wpkg_status add_module(struct links *links, size_t number,
				   const struct wpkg_wiring_package *package, struct wpkg_str name,
				   struct wpkg_err *err)
{
	enum wpkg_status status = wpkg_wiring_add(&links->wiring, package, name, err);
	if (status == WPKG_OK)
		links->modules[links->count++] =
			(struct linked){.number = number, .parcel = {.fd = -1}};
	return status;
}

/* Names of packages that the version itself depends on. */
static bool take_needs(struct examination *examination)
{
	struct wpkg_dependencies needs;
	struct wpkg_strings *names = &examination->links.wiring.needs;
	if (!wpkg_invoice_dependencies(&needs, examination->arena, examination->question->invoice))
		return false;
	names->items = wpkg_arena_alloc(examination->arena, needs.count + 1, sizeof(*names->items));
	for (size_t i = 0; names->items && i < needs.count; i++)
		names->items[names->count++] = needs.items[i].name;
	return names->items != NULL;
}

static enum wpkg_status add_own(struct links *links, const struct wpkg_invoice *invoice,
				struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	for (size_t i = 0; status == WPKG_OK && i < invoice->parcel_count; i++)
		if (wpkg_media_type_is_wasm(invoice->parcels[i].label.media_type))
			status = add_module(links, i, NULL, invoice->parcels[i].label.name, err);
	return status;
}

/* Modules of a package; *number is that of the first one's parcel, and then the next one's. */
static enum wpkg_status add_package(struct links *links, struct wpkg_wiring_package *package,
				    const struct wpkg_question_package *asked, size_t *number,
				    struct wpkg_err *err)
{
	enum wpkg_status status = WPKG_OK;
	*package = (struct wpkg_wiring_package){asked->name, asked->version, asked->needs,
						asked->module_count};
	for (size_t i = 0; status == WPKG_OK && i < asked->module_count; i++)
		status = add_module(links, (*number)++, package, asked->modules[i].name, err);
	return status;
}

enum wpkg_status links_begin(struct examination *examination, struct wpkg_err *err)
{
	struct links *links = &examination->links;
	const struct wpkg_invoice *invoice = examination->question->invoice;
	const struct wpkg_question_closure *closure = &examination->question->closure;
	size_t number = invoice->parcel_count, count = number;
	for (size_t i = 0; i < closure->count; i++)
		count += closure->packages[i].module_count;
	links->wiring.arena = examination->arena;
	links->wiring.foreign = closure->foreign;
	links->modules = wpkg_arena_alloc(examination->arena, count, sizeof(*links->modules));
	struct wpkg_wiring_package *packages =
		wpkg_arena_alloc(examination->arena, closure->count, sizeof(*packages));
	if (!links->modules || !packages || !take_needs(examination))
		return no_memory(err);
	enum wpkg_status status = add_own(links, invoice, err);
	for (size_t i = 0; status == WPKG_OK && i < closure->count; i++)
		status = add_package(links, &packages[i], &closure->packages[i], &number, err);
	for (size_t i = 0; status == WPKG_OK && i < links->count; i++)
		links->modules[i].wired = &links->wiring.modules[i];
	return status;
}

struct linked *links_find(const struct links *links, size_t parcel)
{
	for (size_t i = 0; i < links->count && !links->modules[i].wired->package; i++)
		if (links->modules[i].number == parcel)
			return &links->modules[i];
	return NULL;
}

struct wpkg_str links_origin(const struct links *links, const struct linked *linked)
{
	return wpkg_wiring_origin(&links->wiring, (size_t)(linked - links->modules));
}

enum wpkg_status links_look_at(struct examination *examination, struct linked *linked,
			       const struct wpkg_module *module, struct wpkg_err *err)
{
	struct links *links = &examination->links;
	linked->import_count = module->import_count;
	return wpkg_wiring_connect(&links->wiring, (size_t)(linked - links->modules), module, err);
}
