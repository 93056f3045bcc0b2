/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wpkg link --check of a project: what its modules import from each other and from its
 * dependencies, as the lock file has them, what those import in turn, and what is left for the
 * hosts that the project is for.
 */
#include <fcntl.h>

#include "../client/global.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "commands.h"
#include "link.h"
#include "link/link.h"
#include "output.h"
#include "pkg/host_match.h"
#include "wasm/component.h"
#include "wasm/facts.h"

#define MODULE_MAX ((uint64_t)1 << 32)

struct module {
	struct wpkg_file_map map;
	struct wpkg_module *module; /* NULL: not reached, or not readable */
	uint32_t input;		    /* in the link */
	bool is_queued, is_component;
};

struct checking {
	struct wpkg_arena arena;
	struct tool_project project;
	struct module *modules;
	size_t *queue; /* modules that are reached, in that order */
	size_t queued;
	struct wpkg_buf out; /* problems that are no report's, a line each */
	struct wpkg_link_inputs inputs;
	struct link_findings findings;
	struct wpkg_host_profiles profiles;
	struct wpkg_err err;
};

static enum wpkg_status no_memory(struct checking *c)
{
	return WPKG_FAIL(&c->err, WPKG_ENOMEM, "link: no memory");
}

static void put(struct checking *c, struct wpkg_str text)
{
	wpkg_utf8_append_escaped(&c->out, text);
}

static void begin_problem(struct checking *c, size_t number)
{
	put(c, wpkg_wiring_origin(&c->project.wiring, number));
	wpkg_buf_append_text(&c->out, ": ");
}

static void push(struct checking *c, size_t number)
{
	if (c->modules[number].is_queued)
		return;
	c->modules[number].is_queued = true;
	c->queue[c->queued++] = number;
}

static enum wpkg_status load(struct checking *c, size_t number)
{
	struct module *module = &c->modules[number];
	const char *path = c->project.paths[number];
	enum wpkg_status status =
		wpkg_file_map_open(&module->map, AT_FDCWD, path, MODULE_MAX, &c->err);
	if (status != WPKG_OK)
		return status;
	module->is_component = wpkg_wasm_kind_of(module->map.bytes) == WPKG_WASM_COMPONENT;
	if (module->is_component)
		return WPKG_OK;
	struct wpkg_err wrong;
	status = wpkg_module_read(&module->module, module->map.bytes, NULL, &wrong);
	if (status == WPKG_OK)
		return status;
	if (status == WPKG_ENOMEM)
		return no_memory(c);
	begin_problem(c, number);
	put(c, wpkg_str_from(wrong.msg));
	wpkg_buf_append_byte(&c->out, '\n');
	return WPKG_OK;
}

/* What the names of its imports mean; each module that is meant comes in turn. */
static enum wpkg_status look_up_names(struct checking *c, size_t number)
{
	struct wpkg_wiring *wiring = &c->project.wiring;
	enum wpkg_status status =
		wpkg_wiring_connect(wiring, number, c->modules[number].module, &c->err);
	const struct wpkg_wired *wired = &wiring->modules[number];
	if (wired->ambiguity.len > 0) {
		begin_problem(c, number);
		put(c, wired->ambiguity);
		wpkg_buf_append_byte(&c->out, '\n');
	}
	for (size_t i = 0; i < wired->wire_count; i++)
		push(c, wired->wires[i].from);
	return status;
}

static enum wpkg_status load_all(struct checking *c)
{
	const struct wpkg_wiring *wiring = &c->project.wiring;
	enum wpkg_status status = WPKG_OK;
	c->modules = wpkg_arena_alloc(&c->arena, wiring->count + 1, sizeof(*c->modules));
	c->queue = wpkg_arena_alloc(&c->arena, wiring->count + 1, sizeof(*c->queue));
	if (!c->modules || !c->queue)
		return no_memory(c);
	for (size_t i = 0; i < wiring->count && !wiring->modules[i].package; i++)
		push(c, i);
	for (size_t i = 0; status == WPKG_OK && i < c->queued; i++) {
		status = load(c, c->queue[i]);
		if (status == WPKG_OK && c->modules[c->queue[i]].module)
			status = look_up_names(c, c->queue[i]);
	}
	return status;
}

static void report_component(struct checking *c, size_t number, const struct wpkg_wire *wire)
{
	begin_problem(c, number);
	wpkg_buf_append_text(&c->out, "the import module '");
	put(c, wire->import);
	wpkg_buf_append_text(&c->out, "' is ");
	put(c, wpkg_wiring_origin(&c->project.wiring, wire->from));
	wpkg_buf_append_text(&c->out, ", a component, which cannot be linked to a module\n");
}

/* The modules that its imports mean, as far as they could be read. False: no memory. */
static bool make_scope(struct checking *c, struct wpkg_link_input *input, size_t number)
{
	const struct wpkg_wired *wired = &c->project.wiring.modules[number];
	struct wpkg_link_name *scope =
		wpkg_arena_alloc(&c->arena, wired->wire_count + 1, sizeof(*scope));
	for (size_t i = 0; scope && i < wired->wire_count; i++) {
		const struct module *to = &c->modules[wired->wires[i].from];
		if (to->is_component)
			report_component(c, number, &wired->wires[i]);
		if (to->module)
			scope[input->scope_count++] =
				(struct wpkg_link_name){wired->wires[i].import, to->input};
	}
	input->scope = scope;
	return scope != NULL;
}

