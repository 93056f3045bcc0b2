/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/custom.h"

#include "wasm/reader.h"

#define ROWS_MAX 1000 /* kept of each list */

#define NAME_BYTES_MAX 100000

static struct wpkg_reader reader_of(struct wpkg_str body)
{
	struct wpkg_reader r;
	wpkg_reader_init(&r, body, 0, NULL);
	return r;
}

static struct wpkg_str read_name(struct wpkg_reader *r)
{
	return wpkg_reader_name(r, NAME_BYTES_MAX);
}

/* Room for the rows of a list that says it has count of them. */
static void *rows_for(struct wpkg_facts *facts, uint32_t count, size_t size)
{
	return wpkg_arena_alloc(&facts->arena, count < ROWS_MAX ? count : ROWS_MAX, size);
}

/* A size and that many bytes; an identifier is before them. */
static bool next_subsection(struct wpkg_reader *r, uint8_t *id, struct wpkg_reader *sub)
{
	if (!wpkg_reader_more(r))
		return false;
	*id = wpkg_reader_byte(r);
	uint32_t size = wpkg_reader_u32(r);
	*sub = wpkg_reader_sub(r, size);
	return r->status == WPKG_OK;
}

/* "name": subsection 0 is the module's name, 1 names functions. */
static void read_names(struct wpkg_facts *facts, struct wpkg_str body)
{
	struct wpkg_reader r = reader_of(body), sub;
	uint8_t id;
	while (next_subsection(&r, &id, &sub)) {
		if (id == 0)
			facts->name = read_name(&sub);
		else if (id == 1)
			facts->has_function_names = wpkg_reader_u32(&sub) > 0;
	}
}

static bool add_producer(struct wpkg_facts *facts, struct wpkg_reader *r, struct wpkg_str field)
{
	struct wpkg_facts_producer row = {.field = field};
	row.name = read_name(r);
	row.version = read_name(r);
	if (r->status != WPKG_OK || facts->producer_count == ROWS_MAX)
		return false;
	facts->producers[facts->producer_count++] = row;
	return true;
}

/* "producers": fields, each with pairs of name and version. */
static bool read_producers(struct wpkg_facts *facts, struct wpkg_str body)
{
	struct wpkg_reader r = reader_of(body);
	facts->producer_count = 0;
	facts->producers = rows_for(facts, (uint32_t)(body.len / 2), sizeof(*facts->producers));
	if (!facts->producers)
		return false;
	uint32_t fields = wpkg_reader_u32(&r);
	for (uint32_t i = 0; i < fields && r.status == WPKG_OK; i++) {
		struct wpkg_str field = read_name(&r);
		uint32_t values = wpkg_reader_u32(&r);
		for (uint32_t j = 0; j < values; j++)
			if (!add_producer(facts, &r, field))
				return true;
	}
	return true;
}

/* "target_features": a prefix byte and a name each. */
static bool read_target_features(struct wpkg_facts *facts, struct wpkg_str body)
{
	struct wpkg_reader r = reader_of(body);
	uint32_t count = wpkg_reader_count(&r, UINT32_MAX, "features");
	facts->target_count = 0;
	facts->targets = rows_for(facts, count, sizeof(*facts->targets));
	if (!facts->targets)
		return false;
	for (uint32_t i = 0; i < count && i < ROWS_MAX; i++) {
		struct wpkg_facts_target row = {.prefix = (char)wpkg_reader_byte(&r)};
		row.name = read_name(&r);
		bool is_known = row.prefix == '+' || row.prefix == '-' || row.prefix == '=';
		if (r.status != WPKG_OK || !is_known)
			break;
		facts->targets[facts->target_count++] = row;
	}
	return true;
}

static void read_dylink_sizes(struct wpkg_facts_dylink *dylink, struct wpkg_reader *r)
{
	dylink->memory_size = wpkg_reader_u32(r);
	dylink->memory_align = wpkg_reader_u32(r);
	dylink->table_size = wpkg_reader_u32(r);
	dylink->table_align = wpkg_reader_u32(r);
}

static bool read_dylink_needed(struct wpkg_facts *facts, struct wpkg_reader *r)
{
	struct wpkg_facts_dylink *dylink = &facts->dylink;
	uint32_t count = wpkg_reader_count(r, UINT32_MAX, "libraries");
	dylink->needed_count = 0;
	dylink->needed = rows_for(facts, count, sizeof(*dylink->needed));
	if (!dylink->needed)
		return false;
	for (uint32_t i = 0; i < count && i < ROWS_MAX; i++) {
		struct wpkg_str name = read_name(r);
		if (r->status != WPKG_OK)
			break;
		dylink->needed[dylink->needed_count++] = name;
	}
	return true;
}

/* "dylink.0": subsection 1 has the sizes, 2 the needed libraries. "dylink": both, one by one. */
static bool read_dylink(struct wpkg_facts *facts, struct wpkg_str name, struct wpkg_str body)
{
	struct wpkg_reader r = reader_of(body), sub;
	uint8_t id;
	facts->dylink.section = name;
	if (wpkg_str_equal_text(name, "dylink")) {
		read_dylink_sizes(&facts->dylink, &r);
		return read_dylink_needed(facts, &r);
	}
	while (next_subsection(&r, &id, &sub)) {
		if (id == 1)
			read_dylink_sizes(&facts->dylink, &sub);
		else if (id == 2 && !read_dylink_needed(facts, &sub))
			return false;
	}
	return true;
}

bool wasm_custom_read(struct wpkg_facts *facts, struct wpkg_str name, struct wpkg_str body)
{
	if (wpkg_str_equal_text(name, "name"))
		read_names(facts, body);
	else if (wpkg_str_equal_text(name, "producers"))
		return read_producers(facts, body);
	else if (wpkg_str_equal_text(name, "target_features"))
		return read_target_features(facts, body);
	else if (wpkg_str_equal_text(name, "dylink.0") || wpkg_str_equal_text(name, "dylink"))
		return read_dylink(facts, name, body);
	else if (wpkg_str_equal_text(name, "sourceMappingURL") ||
		 wpkg_str_equal_text(name, ".debug_info") ||
		 wpkg_str_equal_text(name, "external_debug_info"))
		facts->has_debug_info = true;
	return true;
}
