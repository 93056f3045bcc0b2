/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage of links: what a version imports from other modules of its own, or from its
 * dependencies, must be what these export; and what those import in turn from theirs. The check is
 * that of 'wpkg link --check', of all at once and each in the scope of its own package.
 */
#include "examination.h"
#include "links.h"
#include "pkg/verdict.h"
#include "wasm/component.h"
#include "wasm/format.h"

struct linking {
	struct examination *examination;
	struct wpkg_value *list;
	struct linked **queue; /* looked at, and to be looked at */
	size_t done, count;
};

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "verdict: no memory");
}

static void push(struct linking *linking, struct linked *linked)
{
	if (linked->is_queued)
		return;
	linked->is_queued = true;
	linking->queue[linking->count++] = linked;
}

/* Valid modules alone come here: what cannot be read is a component, or memory is out. */
static enum wpkg_status load(struct linking *linking, struct linked *linked, struct wpkg_err *err)
{
	struct wpkg_err wrong;
	struct examination *examination = linking->examination;
	struct wpkg_module *module = NULL;
	if (linked->wired->module || linked->is_broken)
		return WPKG_OK;
	enum wpkg_status status = parcel_open(&linked->parcel, examination, linked->number, err);
	if (status != WPKG_OK)
		return status;
	status = parcel_map(&linked->parcel, &wrong);
	if (status == WPKG_OK && wpkg_wasm_kind_of(linked->parcel.bytes) == WPKG_WASM_COMPONENT)
		status = WPKG_FAIL(&wrong, WPKG_EFORMAT,
				   "is a component, which cannot be linked to a module");
	if (status == WPKG_OK)
		status = wpkg_module_read(&module, linked->parcel.bytes, NULL, &wrong);
	linked->wired->module = module;
	if (status != WPKG_OK) {
		struct wpkg_str origin = links_origin(&examination->links, linked);
		linked->is_broken = true;
		examination_problem(examination, "%.*s: %s", WPKG_STR_ARG(origin), wrong.msg);
	}
	return WPKG_OK;
}

static bool add_wires(const struct examination *examination, struct wpkg_value *entry,
		      const struct wpkg_wired *wired)
{
	struct wpkg_arena *arena = examination->arena;
	struct wpkg_value *list = wpkg_value_add(arena, entry, "from", WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < wired->wire_count; i++) {
		const struct wpkg_wire *wire = &wired->wires[i];
		struct wpkg_value *item = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		struct wpkg_str origin = wpkg_wiring_origin(&examination->links.wiring, wire->from);
		if (!wpkg_value_add_string(arena, item, "import", wire->import) ||
		    !wpkg_value_add_string(arena, item, "module", origin))
			return false;
	}
	return list != NULL;
}

/* With the first of its problems. */
static bool report(struct linking *linking, const struct wpkg_wired *wired,
		   const struct wpkg_strings *problems)
{
	struct wpkg_arena *arena = linking->examination->arena;
	const struct wpkg_wiring_package *package = wired->package;
	struct wpkg_value *entry = wpkg_value_add(arena, linking->list, NULL, WPKG_VALUE_TABLE);
	if (!wpkg_value_add_string(arena, entry, "parcel", wired->name) ||
	    !wpkg_value_add_boolean(arena, entry, "passed", problems->count == 0) ||
	    !add_wires(linking->examination, entry, wired))
		return false;
	if (package && (!wpkg_value_add_string(arena, entry, "package", package->name) ||
			!wpkg_value_add_string(arena, entry, "version", package->version)))
		return false;
	return problems->count == 0 ||
	       wpkg_value_add_string(arena, entry, "error", problems->items[0]);
}

