/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which a host would instantiate the inputs: an input after all that it imports from;
 * among those that are free, in the order given. Inputs that need each other have no such order,
 * which matters only when one of them runs something at its start.
 */
#include "link/link_int.h"

struct ordering {
	struct link *link;
	uint8_t *state; /* by input: 0 not seen, 1 on the path, 2 placed */
	uint32_t *path; /* inputs that wait for the ones after them */
	uint32_t *next; /* by input: the import to look at */
	uint32_t depth, placed;
	uint32_t circle_start, circle_with; /* a start function in a circle; or none */
};

static void note_circle(struct ordering *o, uint32_t back_to)
{
	uint32_t from = o->depth;
	while (from > 0 && o->path[from - 1] != back_to)
		from--;
	for (uint32_t i = from - 1; i < o->depth && o->circle_start == WPKG_INDEX_NONE; i++)
		if (o->link->modules[o->path[i]].module->start != WPKG_INDEX_NONE) {
			o->circle_start = o->path[i];
			o->circle_with = o->path[i + 1 < o->depth ? i + 1 : from - 1];
		}
}

static void visit(struct ordering *o, uint32_t input)
{
	o->state[input] = 1;
	o->path[o->depth++] = input;
	while (o->depth > 0) {
		uint32_t at = o->path[o->depth - 1];
		const struct link_module *m = &o->link->modules[at];
		if (o->next[at] == m->module->import_count) {
			o->state[at] = 2;
			o->link->order[o->placed++] = at;
			o->depth--;
			continue;
		}
		uint32_t to = m->targets[o->next[at]++].input;
		if (to == WPKG_INDEX_NONE || o->state[to] == 2)
			continue;
		if (o->state[to] == 1) {
			note_circle(o, to);
			continue;
		}
		o->state[to] = 1;
		o->path[o->depth++] = to;
	}
}

static enum wpkg_status fail_circle(const struct ordering *o, struct wpkg_link_report *report)
{
	const struct wpkg_link_problem problem = {.kind = WPKG_LINK_START,
						  .importer = o->circle_start,
						  .import = WPKG_INDEX_NONE,
						  .provider = o->circle_with};
	struct wpkg_buf text;
	if (report) {
		report->problems[report->problem_count++] = problem;
		return WPKG_OK;
	}
	wpkg_buf_init(&text, 1 << 16);
	wpkg_link_problem_format(&text, &problem, o->link->inputs);
	wpkg_err_set(o->link->err, WPKG_EINVAL, "%s", wpkg_buf_text(&text));
	wpkg_buf_clear(&text);
	return WPKG_EINVAL;
}

enum wpkg_status link_order(struct link *link, struct wpkg_link_report *report)
{
	struct wpkg_arena *arena = &link->arena;
	struct ordering o = {.link = link,
			     .state = wpkg_arena_alloc(arena, link->count, sizeof(uint8_t)),
			     .path = wpkg_arena_alloc(arena, link->count, sizeof(uint32_t)),
			     .next = wpkg_arena_alloc(arena, link->count, sizeof(uint32_t)),
			     .circle_start = WPKG_INDEX_NONE};
	link->order = wpkg_arena_alloc(arena, link->count, sizeof(uint32_t));
	if (!o.state || !o.path || !o.next || !link->order)
		return WPKG_FAIL(link->err, WPKG_ENOMEM, "link: no memory");
	for (uint32_t i = 0; i < link->count; i++)
		if (o.state[i] == 0)
			visit(&o, i);
	return o.circle_start == WPKG_INDEX_NONE ? WPKG_OK : fail_circle(&o, report);
}
