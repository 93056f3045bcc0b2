/* SPDX-License-Identifier: Apache-2.0 */
#include "wasm/component.h"

#include "wasm/facts.h"
#include "wasm/reader.h"

#define HEADER_BYTES 8
#define NAMES_MAX 1000000
#define NAME_BYTES_MAX 100000

/* Sections of the component model that matter here. */
#define SECTION_IMPORT 10
#define SECTION_EXPORT 11

const char *wpkg_component_sort_name(enum wpkg_component_sort sort)
{
	static const char *const names[WPKG_COMPONENT_SORTS] = {"module", "func",      "value",
								"type",	  "component", "instance"};
	return names[sort];
}

/* Which kind a byte means; a core sort is a module when it is what can be imported. */
static enum wpkg_component_sort take_sort(struct wpkg_reader *r)
{
	const uint8_t *where = r->at;
	uint8_t byte = wpkg_reader_byte(r);
	if (byte >= WPKG_COMPONENT_SORTS) {
		wpkg_reader_fail(r, where, WPKG_EFORMAT, "unknown sort %#x", byte);
		return WPKG_COMPONENT_MODULE;
	}
	if (byte == WPKG_COMPONENT_MODULE)
		wpkg_reader_byte(r); /* the core sort, which is a module's */
	return (enum wpkg_component_sort)byte;
}

/* externdesc */
static enum wpkg_component_sort take_description(struct wpkg_reader *r)
{
	enum wpkg_component_sort sort = take_sort(r);
	/* The bounds of values and types have a byte in front, and the type's second form no more.
	 */
	if (sort == WPKG_COMPONENT_VALUE) {
		if (wpkg_reader_byte(r) == 0)
			wpkg_reader_u32(r);
		else
			wpkg_reader_signed(r, 33);
	} else if (sort != WPKG_COMPONENT_TYPE || wpkg_reader_byte(r) == 0) {
		wpkg_reader_u32(r);
	}
	return sort;
}

/* importname' and exportname': a byte for the form of the name, and the name. */
static struct wpkg_str take_name(struct wpkg_reader *r)
{
	const uint8_t *where = r->at;
	uint8_t form = wpkg_reader_byte(r);
	if (form > 1)
		wpkg_reader_fail(r, where, WPKG_EFORMAT, "unknown form of name %#x", form);
	return wpkg_reader_name(r, NAME_BYTES_MAX);
}

static void take_import(struct wpkg_component_extern *out, struct wpkg_reader *r)
{
	out->offset = wpkg_reader_offset(r);
	out->name = take_name(r);
	out->sort = take_description(r);
}

static void take_export(struct wpkg_component_extern *out, struct wpkg_reader *r)
{
	out->offset = wpkg_reader_offset(r);
	out->name = take_name(r);
	out->sort = take_sort(r);
	wpkg_reader_u32(r); /* index */
	if (wpkg_reader_byte(r) != 0)
		take_description(r);
}

/*
 * Once over the sections to count, once to read: lists that grow with each of many sections would
 * take time by the square of their number.
 */
struct walk {
	struct wpkg_component *component;
	bool reads;
};

static enum wpkg_status take_section(const struct walk *walk, struct wpkg_reader *r, bool imports)
{
	struct wpkg_component *component = walk->component;
	uint32_t *count = imports ? &component->import_count : &component->export_count;
	uint32_t more = wpkg_reader_count(r, NAMES_MAX, imports ? "imports" : "exports");
	if (r->status == WPKG_OK && more > NAMES_MAX - *count)
		return WPKG_FAIL(r->err, WPKG_ELIMIT, "component: more than %d %s", NAMES_MAX,
				 imports ? "imports" : "exports");
	for (uint32_t i = 0; walk->reads && i < more && r->status == WPKG_OK; i++) {
		if (imports)
			take_import(&component->imports[*count + i], r);
		else
			take_export(&component->exports[*count + i], r);
	}
	*count += more;
	return r->status;
}

static enum wpkg_status walk_sections(const struct walk *walk, struct wpkg_str bytes,
				      struct wpkg_err *err)
{
	struct wpkg_reader r;
	enum wpkg_status status = WPKG_OK;
	wpkg_reader_init(&r, bytes, 0, err);
	wpkg_reader_skip(&r, HEADER_BYTES);
	walk->component->import_count = walk->component->export_count = 0;
	while (status == WPKG_OK && wpkg_reader_more(&r)) {
		uint8_t id = wpkg_reader_byte(&r);
		uint32_t size = wpkg_reader_u32(&r);
		struct wpkg_reader section = wpkg_reader_sub(&r, size);
		status = r.status;
		if (status == WPKG_OK && (id == SECTION_IMPORT || id == SECTION_EXPORT))
			status = take_section(walk, &section, id == SECTION_IMPORT);
	}
	return status;
}

enum wpkg_status wpkg_component_read(struct wpkg_component *out, struct wpkg_arena *arena,
				     struct wpkg_str bytes, struct wpkg_err *err)
{
	struct wpkg_component component = {0};
	struct walk walk = {.component = &component};
	if (wpkg_wasm_kind_of(bytes) != WPKG_WASM_COMPONENT)
		return WPKG_FAIL(err, WPKG_EFORMAT, "0x0: not a component");
	if (bytes.len > UINT32_MAX)
		return WPKG_FAIL(err, WPKG_ELIMIT, "a component of 4 GiB or more");
	enum wpkg_status status = walk_sections(&walk, bytes, err);
	if (status != WPKG_OK)
		return status;
	component.imports = wpkg_arena_alloc(arena, component.import_count,
					     sizeof(struct wpkg_component_extern));
	component.exports = wpkg_arena_alloc(arena, component.export_count,
					     sizeof(struct wpkg_component_extern));
	if (!component.imports || !component.exports)
		return WPKG_FAIL(err, WPKG_ENOMEM, "component: no memory");
	walk.reads = true;
	status = walk_sections(&walk, bytes, err);
	if (status == WPKG_OK)
		*out = component;
	return status;
}
