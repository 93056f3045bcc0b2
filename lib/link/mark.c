/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the output needs, from its roots: items to look at, each once. A memory or table that is
 * needed brings its active segments, a segment what its expressions name. Active segments of the
 * host's memories and tables are roots: who has given these sees what is put there.
 *
 * An input's items are looked at as long as there are any, before another input has its turn and
 * this one's bytes rest: a page is the least that a mapped file has in memory, and many small
 * modules are less than that. Where calls go to and fro between inputs they rest no more after a
 * few turns: each turn would read its pages anew.
 */
#include "base/mem.h"
#include "link/link_int.h"

#define NONE UINT32_MAX
#define RESTS_MOST 4 /* of an input */

struct pending {
	uint32_t index;
	uint32_t next; /* of the same input, or free; NONE */
	uint8_t space; /* LINK_TYPE: index is the first type of a group, whichever input has it */
};

/* An active segment, which its memory or table brings. */
struct active {
	struct link_item item;
	uint32_t next; /* of the same memory or table; NONE */
	uint8_t space;
};

struct mark {
	struct link *link;
	struct pending *pending; /* heap */
	uint32_t count, capacity;
	uint32_t unused; /* first that is free again; NONE */
	uint32_t *first; /* pending, by input; NONE */
	uint32_t *turns; /* inputs that have something pending, each once */
	uint32_t turn_count;
	bool *has_turn;		/* by input: it is among them, or has its turn now */
	uint8_t *rests;		/* by input: how often it has rested */
	struct active *actives; /* heap */
	uint32_t active_count;
	uint32_t *places; /* by input: of its first table in first_active; then its memories */
	uint32_t *first_active; /* heap: by table or memory; NONE */
	uint32_t **starts;	/* by input: where bodies begin; NULL: it rests, or had no turn */
	uint32_t input;		/* whose turn it is, whose code is walked */
	struct link_origin at;
	enum wpkg_status status;
};

static bool no_memory(struct mark *m)
{
	m->status = WPKG_FAIL(m->link->err, WPKG_ENOMEM, "link: no memory");
	return false;
}

static uint32_t take_unused(struct mark *m)
{
	uint32_t number = m->unused;
	if (number != NONE) {
		m->unused = m->pending[number].next;
		return number;
	}
	if (m->count == m->capacity) {
		uint32_t capacity = m->capacity ? m->capacity * 2 : 256;
		struct pending *more =
			capacity == 0 ? NULL : wpkg_mem_resize(m->pending, capacity, sizeof(*more));
		if (!more)
			return NONE;
		m->pending = more;
		m->capacity = capacity;
	}
	return m->count++;
}

static bool add(struct mark *m, uint32_t input, uint8_t space, uint32_t index)
{
	uint32_t number = take_unused(m);
	if (number == NONE)
		return no_memory(m);
	m->pending[number] = (struct pending){index, m->first[input], space};
	m->first[input] = number;
	if (!m->has_turn[input])
		m->turns[m->turn_count++] = input;
	m->has_turn[input] = true;
	return true;
}

static struct pending take(struct mark *m)
{
	uint32_t number = m->first[m->input];
	struct pending one = m->pending[number];
	m->first[m->input] = one.next;
	m->pending[number].next = m->unused;
	m->unused = number;
	return one;
}

static bool push(struct mark *m, uint8_t space, struct link_item item)
{
	if (space < WPKG_EXTERN_COUNT)
		item = link_final(m->link, space, item);
	if (link_is_live(m->link, space, item))
		return true;
	const struct link_module *to = &m->link->modules[item.input];
	link_set_bit(to->live + to->parts[space].word, item.index);
	if (to->from)
		to->from[space][item.index] = m->at;
	return add(m, item.input, space, item.index);
}

/* A type comes with its recursion group. */
static bool push_type(struct mark *m, uint32_t id)
{
	const struct wpkg_type *type = &m->link->types.types[id];
	bool *live = &m->link->type_live[type->group];
	if (*live)
		return true;
	for (uint32_t i = 0; i < type->group_size; i++)
		live[i] = true;
	return add(m, m->input, LINK_TYPE, type->group);
}

