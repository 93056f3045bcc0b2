/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage of links: what a version imports from other modules of its own, or from its
 * dependencies, must be what these export; and what those import in turn from theirs. The check is
 * that of 'wpkg link --check', of all at once and each in the scope of its own package.
 */
#include "examination.h"
#include "link/link.h"
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
	struct wpkg_str origin = links_origin(examination->arena, linked);
	if (linked->module || linked->is_broken)
		return WPKG_OK;
	enum wpkg_status status = parcel_open(&linked->parcel, examination, linked->number, err);
	if (status != WPKG_OK)
		return status;
	status = parcel_map(&linked->parcel, &wrong);
	if (status == WPKG_OK && wpkg_wasm_kind_of(linked->parcel.bytes) == WPKG_WASM_COMPONENT)
		status = WPKG_FAIL(&wrong, WPKG_EFORMAT,
				   "is a component, which cannot be linked to a module");
	if (status == WPKG_OK)
		status = wpkg_module_read(&linked->module, linked->parcel.bytes, NULL, &wrong);
	if (status != WPKG_OK) {
		linked->is_broken = true;
		examination_problem(examination, "%.*s: %s", WPKG_STR_ARG(origin), wrong.msg);
	}
	return WPKG_OK;
}

/* What the module's import names mean to it, by number of the input. False when memory is out. */
static bool gather_scope(struct wpkg_link_input *input, struct wpkg_arena *arena,
			 const struct linked *linked)
{
	struct wpkg_link_name *scope =
		wpkg_arena_alloc(arena, linked->binding_count + 1, sizeof(*scope));
	size_t count = 0;
	for (size_t i = 0; scope && i < linked->binding_count; i++)
		if (linked->bindings[i].from->module)
			scope[count++] = (struct wpkg_link_name){linked->bindings[i].import,
								 linked->bindings[i].from->input};
	input->scope = scope;
	input->scope_count = count;
	return scope != NULL;
}

/* All that were loaded, each in a scope of its own. False when memory is out. */
static bool gather(struct wpkg_link_inputs *out, struct linking *linking)
{
	struct wpkg_arena *arena = linking->examination->arena;
	struct wpkg_link_input *items = wpkg_arena_alloc(arena, linking->count + 1, sizeof(*items));
	bool whole = items != NULL;
	uint32_t count = 0;
	for (size_t i = 0; i < linking->count; i++)
		if (linking->queue[i]->module)
			linking->queue[i]->input = count++;
	*out = (struct wpkg_link_inputs){items, count};
	for (size_t i = 0; whole && i < linking->count; i++) {
		const struct linked *linked = linking->queue[i];
		if (!linked->module)
			continue;
		struct wpkg_link_input *input = &items[linked->input];
		input->origin = links_origin(arena, linked);
		input->module = linked->module;
		whole = input->origin.ptr && gather_scope(input, arena, linked);
	}
	return whole;
}

/* A problem, and the first one as what is wrong with the module. */
static void note(struct linking *linking, struct wpkg_buf *first, const struct wpkg_buf *line)
{
	struct wpkg_str text = wpkg_buf_str(line);
	examination_problem(linking->examination, "%.*s", WPKG_STR_ARG(text));
	if (first->len == 0)
		wpkg_buf_append_str(first, text);
}

static void note_problems(struct linking *linking, struct wpkg_buf *first,
			  const struct linked *linked, const struct wpkg_link_report *found,
			  const struct wpkg_link_inputs *inputs)
{
	struct wpkg_buf line;
	wpkg_buf_init(&line, SIZE_MAX);
	if (linked->ambiguity.len > 0) {
		struct wpkg_str origin = inputs->items[linked->input].origin;
		wpkg_buf_append_format(&line, "%.*s: %.*s", WPKG_STR_ARG(origin),
				       WPKG_STR_ARG(linked->ambiguity));
		note(linking, first, &line);
	}
	for (size_t i = 0; i < found->problem_count; i++) {
		if (found->problems[i].importer != linked->input)
			continue;
		wpkg_buf_reset(&line);
		wpkg_link_problem_format(&line, &found->problems[i], inputs);
		note(linking, first, &line);
	}
	wpkg_buf_clear(&line);
}

