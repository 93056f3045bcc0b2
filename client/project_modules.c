/* SPDX-License-Identifier: Apache-2.0 */
#include "project_modules.h"

#include <fcntl.h>

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
	size_t room; /* for modules */
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

static void *grown(struct gathering *g, void *items, size_t count, size_t room, size_t size)
{
	void *more = wpkg_arena_alloc(g->arena, room, size);
	if (more && count > 0)
		memcpy(more, items, count * size);
	return more;
}

static bool make_room(struct gathering *g)
{
	struct tool_project *p = g->project;
	size_t count = p->linkage.module_count;
	if (count < g->room)
		return true;
	g->room = count > 0 ? 2 * count : 16;
	p->linkage.modules =
		grown(g, p->linkage.modules, count, g->room, sizeof(*p->linkage.modules));
	p->names = grown(g, p->names, count, g->room, sizeof(*p->names));
	p->paths = grown(g, p->paths, count, g->room, sizeof(*p->paths));
	return p->linkage.modules && p->names && p->paths;
}

static enum wpkg_status add_module(struct gathering *g, size_t package, struct wpkg_str name,
				   struct wpkg_str path)
{
	struct tool_project *p = g->project;
	struct wpkg_str own_path;
	if (!make_room(g))
		return no_memory(g);
	size_t number = p->linkage.module_count++;
	if (!copy(&p->names[number], g, name) || !copy(&own_path, g, path))
		return no_memory(g);
	p->paths[number] = own_path.ptr;
	p->linkage.modules[number] = wpkg_linkage_module_of(package, p->names[number]);
	p->linkage.packages[package].module_count++;
	return WPKG_OK;
}

static enum wpkg_status add_package(struct gathering *g, struct wpkg_str name,
				    struct wpkg_str version,
				    const struct wpkg_dependencies *dependencies)
{
	size_t number = g->project->linkage.package_count++;
	struct wpkg_linkage_package *package = &g->project->linkage.packages[number];
	struct wpkg_strings *needs = &package->needs;
	needs->items = wpkg_arena_alloc(g->arena, dependencies->count + 1, sizeof(*needs->items));
	if (!needs->items || !copy(&package->name, g, name) ||
	    !copy(&g->project->versions[number], g, version))
		return no_memory(g);
	for (; needs->count < dependencies->count; needs->count++)
		if (!copy(&needs->items[needs->count], g, dependencies->items[needs->count].name))
			return no_memory(g);
	return WPKG_OK;
}

/* The project's own modules are where its files are. */
static enum wpkg_status add_own(struct gathering *g, const struct dependencies *dependencies)
{
	const struct wpkg_project *project = dependencies->project;
	struct wpkg_strings *hosts = &g->project->hosts;
	struct package package = PACKAGE_NONE;
	enum wpkg_status status =
		add_package(g, project->name, WPKG_LIT(""), &dependencies->wanted);
	hosts->items = wpkg_arena_alloc(g->arena, project->hosts.count + 1, sizeof(*hosts->items));
	if (status == WPKG_OK && !hosts->items)
		status = no_memory(g);
	for (; status == WPKG_OK && hosts->count < project->hosts.count; hosts->count++)
		if (!copy(&hosts->items[hosts->count], g, project->hosts.items[hosts->count]))
			status = no_memory(g);
	if (status == WPKG_OK)
		status = package_open(&package, g->session, ".", NULL, g->err);
	for (size_t i = 0; status == WPKG_OK && i < package.invoice->parcel_count; i++) {
		const struct wpkg_label *label = &package.invoice->parcels[i].label;
		if (wpkg_media_type_is_wasm(label->media_type))
			status = add_module(g, 0, label->name, package.files[i].path);
	}
	package_close(&package);
	return status;
}

static enum wpkg_status add_cached(struct gathering *g, size_t package,
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
	size_t package = g->project->linkage.package_count;
	enum wpkg_status status =
		add_package(g, locked->name, locked->version, &locked->dependencies);
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
	size_t count = dependencies.lock.count + 1;
	struct tool_project *project = g->project;
	project->linkage.packages =
		wpkg_arena_alloc(g->arena, count, sizeof(*project->linkage.packages));
	project->versions = wpkg_arena_alloc(g->arena, count, sizeof(*project->versions));
	if (!project->linkage.packages || !project->versions)
		return no_memory(g);
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
	struct gathering g = {.session = &session, .arena = arena, .project = &project, .err = err};
	enum wpkg_status status = session_open(&session, invocation, err);
	if (status == WPKG_OK)
		status = gather(&g);
	session_close(&session);
	if (status == WPKG_OK)
		*out = project;
	return status;
}