static bool push_valtype(struct mark *m, wpkg_valtype type)
{
	return wpkg_valtype_id(type) == WPKG_TYPE_ID_NONE || push_type(m, wpkg_valtype_id(type));
}

static bool mark_parts(struct mark *m, const struct wpkg_type *type)
{
	bool whole = type->super == WPKG_TYPE_ID_NONE || push_type(m, type->super);
	if (type->composite == WPKG_COMPOSITE_FUNC)
		for (uint32_t i = 0; whole && i < type->param_count + type->result_count; i++)
			whole = push_valtype(m, type->params[i]);
	else
		for (uint32_t i = 0; whole && i < type->field_count; i++)
			whole = push_valtype(m, type->fields[i].type);
	return whole;
}

static bool mark_group(struct mark *m, uint32_t first)
{
	const struct wpkg_type *group = &m->link->types.types[first];
	for (uint32_t i = 0; i < group->group_size; i++)
		if (!mark_parts(m, &group[i]))
			return false;
	return true;
}

static bool visit(void *user, const struct link_reference *reference)
{
	struct mark *m = user;
	const struct link_module *from = &m->link->modules[m->input];
	if (reference->space == LINK_TYPE)
		return push_type(m, from->types[reference->index]);
	if (reference->makes_reference)
		link_set_bit(from->referenced, reference->index);
	return push(m, reference->space, (struct link_item){m->input, reference->index});
}

static bool walk_range(struct mark *m, struct wpkg_range range)
{
	const uint8_t *at = wpkg_module_at(m->link->modules[m->input].module, range.start);
	return range.start == range.end || link_walk_expression(&at, visit, m);
}

/* Where the bodies of the input whose turn it is begin; NULL when memory is out. */
static const uint32_t *find_starts(struct mark *m)
{
	const struct wpkg_module *module = m->link->modules[m->input].module;
	uint32_t first = module->func_import_count, count = module->func_count - first;
	if (m->starts[m->input])
		return m->starts[m->input];
	uint32_t *starts = wpkg_mem_calloc(count, sizeof(*starts));
	if (!starts) {
		no_memory(m);
		return NULL;
	}
	struct link_bodies bodies = link_bodies_of(module);
	for (uint32_t i = 0; i < count; i++)
		starts[i] = link_bodies_find(&bodies, first + i).start;
	m->starts[m->input] = starts;
	return starts;
}

static bool mark_func(struct mark *m, uint32_t index)
{
	const struct link_module *from = &m->link->modules[m->input];
	if (!push_type(m, from->types[from->module->funcs[index].type]))
		return false;
	if (index < from->module->func_import_count)
		return true;
	const uint32_t *starts = find_starts(m);
	return starts &&
	       link_walk_body(wpkg_module_at(from->module,
					     starts[index - from->module->func_import_count]),
			      visit, m);
}

static bool mark_items(struct mark *m, const struct wpkg_module_elem *elem)
{
	const struct wpkg_module *module = m->link->modules[m->input].module;
	const uint8_t *at = wpkg_module_at(module, elem->items.start);
	for (uint32_t i = 0; i < elem->count; i++) {
		if (elem->has_expressions) {
			if (!link_walk_expression(&at, visit, m))
				return false;
			continue;
		}
		uint32_t index = link_take_u32(&at);
		if (!push(m, WPKG_EXTERN_FUNC, (struct link_item){m->input, index}))
			return false;
	}
	return true;
}

static bool mark_elem(struct mark *m, uint32_t index)
{
	const struct link_module *from = &m->link->modules[m->input];
	const struct wpkg_module_elem *elem = &from->module->elems[index];
	if (!push_valtype(m, wpkg_valtype_map(elem->type, from->canonical)))
		return false;
	if (elem->mode == WPKG_SEGMENT_ACTIVE &&
	    (!push(m, WPKG_EXTERN_TABLE, (struct link_item){m->input, elem->table}) ||
	     !walk_range(m, elem->at)))
		return false;
	return mark_items(m, elem);
}