static bool add_bindings(struct wpkg_arena *arena, struct wpkg_value *entry,
			 const struct linked *linked)
{
	struct wpkg_value *list = wpkg_value_add(arena, entry, "from", WPKG_VALUE_ARRAY);
	for (size_t i = 0; i < linked->binding_count; i++) {
		const struct link_binding *binding = &linked->bindings[i];
		struct wpkg_value *item = wpkg_value_add(arena, list, NULL, WPKG_VALUE_TABLE);
		if (!wpkg_value_add_string(arena, item, "import", binding->import) ||
		    !wpkg_value_add_string(arena, item, "module",
					   links_origin(arena, binding->from)))
			return false;
	}
	return list != NULL;
}

static bool report(struct linking *linking, const struct linked *linked,
		   const struct wpkg_buf *error)
{
	struct wpkg_arena *arena = linking->examination->arena;
	const struct wpkg_question_package *package = linked->package;
	struct wpkg_value *entry = wpkg_value_add(arena, linking->list, NULL, WPKG_VALUE_TABLE);
	if (!wpkg_value_add_string(arena, entry, "parcel", linked->name) ||
	    !wpkg_value_add_boolean(arena, entry, "passed", error->len == 0) ||
	    !add_bindings(arena, entry, linked))
		return false;
	if (package && (!wpkg_value_add_string(arena, entry, "package", package->name) ||
			!wpkg_value_add_string(arena, entry, "version", package->version)))
		return false;
	return error->len == 0 || wpkg_value_add_string(arena, entry, "error", wpkg_buf_str(error));
}

static enum wpkg_status check(struct linking *linking, struct wpkg_err *err)
{
	struct wpkg_link_inputs inputs;
	struct wpkg_link_report found = {0};
	bool reported = true;
	if (!gather(&inputs, linking))
		return no_memory(err);
	enum wpkg_status status =
		inputs.count == 0
			? WPKG_OK
			: wpkg_link_check(&found, linking->examination->arena, &inputs, err);
	for (size_t i = 0; status == WPKG_OK && reported && i < linking->count; i++) {
		struct wpkg_buf error;
		if (!linking->queue[i]->module)
			continue;
		wpkg_buf_init(&error, SIZE_MAX);
		note_problems(linking, &error, linking->queue[i], &found, &inputs);
		reported = error.failed == WPKG_OK && report(linking, linking->queue[i], &error);
		wpkg_buf_clear(&error);
	}
	return reported ? status : no_memory(err);
}

static enum wpkg_status look_at(struct linking *linking, struct linked *linked,
				struct wpkg_err *err)
{
	struct examination *examination = linking->examination;
	struct wpkg_str origin = links_origin(examination->arena, linked);
	enum wpkg_status status =
		examination_progress(examination, err, "link %.*s", WPKG_STR_ARG(origin));
	if (status == WPKG_OK)
		status = load(linking, linked, err);
	if (status != WPKG_OK || linked->is_broken)
		return status;
	if (linked->package)
		status = links_look_at(examination, linked, linked->module, err);
	if (status == WPKG_OK && linked->package)
		status = hosts_look_at_linked(examination, linked, err);
	examination->looked_at += linked->package ? linked->import_count : 0;
	for (size_t i = 0; status == WPKG_OK && i < linked->binding_count; i++) {
		push(linking, linked->bindings[i].from);
		status = load(linking, linked->bindings[i].from, err);
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
	for (size_t i = 0; i < links->count && !links->modules[i].package; i++) {
		struct linked *linked = &links->modules[i];
		examination->looked_at += linked->import_count;
		if (linked->binding_count > 0 || linked->ambiguity.len > 0)
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
