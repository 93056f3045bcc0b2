/* SPDX-License-Identifier: Apache-2.0 */
#include "project_modules.h"

#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "dependencies.h"
#include "fetch.h"
#include "package.h"
#include "trust.h"

/* What is gathered; the session's arena ends before the answer's does. */
struct gathering {
	struct session *session;
	struct wpkg_arena *arena;
	struct tool_project *project;
	size_t room; /* for paths */
	struct wpkg_err *err;
};

static enum wpkg_status no_memory(struct gathering *g)
{
	return WPKG_FAIL(g->err, WPKG_ENOMEM, "no memory for modules");
}

static bool copy(struct wpkg_str *out, struct gathering *g, struct wpkg_str text)
{
	*out = wpkg_arena_dup(g->arena, text);
	return out->ptr != NULL;
}

static bool make_room(struct gathering *g)
{
	size_t count = g->project->wiring.count;
	if (count < g->room)
		return true;
	size_t room = count > 0 ? 2 * count : 16;
	const char **paths = wpkg_arena_alloc(g->arena, room, sizeof(*paths));
	if (!paths)
		return false;
	if (count > 0)
		memcpy(paths, g->project->paths, count * sizeof(*paths));
	g->project->paths = paths;
	g->room = room;
	return true;
}

/* package is NULL for the project. */
static enum wpkg_status add_module(struct gathering *g, struct wpkg_wiring_package *package,
				   struct wpkg_str name, struct wpkg_str path)
{
	struct wpkg_wiring *wiring = &g->project->wiring;
	struct wpkg_str own_name, own_path;
	if (!make_room(g) || !copy(&own_name, g, name) || !copy(&own_path, g, path))
		return no_memory(g);
	g->project->paths[wiring->count] = own_path.ptr;
	if (package)
		package->module_count++;
	return wpkg_wiring_add(wiring, package, own_name, g->err);
}

static enum wpkg_status copy_needs(struct wpkg_strings *out, struct gathering *g,
				   const struct wpkg_dependencies *dependencies)
{
	out->items = wpkg_arena_alloc(g->arena, dependencies->count + 1, sizeof(*out->items));
	if (!out->items)
		return no_memory(g);
	for (; out->count < dependencies->count; out->count++)
		if (!copy(&out->items[out->count], g, dependencies->items[out->count].name))
			return no_memory(g);
	return WPKG_OK;
}

static enum wpkg_status copy_hosts(struct gathering *g, const struct wpkg_strings *from)
{
	struct wpkg_strings *hosts = &g->project->hosts;
	hosts->items = wpkg_arena_alloc(g->arena, from->count + 1, sizeof(*hosts->items));
	if (!hosts->items)
		return no_memory(g);
	for (; hosts->count < from->count; hosts->count++)
		if (!copy(&hosts->items[hosts->count], g, from->items[hosts->count]))
			return no_memory(g);
	return WPKG_OK;
}

/* The project's own modules are where its files are. */
static enum wpkg_status add_own(struct gathering *g, const struct dependencies *dependencies)
{
	struct package package = PACKAGE_NONE;
	enum wpkg_status status = copy_needs(&g->project->wiring.needs, g, &dependencies->wanted);
	if (status == WPKG_OK)
		status = copy_hosts(g, &dependencies->project->hosts);
	if (status == WPKG_OK)
		status = package_open(&package, g->session, ".", NULL, g->err);
	for (size_t i = 0; status == WPKG_OK && i < package.invoice->parcel_count; i++) {
		const struct wpkg_label *label = &package.invoice->parcels[i].label;
		if (wpkg_media_type_is_wasm(label->media_type))
			status = add_module(g, NULL, label->name, package.files[i].path);
	}
	package_close(&package);
	return status;
}

static enum wpkg_status add_package(struct wpkg_wiring_package **out, struct gathering *g,
				    const struct wpkg_locked *locked)
{
	struct wpkg_wiring_package *package = wpkg_arena_alloc(g->arena, 1, sizeof(*package));
	*out = package;
	if (!package || !copy(&package->name, g, locked->name) ||
	    !copy(&package->version, g, locked->version))
		return no_memory(g);
	return copy_needs(&package->needs, g, &locked->dependencies);
}

static enum wpkg_status add_cached(struct gathering *g, struct wpkg_wiring_package *package,
				   const struct wpkg_label *label)
{
	char *path = NULL;
	enum wpkg_status status = cache_parcel_path(&path, label, g->err);
	if (status == WPKG_OK)
		status = add_module(g, package, label->name, wpkg_str_from(path));
	wpkg_mem_free(path);
	return status;
}

static enum wpkg_status add_locked(struct gathering *g, const struct wpkg_locked *locked)
{
	struct reference reference;
	struct found found = {0};
	bool *chosen = NULL;
	struct wpkg_wiring_package *package = NULL;
	enum wpkg_status status = add_package(&package, g, locked);
	if (status == WPKG_OK)
		status = dependencies_refer(&reference, g->session, locked, g->err);
	if (status == WPKG_OK)
		status = reference_find_usable(&found, g->session, &reference, g->err);
	if (status == WPKG_OK)
		status = trust_check(g->session, found.invoice, g->err);
	if (status != WPKG_OK)
		return status;
	size_t count = found.invoice->parcel_count;
	chosen = wpkg_arena_alloc(&g->session->arena, count + 1, sizeof(*chosen));
	if (!chosen)
		return no_memory(g);
	for (size_t i = 0; i < count; i++)
		chosen[i] = wpkg_media_type_is_wasm(found.invoice->parcels[i].label.media_type);
	struct fetch fetch = {.found = &found, .chosen = chosen};
	status = fetch_parcels(&fetch, g->session, g->err);
	if (status == WPKG_OK)
		status = reference_remember(g->session, &found, g->err);
	for (size_t i = 0; status == WPKG_OK && i < count; i++)
		if (chosen[i])
			status = add_cached(g, package, &found.invoice->parcels[i].label);
	return status;
}

static enum wpkg_status gather(struct gathering *g)
{
	struct dependencies dependencies;
	enum wpkg_status status = dependencies_read(&dependencies, g->session, AT_FDCWD, g->err);
	if (status == WPKG_OK && (dependencies.has_lock || dependencies.wanted.count > 0))
		status = dependencies_check_lock(&dependencies, g->err);
	if (status != WPKG_OK)
		return status;
	status = add_own(g, &dependencies);
	for (size_t i = 0; status == WPKG_OK && i < dependencies.lock.count; i++)
		status = add_locked(g, &dependencies.lock.packages[i]);
	return status;
}

enum wpkg_status project_modules_open(struct tool_project *out, struct wpkg_arena *arena,
				      const struct wpkg_invocation *invocation,
				      struct wpkg_err *err)
{
	struct session session;
	struct tool_project project = {0};
	project.wiring.arena = arena;
	struct gathering g = {.session = &session, .arena = arena, .project = &project, .err = err};
	enum wpkg_status status = session_open(&session, invocation, err);
	if (status == WPKG_OK)
		status = gather(&g);
	session_close(&session);
	if (status == WPKG_OK)
		*out = project;
	return status;
}