static bool mark_data(struct mark *m, uint32_t index)
{
	const struct wpkg_module_data *data = &m->link->modules[m->input].module->datas[index];
	return data->mode != WPKG_SEGMENT_ACTIVE ||
	       (push(m, WPKG_EXTERN_MEMORY, (struct link_item){m->input, data->memory}) &&
		walk_range(m, data->at));
}

static bool mark_table(struct mark *m, uint32_t index)
{
	const struct link_module *from = &m->link->modules[m->input];
	const struct wpkg_module_table *table = &from->module->tables[index];
	return push_valtype(m, wpkg_valtype_map(table->element, from->canonical)) &&
	       walk_range(m, table->init);
}

static bool mark_global(struct mark *m, uint32_t index)
{
	const struct link_module *from = &m->link->modules[m->input];
	const struct wpkg_module_global *global = &from->module->globals[index];
	return push_valtype(m, wpkg_valtype_map(global->type, from->canonical)) &&
	       walk_range(m, global->init);
}

static uint32_t *first_active_of(const struct mark *m, uint8_t kind, struct link_item item)
{
	const struct link_module *from = &m->link->modules[item.input];
	uint32_t tables = kind == WPKG_EXTERN_MEMORY ? from->parts[WPKG_EXTERN_TABLE].count : 0;
	return &m->first_active[m->places[item.input] + tables + item.index];
}

static bool push_actives(struct mark *m, uint8_t kind, uint32_t index)
{
	bool whole = true;
	uint32_t number = *first_active_of(m, kind, (struct link_item){m->input, index});
	for (; whole && number != NONE; number = m->actives[number].next)
		whole = push(m, m->actives[number].space, m->actives[number].item);
	return whole;
}

static bool mark_one(struct mark *m, const struct pending *one)
{
	const struct link_module *from = &m->link->modules[m->input];
	m->at = (struct link_origin){{m->input, one->index}, one->space};
	switch (one->space) {
	case WPKG_EXTERN_FUNC:
		return mark_func(m, one->index);
	case WPKG_EXTERN_TABLE:
		return mark_table(m, one->index) && push_actives(m, one->space, one->index);
	case WPKG_EXTERN_MEMORY:
		return push_actives(m, one->space, one->index);
	case WPKG_EXTERN_GLOBAL:
		return mark_global(m, one->index);
	case WPKG_EXTERN_TAG:
		return push_type(m, from->types[from->module->tags[one->index].type]);
	case LINK_TYPE:
		return mark_group(m, one->index);
	case LINK_ELEM:
		return mark_elem(m, one->index);
	case LINK_DATA:
		return mark_data(m, one->index);
	default: /* there is none */
		return true;
	}
}

static void forget_starts(struct mark *m, uint32_t input)
{
	wpkg_mem_free(m->starts[input]);
	m->starts[input] = NULL;
}

static bool drain(struct mark *m)
{
	while (m->turn_count > 0) {
		m->input = m->turns[--m->turn_count];
		while (m->first[m->input] != NONE) {
			struct pending one = take(m);
			if (!mark_one(m, &one))
				return false;
		}
		m->has_turn[m->input] = false;
		if (m->rests[m->input] == RESTS_MOST)
			continue;
		m->rests[m->input]++;
		forget_starts(m, m->input);
		link_rest_input(m->link, m->input);
	}
	return true;
}

static bool note_active(struct mark *m, uint8_t space, struct link_item item, uint8_t kind,
			uint32_t index)
{
	struct link_item place = link_final(m->link, kind, (struct link_item){item.input, index});
	if (link_is_import(m->link, kind, place))
		return push(m, space, item);
	uint32_t *first = first_active_of(m, kind, place);
	m->actives[m->active_count] = (struct active){item, *first, space};
	*first = m->active_count++;
	return true;
}

static bool note_actives(struct mark *m, uint32_t input)
{
	const struct wpkg_module *module = m->link->modules[input].module;
	bool whole = true;
	for (uint32_t i = 0; whole && i < module->elem_count; i++)
		if (module->elems[i].mode == WPKG_SEGMENT_ACTIVE)
			whole = note_active(m, LINK_ELEM, (struct link_item){input, i},
					    WPKG_EXTERN_TABLE, module->elems[i].table);
	for (uint32_t i = 0; whole && i < module->data_count; i++)
		if (module->datas[i].mode == WPKG_SEGMENT_ACTIVE)
			whole = note_active(m, LINK_DATA, (struct link_item){input, i},
					    WPKG_EXTERN_MEMORY, module->datas[i].memory);
	return whole;
}

