/* SPDX-License-Identifier: Apache-2.0 */
#include "parts.h"

#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "output.h"

#define MEMORY_MAX ((size_t)1 << 30)

struct part {
	bool is_wanted, is_connected;
	struct wpkg_file_map file;
	struct wpkg_module *module;
};

static enum wpkg_status no_memory(struct wpkg_err *err)
{
	return WPKG_FAIL(err, WPKG_ENOMEM, "no memory for modules");
}

static void name_module(const struct parts *parts, size_t number, struct wpkg_err *err)
{
	struct wpkg_str origin = wpkg_wiring_origin(&parts->wiring, number);
	wpkg_err_prepend(err, "%.*s", WPKG_STR_ARG(origin));
}

/* A folder or an archive is a package; so is what is no file, as the program that knows references
 * says. */
static bool is_package(const char *operand)
{
	struct stat info;
	struct wpkg_str name = wpkg_path_base(wpkg_str_from(operand));
	if (!tool_package_open)
		return false;
	if (stat(operand, &info) != 0 || S_ISDIR(info.st_mode))
		return true;
	return wpkg_str_ends(name, WPKG_LIT(".tar.gz")) ||
	       wpkg_str_equal(name, WPKG_LIT("wpkg.toml"));
}

static enum wpkg_status open_package(struct parts *parts, const struct parts_request *request,
				     struct wpkg_err *err)
{
	enum wpkg_status status =
		tool_package_open(&parts->package, &parts->wiring, request->invocation,
				  request->operand, request->module, err);
	struct stat info;
	if (status != WPKG_OK && stat(request->operand, &info) != 0)
		wpkg_err_prepend(err, "%s: no such file, nor a package", request->operand);
	return status;
}

/* Room for those that came with the dependencies. */
static enum wpkg_status make_room(struct parts *parts, struct wpkg_err *err)
{
	struct part *items = wpkg_arena_alloc(&parts->arena, parts->wiring.count, sizeof(*items));
	if (!items)
		return no_memory(err);
	if (parts->count > 0)
		memcpy(items, parts->items, parts->count * sizeof(*items));
	parts->items = items;
	parts->count = parts->wiring.count;
	return WPKG_OK;
}

static enum wpkg_status begin(struct parts *parts, const struct parts_request *request,
			      struct wpkg_err *err)
{
	enum wpkg_status status;
	if (is_package(request->operand))
		status = open_package(parts, request, err);
	else if (request->module)
		status = WPKG_FAIL(err, WPKG_EINVAL,
				   "%s is a module: --module names one of a package",
				   request->operand);
	else
		status =
			wpkg_wiring_add(&parts->wiring, NULL, wpkg_str_from(request->operand), err);
	return status == WPKG_OK ? make_room(parts, err) : status;
}

static enum wpkg_status open_bytes(struct parts *parts, const struct parts_request *request,
				   size_t number, struct wpkg_err *err)
{
	struct wpkg_file_map *file = &parts->items[number].file;
	if (!parts->package.state)
		return tool_module_open(file, request->invocation, request->operand, err);
	return parts->package.open_module(file, parts->package.state, number, err);
}

static int load(struct parts *parts, const struct parts_request *request, size_t number)
{
	struct wpkg_err err;
	struct part *part = &parts->items[number];
	if (open_bytes(parts, request, number, &err) != WPKG_OK)
		return tool_error(&err);
	if (wpkg_module_read(&part->module, part->file.bytes, NULL, &err) != WPKG_OK) {
		name_module(parts, number, &err);
		return tool_refusal(&err);
	}
	parts->wiring.modules[number].module = part->module;
	return WPKG_EXIT_DONE;
}