/* The modules that could be read. A name that means another one is nobody's. */
static struct wpkg_link_input *make_inputs(struct checking *c, size_t *count)
{
	struct wpkg_link_input *items = wpkg_arena_alloc(&c->arena, c->queued + 1, sizeof(*items));
	*count = 0;
	for (size_t i = 0; i < c->queued; i++)
		if (c->modules[c->queue[i]].module)
			c->modules[c->queue[i]].input = (uint32_t)(*count)++;
	for (size_t i = 0; items && i < c->queued; i++) {
		const struct module *module = &c->modules[c->queue[i]];
		if (!module->module)
			continue;
		items[module->input] = (struct wpkg_link_input){
			.origin = wpkg_wiring_origin(&c->project.wiring, c->queue[i]),
			.module = module->module};
		if (!make_scope(c, &items[module->input], c->queue[i]))
			return NULL;
	}
	return items;
}

static enum wpkg_status check_links(struct checking *c)
{
	struct wpkg_link_input *items = make_inputs(c, &c->inputs.count);
	if (!items)
		return no_memory(c);
	c->inputs.items = items;
	c->findings.inputs = &c->inputs;
	return c->inputs.count == 0
		       ? WPKG_OK
		       : wpkg_link_check(&c->findings.report, &c->arena, &c->inputs, &c->err);
}

static enum wpkg_status match(struct checking *c, const struct wpkg_host_profile *profile,
			      size_t number)
{
	const struct module *module = &c->modules[number];
	const struct wpkg_wired *wired = &c->project.wiring.modules[number];
	struct wpkg_component component;
	struct wpkg_host_report report;
	if (module->is_component &&
	    wpkg_component_read(&component, &c->arena, module->map.bytes, &c->err) != WPKG_OK)
		return c->err.status;
	const struct wpkg_host_subject subject = {.module = module->module,
						  .component =
							  module->is_component ? &component : NULL,
						  .size = module->map.bytes.len,
						  .linked = wired->elsewhere,
						  .imports_only = wired->package != NULL};
	enum wpkg_status status =
		wpkg_host_match(&report, &c->arena, &c->profiles, profile, &subject, &c->err);
	for (size_t i = 0; status == WPKG_OK && !report.matches && i < report.problem_count; i++) {
		begin_problem(c, number);
		wpkg_buf_append_format(&c->out,
				       "does not run at host %.*s: ", WPKG_STR_ARG(profile->id));
		put(c, report.problems[i]);
		wpkg_buf_append_byte(&c->out, '\n');
	}
	return status;
}

static enum wpkg_status check_hosts(struct checking *c)
{
	const struct wpkg_strings *hosts = &c->project.hosts;
	enum wpkg_status status = WPKG_OK;
	if (hosts->count > 0)
		status = wpkg_host_profiles_add_known(&c->profiles, &c->arena, &c->err);
	for (size_t h = 0; status == WPKG_OK && h < hosts->count; h++) {
		const struct wpkg_host_profile *profile =
			wpkg_host_profiles_find(&c->profiles, hosts->items[h]);
		if (!profile || profile->kind != WPKG_HOST_RUNS) {
			wpkg_buf_append_text(&c->out, "wpkg.toml: there is no host '");
			put(c, hosts->items[h]);
			wpkg_buf_append_text(&c->out, "' ('wpkg hosts' lists them)\n");
			continue;
		}
		for (size_t i = 0; status == WPKG_OK && i < c->queued; i++)
			if (c->modules[c->queue[i]].module || c->modules[c->queue[i]].is_component)
				status = match(c, profile, c->queue[i]);
	}
	return status;
}

static void close_modules(struct checking *c)
{
	for (size_t i = 0; c->modules && i < c->project.wiring.count; i++) {
		wpkg_module_free(c->modules[i].module);
		wpkg_file_map_close(&c->modules[i].map);
	}
}

int link_check_project(const struct wpkg_invocation *invocation)
{
	struct checking c = {0};
	wpkg_arena_init(&c.arena, (size_t)1 << 30);
	wpkg_buf_init(&c.out, SIZE_MAX);
	enum wpkg_status status = tool_project_open(&c.project, &c.arena, invocation, &c.err);
	if (status == WPKG_OK)
		status = load_all(&c);
	if (status == WPKG_OK)
		status = check_links(&c);
	if (status == WPKG_OK)
		status = check_hosts(&c);
	const struct global_options *global = invocation->global;
	c.findings.lines = wpkg_buf_str(&c.out);
	int code = status == WPKG_OK ? link_print_findings(&c.arena, &c.findings, global->json)
				     : tool_error(&c.err);
	close_modules(&c);
	wpkg_buf_clear(&c.out);
	wpkg_arena_clear(&c.arena);
	return code;
}