/* Room for the active segments, and for the first one of each table and memory. */
static bool make_room_for_actives(struct mark *m)
{
	size_t segments = 0, places = 0;
	for (uint32_t i = 0; i < m->link->count; i++) {
		const struct link_part *parts = m->link->modules[i].parts;
		m->places[i] = (uint32_t)places;
		places += (size_t)parts[WPKG_EXTERN_TABLE].count + parts[WPKG_EXTERN_MEMORY].count;
		segments += (size_t)parts[LINK_ELEM].count + parts[LINK_DATA].count;
	}
	if (places > UINT32_MAX || segments > UINT32_MAX)
		return no_memory(m);
	m->actives = wpkg_mem_calloc(segments + 1, sizeof(*m->actives));
	m->first_active = wpkg_mem_calloc(places + 1, sizeof(*m->first_active));
	if (!m->actives || !m->first_active)
		return no_memory(m);
	for (size_t i = 0; i < places; i++)
		m->first_active[i] = NONE;
	return true;
}

/* Those of the host's are needed; others wait for what they are put into. */
static bool push_active(struct mark *m)
{
	bool whole = make_room_for_actives(m);
	for (uint32_t i = 0; whole && i < m->link->count; i++)
		whole = note_actives(m, i);
	return whole;
}

static bool push_everything(struct mark *m)
{
	for (uint32_t input = 0; input < m->link->count; input++)
		for (uint8_t space = 0; space < LINK_SPACE_COUNT; space++)
			for (uint32_t i = 0; i < m->link->modules[input].parts[space].count; i++)
				if (!push(m, space, (struct link_item){input, i}))
					return false;
	return true;
}

static bool push_roots(struct mark *m, const struct link_root *roots, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!push(m, roots[i].kind, roots[i].item))
			return false;
	for (uint32_t i = 0; i < m->link->count; i++) {
		uint32_t start = m->link->modules[i].module->start;
		if (start != WPKG_INDEX_NONE &&
		    !push(m, WPKG_EXTERN_FUNC, (struct link_item){i, start}))
			return false;
	}
	return true;
}

static bool prepare(struct mark *m)
{
	struct wpkg_arena *arena = &m->link->arena;
	m->link->type_live = wpkg_arena_alloc(arena, m->link->types.count + 1, sizeof(bool));
	m->first = wpkg_arena_alloc(arena, m->link->count, sizeof(*m->first));
	m->turns = wpkg_arena_alloc(arena, m->link->count, sizeof(*m->turns));
	m->has_turn = wpkg_arena_alloc(arena, m->link->count, sizeof(*m->has_turn));
	m->rests = wpkg_arena_alloc(arena, m->link->count, sizeof(*m->rests));
	m->starts = wpkg_arena_alloc(arena, m->link->count, sizeof(*m->starts));
	m->places = wpkg_arena_alloc(arena, m->link->count, sizeof(*m->places));
	if (!m->link->type_live || !m->first || !m->turns || !m->has_turn || !m->rests ||
	    !m->starts || !m->places)
		return no_memory(m);
	for (uint32_t i = 0; i < m->link->count; i++)
		m->first[i] = NONE;
	return true;
}

enum wpkg_status link_mark(struct link *link, const struct link_root *roots, size_t count,
			   bool keep_all)
{
	struct mark m = {.link = link, .at.space = LINK_NO_SPACE, .unused = NONE};
	bool whole = prepare(&m) && push_roots(&m, roots, count) && push_active(&m) &&
		     (!keep_all || push_everything(&m)) && drain(&m);
	wpkg_mem_free(m.pending);
	wpkg_mem_free(m.actives);
	wpkg_mem_free(m.first_active);
	for (uint32_t i = 0; m.starts && i < link->count; i++)
		forget_starts(&m, i);
	return whole ? WPKG_OK : m.status;
}