static enum wpkg_status check(struct linking *linking, struct wpkg_err *err)
{
	struct wpkg_strings *problems = NULL;
	struct examination *examination = linking->examination;
	const struct links *links = &examination->links;
	enum wpkg_status status = wpkg_wiring_check(&problems, &links->wiring, err);
	for (size_t i = 0; status == WPKG_OK && i < linking->count; i++) {
		const struct linked *linked = linking->queue[i];
		const struct wpkg_strings *own = &problems[linked - links->modules];
		if (!linked->wired->module)
			continue;
		for (size_t n = 0; n < own->count; n++)
			examination_problem(examination, "%.*s", WPKG_STR_ARG(own->items[n]));
		if (!report(linking, linked->wired, own))
			return no_memory(err);
	}
	return status;
}

static enum wpkg_status look_at(struct linking *linking, struct linked *linked,
				struct wpkg_err *err)
{
	struct examination *examination = linking->examination;
	struct links *links = &examination->links;
	const struct wpkg_wired *wired = linked->wired;
	struct wpkg_str origin = links_origin(links, linked);
	enum wpkg_status status =
		examination_progress(examination, err, "link %.*s", WPKG_STR_ARG(origin));
	if (status == WPKG_OK)
		status = load(linking, linked, err);
	if (status != WPKG_OK || linked->is_broken)
		return status;
	if (wired->package)
		status = links_look_at(examination, linked, wired->module, err);
	if (status == WPKG_OK && wired->package)
		status = hosts_look_at_linked(examination, linked, err);
	examination->looked_at += wired->package ? linked->import_count : 0;
	for (size_t i = 0; status == WPKG_OK && i < wired->wire_count; i++) {
		struct linked *from = &links->modules[wired->wires[i].from];
		push(linking, from);
		status = load(linking, from, err);
	}
	return status;
}

/* Against which versions the version was looked at: later ones may not fit. */
static bool add_dependencies(struct examination *examination)
{
	struct wpkg_arena *arena = examination->arena;
	const struct wpkg_question_closure *closure = &examination->question->closure;
	struct wpkg_value *list =
		wpkg_value_add(arena, examination->verdict, "dependencies", WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < closure->count; i++) {
		const struct wpkg_question_package *package = &closure->packages[i];
		struct wpkg_value *entry = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		if (!wpkg_value_add_string(arena, entry, "name", package->name) ||
		    !wpkg_value_add_string(arena, entry, "version", package->version) ||
		    !wpkg_value_add_string(arena, entry, "digest", package->digest))
			return false;
	}
	return list != NULL;
}

/* Those of the version that import from others; what these need comes in their wake. */
static void begin(struct linking *linking)
{
	struct examination *examination = linking->examination;
	struct links *links = &examination->links;
	for (size_t i = 0; i < links->count && !links->modules[i].wired->package; i++) {
		struct linked *linked = &links->modules[i];
		const struct wpkg_wired *wired = linked->wired;
		examination->looked_at += linked->import_count;
		if (wired->wire_count > 0 || wired->ambiguity.len > 0)
			push(linking, linked);
	}
}

enum wpkg_status examine_links(struct examination *examination, struct wpkg_err *err)
{
	struct wpkg_arena *arena = examination->arena;
	const struct wpkg_strings *problems = &examination->question->closure.problems;
	struct linking linking = {
		.examination = examination,
		.list = wpkg_value_add(arena, examination->verdict, "links", WPKG_VALUE_ARRAY),
		.queue = wpkg_arena_alloc(arena, examination->links.count, sizeof(struct linked *)),
	};
	if (!linking.list || !linking.queue || !add_dependencies(examination))
		return no_memory(err);
	for (size_t i = 0; i < problems->count; i++)
		examination_problem(examination, "%.*s", WPKG_STR_ARG(problems->items[i]));
	if (examination->has_invalid) {
		examination->is_skipped = true;
		return WPKG_OK;
	}
	begin(&linking);
	enum wpkg_status status = WPKG_OK;
	while (status == WPKG_OK && linking.done < linking.count)
		status = look_at(&linking, linking.queue[linking.done++], err);
	return status == WPKG_OK ? check(&linking, err) : status;
}
