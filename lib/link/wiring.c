/* SPDX-License-Identifier: Apache-2.0 */
#include "wiring.h"

#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "link/link.h"

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "links: no memory");
}

static struct wpkg_str without_suffix(struct wpkg_str name)
{
	struct wpkg_str suffix = WPKG_LIT(".wasm");
	return wpkg_str_ends(name, suffix) ? wpkg_str_slice(name, 0, name.len - suffix.len) : name;
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

enum wpkg_status wpkg_wiring_add(struct wpkg_wiring *wiring,
				 const struct wpkg_wiring_package *package, struct wpkg_str name,
				 struct wpkg_err *err)
{
	struct wpkg_str path = without_suffix(name);
	wiring->modules =
		grown(wiring->arena, wiring->modules, wiring->count, sizeof(*wiring->modules));
	if (!wiring->modules)
		return no_memory(err);
	wiring->modules[wiring->count++] = (struct wpkg_wired){
		.package = package, .name = name, .path = path, .stem = wpkg_path_base(path)};
	return WPKG_OK;
}

struct wpkg_str wpkg_wiring_origin(const struct wpkg_wiring *wiring, size_t number)
{
	const struct wpkg_wired *wired = &wiring->modules[number];
	const struct wpkg_wiring_package *package = wired->package;
	if (!package)
		return wired->name;
	return wpkg_arena_format(wiring->arena, "%.*s/%.*s %.*s", WPKG_STR_ARG(package->name),
				 WPKG_STR_ARG(package->version), WPKG_STR_ARG(wired->name));
}

/* Whose an import is. */

static const struct wpkg_strings *needs_of(const struct wpkg_wiring *wiring,
					   const struct wpkg_wired *wired)
{
	return wired->package ? &wired->package->needs : &wiring->needs;
}

static bool is_among(const struct wpkg_strings *list, struct wpkg_str name)
{
	for (size_t i = 0; i < list->count; i++)
		if (wpkg_str_equal(list->items[i], name))
			return true;
	return false;
}

/* "PACKAGE", where that is all there is of it, or "PACKAGE/FILE". */
static bool is_called(const struct wpkg_wired *wired, struct wpkg_str package, struct wpkg_str name)
{
	if (!wpkg_str_starts(name, package))
		return false;
	struct wpkg_str rest = wpkg_str_from_offset(name, package.len);
	if (rest.len == 0)
		return wired->package->module_count == 1;
	rest = wpkg_str_from_offset(rest, 1);
	return name.ptr[package.len] == '/' &&
	       (wpkg_str_equal(rest, wired->path) || wpkg_str_equal(rest, wired->stem));
}

/* Ways to mean a module, the first that finds one counts. */
enum way { BY_PATH, BY_STEM, BY_PACKAGE, BY_LAST_PART, WAY_COUNT };

static bool is_meant(const struct wpkg_wiring *wiring, const struct wpkg_wired *importer,
		     const struct wpkg_wired *other, struct wpkg_str name, enum way way)
{
	if (way == BY_PATH || way == BY_STEM)
		return other->package == importer->package && other != importer &&
		       wpkg_str_equal(way == BY_PATH ? other->path : other->stem, name);
	if (!other->package || other->package == importer->package ||
	    !is_among(needs_of(wiring, importer), other->package->name))
		return false;
	struct wpkg_str package = other->package->name;
	return is_called(other, way == BY_PACKAGE ? package : wpkg_path_base(package), name);
}

/* Could it mean a package of the list that the importer depends on, or a file of one? Of these
 * packages nobody knows the modules. */
static bool may_mean(const struct wpkg_wiring *wiring, const struct wpkg_wired *importer,
		     const struct wpkg_strings *packages, struct wpkg_str name)
{
	for (size_t i = 0; i < packages->count; i++) {
		struct wpkg_str package = packages->items[i], last = wpkg_path_base(package);
		if (!is_among(needs_of(wiring, importer), package))
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

static bool note_ambiguity(const struct wpkg_wiring *wiring, struct wpkg_wired *importer,
			   struct wpkg_str name, const size_t meant[2])
{
	struct wpkg_str first = wpkg_wiring_origin(wiring, meant[0]);
	struct wpkg_str second = wpkg_wiring_origin(wiring, meant[1]);
	if (importer->ambiguity.len > 0)
		return true;
	importer->ambiguity =
		wpkg_arena_format(wiring->arena, "the import module '%.*s' may be %.*s or %.*s",
				  WPKG_STR_ARG(name), WPKG_STR_ARG(first), WPKG_STR_ARG(second));
	return importer->ambiguity.ptr != NULL;
}

/* The modules that a name means in the first way that finds any: none, one, or the first two. */
static size_t find_meant(size_t out[2], const struct wpkg_wiring *wiring,
			 const struct wpkg_wired *importer, struct wpkg_str name)
{
	size_t count = 0;
	for (unsigned way = 0; way < WAY_COUNT && count == 0; way++)
		for (size_t i = 0; i < wiring->count && count < 2; i++)
			if (is_meant(wiring, importer, &wiring->modules[i], name, (enum way)way))
				out[count++] = i;
	return count;
}

static bool add_string(struct wpkg_arena *arena, struct wpkg_strings *list, struct wpkg_str text)
{
	list->items = grown(arena, list->items, list->count, sizeof(*list->items));
	if (!list->items || !text.ptr)
		return false;
	list->items[list->count++] = text;
	return true;
}

static bool take_name(const struct wpkg_wiring *wiring, struct wpkg_wired *wired,
		      struct wpkg_str name)
{
	size_t meant[2];
	struct wpkg_arena *arena = wiring->arena;
	size_t count = find_meant(meant, wiring, wired, name);
	if (count == 0 && !may_mean(wiring, wired, &wiring->foreign, name))
		return true;
	/* The module may be gone when these names are read. */
	name = wpkg_arena_dup(arena, name);
	if (!add_string(arena, &wired->elsewhere, name))
		return false;
	if (count == 0)
		return true;
	if (count == 2)
		return note_ambiguity(wiring, wired, name, meant);
	wired->wires = grown(arena, wired->wires, wired->wire_count, sizeof(*wired->wires));
	if (!wired->wires)
		return false;
	wired->wires[wired->wire_count++] = (struct wpkg_wire){name, meant[0]};
	return true;
}

enum wpkg_status wpkg_wiring_connect(struct wpkg_wiring *wiring, size_t number,
				     const struct wpkg_module *module, struct wpkg_err *err)
{
	struct wpkg_str last = {0};
	struct wpkg_wired *wired = &wiring->modules[number];
	/* One module and no dependency: all is the host's. */
	if (wiring->count < 2 && wiring->foreign.count == 0)
		return WPKG_OK;
	for (uint32_t i = 0; i < module->import_count; i++) {
		struct wpkg_str name = module->imports[i].module;
		if ((i > 0 && wpkg_str_equal(name, last)) || is_among(&wired->elsewhere, name))
			continue;
		last = name;
		if (!take_name(wiring, wired, name))
			return no_memory(err);
	}
	return WPKG_OK;
}

bool wpkg_wiring_lacks(const struct wpkg_wiring *wiring, size_t number,
		       const struct wpkg_module *module)
{
	const struct wpkg_wired *wired = &wiring->modules[number];
	size_t meant[2];
	for (uint32_t i = 0; i < module->import_count; i++) {
		struct wpkg_str name = module->imports[i].module;
		if (may_mean(wiring, wired, needs_of(wiring, wired), name) &&
		    find_meant(meant, wiring, wired, name) == 0)
			return true;
	}
	return false;
}

/* The check. */

struct checking {
	const struct wpkg_wiring *wiring;
	uint32_t *inputs; /* by number: that of the input */
	struct wpkg_link_inputs all;
	struct wpkg_link_report report;
	struct wpkg_strings *problems; /* by number */
};

/* What the module's import names mean to it. False when memory is out. */
static bool gather_scope(struct wpkg_link_input *input, const struct checking *checking,
			 const struct wpkg_wired *wired)
{
	struct wpkg_link_name *scope =
		wpkg_arena_alloc(checking->wiring->arena, wired->wire_count + 1, sizeof(*scope));
	for (size_t i = 0; scope && i < wired->wire_count; i++) {
		const struct wpkg_wire *wire = &wired->wires[i];
		if (checking->wiring->modules[wire->from].module)
			scope[input->scope_count++] =
				(struct wpkg_link_name){wire->import, checking->inputs[wire->from]};
	}
	input->scope = scope;
	return scope != NULL;
}

/* All that are loaded, each in a scope of its own. False when memory is out. */
static bool gather(struct checking *checking)
{
	const struct wpkg_wiring *wiring = checking->wiring;
	struct wpkg_link_input *items =
		wpkg_arena_alloc(wiring->arena, wiring->count + 1, sizeof(*items));
	bool whole = items != NULL;
	uint32_t count = 0;
	for (size_t i = 0; i < wiring->count; i++)
		if (wiring->modules[i].module)
			checking->inputs[i] = count++;
	checking->all = (struct wpkg_link_inputs){items, count};
	for (size_t i = 0; whole && i < wiring->count; i++) {
		const struct wpkg_wired *wired = &wiring->modules[i];
		if (!wired->module)
			continue;
		struct wpkg_link_input *input = &items[checking->inputs[i]];
		input->origin = wpkg_wiring_origin(wiring, i);
		input->module = wired->module;
		whole = input->origin.ptr && gather_scope(input, checking, wired);
	}
	return whole;
}

static bool add_problems(struct checking *checking, size_t number)
{
	struct wpkg_buf line;
	struct wpkg_arena *arena = checking->wiring->arena;
	const struct wpkg_wired *wired = &checking->wiring->modules[number];
	struct wpkg_strings *out = &checking->problems[number];
	bool added = true;
	wpkg_buf_init(&line, SIZE_MAX);
	if (wired->ambiguity.len > 0) {
		struct wpkg_str origin = wpkg_wiring_origin(checking->wiring, number);
		added = add_string(arena, out,
				   wpkg_arena_format(arena, "%.*s: %.*s", WPKG_STR_ARG(origin),
						     WPKG_STR_ARG(wired->ambiguity)));
	}
	for (size_t i = 0; added && i < checking->report.problem_count; i++) {
		const struct wpkg_link_problem *problem = &checking->report.problems[i];
		if (problem->importer != checking->inputs[number])
			continue;
		wpkg_buf_reset(&line);
		wpkg_link_problem_format(&line, problem, &checking->all);
		added = line.failed == WPKG_OK &&
			add_string(arena, out, wpkg_arena_dup(arena, wpkg_buf_str(&line)));
	}
	wpkg_buf_clear(&line);
	return added;
}

enum wpkg_status wpkg_wiring_check(struct wpkg_strings **problems, const struct wpkg_wiring *wiring,
				   struct wpkg_err *err)
{
	struct checking checking = {.wiring = wiring};
	checking.inputs = wpkg_arena_alloc(wiring->arena, wiring->count, sizeof(uint32_t));
	checking.problems =
		wpkg_arena_alloc(wiring->arena, wiring->count, sizeof(*checking.problems));
	if (!checking.inputs || !checking.problems || !gather(&checking))
		return no_memory(err);
	enum wpkg_status status = WPKG_OK;
	if (checking.all.count > 0)
		status = wpkg_link_check(&checking.report, wiring->arena, &checking.all, err);
	for (size_t i = 0; status == WPKG_OK && i < wiring->count; i++)
		if (wiring->modules[i].module && !add_problems(&checking, i))
			return no_memory(err);
	if (status == WPKG_OK)
		*problems = checking.problems;
	return status;
}