static enum wpkg_status connect(struct parts *parts, size_t number, struct wpkg_err *err)
{
	struct wpkg_wiring *wiring = &parts->wiring;
	const struct wpkg_module *module = parts->items[number].module;
	enum wpkg_status status = WPKG_OK;
	if (!parts->is_whole && parts->package.state && wpkg_wiring_lacks(wiring, number, module)) {
		parts->is_whole = true;
		status = parts->package.add_dependencies(parts->package.state, wiring, err);
		if (status == WPKG_OK)
			status = make_room(parts, err);
	}
	return status == WPKG_OK ? wpkg_wiring_connect(wiring, number, module, err) : status;
}

/* SIZE_MAX when all that are wanted are there. */
static size_t next_wanted(const struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		if (parts->items[i].is_wanted && !parts->items[i].is_connected)
			return i;
	return SIZE_MAX;
}

/* The main module, those that it imports from, and those that these do. Is the exit code. */
static int load_all(struct parts *parts, const struct parts_request *request)
{
	struct wpkg_err err;
	size_t number;
	parts->items[parts->package.main].is_wanted = true;
	while ((number = next_wanted(parts)) != SIZE_MAX) {
		int code = load(parts, request, number);
		if (code != WPKG_EXIT_DONE)
			return code;
		if (connect(parts, number, &err) != WPKG_OK)
			return tool_error(&err);
		const struct wpkg_wired *wired = &parts->wiring.modules[number];
		parts->items[number].is_connected = true;
		for (size_t i = 0; i < wired->wire_count; i++)
			parts->items[wired->wires[i].from].is_wanted = true;
	}
	return WPKG_EXIT_DONE;
}

/* All problems of all of them. */
static int check(struct parts *parts)
{
	struct wpkg_err err;
	struct wpkg_strings *problems = NULL;
	int code = WPKG_EXIT_DONE;
	if (parts->count < 2)
		return code;
	if (wpkg_wiring_check(&problems, &parts->wiring, &err) != WPKG_OK)
		return tool_error(&err);
	for (size_t i = 0; i < parts->count; i++)
		for (size_t n = 0; n < problems[i].count; n++)
			code = tool_problem(problems[i].items[n]);
	return code;
}

int parts_open(struct parts *out, const struct parts_request *request)
{
	struct wpkg_err err;
	*out = (struct parts){.main = NULL};
	wpkg_arena_init(&out->arena, MEMORY_MAX);
	out->wiring.arena = &out->arena;
	if (begin(out, request, &err) != WPKG_OK)
		return tool_error(&err);
	int code = load_all(out, request);
	if (code == WPKG_EXIT_DONE)
		code = check(out);
	if (code == WPKG_EXIT_DONE)
		out->main = out->items[out->package.main].module;
	return code;
}

void parts_close(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++) {
		wpkg_module_free(parts->items[i].module);
		wpkg_file_map_close(&parts->items[i].file);
	}
	if (parts->package.state)
		parts->package.close(parts->package.state);
	wpkg_arena_clear(&parts->arena);
}

struct wpkg_str parts_file_name(const struct parts *parts)
{
	return wpkg_path_base(parts->wiring.modules[parts->package.main].name);
}

bool parts_are_linked(const struct parts *parts)
{
	return parts->wiring.modules[parts->package.main].wire_count > 0;
}

enum wpkg_status parts_instantiate(struct wpkg_instance **out, struct parts *parts,
				   struct wpkg_assembly *assembly, struct wpkg_outcome *outcome,
				   struct wpkg_err *err)
{
	struct wpkg_wiring *wiring = &parts->wiring;
	assembly->parts = wpkg_arena_alloc(&parts->arena, wiring->count, sizeof(*assembly->parts));
	if (!assembly->parts)
		return no_memory(err);
	assembly->count = wiring->count;
	for (size_t i = 0; i < wiring->count; i++)
		assembly->parts[i] =
			(struct wpkg_assembly_part){.origin = wpkg_wiring_origin(wiring, i),
						    .module = wiring->modules[i].module,
						    .wires = wiring->modules[i].wires,
						    .wire_count = wiring->modules[i].wire_count};
	return wpkg_assembly_instantiate(out, assembly, parts->package.main, outcome, err);
}
